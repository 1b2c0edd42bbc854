"""What the still pictures of theory show, against NumPy and the definitions."""

import numpy as np
import pytest
import torch
from drawn import line_in

from gd_helpers.data import redraw_noise
from gd_helpers.metrics import noise_floor, ols, stationary_covariance
from gd_helpers.plotting import explored_theory, subplots
from gd_helpers.training.redrawn import draw_targets, train_all
from gd_helpers.training.trainer import train


@pytest.fixture(scope="module")
def noisy(data):
    return train(data, "mini-batch", epochs=40, batch_size=10, learning_rate=0.05, optimizer="sgd", replacement=True)


def excess(data, path):
    X, y = data.numpy()
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    return np.mean((X @ path.T - y[:, None]) ** 2, axis=0) - np.mean((X @ best - y) ** 2)


def test_the_cloud_is_the_later_half_and_its_ellipse_the_covariances(ax, data, noisy):
    words = explored_theory.draw_cloud(ax, data, ols(data), noisy)
    np.testing.assert_array_equal(line_in(ax, "iterates, later half").get_xydata(), noisy.path[20:])
    covariance = stationary_covariance(data, 0.05, batch_size=10)
    off = line_in(ax, "predicted, 2σ").get_xydata() - ols(data).weights
    np.testing.assert_allclose(np.einsum("ki,ij,kj->k", off, np.linalg.inv(covariance), off), 4)
    assert words.endswith("{:.3g} and {:.3g}".format(*np.sqrt(np.diag(covariance))))


def test_the_floor_is_the_mean_over_the_later_half(ax, data, noisy):
    words = explored_theory.draw_floor(ax, data, ols(data), noisy)
    above = excess(data, noisy.path)
    np.testing.assert_allclose(line_in(ax, "after each epoch").get_ydata(), above, atol=1e-9)
    np.testing.assert_allclose(line_in(ax, "measured floor").get_ydata(), above[20:].mean(), rtol=1e-6)
    assert words.endswith(f"{noise_floor(data, 0.05, batch_size=10):.3g}")


def test_beyond_the_limit_nothing_is_predicted(data):
    run = train(data, "mini-batch", epochs=4, batch_size=1, learning_rate=0.2, optimizer="sgd", replacement=True)
    _, (left, right) = subplots(ncols=2)
    assert explored_theory.draw_cloud(left, data, ols(data), run).endswith("nothing is predicted")
    assert explored_theory.draw_floor(right, data, ols(data), run).endswith("nothing is predicted")
    assert "predicted floor" not in [line.get_label() for line in right.lines]


@pytest.mark.parametrize("rate", [0.02, 0.3])
def test_the_predicted_loss_is_that_of_plain_descent(ax, data, rate):
    data = data.to(torch.float64)
    run = train(data, "batch", epochs=30, learning_rate=rate, optimizer="sgd")
    explored_theory.draw_predicted(ax, data, ols(data), run)
    predicted, above = (line_in(ax, label).get_ydata() for label in ("predicted, sum", "after each epoch"))
    np.testing.assert_allclose(predicted, above, rtol=1e-6)
    np.testing.assert_allclose(above, excess(data, run.path), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(("epochs", "end", "step"), [(30, 30, 5), (31, 50, 10), (1, 1, 1), (100, 100, 20)])
def test_the_straight_axis_reaches_to_a_round_number_of_updates(ax, data, epochs, end, step):
    run = train(data.to(torch.float64), "batch", epochs=epochs, learning_rate=0.1, optimizer="sgd")
    explored_theory.draw_predicted(ax, data, ols(data), run)
    assert list(ax.get_xticks()) == list(range(0, end + 1, step))
    assert end <= ax.get_xlim()[1] < 1.1 * end


def test_batches_are_drawn_against_the_updates_that_they_take(ax, data):
    run = train(data, "mini-batch", epochs=4, batch_size=20, learning_rate=0.1, optimizer="sgd")
    explored_theory.draw_predicted(ax, data, ols(data), run)
    assert list(line_in(ax, "after each epoch").get_xdata()) == [0, 3, 6, 9, 12]


def test_the_axes_cross_in_least_squares_along_the_curvatures(ax, data):
    run = train(data.to(torch.float64), "batch", epochs=3, learning_rate=0.1, optimizer="sgd")
    explored_theory.draw_axes(ax, data, ols(data), run)
    X, _ = data.numpy()
    for label in ("axis: floor", "axis: across"):
        ends = line_in(ax, label).get_xydata()
        np.testing.assert_allclose(ends.mean(axis=0), ols(data).weights)
        axis = ends[1] - ends[0]
        turned = X.T @ X @ axis
        np.testing.assert_allclose(turned / np.linalg.norm(turned), axis / np.linalg.norm(axis), atol=1e-9)


def test_the_estimates_scatter_and_err_as_their_words_say(data):
    run = train(redraw_noise(data, 3700), "batch", epochs=30, learning_rate=0.1, optimizer="sgd", init=[0, 0])
    found = train_all(data, draw_targets(data, 37), run)
    _, (left, right) = subplots(ncols=2)
    words = explored_theory.draw_estimates(left, data, found, run)
    assert "scatter by {:.3g} and {:.3g}".format(*found.paths[:, -1].std(axis=0, ddof=1)) in words
    inverse = np.linalg.inv(data.noise_variance * np.linalg.inv(data.numpy()[0].T @ data.numpy()[0]))
    off = line_in(left, "95% ellipse of theory").get_xydata() - data.truth
    np.testing.assert_allclose(np.einsum("ki,ij,kj->k", off, inverse, off), 5.991, rtol=1e-3)
    explored_theory.draw_errors(right, data, found, run)
    np.testing.assert_array_equal(line_in(right, "optimisation error").get_ydata(), found.optimisation)
    np.testing.assert_allclose(line_in(right, "pσ²/n").get_ydata(), 2 * data.noise_variance / 60)
