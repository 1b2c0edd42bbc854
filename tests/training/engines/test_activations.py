import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gd_helpers.training.engines.activations import RELU, SIGMOID, TANH, activate, exp_minus_1
from gd_helpers.training.engines.jit import kernel
from gd_helpers.training.engines.vectors import load, store

BOUNDS = {np.float32: 87, np.float64: 708}
PRECISIONS = pytest.mark.parametrize("real", BOUNDS)
OF_TORCH = {SIGMOID: torch.sigmoid, TANH: torch.tanh, RELU: torch.relu}


WIDTH = (0,) * 8


@kernel
def fill_exp_minus_1(x):
    for e in range(0, x.size, len(WIDTH)):
        store(x, e, exp_minus_1(load(x, e, WIDTH)))


@kernel
def fill_activations(units, first, last, activation):
    activate(units, first, last, activation, WIDTH)


def in_vectors(fill, x, *arguments):
    """Return what `fill` makes of a copy of `x`, which it is given in whole vectors."""
    whole = np.append(x, np.zeros(-len(x) % len(WIDTH), np.asarray(x).dtype))
    fill(whole, *arguments)
    return whole[: len(x)]


def activated(z, activation):
    return in_vectors(lambda units: fill_activations(units, 0, units.size, activation), z)


def grid(real):
    """Return numbers of both signs from 10⁻³⁰ to where the exponential leaves the numbers, dense around 0."""
    near, tiny = np.linspace(0, 3, 50_001), np.geomspace(1e-30, 1, 1001)
    x = np.concatenate([near, tiny, np.linspace(3, BOUNDS[real], 50_001)])
    return np.concatenate([x, -x]).astype(real)


@PRECISIONS
def test_the_exponential_is_that_of_numpy_to_three_units_in_the_last_place(real):
    x = grid(real)
    y = in_vectors(fill_exp_minus_1, x)
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


@given(st.integers(0, 4), st.integers(0, 4))
def test_entries_before_the_first_and_from_the_last_on_stay(before, vectors):
    first, last = before, before + vectors * len(WIDTH)
    units = np.full(40, 0.5, np.float32)
    fill_activations(units, first, last, TANH)
    assert ((units != 0.5) == ((np.arange(40) >= first) & (np.arange(40) < last))).all()
