import numpy as np
import pytest
import torch
from against_torch import assert_same, draw_data, recipe_of, records

from gd_helpers.data import simulate_line
from gd_helpers.metrics import ols
from gd_helpers.models import linear, mlp
from gd_helpers.optimizers import OPTIMIZERS
from gd_helpers.training.engines import compiled, eager, quadratic


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("bias", [False, True])
def test_full_batch_updates_from_the_curvature_are_those_of_torch(optimizer, bias):
    recipe = recipe_of(60, 300, 60, optimizer=optimizer, learning_rate=0.02)
    assert_same(mlp((4, 1), bias=bias).double(), *draw_data(1, 60, 4), recipe, rtol=1e-9)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("choice", [{"schedule": "cosine"}, {"average_after": 100}, {"replacement": True}], ids=str)
def test_full_batches_with_a_schedule_a_mean_or_replacement_are_those_of_torch(monkeypatch, optimizer, choice):
    monkeypatch.setattr(quadratic, "EPOCHS_PER_CHUNK", 70)
    recipe = recipe_of(60, 300, 60, optimizer=optimizer, learning_rate=0.02, **choice)
    assert_same(mlp((4, 1)).double(), *draw_data(1, 60, 4), recipe, rtol=1e-9)


def test_full_batch_updates_where_columns_repeat_are_those_of_torch():
    X, y = draw_data(2, 30, 3)
    assert_same(mlp((4, 1), bias=True).double(), torch.cat([X, X[:, 1:2]], 1), y, recipe_of(30, 300, 30), rtol=1e-9)


@pytest.mark.parametrize(("n", "p"), [(4, 6), (80, quadratic.MOST_WEIGHTS + 1)])
def test_full_batch_updates_of_many_weights_are_those_of_torch(n, p):
    assert_same(mlp((p, 1)).double(), *draw_data(3, n, p), recipe_of(n, 50, n, learning_rate=1e-3), rtol=1e-9)


def test_the_loss_of_points_on_a_line_falls_to_nothing_as_in_torch():
    X, _ = draw_data(8, 100, 2)
    y = X @ torch.tensor([[5.0], [2.0]], dtype=torch.float64)
    recipe = recipe_of(100, 1000, 100, optimizer="sgd", learning_rate=0.2)
    losses, _, path = records(compiled, linear().double(), X, y, recipe)
    expected, _, _ = records(eager, linear().double(), X, y, recipe)
    np.testing.assert_allclose(losses, expected, rtol=1e-9, atol=1e-20)
    np.testing.assert_allclose(path[-1], [5, 2], rtol=1e-12)
    assert losses[-1] < 1e-26


def test_the_centre_of_the_quadratic_is_least_squares():
    data = simulate_line(n=200, seed=5).to(torch.float64)
    surface = quadratic.expand(data.X.numpy()[:, :, None], data.y.numpy(), 2, 1)
    np.testing.assert_allclose(surface.centre[:, 0], ols(data).weights, rtol=1e-12)
    np.testing.assert_allclose(surface.loss, ols(data).mse, rtol=1e-12)
    np.testing.assert_allclose(surface.gradient, 0, atol=1e-12)
