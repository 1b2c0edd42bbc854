"""All exercises of all chapters: solutions agree with oracles, and wrong answers and garbage get a message."""

import dataclasses
import importlib
import math

import nbformat
import numpy as np
import pytest
import torch

from gd_helpers.exercises.chapter import chapters_with_exercises, parameters_of, questions_of
from gd_helpers.exercises.predictions import Choice, Prediction, simplify
from gd_helpers.exercises.question import Question, given, names_of
from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.cells import code_cells
from gd_helpers.runner.chapters import NOTEBOOKS

# What a chapter may be run with instead; the right answers are computed anew.
OTHERS = [
    {"seed": 4, "n": 333, "batch_size": 7, "epochs": 700, "updates": 60, "replicates": 3},
    {"seed": 2**32 - 1, "n": 50, "batch_size": 50, "epochs": 90, "updates": 25, "replicates": 2},
    {"seed": 0, "n": 2048, "batch_size": 1, "epochs": 40, "updates": 10, "replicates": 2},
]
GARBAGE = {
    "None": None,
    "a string": "as many as before",
    "NaN": math.nan,
    "infinite": math.inf,
    "a wrong shape": np.zeros((3, 5, 2)),
    "a tensor of a wrong shape": torch.zeros(3, 5, 2),
    "nothing": [],
    "ragged": [1, [2, 3]],
    "a list of NaN": [math.nan] * 9,
    "a truth value": True,
    "a complex number": 3 + 4j,
    "a set": {1, 2},
    "a type": int,
    "an object": object(),
    "a very long range": range(10**12),
}

CHAPTERS = chapters_with_exercises()
QUESTIONS = [(chapter, question) for chapter in CHAPTERS for question in questions_of(chapter)]
CODE = [(chapter, question) for chapter, question in QUESTIONS if question.kind == "code"]


def over(questions):
    names = [f"{chapter[:2]}-{question.name}" for chapter, question in questions]
    return pytest.mark.parametrize(("chapter", "question"), questions, ids=names)


every_chapter = pytest.mark.parametrize("chapter", CHAPTERS)
every_question = over(QUESTIONS)
every_code = over(CODE)
every_prediction = over([(chapter, question) for chapter, question in QUESTIONS if question.kind == "prediction"])


def published(chapter):
    return {name: PUBLISHED[chapter][name] for name in parameters_of(chapter)}


def changed(chapter, others):
    return {name: others.get(name, value) for name, value in published(chapter).items()}


def bank_of(chapter):
    return importlib.import_module(f"gd_helpers.exercises.questions.{chapter[3:]}")


def oracle_of(chapter, question):
    """Return the function that finds the answer another way."""
    return getattr(importlib.import_module(f"exercises.oracles.{chapter[3:]}"), question.name)


def wrong_answer_of(question, misconception, parameters):
    """Return what a learner with this misconception would give; where any number does, the right one."""
    if question.kind == "code":
        return misconception.answer
    wrong = given(misconception.answer, parameters)
    if isinstance(wrong, tuple):
        right = given(question.solution, parameters)
        return tuple(right[place] if part is None else part for place, part in enumerate(wrong))
    return wrong


@every_chapter
def test_a_chapter_has_three_to_five_exercises_with_a_prediction_and_a_piece_of_code(chapter):
    kinds = [question.kind for question in questions_of(chapter)]
    assert 3 <= len(kinds) <= 5
    assert set(kinds) == {"prediction", "code"}


@every_chapter
def test_a_chapter_asks_all_the_questions_in_its_file_in_order(chapter):
    written = [each for each in vars(bank_of(chapter)).values() if isinstance(each, Question)]
    assert list(questions_of(chapter)) == written


@every_chapter
def test_the_exercises_of_a_chapter_have_names_of_their_own(chapter):
    names = [question.name for question in questions_of(chapter)]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name not in ("progress", "chapter", "count") for name in names)


@every_question
def test_an_exercise_has_hints_a_reasoning_and_three_typical_wrong_answers(chapter, question):
    assert question.hints
    assert question.because
    messages = [misconception.message for misconception in question.misconceptions]
    assert len(set(messages)) == len(messages) >= 3


def test_the_options_of_a_choice_can_be_told_apart_and_each_wrong_one_has_a_message():
    for _, question in QUESTIONS:
        if isinstance(question, Choice):
            assert len(set(map(simplify, question.options))) == len(question.options)
            wrong = {misconception.answer for misconception in question.misconceptions}
            assert len(wrong & set(question.options)) == len(question.options) - 1


@every_question
def test_the_solution_and_the_oracle_agree(chapter, question):
    oracle, parameters = oracle_of(chapter, question), published(chapter)
    answer = oracle if question.kind == "code" else given(oracle, parameters)
    verdict = question.judge(answer, parameters)
    assert verdict.state == "right", verdict.message
    if isinstance(question, Prediction):  # they agree much better than a learner has to
        found, right = np.asarray(answer), np.asarray(given(question.solution, parameters))
        tolerance = question.relative * np.abs(right) + question.absolute
        assert np.all(np.abs(found - right) <= tolerance / 40 + 1e-9 * np.abs(right))


@pytest.mark.parametrize("others", OTHERS, ids=lambda others: f"n={others['n']}")
@every_prediction
def test_the_solution_and_the_oracle_agree_under_other_parameters(chapter, question, others):
    oracle, parameters = oracle_of(chapter, question), changed(chapter, others)
    if names_of(question.solution, oracle):  # else this is the test above
        verdict = question.judge(given(oracle, parameters), parameters)
        assert verdict.state == "right", verdict.message


@pytest.fixture(scope="module")
def namespaces():
    """The names that each chapter has after its import cell."""
    found = {}
    for chapter in CHAPTERS:
        notebook = nbformat.read(NOTEBOOKS / f"{chapter}.ipynb", as_version=4)
        found[chapter] = {}
        exec(code_cells(notebook)[0].source, found[chapter])
    return found


@every_question
def test_the_solution_runs_in_its_chapter_as_it_is_shown(chapter, question, namespaces):
    names, parameters = dict(namespaces[chapter]), changed(chapter, OTHERS[0])
    exec(question.source, names)
    answer = names[question.name]
    verdict = question.judge(answer if question.kind == "code" else given(answer, parameters), parameters)
    assert verdict.state == "right", verdict.message


@every_question
def test_typical_wrong_answers_are_refused_each_with_its_own_message(chapter, question):
    parameters = published(chapter)
    answers = [wrong_answer_of(question, misconception, parameters) for misconception in question.misconceptions]
    told = [question.judge(answer, parameters).message for answer in answers]
    assert told == [misconception.message for misconception in question.misconceptions]


def refused(question, answer, parameters):
    """Return the message to `answer`, which must be wrong, and not get the message of a misconception."""
    verdict = question.judge(answer, parameters)
    assert verdict.state == "wrong"
    assert verdict.message
    assert verdict.message not in [misconception.message for misconception in question.misconceptions]
    return verdict.message


@every_question
def test_what_is_no_answer_gets_a_message(chapter, question):
    for name, garbage in GARBAGE.items():
        assert "The answer is" in refused(question, garbage, published(chapter)), name


@every_question
def test_an_answer_that_is_left_open_is_unanswered(chapter, question):
    for answer in (..., (..., ...), [3, ...]):
        assert question.judge(answer, published(chapter)).state == "unanswered"


@every_code
def test_a_function_that_is_left_open_is_unanswered(chapter, question):
    assert question.judge(lambda *_: ..., published(chapter)).state == "unanswered"


@every_code
def test_a_function_that_returns_no_result_gets_a_message(chapter, question):
    for name, garbage in GARBAGE.items():
        assert "your function returned" in refused(question, lambda *_, garbage=garbage: garbage, {}), name


@every_code
def test_a_function_that_raises_gets_a_message(chapter, question):
    for error in (ZeroDivisionError("no"), KeyboardInterrupt(), SystemExit(3)):

        def fail(*_, error=error):
            raise error

        assert f"your function raised {type(error).__name__}" in refused(question, fail, {})


@every_code
def test_a_function_that_never_returns_gets_a_message(chapter, question):
    def run_for_ever(*_):
        while True:
            pass

    question = dataclasses.replace(question, seconds=0.02)
    assert "did not return within 0.02 seconds" in refused(question, run_for_ever, {})


@every_code
def test_a_function_of_other_arguments_gets_a_message(chapter, question):
    assert "takes other arguments" in refused(question, lambda *, other: other, {})


@every_code
def test_a_result_in_place_of_the_function_gets_a_message(chapter, question):
    result = question.solution(*question.cases()[0])
    assert "Hand over the function itself" in refused(question, result, {})


def change(value):
    """Change `value` in place where that can be done, and return whether it could."""
    if isinstance(value, np.ndarray | torch.Tensor) and len(value.shape) > 0:
        with torch.no_grad():
            value += 1
        return True
    return False


@every_code
def test_a_function_that_changes_its_input_gets_a_message(chapter, question):
    case = question.cases()[0]
    changeable = [i for i, value in enumerate(case) if change(value) and question.arguments[i] not in question.changes]
    for place in changeable:

        def meddle(*arguments, place=place):
            result = question.solution(*arguments)
            change(arguments[place])
            return result

        assert f"changes its argument `{question.arguments[place]}`" in refused(question, meddle, {})


@every_code
def test_the_data_of_the_cases_are_the_same_each_time_and_not_the_chapter_s(chapter, question):
    first, again = question.cases(), question.cases()
    assert len(first) == len(again) >= 2
    assert all(str(one) == str(other) for one, other in zip(first, again, strict=True))


def test_a_layer_that_starts_at_random_is_told_to_start_at_zero():
    def train_from_anywhere(X, y, learning_rate, updates):
        model = torch.nn.Linear(2, 1, bias=False)
        optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
        for _ in range(updates):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(model(X), y).backward()
            optimizer.step()
        return model.weight.detach().reshape(2)

    (question,) = [each for _, each in QUESTIONS if each.name == "train_line"]
    assert refused(question, train_from_anywhere, {}).endswith("does your loop begin at (0, 0)?")


def test_tensors_in_float64_are_not_taken_for_arrays():
    def with_flat_targets(x, y):
        return torch.from_numpy(np.column_stack([np.ones(len(x)), x])), torch.from_numpy(y)

    (question,) = [each for _, each in QUESTIONS if each.name == "as_tensors"]
    assert "a tensor of torch.float64, where torch.float32 is right" in refused(question, with_flat_targets, {})
