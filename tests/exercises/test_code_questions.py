import dataclasses
import time

import numpy as np
import pytest

from gd_helpers.exercises import Misconception, calls, code


def judge(answer, question):
    verdict = question.judge(answer, {})
    return verdict.state, verdict.message


@code(
    cases=lambda: [(np.array([1.0, 2.0, 6.0]),), (np.array([2.0, 2.0, 2.0]),), (np.arange(20.0),)],
    misconceptions=(
        Misconception(lambda values: values.sum(), "sum for mean"),
        Misconception(lambda values: np.median(values), "median for mean"),
        Misconception(lambda values: values["x"], "a misconception that fails"),
        Misconception(lambda values: values[0] if len(values) < 10 else values.mean(), "first for mean"),
    ),
    hints=("think",),
    because="so",
)
def mean_of(values):
    return sum(values.tolist()) / len(values)


def test_code_is_judged_by_what_it_does():
    for right in (mean_of.solution, lambda v: v.sum() / v.size, lambda *values: values[0].mean(), np.mean):
        assert judge(right, mean_of) == ("right", "It gives the right result for all 3 inputs that it was tried on.")


@pytest.mark.parametrize("number", [0, 1, 3])
def test_code_with_a_typical_mistake_gets_its_message(number):
    misconception = mean_of.misconceptions[number]
    assert judge(lambda values: misconception.answer(values) * 1.0, mean_of) == ("wrong", misconception.message)


def test_code_that_is_right_on_the_first_input_alone_is_wrong():
    state, message = judge(lambda values: 3.0, mean_of)
    assert state == "wrong"
    assert message == (
        "For values = [2.0, 2.0, 2.0], your function returned 3, where 2 is right. "
        "It returns the same for other arguments: does it use nothing but its arguments?"
    )


def test_a_wrong_result_that_follows_the_arguments_gets_no_advice():
    told = "For values = [1.0, 2.0, 6.0], your function returned 5, where 3 is right."
    assert judge(lambda values: np.ptp(values), mean_of) == ("wrong", told)


@pytest.mark.parametrize("garbage", [None, np.nan, "mean", object(), [np.inf]], ids=lambda value: type(value).__name__)
def test_a_result_that_is_no_number_gets_no_advice(garbage):
    message = judge(lambda values: garbage, mean_of)[1]
    assert "arguments" not in message


def test_a_result_that_changes_by_itself_is_told_so():
    rng = np.random.default_rng(0)
    question = dataclasses.replace(mean_of, unsteady="Is it random?")
    assert judge(lambda values: rng.normal(), question)[1].endswith(" is right. Is it random?")


def test_a_result_of_the_wrong_kind_is_told_with_the_input():
    told = "For values = [1.0, 2.0, 6.0], your function returned None: a `return` is missing."
    assert judge(print, mean_of) == ("wrong", told)
    assert "returned an array of shape (3,), where a number is right" in judge(lambda values: values, mean_of)[1]


def test_code_that_raises_is_told_with_the_input_and_its_line():
    message = judge(lambda values: values["no"], mean_of)[1]
    assert message.startswith("For values = [1.0, 2.0, 6.0], your function raised IndexError: ")


def test_code_that_changes_its_input_is_told_so_unless_it_was_asked_to():
    def centre(values):
        mean = values.mean()
        values -= mean
        return mean

    assert "changes its argument `values`" in judge(centre, mean_of)[1]
    assert judge(centre, dataclasses.replace(mean_of, changes=("values",)))[0] == "right"


@pytest.mark.parametrize("answer", [lambda: 1, lambda a, b: 1, lambda *, values: 1], ids=["none", "two", "keyword"])
def test_code_that_takes_other_arguments_is_refused(answer):
    assert judge(answer, mean_of) == (
        "wrong",
        "The answer is a function of `values`, in this order. Yours takes other arguments.",
    )


@pytest.mark.parametrize("answer", [3.0, None, "mean", float, np.zeros(3)], ids=repr)
def test_what_is_no_function_is_refused(answer):
    state, message = judge(answer, mean_of)
    assert state == "wrong"
    assert message.startswith("The answer is a function of `values`. You gave ")


def test_code_that_does_not_return_in_time_is_told_the_usual_reason():
    question = dataclasses.replace(mean_of, seconds=0.05, endless="Is it the sign?")

    def wait(values):
        while True:
            pass

    assert judge(wait, question) == (
        "wrong",
        "Your function did not return within 0.05 seconds. Is it the sign?",
    )


def test_every_case_is_left_as_it_was_for_the_next_learner():
    cases = mean_of.cases()
    question = dataclasses.replace(mean_of, cases=lambda: cases, changes=("values",))

    def spoil(values):
        mean = values.mean()
        values[:] = 0
        return mean

    assert judge(spoil, question)[0] == judge(mean_of.solution, question)[0] == "right"


def test_a_function_that_returns_dots_is_unanswered():
    assert judge(lambda values: ..., mean_of)[0] == judge(lambda values: (1, ...), mean_of)[0] == "unanswered"


def test_what_a_solution_needs_is_loaded_before_the_clock_of_an_answer_starts():
    loaded = []

    def load():
        if not loaded:
            loaded.extend(range(10**6))  # computes for longer than the limit below

    @code(cases=lambda: [(1.0,), (2.0,)], misconceptions=(), hints=(), because="", seconds=0.005)
    def double(x):
        load()
        return 2 * x

    def answer(x):
        load()
        return x + x

    assert judge(answer, double)[0] == "right"


def test_a_solution_is_computed_once_for_all_answers():
    computed = []

    @code(cases=lambda: [(1.0,), (2.0,)], misconceptions=(), hints=(), because="")
    def double(x):
        computed.append(x)
        return 2 * x

    assert [double.judge(answer, {}).state for answer in (lambda x: x, lambda x: x + x)] == ["wrong", "right"]
    assert computed == [1.0, 2.0]


def test_a_solution_may_return_a_list_of_arrays_of_different_lengths():
    @code(cases=lambda: [(3, 2)], misconceptions=(), hints=(), because="")
    def cut(n, size):
        return [np.arange(n)[first : first + size] for first in range(0, n, size)]

    assert judge(lambda n, size: (np.array([0, 1]), np.array([2])), cut)[0] == "right"
    assert judge(lambda n, size: [np.array([0, 1]), np.array([0])], cut)[0] == "wrong"


def test_a_function_that_sleeps_is_told_for_how_long_it_was_waited(monkeypatch):
    monkeypatch.setattr(calls, "PATIENCE", 2)
    monkeypatch.setattr(calls, "GRACE", 0.05)
    question = dataclasses.replace(mean_of, seconds=0.05, endless="Is it the sign?")
    assert judge(lambda values: time.sleep(1), question)[1] == (
        "Your function did not return within 0.1 seconds. Is it the sign? "
        "It could not be stopped: restart the kernel to be rid of it."
    )
