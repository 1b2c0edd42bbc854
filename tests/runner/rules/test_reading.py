"""The rules for how a chapter reads stop what is too long, says too much, asks too little or closes without a recap."""

import pytest
from good_chapter import ASKED, CHAPTER, CLAIM, EARLIER, RECAP, add_code, cell_with, replaced, says, sentences
from nbformat.v4 import new_markdown_cell

from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.check import find_problems
from gd_helpers.runner.rules.reading import check_close, check_size

WORDS = "word " * 2000


def test_too_many_words_are_stopped(notebook):
    notebook.cells[4].source = WORDS
    assert "words of prose, more than 2,000" in sentences(notebook)


@pytest.mark.parametrize(
    "unread",
    [
        f"<details><summary>Going deeper</summary>\n\n{WORDS}\n</details>",
        f"```\n{WORDS}\n```",
        f"$$\n{WORDS}\n$$",
        f"[one](https://example.org/{WORDS.replace(' ', '-')})",
    ],
)
def test_what_need_not_be_read_is_not_counted(notebook, unread):
    notebook.cells[4].source = unread
    assert list(check_size(notebook, CHAPTER)) == []
    notebook.cells[-1].source += f"\n\n{WORDS}"  # of the sources
    assert list(check_size(notebook, CHAPTER)) == []


def test_too_many_code_cells_are_stopped(notebook):
    for number in range(40):
        add_code(notebook, f"{number}")
    assert "code cells, more than 45" in sentences(notebook)


@pytest.mark.parametrize("count", [2, 6])
def test_fewer_than_three_or_more_than_five_claims_are_stopped(notebook, count):
    cell_with(notebook, CLAIM).source = "\n".join(['claim("The sum is 21", total)'] * count)
    assert f"{count} claims stand out, not three to five" in sentences(notebook)


def test_checks_do_not_stand_out(notebook):
    add_code(notebook, "\n".join(['check("The sum is 21", total)'] * 9))
    assert "stand out" not in sentences(notebook)


@pytest.mark.parametrize("keys", ["ab", "abcdefg"])
def test_fewer_than_three_or_more_than_six_predictions_are_stopped(notebook, keys):
    cell = next(cell for cell in notebook.cells if cell.source == "\n".join(ASKED))
    cell.source = "\n".join(ASKED[0].replace("two", key) for key in keys)
    assert f"{len(keys)} predictions, not three to six" in sentences(notebook)


def test_a_prediction_whose_feedback_can_be_read_in_its_code_is_stopped(notebook):
    cell = next(cell for cell in notebook.cells if cell.source == "\n".join(ASKED))
    del cell.metadata["jupyter"]
    assert says(notebook, cell, "is not folded")


def test_the_predict_of_a_model_is_no_prediction(notebook):
    add_code(notebook, "model.predict(X)")
    assert "predictions" not in sentences(notebook)
    assert "folded" not in sentences(notebook)


def test_a_recap_of_another_length_is_stopped(notebook):
    cell = replaced(notebook, RECAP, "- tell e", "tell e")
    assert says(notebook, cell, "has 4 lines, not five")


def test_a_chapter_without_a_recap_is_stopped(notebook):
    replaced(notebook, RECAP, "## What", "### What")
    assert "has 0 lines, not five" in sentences(notebook)


def test_questions_on_earlier_chapters_are_three(notebook):
    cell = next(cell for cell in notebook.cells if "earlier" in cell.source and cell.cell_type == "code")
    cell.source = cell.source.partition("\n")[0]
    assert "with three predictions: 1" in sentences(notebook)


def test_questions_on_earlier_chapters_stand_before_the_exercises(notebook):
    cell = cell_with(notebook, EARLIER)
    notebook.cells.remove(cell)
    notebook.cells.append(new_markdown_cell(EARLIER))
    assert f"no {EARLIER!r} between recap and exercises" in sentences(notebook)


def test_the_first_chapter_has_no_earlier_ones(notebook):
    replaced(notebook, EARLIER, EARLIER, "Now you.")
    assert list(check_close(notebook, min(PUBLISHED))) == []
    assert find_problems(notebook, CHAPTER) != []
