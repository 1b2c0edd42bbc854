"""Answers as plain data: what is written can be read, and is judged as the answer itself would be."""

import contextlib
import json
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gd_helpers.exercises.answers import describe
from gd_helpers.exercises.chapter import questions_of
from gd_helpers.exercises.plain import LARGEST, LONGEST, decode, encode
from gd_helpers.exercises.question import given as computed
from gd_helpers.lesson.parameters import PUBLISHED

CHAPTERS = ["00_introduction", "01_simulate_data", "08_dataloader", "11_published_results", "17_speed"]
simple = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just(...)
json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.sampled_from(["int", "array", "tuple", "type", "dict"]), each),
)


def send(data):
    return json.loads(json.dumps(data))


@given(st.recursive(simple, lambda each: st.lists(each, max_size=3) | st.tuples(each, each), max_leaves=10))
def test_what_was_written_is_read_again(value):
    assert decode(send(encode(value))) == value
    assert type(decode(send(encode(value)))) is type(value)


@pytest.mark.parametrize(
    "array", [np.zeros((2, 0)), np.arange(6).reshape(2, 3).T, np.float32(1.5), np.array([np.nan, -np.inf, 0.1])]
)
def test_arrays_keep_shape_type_and_every_bit(array):
    read = decode(send(encode(array)))
    assert type(read) is type(array)
    assert read.dtype == array.dtype
    assert np.array_equal(read, array, equal_nan=True)


def test_a_tensor_stays_a_tensor():
    tensor = torch.tensor([[1.0, 2.0]], dtype=torch.float32, requires_grad=True)
    read = decode(send(encode(tensor)))
    assert torch.equal(read, tensor.detach())
    assert read.dtype == tensor.dtype


class Custom:
    """Something that is no answer."""


@pytest.mark.parametrize("value", [Custom(), Custom, print, {1: "a"}, np.array(["a"])])
def test_what_is_no_number_is_described_as_itself(value):
    wanted = "an object of type ndarray" if isinstance(value, np.ndarray) else describe(value)
    assert describe(decode(send(encode(value)))) == wanted


@pytest.mark.parametrize("value", [Fraction(1, 3), Decimal("0.25")])
def test_a_fraction_stays_one(value):
    assert decode(send(encode(value))) == str(value)


def test_what_is_written_has_a_largest_size():
    endless = []
    endless.append(endless)
    for value in (np.zeros(LARGEST), "x" * 10**7, 10**5000, endless):
        assert len(json.dumps(encode(value))) < 10 * LONGEST


@given(json_data)
def test_whatever_is_read_is_refused_or_a_value(data):
    with contextlib.suppress(ValueError):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [
        {"array": {"dtype": "<M8[s]", "shape": [1], "base64": "AAAAAAAAAAA="}},
        {"array": {"dtype": "O", "shape": [1], "base64": "AAAAAAAAAAA="}},
        {"array": {"dtype": "<f8", "shape": [10**12], "base64": ""}},
        {"array": {"dtype": "<f8", "shape": [2], "base64": "AAAAAAAAAAA="}},
        {"float": "many"},
        {"eval": "1"},
        {"int": "1", "str": "1"},
    ],
)
def test_data_that_are_no_answer_are_refused(data):
    with pytest.raises(ValueError, match="data must be an answer"):
        decode(data)


@pytest.mark.parametrize(
    ("question", "chapter"), [(each, chapter) for chapter in CHAPTERS for each in questions_of(chapter)]
)
def test_an_answer_that_was_written_down_gets_the_verdict_of_the_answer_itself(question, chapter):
    parameters = PUBLISHED[chapter]
    answers = [each.answer for each in question.misconceptions]
    if question.kind == "prediction":
        answers = [computed(each, parameters) for each in (*answers, question.solution)]
    for answer in [*answers, *([question.solution] if question.kind == "code" else []), ..., "many", Custom(), print]:
        verdict = question.judge(answer, parameters)
        assert question.judge_record(send(question.record(answer)), parameters) == verdict


@pytest.mark.parametrize(
    "function",
    [
        lambda X, y, w, batch: X.fill(0),
        lambda X, y, w, batch: ...,
        lambda X, y, w, batch: np.array([1.0, 2.0]),
        lambda X, y, w, batch: np.random.default_rng().normal(size=2),
        lambda X, y, w, batch: "two",
        lambda X, y, w, batch: [np.nan, 1],
        lambda X, y, w, batch: 1 / 0,
        lambda X: X,
    ],
)
def test_a_function_that_goes_wrong_in_any_way_gets_the_same_verdict(function):
    (question,) = [each for each in questions_of("00_introduction") if each.name == "batch_gradient"]
    found = question.judge_record(send(question.record(function)), {})
    assert found.state == question.judge(function, {}).state != "right"
    if "random" not in function.__code__.co_names:
        assert found.message == question.judge(function, {}).message


def test_an_endless_function_is_called_once(monkeypatch):
    (question,) = [each for each in questions_of("00_introduction") if each.name == "updates_until"]
    monkeypatch.setattr("gd_helpers.exercises.calls.TIME_LIMIT", 0.2)

    def endless(X, y, α, target):
        while True:
            pass

    record = question.record(endless)
    assert len(record["calls"]) == 1
    assert "did not return within 0.2 seconds" in question.judge_record(send(record), {}).message
