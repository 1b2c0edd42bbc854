import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gd_helpers.checks import check_bool, check_choice, check_float, check_int

NOT_WHOLE = [2.5, 3.0, math.nan, math.inf, True, np.True_, "3", None, [3], np.float64(3), np.array(3), torch.tensor(3)]
NOT_A_NUMBER = [True, np.True_, "1", None, [1.0], 1j, math.nan, math.inf, -math.inf, np.float32("nan"), 10**400]


@given(st.integers(), st.integers(), st.integers())
def test_whole_numbers_pass_exactly_if_they_lie_in_the_closed_range(value, first, second):
    minimum, maximum = sorted([first, second])
    if minimum <= value <= maximum:
        assert check_int("size", value, minimum, maximum) == value
    else:
        with pytest.raises(
            ValueError, match=rf"^size must be a whole number from {minimum} to {maximum}, got {value}$"
        ):
            check_int("size", value, minimum, maximum)


@pytest.mark.parametrize("value", NOT_WHOLE, ids=repr)
def test_what_is_not_a_whole_number_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"^size must be a whole number of at least 0, got ") as refusal:
        check_int("size", value, 0)
    assert str(refusal.value).endswith(f"got {value!r}")


def test_a_numpy_integer_comes_back_as_a_plain_int():
    assert type(check_int("size", np.int64(3), 1)) is int


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(-1e6, 1e6))
def test_finite_numbers_pass_exactly_if_they_are_inside_their_bounds(value, bound):
    for holds, bounds in [
        (value > bound, {"above": bound}),
        (value >= bound, {"at_least": bound}),
        (bound - 1 < value < bound, {"above": bound - 1, "below": bound}),
        (value <= bound, {"at_most": bound}),
    ]:
        if holds:
            assert check_float("rate", value, **bounds) == value
        else:
            with pytest.raises(ValueError, match=r"^rate must be a finite number "):
                check_float("rate", value, **bounds)


@pytest.mark.parametrize("value", NOT_A_NUMBER, ids=lambda value: repr(value)[:12])
def test_what_is_not_a_finite_number_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"^rate must be a finite number, got ") as refusal:
        check_float("rate", value)
    assert str(refusal.value).endswith(f"got {value!r}")


def test_the_message_names_every_bound():
    with pytest.raises(ValueError, match=r"^level must be a finite number greater than 0 and less than 1, got 1$"):
        check_float("level", 1, above=0, below=1)
    with pytest.raises(ValueError, match=r"^noise must be a finite number of at least 0, got -1$"):
        check_float("noise", -1, at_least=0)
    with pytest.raises(ValueError, match=r"^rate must be a finite number greater than 0 and at most 5, got 6$"):
        check_float("rate", 6, above=0, at_most=5)


@pytest.mark.parametrize("value", [2, np.float32(2), np.int8(2), Fraction(2)], ids=repr)
def test_every_kind_of_real_number_comes_back_as_a_plain_float(value):
    number = check_float("rate", value)
    assert type(number) is float
    assert number == 2.0


def test_one_of_the_choices_passes():
    assert check_choice("method", "batch", {"batch": 1, "stochastic": 2}) == "batch"


@pytest.mark.parametrize("value", ["Batch", "", None, 1, ["batch"]], ids=repr)
def test_another_choice_is_refused_with_all_that_are_allowed(value):
    with pytest.raises(ValueError, match=r"^method must be one of 'batch', 'stochastic', got ") as refusal:
        check_choice("method", value, ["batch", "stochastic"])
    assert str(refusal.value).endswith(f"got {value!r}")


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("kind", [bool, np.bool_])
def test_true_and_false_of_python_and_numpy_pass_as_plain_booleans(kind, value):
    assert check_bool("shuffle", kind(value)) is value


@pytest.mark.parametrize("value", [0, 1, None, "yes", 1.0, np.array(True), np.int8(1), torch.tensor(True)], ids=repr)
def test_what_is_neither_true_nor_false_is_refused(value):
    with pytest.raises(ValueError, match=r"^shuffle must be True or False, got ") as refusal:
        check_bool("shuffle", value)
    assert str(refusal.value).endswith(f"got {value!r}")
