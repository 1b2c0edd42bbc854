"""A bound is held to the number in the sentence: the one chosen before, or the nearest with the digits written."""

import numpy as np
import pytest
import torch

from gd_helpers.lesson.bounds import at_least, at_most, between, less_than, more_than, shared_digits, within
from gd_helpers.lesson.numbers import read_numbers


def fault(bound, text):
    (number,) = read_numbers(text)
    return bound.find_fault(number)


# A bound on 0.021, the number that is right, and others with as many digits that are not.
READ_OFF = [
    (less_than(0.021), "3 %", ["2 %", "4 %"]),
    (at_most(0.02), "2 %", ["1 %", "3 %"]),
    (more_than(0.021), "2 %", ["1 %", "3 %"]),
    (at_least(0.02), "2 %", ["1 %", "3 %"]),
    (within(1.021, 1), "3 %", ["2 %", "4 %"]),
    (within(1.021, 1), "0.03", ["0.02", "0.04"]),
    (less_than(3e14), "10¹⁵", ["10¹⁴", "10¹⁶"]),
    (more_than(3e15), "10¹⁵", ["10¹⁴", "10¹⁶"]),
]


@pytest.mark.parametrize(("bound", "right", "wrong"), READ_OFF, ids=str)
def test_a_bound_read_off_a_value_is_the_nearest_with_its_digits(bound, right, wrong):
    assert fault(bound, right) == ""
    assert all(fault(bound, text) for text in wrong)


@pytest.mark.parametrize(
    "bound",
    [
        less_than(0.021, 0.07),
        at_most(0.07, 0.07),
        more_than(0.1, 0.07),
        at_least(0.07, 0.07),
        within(103, 100, 0.07),
        within([1.0, 2.0], [1.0, 2.0], 0.07),
    ],
    ids=str,
)
def test_a_bound_chosen_before_is_the_number_and_no_other(bound):
    assert fault(bound, "7 %") == ""
    assert "is the bound" in fault(bound, "6 %")
    assert "is the bound" in fault(bound, "8 %")


@pytest.mark.parametrize(
    "bound",
    [
        less_than(0.07, 0.07),
        less_than(0.08, 0.07),
        more_than(0.07, 0.07),
        at_most(0.0701, 0.07),
        at_least(0.0699, 0.07),
        within(1.08, 1, 0.07),
        within(1, 0, 0.07),
    ],
    ids=str,
)
def test_what_does_not_hold_is_a_fault_that_names_number_and_value(bound):
    assert "7 % is written, " in fault(bound, "7 %")
    assert "is found" in fault(bound, "7 %")


@pytest.mark.parametrize("kind", [np.array, list, tuple, torch.tensor])
def test_of_several_values_the_worst_counts(kind):
    values = kind([0.1, 0.5, 0.3])
    assert less_than(values).value == at_most(values).value == pytest.approx(0.5)
    assert more_than(values).value == at_least(values).value == pytest.approx(0.1)
    assert within(values, kind([0.1, 0.4, 0.1])).value == pytest.approx((0.2, 2.0))


@pytest.mark.parametrize("make", [less_than, more_than, at_most, at_least])
@pytest.mark.parametrize("values", [float("nan"), [1.0, float("nan")]], ids=str)
def test_nan_is_in_no_relation(make, values):
    assert fault(make(values, 2), "2")


def test_nan_is_within_nothing():
    assert fault(within(float("nan"), 1, 0.02), "2 %")
    assert fault(within(1, float("nan"), 0.02), "0.02")


def test_a_range_is_two_bounds():
    low, high = between([0.31, 0.36], 0.3, 0.4)
    assert (fault(low, "30 %"), fault(high, "40 %")) == ("", "")
    assert fault(low, "29 %")
    assert fault(high, "39 %")


def test_equal_arrays_share_all_digits():
    assert shared_digits([0.0, 2.0], [0.0, 2.0]) == float("inf")
    assert shared_digits([1.0, 2.0], [1.0, 2.0 * (1 + 1e-6)]) == pytest.approx(6)
    assert shared_digits([1e-9], [0.0]) == float("-inf")
