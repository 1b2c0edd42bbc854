"""What hints, solutions and remarks of the exercises state as a fact."""

import numpy as np
import torch

from gd_helpers.data import simulate_line
from gd_helpers.exercises.batch import stopping_update, travel_at_full_stride
from gd_helpers.exercises.simulate_data import z_of_mean
from gd_helpers.metrics import ols
from gd_helpers.models import linear
from gd_helpers.training import train


def test_with_a_short_memory_adam_keeps_its_full_stride_to_the_end():
    data = simulate_line()
    X, y, near = data.X, data.y, 1.001 * ols(data).mse
    weights = torch.nn.Parameter(linear(seed=37)[0].weight.detach().clone())
    adam = torch.optim.Adam([weights], lr=0.01, betas=(0.9, 0.9))
    updates = 0
    while (loss := torch.nn.functional.mse_loss(X @ weights.T, y)).item() >= near:
        adam.zero_grad()
        loss.backward()
        adam.step()
        updates += 1
    assert 0.9 < updates / travel_at_full_stride(1000, 37) < 1.1


def test_a_rule_that_stops_where_the_curve_looks_flat_stops_the_published_run_far_from_done():
    data = simulate_line()
    losses = train(data, "batch").trace.loss.to_numpy()
    stopped = stopping_update(losses, 0.03, 100)
    assert stopped < len(losses) - 1
    assert losses[stopped] > 1.3 * ols(data).mse


def test_with_centred_x_two_updates_at_one_half_are_enough():
    data = simulate_line()
    X, y, w = data.X.double().numpy(), data.y.double().numpy()[:, 0], np.zeros(2)
    X[:, 1] -= X[:, 1].mean()
    for _ in range(2):
        w = w - 0.5 * 2 / len(y) * X.T @ (X @ w - y)
    assert np.mean((X @ w - y) ** 2) < 1.001 * ols(data).mse


def test_about_nine_of_200_means_are_more_than_two_standard_errors_off():
    z = [z_of_mean(simulate_line(seed=seed).x.double().numpy(), 2.0, 1.0) for seed in range(200)]
    assert 4 <= np.sum(np.abs(z) > 2) <= 15  # a binomial count of 9.1, give or take 2 standard deviations
