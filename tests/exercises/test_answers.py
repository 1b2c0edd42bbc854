import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gd_helpers.exercises.answers import (
    describe,
    find_difference,
    is_unanswered,
    parse_numbers,
    read_numbers,
    show_value,
)

floats = arrays.arrays(
    np.float64, arrays.array_shapes(max_dims=3, max_side=4), elements=st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
)


@pytest.mark.parametrize("value", [..., (..., ...), (16, ...), [...]], ids=repr)
def test_an_answer_with_dots_in_it_is_unanswered(value):
    assert is_unanswered(value)


@pytest.mark.parametrize("value", [None, 0, (), [], "...", np.zeros(3), (16, 40), [[...]]], ids=repr)
def test_anything_else_is_an_answer(value):
    assert not is_unanswered(value)


@given(floats)
def test_numbers_are_read_from_whatever_holds_them(values):
    for held in (values, values.tolist(), torch.from_numpy(values), torch.from_numpy(values).requires_grad_()):
        assert np.array_equal(read_numbers(held), values)


@pytest.mark.parametrize("number", [3, 3.0, np.float32(3), np.int64(3), np.array(3), torch.tensor(3)], ids=repr)
def test_a_single_number_has_the_shape_of_none(number):
    assert read_numbers(number) == 3
    assert read_numbers(number).shape == ()


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("111", 111),
        (" 2.5 ", 2.5),
        ("1e-3", 0.001),
        ("1/3", 1 / 3),
        ("12,000", 12_000),
        ("1,234.5", 1234.5),
        ("-7", -7),
    ],
)
def test_a_text_that_is_a_number_is_parsed(text, number):
    assert parse_numbers(text) == number
    assert parse_numbers([text, (text, 1)]) == [number, (number, 1)]


@pytest.mark.parametrize("text", ["many", "", "1,5", "12,00", "1/0", "1e400/1e-400x", "16, 40", "50 %", "²"])
def test_a_text_that_is_no_number_stays_a_text(text):
    assert parse_numbers(text) == text


def test_truth_values_among_several_numbers_are_1_and_0_but_a_single_one_is_no_number():
    assert [type(number) for number in parse_numbers((True, False, np.True_))] == [int] * 3
    assert parse_numbers((True, False, np.True_)) == (1, 0, 1)
    assert parse_numbers(True) is True


class Unreadable:
    def __array__(self, *_, **__):
        raise RuntimeError("no")


ENDLESS = []
ENDLESS.append(ENDLESS)
NO_NUMBERS = {
    "None": (None, "None"),
    "truth value": (True, "True"),
    "text": ("16", "the text '16'"),
    "complex": (1j, "the number 1j"),
    "texts": (["16"], "a list of length 1"),
    "ragged": ([1, [2, 3]], "a list of length 2"),
    "inside itself": (ENDLESS, "a list of length 1"),
    "dict": ({"a": 1}, "a dict of length 1"),
    "function": (len, "a function"),
    "range": (range(10**12), "an object of type range"),
    "unreadable": (Unreadable(), "an object of type Unreadable"),
    "too large": (10**400, "the number too large for a float"),
    "bfloat16": (torch.zeros(2, dtype=torch.bfloat16), "a tensor of shape (2,)"),
    "without memory": (torch.zeros(2, device="meta"), "a tensor of shape (2,)"),
    "dates": (np.array(["2020-01-01"], dtype="datetime64[D]"), "an array of shape (1,)"),
}


@pytest.mark.parametrize(("value", "words"), NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_what_is_not_made_of_numbers_is_refused_and_said_what_it_is(value, words):
    with pytest.raises(ValueError, match=r".") as refusal:
        read_numbers(value)
    assert str(refusal.value) == words == describe(value)
    assert show_value(value)


def test_few_numbers_are_shown_and_many_are_described():
    assert show_value(np.array([1.0, 2.5])) == "[1.0, 2.5]"
    assert show_value(np.array([2, 0])) == "[2, 0]"
    assert show_value(torch.tensor([1 / 3])) == "[0.333333]"
    assert show_value((16, 40.5)) == "(16, 40.5)"
    assert show_value(np.zeros((10, 2))) == "an array of shape (10, 2)"


@given(floats)
def test_what_is_equal_has_no_difference(values):
    assert find_difference(values, values) is None
    assert find_difference(values.tolist(), torch.from_numpy(values)) is None
    assert find_difference((values, 1), (values, 1)) is None
    assert find_difference({"a": values}, {"a": values}) is None


@pytest.mark.parametrize("kind", [tuple, list, np.array, torch.tensor], ids=["tuple", "list", "array", "tensor"])
def test_some_numbers_are_as_good_in_a_list_an_array_or_a_tensor_as_in_a_tuple(kind):
    assert find_difference(kind([1.0, 2.5]), (1.0, 2.5)) is None
    assert find_difference(kind([1.0, 2.0]), (1.0, 2.5)) == "returned 2, where 2.5 is right (part 2 of the result)"
    assert "where a tuple of 2 is right" in find_difference(kind([1.0, 2.5, 3.0]), (1.0, 2.5))


@given(floats, st.data())
def test_one_number_that_is_off_is_a_difference(values, data):
    place = tuple(data.draw(st.integers(0, side - 1)) for side in values.shape)
    other = values.copy()
    other[place] += max(1e-3, 1e-5 * np.abs(values).max())
    assert find_difference(other, values) is not None
    assert find_difference(other, values, rtol=1.0) is None or np.abs(values).max() < 1e-3


DIFFERENCES = [
    (None, 2.0, "returned None: a `return` is missing"),
    ("2", 2.0, "returned the text '2', where a number is right"),
    (3.0, 2.0, "returned 3, where 2 is right"),
    (math.nan, 2.0, "returned nan: not a number"),
    ([1.0, math.inf], np.array([1.0, 2.0]), "returned (1, inf): not all are finite numbers"),
    ([1.0], np.array([1.0, 2.0]), "returned a list of length 1, where shape (2,) is right"),
    (np.zeros((2, 1)), np.zeros(2), "returned an array of shape (2, 1), where shape (2,) is right"),
    (np.ones(9), np.zeros(9), "returned an array of shape (9,), as it should, but its numbers are off by up to 1"),
    (1.0, (1.0, 2.0), "returned the number 1, where a tuple of 2 is right"),
    ((1.0, 3.0), (1.0, 2.0), "returned 3, where 2 is right (part 2 of the result)"),
    ({"b": 1.0}, {"a": 1.0}, "returned a dict of length 1, where a dict with the keys 'a' is right"),
    ({"a": 2.0}, {"a": 1.0}, "returned 2, where 1 is right (under 'a' of the result)"),
    ("batch", "stochastic", "returned the text 'batch', where 'stochastic' is right"),
    (1, True, "returned 1, where True is right"),
]


@pytest.mark.parametrize(("result", "expected", "words"), DIFFERENCES)
def test_a_difference_is_told_in_words(result, expected, words):
    assert find_difference(result, expected) == words


def test_the_right_text_and_truth_value_have_no_difference():
    assert find_difference("batch", "batch") is None
    assert find_difference(np.True_, True) is None


def test_a_strict_comparison_wants_tensors_of_the_right_type():
    right = torch.ones(2)
    assert find_difference([1.0, 1.0], right) is None
    assert find_difference(right.double(), right) is None
    assert find_difference(right, right, strict=True) is None
    assert "where a tensor is right" in find_difference([1.0, 1.0], right, strict=True)
    assert "torch.float64, where torch.float32" in find_difference(right.double(), right, strict=True)


def test_a_series_of_pandas_is_as_good_as_an_array():
    assert find_difference(pd.Series([1.0, 2.0]), np.array([1.0, 2.0])) is None
