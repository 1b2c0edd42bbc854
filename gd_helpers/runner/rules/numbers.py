"""The rule that holds prose to what a chapter shows: each number that the reader reads is one of those.

Shown is what a claim of the chapter states, its parameters, what the code and the stored outputs of the same section
have and, for an exercise, its question in ``questions/`` (`gd_helpers.runner.shown`). Words that are numbers ("two",
"half") are not read. A number whose neighbour fits its place better is reported, too, so that a wrong number is nearly
always noticed: ``tests/runner/test_wrong_numbers.py`` counts.
"""

import re

from gd_helpers.lesson.numbers import read_numbers
from gd_helpers.runner.cells import sections_of
from gd_helpers.runner.shown import (
    ShownNumbers,
    captions_of,
    one_line,
    shown_behind_figures,
    shown_everywhere,
    shown_in,
    shown_in_question,
)

# What is no number that anything could show. None of these is about one chapter or one cell.
EXCEPTIONS = {
    "code in a block of its own": r"(?ms)^```.*?^```|(?<=\n\n) {4}\S.*?(?=\n\n\S|\Z)",
    "a formula, whose numbers are its coefficients": r"(?s)\$\$.*?\$\$|\$[^$\n]+?\$",
    "where a link leads": r"\]\([^)]*\)",
    "the number of a chapter, in its title or a link": r"(?m)^# \d\d\b|\[(?:← )?\d\d\b",
    "the label of an exercise": r"\*\*Exercise \d+\b",
    "the minutes that a chapter takes": r"\b\d+ minutes\b",
    "a year": r"\b(?:19|20)\d\d\b",
    "the number of an item in a list, or alone in a table's cell": r"(?m)^\s*\d+\. |\| \d{1,2} (?=\|)",
    "a level of confidence": r"\bintervals of \d+ %|\bwith \d+ % \(Bonferroni\)|\b\d+ % (?:ellipse|point|say)\b",
    "the shape of an array": (
        r"\((?:\d[\d,]*|[a-zA-Z]+)(?:, (?:\d[\d,]*|[a-zA-Z]+))+\)|\((?:\d[\d,]*|[a-zA-Z]+),\)|\d[\d,]* × \d+"
    ),
    "how far an answer may be off, which a rule of its own compares": r"Accepted: within \S+(?:\s%)?",
    "the width of a number in memory": r"\b\d+ (?:binary )?(?:bits|digits)\b",
}
UNREAD_SECTION = "## Sources"  # volumes and pages
EXERCISES = "## Exercises"


def check_numbers(notebook, chapter):
    """Check that each number in the cells of text and in the captions is one that the chapter shows."""
    for cell, text, shown in read_prose(notebook, chapter):
        for number in read_numbers(text):
            if fault := find_fault(number, text, shown):
                place = one_line(text[max(0, number.start - 25) : number.start + len(number.text) + 15])
                yield cell, f"the number {number.text}, {fault}: {place!r}"


def find_fault(number, text, shown):
    """Return what speaks against a `number` that stands in `text`, given what is `shown`, or ""."""
    if not shown.show(number, text):
        return "which nothing in the chapter shows"
    better = shown.find_better(number, text)
    return f"where the chapter shows {better.text} with more of the same words" if better else ""


def read_prose(notebook, chapter):
    """Yield what the reader of `notebook` reads, without `EXCEPTIONS`: cell, text, and the numbers that may be in it.

    Yields
    ------
    cell : nbformat.NotebookNode
    text : str
        A cell of text, or a caption.
    shown : ShownNumbers
    """
    sections, everywhere = sections_of(notebook), shown_everywhere(notebook)
    by_cell = [shown_in(cell) for cell in notebook.cells]
    for cell, below, own in zip(notebook.cells, [*notebook.cells[1:], None], sections, strict=True):
        if UNREAD_SECTION in own:
            continue
        near = [shown for found, other in zip(by_cell, sections, strict=True) if own & other for shown in found]
        asked = shown_in_question(chapter, _asked_in(below)) if EXERCISES in own else []
        behind = shown_behind_figures(cell) if cell.cell_type == "code" else []
        shown = ShownNumbers([*near, *asked, *behind], everywhere)
        for text in [cell.source] if cell.cell_type == "markdown" else captions_of(cell):
            yield cell, _without_exceptions(text), shown


def _asked_in(cell):
    """Return the name of the exercise that a cell checks, or ""."""
    found = re.search(r"exercises\.(\w+)\.check", cell.source) if cell else None
    return found[1] if found else ""


def _without_exceptions(text):
    """Return `text` with dots in place of what the `EXCEPTIONS` name, so that all else keeps its place."""
    for pattern in EXCEPTIONS.values():
        text = re.sub(pattern, lambda match: re.sub(r"\S", "·", match.group()), text)
    return text
