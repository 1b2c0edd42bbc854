import dataclasses
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from gd_helpers.exercises import Misconception, choice, prediction
from gd_helpers.exercises.feedback import Verdict
from gd_helpers.exercises.question import given, names_of


@prediction(
    asks=("updates", "examples in the last batch"),
    misconceptions=(
        Misconception(lambda n, batch_size: (n // batch_size, None), "full batches only"),
        Misconception((None, 32), "always full"),
        Misconception((4, 4), "both four"),
    ),
    hints=("one", "two"),
    because="so",
)
def updates_and_last(n, batch_size):
    return -(-n // batch_size), (n - 1) % batch_size + 1


NUMBERS = {"n": 1000, "batch_size": 32}


def judge(answer, question=updates_and_last, **parameters):
    verdict = question.judge(answer, NUMBERS | parameters)
    return verdict.state, verdict.message


def test_a_question_is_called_like_its_solution_and_needs_what_its_functions_need():
    assert updates_and_last.name == "updates_and_last"
    assert updates_and_last.parameters == ("n", "batch_size")
    assert updates_and_last(n=1000, batch_size=32) == (32, 8)


def test_the_source_that_a_learner_sees_has_no_decorator():
    assert updates_and_last.source == (
        "def updates_and_last(n, batch_size):\n    return -(-n // batch_size), (n - 1) % batch_size + 1"
    )


def test_a_solution_is_computed_once_for_the_same_parameters():
    calls = []

    @prediction(asks=("n",), misconceptions=(), hints=(), because="")
    def count(n):
        calls.append(n)
        return n

    states = [count.judge(answer, {"n": n}).state for n in (1, 2, 1) for answer in (1, 2)]
    assert states == ["right", "wrong", "wrong", "right", "right", "wrong"]
    assert calls == [1, 2]


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
def test_none_in_a_misconception_stands_for_any_number(answer):
    assert judge(answer) == ("wrong", "full batches only")


def test_a_misconception_that_happens_to_be_right_is_none():
    assert judge((2, 32), n=64) == ("right", "Computed: updates = 2, examples in the last batch = 32.")
    assert judge((3, 32), n=64) == ("wrong", "updates: too high; examples in the last batch: right.")


def test_the_first_misconception_that_fits_gives_its_message():
    assert judge((31, 32)) == ("wrong", "full batches only")


def test_other_wrong_numbers_are_called_too_high_or_too_low():
    assert judge((40, 2)) == ("wrong", "updates: too high; examples in the last batch: too low.")


@pytest.mark.parametrize(
    "answer",
    [("32", " 8 "), ["32.0", 8], ["32", "8"], (Fraction(32), Decimal("8")), [[32, 8]], np.array([[32], [8]])],
    ids=repr,
)
def test_numbers_are_right_in_other_forms_too(answer):
    assert judge(answer)[0] == "right"


@pytest.mark.parametrize("answer", [32, (32,), (32, 8, 1), np.ones((2, 2)), "32, 8", ("32", "eight")], ids=repr)
def test_another_number_of_numbers_or_a_word_is_refused(answer):
    state, message = judge(answer)
    assert state == "wrong"
    assert message.startswith("The answer is 2 numbers: updates, examples in the last batch. You gave ")


@prediction(
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
def half(n):
    return n / 2


@pytest.mark.parametrize(
    "answer", ["500", "5e2", "1000/2", Fraction(1000, 2), [["500"]], np.full((1, 1), 500)], ids=repr
)
def test_one_number_is_right_in_other_forms_too(answer):
    assert judge(answer, half)[0] == "right"


def test_a_number_may_be_written_as_the_chapters_write_it():
    assert judge("24,000", half, n=48_000)[0] == judge("−24,000", half, n=-48_000)[0] == "right"
    assert judge("24,00", half, n=48_000)[0] == judge("1/0", half)[0] == "wrong"


@pytest.mark.parametrize("answer", [500, 451, 549, [500], np.float32(500), torch.tensor(500.0)], ids=repr)
def test_a_prediction_is_right_within_its_tolerance(answer):
    assert judge(answer, half) == ("right", "Computed: half = 500 (accepted: within 10 %). Well.")


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
def test_misconceptions_are_recognised_more_narrowly_than_right_answers(answer, message):
    assert judge(answer, half) == ("wrong", message)


def test_an_absolute_tolerance_is_in_the_units_of_the_answer():
    question = dataclasses.replace(half, relative=0.0, absolute=5.0)
    assert judge(505, question)[0] == judge(495, question)[0] == "right"
    assert judge(506, question)[0] == judge(494, question)[0] == "wrong"
    assert question.tolerance == "within 5"
    assert updates_and_last.tolerance == "exactly"


@choice(
    options=("batch", "Stochastic", "mini-batch"),
    misconceptions=(Misconception("batch", "not batch"), Misconception("Mini-Batch", "not mini-batch")),
    hints=("think",),
    because="so",
)
def noisier():
    return "stochastic"


@choice(
    options=("a tenth", "a third", "as many"),
    misconceptions=(Misconception("a tenth", "less"), Misconception("as many", "fewer")),
    hints=("think",),
    because="so",
)
def share():
    return "a third"


@pytest.mark.parametrize("answer", ["stochastic", " Stochastic ", "STOCHASTIC"])
def test_a_choice_is_read_without_regard_to_capitals_and_blanks(answer):
    assert judge(answer, noisier)[0] == "right"


@pytest.mark.parametrize("answer", ["third", "A third.", '"a third"', "the  third"])
def test_a_choice_is_read_without_regard_to_articles_and_punctuation(answer):
    assert judge(answer, share)[0] == "right"
    assert judge(answer.replace("third", "tenth"), share) == ("wrong", "less")


@pytest.mark.parametrize("answer", ["mini batch", "minibatch", "Mini_Batch"])
def test_a_choice_is_read_without_regard_to_hyphens(answer):
    assert judge(answer, noisier) == ("wrong", "not mini-batch")


def test_a_wrong_choice_gets_its_message():
    assert judge("batch", noisier) == ("wrong", "not batch")
    assert judge("mini-batch", noisier) == ("wrong", "not mini-batch")


@pytest.mark.parametrize("answer", ["adam", "", None, 2, ["batch"]], ids=repr)
def test_what_is_no_option_is_refused_with_the_options(answer):
    state, message = judge(answer, noisier)
    assert state == "wrong"
    assert message.startswith("The answer is one of 'batch', 'Stochastic', 'mini-batch'. You gave ")


@pytest.mark.parametrize("question", [updates_and_last, noisier], ids=lambda question: question.name)
def test_dots_are_unanswered(question):
    assert question.judge(..., NUMBERS) == Verdict("unanswered")
