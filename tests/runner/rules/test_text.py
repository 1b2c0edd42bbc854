"""The rules for what the reader reads stop every way in which it can be wrong."""

import pytest
from good_chapter import CHAPTER, EXERCISES, OPENING, SOURCES, cell_with, replaced, says, sentences
from nbformat.v4 import new_code_cell

from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.check import find_problems
from gd_helpers.runner.rules.text import check_opening, find_dead_links

# The text of a cell, what in it is replaced, by what, and what the rules say then.
EDITS = {
    "no title": (OPENING, "# 02", "02", "not a title"),
    "no question": (OPENING, "?", "", "no question"),
    "two titles": (SOURCES, "## Sources", "# Another title\n\n## Sources", "a second title: # Another title"),
    "another section": (OPENING, "section 5.2", "section 5.2.1", "section 5.2,"),
    "no minutes": (OPENING, "20 minutes", "some time", "minutes"),
    "no prerequisites": (OPENING, "Prerequisites", "And", "prerequisites"),
    "no aims": (OPENING, "be able to", "hear how to", "able to do"),
    "links to others": (OPENING, "01_simulate_data", "00_introduction", "links to"),
    "no exercises": (EXERCISES, "## Exercises", "## Questions", "last two sections"),
    "no sources": (SOURCES, "## Sources", "```\n## Sources\n```", "last two sections"),
}


def test_a_good_notebook_passes(notebook):
    assert find_problems(notebook, CHAPTER) == []


@pytest.mark.parametrize(("text", "old", "new", "words"), EDITS.values(), ids=EDITS)
def test_a_text_that_is_not_as_it_must_be_is_stopped(notebook, text, old, new, words):
    cell = replaced(notebook, text, old, new)
    assert says(notebook, cell, words)


def test_a_chapter_beyond_the_source_says_so(notebook):
    missing = "the opening does not say *Part II: beyond the source chapter.*"
    assert (None, missing) in check_opening(notebook, "12_learning_rate")
    replaced(notebook, OPENING, "Mirrors section 5.2.", "Part II: beyond the source chapter.")
    assert (None, missing) not in check_opening(notebook, "12_learning_rate")


def test_the_first_chapter_needs_no_previous_one(notebook):
    notebook.cells[0].source = "# One?\n\n[next](01_simulate_data.ipynb)"
    assert "links to" not in sentences(notebook, min(PUBLISHED))


def test_three_code_cells_in_a_row_are_stopped_at_the_third(notebook):
    notebook.cells.remove(cell_with(notebook, "It does."))
    assert says(notebook, cell_with(notebook, "claim("), "third code cell in a row")


def test_a_notebook_that_ends_with_code_is_stopped(notebook):
    notebook.cells.append(new_code_cell("1", execution_count=8))
    assert says(notebook, notebook.cells[-1], "last cell is not prose")


def test_links_are_followed(notebook, tmp_path):
    (tmp_path / "01_simulate_data.ipynb").touch()
    found = list(find_dead_links(notebook, tmp_path))
    assert found == [(notebook.cells[0], "a link that leads nowhere: 03_batch.ipynb")]


def test_links_into_a_file_are_followed_to_its_heading(notebook, tmp_path):
    for name in ("01_simulate_data.ipynb", "03_batch.ipynb"):
        (tmp_path / name).touch()
    (tmp_path / "glossary.md").write_text(
        "# Glossary\n\n## learning rate\n\nA number.\n\n## Adam\n\nA rule.\n", encoding="utf-8"
    )
    notebook.cells[
        4
    ].source = "The [rate](glossary.md#learning-rate) of [Adam](glossary.md#Adam), not of [adam](glossary.md#adam)."
    found = list(find_dead_links(notebook, tmp_path))
    assert found == [(notebook.cells[4], "a link that leads nowhere: glossary.md#adam")]
