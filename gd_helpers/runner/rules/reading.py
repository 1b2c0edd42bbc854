"""Rules for how a chapter reads: its length, what stands out, what the reader commits to, and how it closes."""

import re

from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.cells import calls, code_cells, find_heading, prose_cells

MOST_WORDS = 2000
MOST_CODE_CELLS = 45
CLAIMS = 3, 5  # that stand out; others are folded by `check`
PREDICTIONS = 3, 6
RECAP = "## What you can do now"
EARLIER = "## Three questions on earlier chapters"
UNREAD = r"(?ms)^## Sources$.*|<details>.*?</details>|^```.*?^```|\$\$.*?\$\$|\]\([^)]*\)"


def check_size(notebook, chapter):
    """Check that a chapter has at most 2,000 words of prose and 45 code cells.

    Sources, closed boxes, formulas and code in a block of its own are not counted.
    """
    text = re.sub(UNREAD, " ", "\n\n".join(cell.source for cell in prose_cells(notebook)))
    words = len(re.findall(r"[^\W\d_][\w'’-]*", text))
    if words > MOST_WORDS:
        yield None, f"{words:,} words of prose, more than {MOST_WORDS:,}"
    if (cells := len(code_cells(notebook))) > MOST_CODE_CELLS:
        yield None, f"{cells} code cells, more than {MOST_CODE_CELLS}"


def check_claims(notebook, chapter):
    """Check that three to five claims stand out."""
    count = sum(len(calls(cell, "claim")) for cell in code_cells(notebook))
    if not CLAIMS[0] <= count <= CLAIMS[1]:
        yield None, f"{count} claims stand out, not three to five"


def check_predictions(notebook, chapter):
    """Check that the reader commits to three to six predictions, whose code, with what is said of them, is folded."""
    close = find_heading(notebook, RECAP)
    asking = [cell for cell in code_cells(notebook) if _asked(cell)]
    before = [cell for cell in asking if notebook.cells.index(cell) < close]
    count = sum(map(_asked, before))
    if not PREDICTIONS[0] <= count <= PREDICTIONS[1]:
        yield None, f"{count} predictions, not three to six"
    for cell in asking:
        if not cell.metadata.get("jupyter", {}).get("source_hidden"):
            yield cell, "a prediction whose code, with what is said of its options, is not folded"


def check_close(notebook, chapter):
    """Check that a recap of five lines and three questions on earlier chapters come before the exercises."""
    recap, exercises = (find_heading(notebook, heading) for heading in (RECAP, "## Exercises"))
    listed = re.findall(r"(?m)^[-*] ", notebook.cells[recap].source.partition(RECAP)[2].partition("\n## ")[0])
    if len(listed) != 5:
        yield notebook.cells[recap], f"{RECAP!r} has {len(listed)} lines, not five"
    if chapter == min(PUBLISHED):
        return
    earlier = find_heading(notebook, EARLIER)
    asked = sum(_asked(cell) for cell in notebook.cells[earlier:exercises] if cell.cell_type == "code")
    if not recap <= earlier < exercises or asked != 3:
        yield None, f"no {EARLIER!r} between recap and exercises, with three predictions: {asked}"


def _asked(cell):
    """Return how many predictions a code cell asks for; ``model.predict`` is none."""
    return sum(hasattr(call.func, "id") for call in calls(cell, "predict"))
