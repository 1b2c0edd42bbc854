"""What hints, solutions and remarks of the exercises state as a fact."""

import numpy as np
import pytest
import torch

from gd_helpers.data import simulate_line
from gd_helpers.exercises.questions.batch import intercept_of_fifty, stopping_update
from gd_helpers.exercises.questions.stochastic import average_and_last
from gd_helpers.exercises.questions.three_layers import slopes_of
from gd_helpers.metrics import ols
from gd_helpers.models import linear, mlp
from gd_helpers.training.trainer import train


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
    start = linear(seed=37)[0].weight.detach().numpy().ravel()
    at_full_stride = np.abs(ols(data).weights - start).max() / 0.01
    assert 450 < at_full_stride < 550
    assert 0.9 < updates / at_full_stride < 1.1


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


def test_the_slopes_of_three_layers_have_the_mean_of_the_least_squares_slope():
    data = simulate_line()
    run = train(data, "mini-batch", model=mlp((2, 2, 1)), epochs=1000)
    assert slopes_of(run.model, data.x).mean().item() == pytest.approx(ols(data).weights[1], abs=0.04)


def test_the_short_batch_of_8_moves_the_fit_by_a_fifth_of_a_standard_error():
    data = simulate_line()
    best, times = ols(data), np.repeat([1.0, 4.0], [992, 8])  # how often an example counts
    X, y = (values.double().numpy() * np.sqrt(times)[:, None] for values in (data.X, data.y))
    moved = np.linalg.lstsq(X, y, rcond=None)[0][:, 0] - best.weights
    assert abs(moved[0]) / best.standard_errors[0] == pytest.approx(0.20, abs=0.005)


def walk_from_least_squares(rates, replacement=False):
    """Return least squares and the weights after the epochs of the plain rule that begin there."""
    data, rng, best, ends = simulate_line(), np.random.default_rng(0), ols(simulate_line()), []
    x, y, (b0, w1) = data.x.tolist(), data.y[:, 0].tolist(), best.weights.tolist()
    for rate in rates.tolist():
        order = rng.integers(1000, size=1000) if replacement else rng.permutation(1000)
        for i in order.tolist():  # plain numbers, which are ten times as fast as arrays of two
            step = 2 * rate * (b0 + w1 * x[i] - y[i])
            b0, w1 = b0 - step, w1 - step * x[i]
        ends.append((b0, w1))
    return best, np.array(ends)


def test_a_rate_that_falls_with_the_root_of_the_epoch_makes_the_ball_less_than_half_as_wide():
    _, falling = walk_from_least_squares(0.01 / np.sqrt(np.arange(1, 201)))
    _, constant = walk_from_least_squares(np.full(200, 0.01))
    assert np.all(falling[-50:].std(axis=0) < constant[-50:].std(axis=0) / 2)


def test_with_replacement_the_ball_is_as_wide_as_the_root_of_rate_times_loss_in_all_directions():
    best, ends = walk_from_least_squares(np.full(200, 0.01), replacement=True)
    widths = np.sqrt(np.linalg.eigvalsh(np.cov(ends.T)))
    assert widths == pytest.approx(np.sqrt(0.01 * best.mse), rel=0.15)  # of 200 ends: 5 %


def test_the_average_of_the_last_fifth_is_nearer_to_least_squares_than_the_last_weights():
    data = simulate_line()
    run, best = train(data, "stochastic"), ols(data)
    average, last = average_and_last(run.path, 100, best.weights, best.standard_errors)
    assert average < last / 3


def test_the_stochastic_run_is_within_one_percent_after_a_twentieth_of_its_updates():
    data = simulate_line()
    trace = train(data, "stochastic").trace
    first = trace.updates[trace.loss < 1.01 * ols(data).mse].min()
    assert first / trace.updates.max() == pytest.approx(0.05, abs=0.01)


def test_adam_s_way_from_the_start_is_near_enough_to_where_it_ends_and_the_way_alone_is_not():
    start = linear(seed=37)[0].weight[0, 0].item()
    assert start == pytest.approx(0.41, abs=0.005)
    states = [intercept_of_fifty.judge(answer, {"n": 1000, "seed": 37}).state for answer in (start + 4.5, 4.9, 4.5)]
    assert states == ["right", "right", "wrong"]


def test_adam_needs_the_updates_that_the_prompts_of_chapters_03_and_04_name():
    data = simulate_line()
    trace = train(data, "batch", epochs=12_000).trace
    assert trace.updates[trace.loss < 1.001 * ols(data).mse].min() == pytest.approx(10_600, abs=50)
    assert trace.updates[trace.loss < 1.01 * ols(data).mse].min() == pytest.approx(9600, abs=50)
