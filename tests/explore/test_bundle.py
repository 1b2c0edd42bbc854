"""What a bundle carries: data to the bit, and the table of NumPy's normal numbers."""

import base64

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gd_helpers.data import simulate_line, table
from gd_helpers.explore.bundle import encode_data, ziggurat_edges
from gd_helpers.explore.steps import BATCHES, COUNTS, RATES, logarithmic, steps_of
from gd_helpers.training.recipes import Recipe


def decoded(text, dtype):
    return np.frombuffer(base64.b64decode(text), np.dtype(dtype).newbyteorder("<"))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_data_come_back_to_the_bit(dtype):
    data = simulate_line(n=20).to(dtype)
    encoded = encode_data(data)
    assert (encoded["stored"], encoded["single"]) == ("float32", dtype == torch.float32)
    np.testing.assert_array_equal(decoded(encoded["X"], "f4"), data.x)
    np.testing.assert_array_equal(decoded(encoded["y"], "f4"), data.y[:, 0])


def test_what_single_precision_cannot_hold_is_stored_in_double():
    data = table([[0.1, 0.2], [1.0, 2.0], [0.3, 5.0]], [1.0, 2.0, 3.0])
    encoded = encode_data(data)
    assert encoded["stored"] == "float64"
    np.testing.assert_array_equal(decoded(encoded["X"], "f8").reshape(3, 2), data.X[:, 1:])


def test_normal_numbers_come_from_the_table_as_numpy_draws_them():
    """Most draws are an integer of 52 bits times an edge / 2⁵²; the lowest 8 bits of their words choose the edge."""
    edges, checked = decoded(ziggurat_edges(), "f8"), 0
    for seed in range(300):
        word = int(np.random.PCG64(seed).random_raw())
        layer, sign, size = word & 0xFF, -1 if word >> 8 & 1 else 1, float(word >> 9 & 0xFFFFFFFFFFFFF)
        if layer > 1 and size * edges[layer] / 2**52 < edges[layer - 1]:  # below the next layer, where it is taken
            assert np.random.default_rng(seed).normal() == sign * (size * (edges[layer] / 2**52))
            checked += 1
    assert checked > 250
    assert edges[255] == pytest.approx(3.6541528853610088, rel=1e-15)
    assert (np.diff(edges[1:]) > 0).all()


@settings(max_examples=25)
@given(rate=st.floats(1e-9, 1e3), n=st.integers(32, 10**5), epochs=st.integers(1, 10**6), replacement=st.booleans())
def test_sliders_reach_from_1_to_all_and_stand_where_they_are_told(rate, n, epochs, replacement):
    rest = {"learning_rate": rate, "optimizer": "sgd", "init_seed": 0, "shuffle_seed": 0, "replacement": replacement}
    steps = steps_of(Recipe.complete("mini-batch", n, epochs=epochs, **rest))
    assert {rate} <= set(steps["learning_rate"])
    assert {1, 32, n} <= set(steps["batch_size"])
    assert {1, epochs} <= set(steps["epochs"])
    assert all(values == sorted(set(values)) for values in steps.values())


@pytest.mark.parametrize(("steps", "base"), [(RATES, 10), (COUNTS, 10), (BATCHES, 2)])
def test_a_logarithmic_slider_moves_by_ratios_of_one_size(steps, base):
    values = sorted(logarithmic(1, 1e6, steps, base))
    ratios = np.divide(values[1:], values[:-1])
    assert (values[0], ratios.min() > 1.05, ratios.max() < 1.6) == (1, True, True)
