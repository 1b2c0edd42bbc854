import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gd_helpers.training.engines.activations import RELU, SIGMOID, TANH, activate, exp_minus_1
from gd_helpers.training.engines.jit import kernel

BOUNDS = {np.float32: 87, np.float64: 708}
PRECISIONS = pytest.mark.parametrize("real", BOUNDS)
OF_TORCH = {SIGMOID: torch.sigmoid, TANH: torch.tanh, RELU: torch.relu}


@kernel
def fill_exp_minus_1(x, y):
    for e in range(x.size):
        y[e] = exp_minus_1(x[e])


@kernel
def fill_activations(rows, activation, count):
    activate(rows, activation, count)


def activated(z, activation):
    rows = np.array([z])
    fill_activations(rows, activation, rows.shape[1])
    return rows[0]


def grid(real):
    """Return numbers of both signs from 10⁻³⁰ to where the exponential leaves the numbers, dense around 0."""
    near, tiny = np.linspace(0, 3, 50_001), np.geomspace(1e-30, 1, 1001)
    x = np.concatenate([near, tiny, np.linspace(3, BOUNDS[real], 50_001)])
    return np.concatenate([x, -x]).astype(real)


@PRECISIONS
def test_the_exponential_is_that_of_numpy_to_three_units_in_the_last_place(real):
    x = grid(real)
    y = np.empty_like(x)
    fill_exp_minus_1(x, y)
    np.testing.assert_array_max_ulp(y, np.expm1(x.astype(np.float64)).astype(real), maxulp=3)


@PRECISIONS
@pytest.mark.parametrize("activation", OF_TORCH)
def test_activations_are_those_of_torch_in_double_precision_to_four_units_in_the_last_place(activation, real):
    z = grid(real)
    truth = OF_TORCH[activation](torch.from_numpy(z).double()).numpy().astype(real)
    np.testing.assert_array_max_ulp(activated(z, activation), truth, maxulp=4)


@PRECISIONS
@pytest.mark.parametrize("activation", OF_TORCH)
def test_far_out_activations_are_at_their_limits(activation, real):
    z = np.array([1e30, -1e30, np.inf, -np.inf], real)
    truth = OF_TORCH[activation](torch.from_numpy(z)).numpy()
    np.testing.assert_allclose(activated(z, activation), truth, rtol=0, atol=math.exp(-86))


@PRECISIONS
@pytest.mark.parametrize("activation", OF_TORCH)
def test_what_is_not_a_number_stays_so(activation, real):
    assert np.isnan(activated([real(1), real(np.nan)], activation)).tolist() == [False, True]


@given(st.integers(0, 20))
def test_columns_beyond_the_count_stay(count):
    rows = np.full((2, 20), 0.5, np.float32)
    fill_activations(rows, TANH, count)
    assert (rows[:, count:] == 0.5).all()
    assert (rows[:, :count] != 0.5).all()
