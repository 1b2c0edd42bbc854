"""What hidden tests judge, and by what; and the solutions that they are run on."""

import nbformat
import pytest
from handed_in import write_right

from gd_helpers.exercises.chapter import chapters_with_exercises, questions_of
from gd_helpers.runner.chapters import NOTEBOOKS, read_defaults, read_source
from gd_helpers.runner.grading.cells import find_answers, find_parameters
from gd_helpers.runner.grading.hidden_tests import PARAMETERS, assert_right

CHAPTER, RIGHT, OTHER = "00_introduction", {"answer": (16, 40)}, {"n": 320}


def test_the_answer_is_judged_by_the_parameters_that_are_given_or_else_by_those_of_the_handout(monkeypatch):
    assert_right(CHAPTER, "updates_in_an_epoch", dict(RIGHT), {"n": 1000})
    monkeypatch.setenv(PARAMETERS, '{"00_introduction": {"n": 1000}}')
    assert_right(CHAPTER, "updates_in_an_epoch", dict(RIGHT))
    with pytest.raises(AssertionError, match="updates in an epoch: too high"):
        assert_right(CHAPTER, "updates_in_an_epoch", dict(RIGHT), OTHER)


def test_without_a_handout_nothing_is_right(monkeypatch):
    monkeypatch.delenv(PARAMETERS, raising=False)
    with pytest.raises(KeyError, match=PARAMETERS):
        assert_right(CHAPTER, "updates_in_an_epoch", dict(RIGHT))


def test_an_answer_counts_for_one_exercise_only():
    namespace = dict(RIGHT)
    assert_right(CHAPTER, "updates_in_an_epoch", namespace, {"n": 1000})
    with pytest.raises(AssertionError, match="This exercise was not answered"):
        assert_right(CHAPTER, "updates_in_an_epoch", namespace, {"n": 1000})


@pytest.mark.parametrize("namespace", [{}, {"batch_gradient": lambda X, y, w, batch: ...}])
def test_a_function_that_is_missing_or_was_not_written_is_no_answer(namespace):
    with pytest.raises(AssertionError, match="This exercise was not answered"):
        assert_right(CHAPTER, "batch_gradient", namespace, {"n": 1000})


@pytest.mark.parametrize("stem", chapters_with_exercises())
def test_the_solutions_in_the_cells_of_a_chapter_are_right(stem):
    notebook = nbformat.reads(read_source(NOTEBOOKS / f"{stem}.ipynb"), as_version=4)
    place, cells = find_parameters(notebook), {cell.id: cell for cell in notebook.cells}
    namespace = {}
    for cell in notebook.cells[: place + 1]:
        if cell.cell_type == "code":
            exec(cell.source, namespace)
    questions = {question.name: question for question in questions_of(stem)}
    for name, cell_id in find_answers(notebook, list(questions)).items():
        exec(write_right(questions[name], cells[cell_id]).rpartition("\n")[0], namespace)
        assert_right(stem, name, namespace, read_defaults(NOTEBOOKS / f"{stem}.ipynb"))


@pytest.mark.parametrize("stem", chapters_with_exercises())
def test_a_cell_without_its_solution_is_what_the_chapter_has(stem):
    notebook = nbformat.reads(read_source(NOTEBOOKS / f"{stem}.ipynb"), as_version=4)
    cells = {cell.id: cell for cell in notebook.cells}
    questions = {question.name: question for question in questions_of(stem)}
    for name, cell_id in find_answers(notebook, list(questions)).items():
        lines = write_right(questions[name], cells[cell_id]).splitlines()
        (begin,) = (place for place, line in enumerate(lines) if line.strip() == "# mine")
        (end,) = (place for place, line in enumerate(lines) if line.strip() == "# end of mine")
        assert "\n".join(lines[:begin] + lines[end + 1 :]) == cells[cell_id].source
        assert end > begin + 1
