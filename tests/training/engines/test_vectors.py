import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gd_helpers.training.engines.dot_products import dots
from gd_helpers.training.engines.jit import kernel
from gd_helpers.training.engines.vectors import (
    load,
    polynomial,
    repeat,
    spread,
    store,
    store_first,
    where_greater,
)

WIDTH, FOUR = (0,) * 8, (0,) * 4
PRECISIONS = pytest.mark.parametrize("real", [np.float32, np.float64])


def draw(seed, shape, real):
    return np.random.default_rng(seed).normal(size=shape).astype(real)


@kernel
def fill_formula(a, b, results):
    x, y = load(a, 0, WIDTH), load(b, 0, WIDTH)
    number, other = a[0], b[1]
    store(results, 0, (x + y) * number - x / (y * y) + polynomial(x, (number, other, number)))
    store(results, 8, where_greater(x, y, number, y) + spread(b, 3, WIDTH) - repeat(other, WIDTH))


@PRECISIONS
def test_formulas_of_vectors_are_to_the_bit_those_of_each_number(real):
    a, b = draw(1, 8, real), draw(2, 8, real)
    results = np.empty(16, real)
    fill_formula(a, b, results)
    number, other = a[0], b[1]
    first = ((a + b) * number - a / (b * b)) + ((number * a + other) * a + number)
    second = np.where(a > b, number, b) + b[3] - other
    np.testing.assert_array_equal(results, np.concatenate([first, second]), strict=True)


@kernel
def fill_first(number, results):
    store_first(number, results, 2, repeat(1.0, FOUR))


@given(st.integers(-2, 9))
def test_only_the_first_entries_of_a_vector_are_written(number):
    results = np.zeros(8)
    fill_first(number, results)
    assert results.tolist() == [0, 0, *(float(k < number) for k in range(4)), 0, 0]


@kernel
def fill_dots(a, b, step, count, results):
    upper, lower = dots(a, 1, b, 2, step, count)
    store(results, 0, upper)
    store(results, 4, lower)


def dot(a, b):
    """Return the dot product of two rows in the order that `dots` promises."""
    whole = len(a) - len(a) % 8
    s = np.zeros(8, a.dtype)
    for e in range(0, whole, 8):
        s += a[e : e + 8] * b[e : e + 8]
    for e in range(whole, len(a)):
        s[0] += a[e] * b[e]
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))


@PRECISIONS
@given(count=st.integers(0, 40), gap=st.integers(0, 5), seed=st.integers(0, 99))
def test_dot_products_are_added_in_the_order_that_is_promised(real, count, gap, seed):
    step = count + gap
    a, b = draw(seed, 1 + 2 * step, real), draw(seed + 100, 2 + 4 * step, real)
    results = np.empty(8)
    fill_dots(a, b, step, count, results)
    rows_a = [a[1 + step * row :][:count] for row in range(2)]
    rows_b = [b[2 + step * row :][:count] for row in range(4)]
    np.testing.assert_array_equal(results, [float(dot(x, z)) for x in rows_a for z in rows_b])
