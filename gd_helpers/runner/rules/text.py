"""Rules for what the reader reads: title, opening, links to the neighbours, sections, prose between the code."""

import re

from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.cells import code_cells, headings, opening_of, prose_cells

# The section of the source that a chapter mirrors; the chapters from 12 on go beyond the source, and say so.
SECTIONS = {
    "00_introduction": "5",
    "01_simulate_data": "5.1",
    "02_gradient_descent": "5.2",
    "03_batch": "5.2.1",
    "04_stochastic": "5.2.2",
    "05_mini_batch": "5.2.3",
    "06_verify_with_scikit_learn": "5.2.4",
    "07_summary": "5.2.5",
    "08_dataloader": "5.2.6",
    "09_three_layers": "5.2.7",
    "10_five_layers": "5.2.8",
}
FIRST_BEYOND, BEYOND = "12", "Part II: beyond the source chapter."


def check_title(notebook, chapter):
    """Check that the notebook begins with its only title, which asks a question."""
    first = notebook.cells[0]
    if first.cell_type != "markdown" or not first.source.startswith("# "):
        yield first, "the first cell is not a title"
        return
    titles = [(cell, line) for cell in prose_cells(notebook) for line in headings(cell) if line.startswith("# ")]
    for cell, line in titles[1:]:
        yield cell, f"a second title: {line}"
    if "?" not in first.source.partition("\n")[0]:
        yield first, "the title asks no question"


def check_opening(notebook, chapter):
    """Check that what stands before the code says what the chapter mirrors, teaches, takes and needs."""
    opening, section = opening_of(notebook), SECTIONS.get(chapter)
    if section and not re.search(rf"(?i)\bsection {re.escape(section)}(?!\.?\d)", opening):
        yield None, f"the opening does not name section {section}, which the chapter mirrors"
    if chapter[:2] >= FIRST_BEYOND and f"*{BEYOND}*" not in opening:
        yield None, f"the opening does not say *{BEYOND}*"
    for part, pattern in {
        "what the reader will be able to do": r"(?i)able to",
        "the minutes it takes": r"(?i)\b\d+ minutes",
        "the prerequisites": r"(?i)prerequisites",
    }.items():
        if not re.search(pattern, opening):
            yield None, f"the opening does not say {part}"


def check_neighbours(notebook, chapter):
    """Check that the opening links to the previous and the next chapter, and to no other."""
    chapters = sorted(PUBLISHED)
    position = chapters.index(chapter)
    linked = re.findall(r"\]\((\d\d_\w+)\.ipynb\)", opening_of(notebook))
    expected = chapters[max(position - 1, 0) : position] + chapters[position + 1 : position + 2]
    if linked != expected:
        yield None, f"the opening links to {linked}, not to the previous and next chapters {expected}"


def check_prose(notebook, chapter):
    """Check that prose stands before and after: at most two code cells in a row, once the parameters are checked."""
    setup, run = code_cells(notebook)[:3], 0
    for cell in notebook.cells:
        run = run + 1 if cell.cell_type == "code" and cell not in setup else 0
        if run == 3:
            yield cell, "the third code cell in a row"
    if notebook.cells[-1].cell_type != "markdown":
        yield notebook.cells[-1], "the last cell is not prose"


def check_sections(notebook, chapter):
    """Check that the chapter ends with its exercises and its sources."""
    sections = [line for cell in prose_cells(notebook) for line in headings(cell) if line.startswith("## ")]
    if [line.lower() for line in sections[-2:]] != ["## exercises", "## sources"]:
        yield None, f"the last two sections are not '## Exercises' and '## Sources': {sections[-2:]}"


def find_dead_links(notebook, folder):
    """Yield the relative links in the prose of `notebook`, a file in `folder`, that lead nowhere, with their cells.

    A link may lead to a heading of a Markdown file: ``glossary.md#learning-rate``.
    """
    for cell in prose_cells(notebook):
        for target in re.findall(r"\]\((?!https?:|#|attachment:)([^)\s]+)", cell.source):
            name, _, anchor = target.partition("#")
            path = folder / name
            if not path.exists() or (anchor and path.suffix == ".md" and anchor not in _anchors(path)):
                yield cell, f"a link that leads nowhere: {target}"


def _anchors(path):
    """Return what links to the headings of a Markdown file end in."""
    return {make_anchor(title) for title in re.findall(r"(?m)^#+ (.*)$", path.read_text(encoding="utf-8"))}


def make_anchor(title):
    """Return what a link to a heading ends in, as JupyterLab makes it: capitals stay.

    Examples
    --------
    >>> make_anchor("Learning rate")
    'Learning-rate'
    """
    return title.replace(" ", "-").replace('"', "")  # a quote would end the attribute
