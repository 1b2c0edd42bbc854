"""The rule that holds prose to what a chapter shows: each number that the reader reads is one of those.

Shown is what a claim states, what a stored output has and what the code says: that of the chapter, its parameters and,
for an exercise, the file of its questions (`gd_helpers.runner.shown`). Words that are numbers ("two", "half") are not
read. Small numbers are everywhere in code, so that a wrong one may go unnoticed: ``tests/runner/rules/test_numbers.py``
counts.
"""

import re

from gd_helpers.lesson.numbers import read_numbers
from gd_helpers.runner.cells import headings
from gd_helpers.runner.shown import ShownNumbers, captions_of, one_line, shown_in, shown_in_questions

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
    "the width of a number in memory": r"\b\d+ (?:binary )?(?:bits|digits)\b",
}
UNREAD_SECTION = "## sources"  # volumes and pages


def check_numbers(notebook, chapter):
    """Check that each number in the cells of text and in the captions is one that the chapter shows."""
    for cell, text, shown in read_prose(notebook, chapter):
        for number in read_numbers(text):
            if not shown.show(number, text):
                place = one_line(text[max(0, number.start - 25) : number.start + len(number.text) + 15])
                yield cell, f"the number {number.text}, which nothing in the chapter shows: {place!r}"


def read_prose(notebook, chapter):
    """Yield what the reader of `notebook` reads, without `EXCEPTIONS`: cell, text, and the numbers that may be in it.

    Yields
    ------
    cell : nbformat.NotebookNode
    text : str
        A cell of text, or a caption.
    shown : ShownNumbers
    """
    of_chapter = shown_in(notebook)
    in_text, in_exercises = ShownNumbers(of_chapter), ShownNumbers([*of_chapter, *shown_in_questions(chapter)])
    section = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            section = next((line for line in reversed(headings(cell)) if line.startswith("## ")), section).lower()
        if section == UNREAD_SECTION:
            continue
        for text in [cell.source] if cell.cell_type == "markdown" else captions_of(cell):
            yield cell, _without_exceptions(text), in_exercises if section == "## exercises" else in_text


def _without_exceptions(text):
    """Return `text` with dots in place of what the `EXCEPTIONS` name, so that all else keeps its place."""
    for pattern in EXCEPTIONS.values():
        text = re.sub(pattern, lambda match: re.sub(r"\S", "·", match.group()), text)
    return text
