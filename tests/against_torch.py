"""The compiled engine's records held to those of the eager one, whose steps are torch's own."""

import copy
import math

import numpy as np
import torch
from hypothesis import settings
from hypothesis import strategies as st

from gd_helpers.training.engines import compiled, eager
from gd_helpers.training.recipes import SCHEDULES, Recipe

SEEDS = st.integers(0, 2**32 - 1)
few_examples = settings(max_examples=12, deadline=None)


def recipe_of(n, epochs, batch_size, **changes):
    rest = {"learning_rate": 0.01, "optimizer": "adam", "shuffle": True, "init_seed": 0, "shuffle_seed": 0, **changes}
    return Recipe.complete("mini-batch", n, epochs=epochs, batch_size=batch_size, **rest)


def draw_data(seed, n, p):
    """Return X with a column of ones and targets with noise, in float64."""
    generator = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), generator.normal(1, 1, (n, p - 1))])
    y = X @ generator.normal(0, 2, (p, 1)) + generator.normal(0, 1, (n, 1))
    return torch.from_numpy(X), torch.from_numpy(y)


def records(engine, model, X, y, recipe):
    """Return losses, batch losses and weights of all epochs of a copy of `model`."""
    chunks = list(engine.run_epochs(copy.deepcopy(model), X, y, recipe))
    return [np.concatenate(rows) for rows in zip(*chunks, strict=True)]


def assert_same(model, X, y, recipe, rtol):
    """Hold the compiled records to torch's, relative to the largest number that each of them reaches."""
    for ours, torchs in zip(records(compiled, model, X, y, recipe), records(eager, model, X, y, recipe), strict=True):
        np.testing.assert_allclose(ours, torchs, rtol=rtol, atol=rtol * np.abs(torchs).max())


def rise_and_fall(t):
    """Return the factors of a schedule that is none of the named ones: a line up to 1.5 and a power law down."""
    return np.minimum((t + 1) / 20, 1.5 * (1 + t / 30) ** -0.75)


@st.composite
def tasks(draw):
    """Draw n, a batch size, a number of epochs that makes about 200 updates, and what else a recipe wants."""
    n = draw(st.integers(2, 40))
    batch_size = draw(st.integers(1, n))
    epochs = max(1, 200 // math.ceil(n / batch_size))
    replacement = draw(st.booleans())
    return recipe_of(
        n,
        epochs,
        batch_size,
        shuffle=replacement or draw(st.booleans()),
        replacement=replacement,
        schedule=draw(st.sampled_from([*SCHEDULES, rise_and_fall])),
        average_after=draw(st.none() | st.integers(0, epochs - 1)),
        shuffle_seed=draw(SEEDS),
    )
