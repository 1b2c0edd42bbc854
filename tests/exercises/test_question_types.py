import dataclasses
import math

import numpy as np
import pytest
import torch
from gd_helpers.exercises.question_types import Choice, Code, Misconception, Prediction, given, names_of

from gd_helpers.exercises.feedback import Verdict


def updates_and_last(n, batch_size):
    return -(-n // batch_size), (n - 1) % batch_size + 1


PREDICTION = Prediction(
    solution=updates_and_last,
    expected=lambda n, batch_size: (math.ceil(n / batch_size), n - (math.ceil(n / batch_size) - 1) * batch_size),
    asks=("updates", "examples in the last batch"),
    misconceptions=(
        Misconception(lambda n, batch_size: (n // batch_size, None), "full batches only"),
        Misconception((None, 32), "always full"),
        Misconception((4, 4), "both four"),
    ),
    hints=("one", "two"),
    because="so",
)
NUMBERS = {"n": 1000, "batch_size": 32}


def judge(answer, question=PREDICTION, **parameters):
    verdict = question.judge(answer, NUMBERS | parameters)
    return verdict.state, verdict.message


def test_a_question_is_called_like_its_solution_and_needs_what_its_functions_need():
    assert PREDICTION.name == "updates_and_last"
    assert PREDICTION.parameters == ("n", "batch_size")
    assert PREDICTION.source.startswith("def updates_and_last(n, batch_size):\n    return")


def test_an_argument_with_a_default_is_not_needed():
    assert names_of(lambda n, seed=37: n, lambda batch_size, n: n) == ("n", "batch_size")
    assert given(lambda n, seed=37: n + seed, {"n": 1, "seed": 0}) == 38


@pytest.mark.parametrize("answer", [(32, 8), [32.0, 8], np.array([32, 8]), torch.tensor([32, 8])], ids=repr)
def test_the_right_numbers_are_right_whatever_holds_them(answer):
    state, message = judge(answer)
    assert state == "right"
    assert message == "Computed: updates = 32, examples in the last batch = 8."


def test_the_right_answer_follows_the_parameters():
    assert judge((10, 100), n=1000, batch_size=100)[0] == "right"
    assert judge((32, 8), n=1000, batch_size=100)[0] == "wrong"


@pytest.mark.parametrize("answer", [(31, 8), (31, 999)])
def test_none_in_a_slip_stands_for_any_number(answer):
    assert judge(answer) == ("wrong", "full batches only")


def test_a_slip_that_happens_to_be_right_is_no_slip():
    assert judge((2, 32), n=64) == ("right", "Computed: updates = 2, examples in the last batch = 32.")
    assert judge((3, 32), n=64) == ("wrong", "updates: too high; examples in the last batch: right.")


def test_the_first_slip_that_fits_speaks():
    assert judge((31, 32)) == ("wrong", "full batches only")


def test_other_wrong_numbers_are_called_too_high_or_too_low():
    assert judge((40, 2)) == ("wrong", "updates: too high; examples in the last batch: too low.")


@pytest.mark.parametrize("answer", [32, (32,), (32, 8, 1), [[32, 8]]], ids=repr)
def test_another_number_of_numbers_is_refused(answer):
    state, message = judge(answer)
    assert state == "wrong"
    assert message.startswith("The answer is 2 numbers, updates, examples in the last batch. You gave ")


def half(n):
    return n / 2


HALF = Prediction(
    solution=half,
    expected=half,
    asks=("half",),
    relative=0.1,
    misconceptions=(
        Misconception(lambda n: n, "all"),
        Misconception(0, "none"),
        Misconception(lambda n: n * 0.6, "too near"),
    ),
    hints=(),
    because="",
    then="Well.",
)


@pytest.mark.parametrize("answer", [500, 451, 549, [500], np.float32(500), torch.tensor(500.0)], ids=repr)
def test_a_prediction_is_right_within_its_tolerance(answer):
    assert judge(answer, HALF) == ("right", "Computed: half = 500 (accepted: within 10 %). Well.")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (449, "449 is too low."),
        (551, "551 is too high."),
        (1000, "all"),
        (990, "all"),
        (0, "none"),
        (600, "too near"),
        (1100, "1,100 is too high."),
    ],
)
def test_slips_are_recognised_more_narrowly_than_right_answers(answer, message):
    assert judge(answer, HALF) == ("wrong", message)


def test_an_absolute_tolerance_is_in_the_units_of_the_answer():
    question = dataclasses.replace(HALF, relative=0.0, absolute=5.0)
    assert judge(505, question)[0] == judge(495, question)[0] == "right"
    assert judge(506, question)[0] == judge(494, question)[0] == "wrong"
    assert question.tolerance == "within 5"
    assert PREDICTION.tolerance == "exactly"


def noisier():
    return "stochastic"


CHOICE = Choice(
    solution=noisier,
    expected=noisier,
    options=("batch", "Stochastic", "mini-batch"),
    misconceptions=(Misconception("batch", "not batch"), Misconception("Mini-Batch", "not mini-batch")),
    hints=("think",),
    because="so",
)


@pytest.mark.parametrize("answer", ["stochastic", " Stochastic ", "STOCHASTIC"])
def test_a_choice_is_read_without_regard_to_capitals_and_blanks(answer):
    assert judge(answer, CHOICE)[0] == "right"


def test_a_wrong_choice_gets_its_message():
    assert judge("batch", CHOICE) == ("wrong", "not batch")
    assert judge("mini-batch", CHOICE) == ("wrong", "not mini-batch")


@pytest.mark.parametrize("answer", ["adam", "", None, 2, ["batch"]], ids=repr)
def test_what_is_no_option_is_refused_with_the_options(answer):
    state, message = judge(answer, CHOICE)
    assert state == "wrong"
    assert message.startswith("The answer is one of 'batch', 'Stochastic', 'mini-batch'. You gave ")


def mean_of(values):
    return np.mean(values)


CODE = Code(
    solution=mean_of,
    expected=lambda values: sum(values.tolist()) / len(values),
    cases=lambda: [(np.array([1.0, 2.0, 6.0]),), (np.array([2.0, 2.0, 2.0]),), (np.arange(20.0),)],
    misconceptions=(
        Misconception(lambda values: values.sum(), "sum for mean"),
        Misconception(lambda values: np.median(values), "median for mean"),
        Misconception(lambda values: values["x"], "a slip that fails"),
        Misconception(lambda values: values[0] if len(values) < 10 else values.mean(), "first for mean"),
    ),
    hints=("think",),
    because="so",
)


def test_code_is_judged_by_what_it_does():
    for right in (mean_of, lambda v: v.sum() / v.size, lambda *values: values[0].mean(), np.mean):
        assert judge(right, CODE) == ("right", "It gives the right result for all 3 inputs that it was tried on.")


@pytest.mark.parametrize("number", [0, 1, 3])
def test_code_with_a_typical_mistake_gets_its_message(number):
    misconception = CODE.misconceptions[number]
    assert judge(lambda values: misconception.answer(values) * 1.0, CODE) == ("wrong", misconception.message)


def test_code_that_is_right_on_the_first_input_alone_is_wrong():
    state, message = judge(lambda values: 3.0, CODE)
    assert state == "wrong"
    assert message == (
        "For values = [2.0, 2.0, 2.0], your function returned 3, where 2 is right. "
        "It returns the same for other arguments: does it use its arguments alone?"
    )


def test_a_wrong_result_that_follows_the_arguments_gets_no_advice():
    told = "For values = [1.0, 2.0, 6.0], your function returned 5, where 3 is right."
    assert judge(lambda values: np.ptp(values), CODE) == ("wrong", told)


@pytest.mark.parametrize("garbage", [None, np.nan, "mean", object(), [np.inf]], ids=lambda value: type(value).__name__)
def test_a_result_that_is_no_number_gets_no_advice(garbage):
    message = judge(lambda values: garbage, CODE)[1]
    assert "arguments" not in message


def test_a_result_that_changes_by_itself_is_told_so():
    rng = np.random.default_rng(0)
    question = dataclasses.replace(CODE, unsteady="Is it random?")
    assert judge(lambda values: rng.normal(), question)[1].endswith(" is right. Is it random?")


def test_a_result_of_the_wrong_kind_is_told_with_the_input():
    told = "For values = [1.0, 2.0, 6.0], your function returned None: a `return` is missing."
    assert judge(print, CODE) == ("wrong", told)
    assert "returned an array of shape (3,), where a number is right" in judge(lambda values: values, CODE)[1]


def test_code_that_raises_is_told_with_the_input_and_its_line():
    message = judge(lambda values: values["no"], CODE)[1]
    assert message.startswith("For values = [1.0, 2.0, 6.0], your function raised IndexError: ")


def test_code_that_changes_its_input_is_told_so_unless_it_was_asked_to():
    def centre(values):
        mean = values.mean()
        values -= mean
        return mean

    assert "changes its argument `values`" in judge(centre, CODE)[1]
    assert judge(centre, dataclasses.replace(CODE, changes=("values",)))[0] == "right"


@pytest.mark.parametrize("answer", [lambda: 1, lambda a, b: 1, lambda *, values: 1], ids=["none", "two", "keyword"])
def test_code_that_takes_other_arguments_is_refused(answer):
    assert judge(answer, CODE) == (
        "wrong",
        "The answer is a function of `values`, in this order. Yours takes other arguments.",
    )


@pytest.mark.parametrize("answer", [3.0, None, "mean", float, np.zeros(3)], ids=repr)
def test_what_is_no_function_is_refused(answer):
    state, message = judge(answer, CODE)
    assert state == "wrong"
    assert message.startswith("The answer is a function of `values`. You gave ")


def test_code_that_does_not_return_in_time_is_told_the_usual_reason():
    question = dataclasses.replace(CODE, seconds=0.05, endless="Is it the sign?")

    def wait(values):
        while True:
            pass

    assert judge(wait, question) == (
        "wrong",
        "Your function did not return within 0.05 seconds. Is it the sign?",
    )


def test_every_case_is_left_as_it_was_for_the_next_learner():
    cases = CODE.cases()
    question = dataclasses.replace(CODE, cases=lambda: cases, changes=("values",))

    def spoil(values):
        mean = values.mean()
        values[:] = 0
        return mean

    assert judge(spoil, question)[0] == judge(mean_of, question)[0] == "right"


@pytest.mark.parametrize("question", [PREDICTION, CHOICE, CODE], ids=lambda question: question.kind)
def test_dots_are_unanswered(question):
    assert question.judge(..., NUMBERS) == Verdict("unanswered")


def test_a_function_that_returns_dots_is_unanswered():
    assert judge(lambda values: ..., CODE)[0] == judge(lambda values: (1, ...), CODE)[0] == "unanswered"
