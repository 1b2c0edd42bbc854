"""Rules for stored outputs: of one execution in order, without errors, the same on every machine, pictures in words."""

import html
import re
from itertools import count, zip_longest

from gd_helpers.mime import EXPLORER_MIME, WIDGET_MIME
from gd_helpers.runner.cells import calls, code_cells, pictures
from gd_helpers.runner.outputs import find_local_text, normalise, texts_of

FIRST_CELLS = 5  # among these is a figure; those that ask for a prediction are not counted
LOOSENING_TAGS = {"nbval-ignore-output", "nbval-raises-exception", "nbval-skip", "raises-exception", "skip-execution"}
MACHINE_PATH = re.compile(r"(?<![\w./:])/(home|root|Users|tmp|private|var|opt|mnt|usr)/[\w.]|\b[A-Za-z]:\\\w")


def check_execution(notebook, chapter):
    """Check that the code cells were executed once each and in order, all others with no error or warning."""
    for cell, number in zip(code_cells(notebook), count(1)):
        counts = {cell.execution_count, *(output.get("execution_count", number) for output in cell.outputs)}
        if counts != {number}:
            yield cell, f"not executed once and in order: its count is {cell.execution_count}, not {number}"
            break  # the counts of all that follow are off as well
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                yield cell, f"a stored error: {output.ename}"
            if output.get("name") == "stderr":
                yield cell, f"a stored warning or other text on stderr: {output.text.strip()[:80]!r}"
            if WIDGET_MIME in output.get("data", {}):
                yield cell, "a stored widget"
        if tags := LOOSENING_TAGS & set(cell.metadata.get("tags", [])):
            yield cell, f"a tag that loosens the comparison of outputs: {', '.join(sorted(tags))}"


def check_stored(notebook, chapter):
    """Check that outputs and metadata are as `refresh` stores them, and show nothing of a machine."""
    normal = normalise(notebook)
    if notebook.metadata != normal.metadata:
        yield None, "the notebook's metadata are not as refresh writes them"
    for cell, same in zip(notebook.cells, normal.cells, strict=True):
        if cell != same:
            yield cell, "outputs or metadata are not normalised, as refresh writes them"
        paths = [found for text in texts_of(cell) for found in MACHINE_PATH.finditer(text)]
        if shown := find_local_text(cell) or (paths and paths[0].group()):
            yield cell, f"an output that only one machine shows: {shown!r}"


def check_pictures(notebook, chapter):
    """Check that a figure comes early, and that each has words for those who do not see it and numbers to compare."""
    code = code_cells(notebook)
    asking = [cell for cell in code if calls(cell, "predict")]
    if not any(pictures(cell) for cell in [cell for cell in code if cell not in asking][:FIRST_CELLS]):
        yield None, f"no figure within the first {FIRST_CELLS} code cells"
    for cell in code:
        for output, behind in zip_longest(cell.outputs, cell.outputs[1:], fillvalue={}):
            mimes = [mime for mime in output.get("data", {}) if mime.startswith("image/")]
            for texts in (output.metadata.get(mime, {}) for mime in mimes):
                alt, caption = texts.get("alt", ""), texts.get("caption", "")
                if len(alt.split()) < 3:
                    yield cell, "a picture without alt text"
                elif not caption and EXPLORER_MIME not in output.data:  # a reader of an explorer looks at all of it
                    yield cell, "a picture without a caption"
                elif f"{caption} {alt}".strip() != _words(behind):
                    yield cell, f"caption and alt text of a picture are not the text behind it: {alt!r}"
            if mimes and re.match(r"<|$", output.data.get("text/plain", "")):
                yield cell, "a picture without the numbers behind it, for a comparison"


def _words(output):
    """Return the words of the HTML of an output, with code between backticks, as it was written."""
    text = re.sub("</?code>", "`", output.get("data", {}).get("text/html", "")).replace("</p><p", "</p> <p")
    return html.unescape(re.sub("<[^>]*>", "", text)).strip()
