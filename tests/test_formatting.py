import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gd_helpers.formatting import format_number


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_an_integer_is_written_in_full(value):
    assert int(format_number(value, 3).replace(",", "")) == value
    assert int(format_number(np.int64(value), 3, thousands="")) == value


@given(st.floats(1e-300, 1e300), st.integers(1, 15))
def test_another_number_is_right_to_the_digits_asked_for(value, digits):
    assert math.isclose(float(format_number(value, digits, thousands="")), value, rel_tol=10.0 ** (1 - digits))


@pytest.mark.parametrize(
    ("value", "text"),
    [(12000, "12,000"), (12000.5, "12,000.5"), (np.float32(0.5), "0.5"), (math.nan, "nan"), (-math.inf, "-inf")],
)
def test_thousands_are_set_apart_and_what_is_not_finite_is_named(value, text):
    assert format_number(value) == text


def test_what_no_float_can_hold_is_told():
    assert format_number(10**400) == "too large for a float"
    assert format_number(2 + 1j) == "(2+1j)"
