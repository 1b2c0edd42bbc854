"""Exercises, worked on by keyboard: a wrong answer, a hint, the right answer, and how far the learner is."""

import pytest

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.exercises.question import given
from gd_helpers.lesson.parameters import PUBLISHED

CHAPTER = "02_gradient_descent"
QUESTIONS = {question.name: question for question in questions_of(CHAPTER)}


def prediction():
    """Return a question, a wrong answer, the right one, and what the wrong one is told."""
    question = QUESTIONS["updates_at_half_the_rate"]
    right = given(question.solution, PUBLISHED[CHAPTER])
    misconception = next(misconception for misconception in question.misconceptions if misconception.answer == 50)
    return question, "answer = 50", f"answer = {right}", misconception.message


def code():
    """Return the same for a question whose answer is a function."""
    question = QUESTIONS["forward_differences"]
    right = question.source
    wrong = right.replace("/ h", "/ (2 * h)")
    assert wrong != right
    (message,) = (
        misconception.message
        for misconception in question.misconceptions
        if misconception.message.startswith("Half of what is right")
    )
    return question, wrong, right, message


@pytest.fixture(params=[prediction, code])
def answers(request):
    return request.param()


def test_an_exercise_is_answered_wrongly_then_hinted_then_answered_rightly(desk, answers):
    question, wrong, right, message = answers
    notebook, number = desk.take(CHAPTER), list(QUESTIONS).index(question.name) + 1
    check = f"exercises.{question.name}.check"
    place, argument = notebook.find(check), "answer" if question.kind == "prediction" else question.name

    def told(words, at=place):
        notebook.cell(at).locator(".jp-OutputArea").get_by_text(words.replace("`", "")).first.wait_for(timeout=60_000)

    notebook.write_and_run(place, f"{wrong}\n\n{check}({argument})")
    told(f"✗ Exercise {number}, not right yet.")
    told(message)
    below = notebook.add_below(place)
    notebook.write_and_run(below, f"exercises.{question.name}.hint()")
    told(f"Hint 1 of {len(question.hints)} to exercise {number}.", below)
    notebook.write_and_run(place, f"{right}\n\n{check}({argument})")
    told(f"✓ Exercise {number}, right.")
    told(f"of {len(QUESTIONS)}.")
    progress = notebook.find("exercises.progress()")
    notebook.run(progress)
    told(f"✓ Exercise {number}, {question.name}: solved", progress)
