"""The rules for exercises stop a chapter that does not ask for each, once, in order, and open."""

import pytest
from good_chapter import CHAPTER, COMPUTATION, EXERCISES, PROGRESS, SETUP, cell_with, replaced, says, sentences

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.runner.rules import exercises

NOT_ONCE = "not asked for once each"


def first_check(notebook):
    return next(index for index, cell in enumerate(notebook.cells) if "exercises." in cell.source)


def drop_exercise(notebook):
    del notebook.cells[first_check(notebook)]


def swap_exercises(notebook):
    first = first_check(notebook)
    one, other = notebook.cells[first], notebook.cells[first + 2]
    one.source, other.source = other.source, one.source


def ask_above_the_heading(notebook):
    first = first_check(notebook)
    cells = notebook.cells[first - 1 : first + 1]
    del notebook.cells[first - 1 : first + 1]
    position = notebook.cells.index(cell_with(notebook, EXERCISES))
    notebook.cells[position:position] = cells


def drop_progress(notebook):
    notebook.cells.remove(cell_with(notebook, PROGRESS))


def test_a_prompt_that_does_not_say_how_far_off_an_answer_may_be_is_stopped(notebook):
    cell = replaced(notebook, "within 10 %", "within 10 %", "within 1 %")
    assert says(notebook, cell, "['within 1 %'] is accepted, and it is judged within 10 %")
    cell.source = cell.source.replace("Accepted: within 1 %.", "")
    assert says(notebook, cell, "[] is accepted, and it is judged within 10 %")


def test_a_prompt_that_says_more_than_is_judged_is_stopped(notebook):
    cell = cell_with(notebook, ", code.**")
    cell.source += " Accepted: within 1 %."
    assert says(notebook, cell, "['within 1 %'] is accepted, and it is judged exactly")


@pytest.mark.parametrize("break_it", [drop_exercise, swap_exercises, ask_above_the_heading, drop_progress])
def test_exercises_that_are_missing_or_out_of_order_are_stopped(notebook, break_it):
    break_it(notebook)
    assert NOT_ONCE in sentences(notebook)


def test_exercises_that_are_set_up_with_a_constant_are_stopped(notebook):
    cell = replaced(notebook, SETUP, "n=n", "n=1000")
    assert says(notebook, cell, "not set up once")


def test_exercises_that_are_set_up_twice_are_stopped(notebook):
    replaced(notebook, COMPUTATION, COMPUTATION, f"{COMPUTATION}\n{SETUP}")
    assert "not set up once" in sentences(notebook)


@pytest.mark.parametrize(("old", "new"), [("prediction", "code"), ("Exercise 1", "Exercise 2")])
def test_a_prompt_that_does_not_fit_its_exercise_is_stopped(notebook, old, new):
    first = first_check(notebook)
    notebook.cells[first - 1].source = notebook.cells[first - 1].source.replace(old, new)
    assert says(notebook, notebook.cells[first], "no prompt that begins with '**Exercise 1, prediction.**")


def test_an_exercise_that_is_answered_is_stopped(notebook):
    cell = notebook.cells[first_check(notebook)]
    data = cell.outputs[0].data
    data["text/plain"] = data["text/plain"].replace("○ Exercise 1, not answered yet.", "✓ Exercise 1, right.")
    assert says(notebook, cell, "not open")


@pytest.mark.parametrize("chosen", [[0, 4], [0, 1, 2], [3, 4, 3], [0, 1, 2, 3, 4, 4]], ids=str)
def test_three_to_five_exercises_with_a_prediction_and_code_are_wanted(notebook, monkeypatch, chosen):
    questions = questions_of(CHAPTER)
    monkeypatch.setattr(exercises, "questions_of", lambda _: [questions[place] for place in chosen])
    assert f"{len(chosen)} exercises, not three to five with" in sentences(notebook)


def test_a_chapter_without_exercises_is_stopped(notebook, monkeypatch):
    monkeypatch.setattr(exercises, "chapters_with_exercises", list)
    assert "no exercises: gd_helpers/exercises/questions/gradient_descent.py is missing" in sentences(notebook)
