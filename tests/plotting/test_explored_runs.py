"""What the still pictures of explorers show of a run, against PyTorch, NumPy and scikit-learn."""

import numpy as np
import pytest
import torch
from drawn import line_in
from sklearn.metrics import mean_squared_error, r2_score

from gd_helpers.data import table
from gd_helpers.metrics import ols
from gd_helpers.models import mlp
from gd_helpers.plotting import METHOD_COLOURS, explored_runs, subplots
from gd_helpers.training.trainer import train

SETTINGS = {"epochs": 12, "learning_rate": 0.05, "optimizer": "sgd"}


@pytest.mark.parametrize(("size", "method"), [(60, "batch"), (1, "stochastic"), (16, "mini-batch")])
def test_a_path_has_the_colour_of_its_method_and_the_weights_of_the_run(ax, data, size, method):
    run = train(data, "mini-batch", batch_size=size, **SETTINGS)
    words = explored_runs.draw_path(ax, data, ols(data), run)
    path = line_in(ax, method)
    np.testing.assert_array_equal(path.get_xydata(), run.path)
    legend = ax.get_legend()
    handles = dict(zip([text.get_text() for text in legend.texts], legend.get_lines(), strict=True))
    assert path.get_color() == handles[method].get_color() == METHOD_COLOURS[method]
    assert "to ({:.3g}, {:.3g})".format(*run.weights) in words


def test_the_loss_begins_with_that_of_the_start_and_leaves_the_run_as_it_was(ax, data):
    run = train(data, "mini-batch", **SETTINGS)
    words = explored_runs.draw_loss(ax, data, ols(data), run)
    X, y = data.numpy()
    drawn = line_in(ax, "loss after each epoch").get_ydata()
    np.testing.assert_allclose(drawn, [mean_squared_error(y, X @ weights) for weights in run.path])
    assert f"{drawn[0]:.3g} at the start" in words
    np.testing.assert_array_equal(run.model[0].weight.detach().numpy()[0], run.weights)


@pytest.mark.parametrize(
    ("size", "epochs", "ticks"),
    [
        (60, 12, [0, 1, 10, 100]),
        (60, 100, [0, 1, 10, 100]),
        (1, 12, [0, 10, 100, 1000]),
        (16, 1, [0, 1, 10]),
        (60, 1, [0, 1, 10]),
    ],
)
def test_the_axis_reaches_to_the_power_of_ten_above_the_run(ax, data, size, epochs, ticks):
    run = train(data, "mini-batch", batch_size=size, **SETTINGS | {"epochs": epochs})
    explored_runs.draw_loss(ax, data, ols(data), run)
    assert list(ax.get_xticks()) == ticks
    (low, high), updates = ax.get_xlim(), run.trace.updates.to_numpy()
    assert low < 0 < ticks[1] <= updates[0]
    assert updates[-1] <= ticks[-1] <= high < 2 * ticks[-1]


@pytest.mark.parametrize("rate", [0.02, 0.19])
def test_all_of_a_path_is_in_view_unless_it_diverged(ax, data, rate):
    run = train(data, "batch", **SETTINGS | {"learning_rate": rate})
    explored_runs.draw_path(ax, data, ols(data), run)
    (low_b0, high_b0), (low_w1, high_w1) = ax.get_xlim(), ax.get_ylim()
    assert not run.diverged
    assert all(low_b0 < b0 < high_b0 and low_w1 < w1 < high_w1 for b0, w1 in run.path)


def test_the_path_of_a_run_that_diverged_leaves_the_usual_picture_at_a_square(ax, data):
    run = train(data, "batch", epochs=1000, learning_rate=1.0, optimizer="sgd")
    explored_runs.draw_path(ax, data, ols(data), run)
    assert ax.get_xlim()[1] < 3 * ols(data).weights[0]
    assert len(line_in(ax, "_exits").get_xydata()) > 0


def test_a_curve_is_that_of_the_network(ax, data):
    run = train(data, "mini-batch", model=mlp((2, 3, 1)), **SETTINGS)
    words = explored_runs.draw_curve(ax, data, ols(data), run)
    x, heights = line_in(ax, "fitted curve").get_data()
    inputs = torch.tensor(np.column_stack([np.ones_like(x), x]), dtype=torch.float32)
    np.testing.assert_allclose(heights, run.model.float()(inputs).detach().numpy()[:, 0], rtol=1e-5)
    at_zero = run.model(torch.tensor([[1.0, 0.0]])).item()
    assert f"{at_zero:.3g} high at x = 0" in words


def test_coefficients_and_scores_are_those_of_the_run(data):
    values = np.random.default_rng(3).normal(size=(90, 4))
    parts = [table(part[:, 1:], part[:, 0]) for part in (values[:60], values[60:])]
    run, best = train(parts[0], "mini-batch", **SETTINGS), ols(parts[0])
    _, (left, right) = subplots(ncols=2)
    words = explored_runs.draw_coefficients(left, parts[0], best, run)
    np.testing.assert_array_equal(line_in(left, "run").get_xdata(), run.weights[1:])
    off = np.abs(run.weights - best.weights)[1:]
    assert words.endswith(f"is x{off.argmax() + 1}, by {off.max():.3g}")
    explored_runs.draw_scores(right, parts, best, run)
    for part, label in zip(parts, ("rows trained on", "rows held out"), strict=True):
        X, y = part.numpy()
        expected = [r2_score(y, X @ weights) for weights in run.path]
        np.testing.assert_allclose(line_in(right, label).get_ydata(), expected)


def test_a_line_by_hand_has_the_loss_that_its_words_say(data):
    labels = {"x": "x", "y": "y", "b0": "b0", "w1": "w1"}
    _, (left, right) = subplots(ncols=2)
    assert "line (1, 3)" in explored_runs.draw_line(left, data, [1.0, 3.0], labels=labels)
    words = explored_runs.draw_place(right, data, ols(data), [1.0, 3.0], labels=labels)
    X, y = data.numpy()
    assert words.endswith(f"{mean_squared_error(y, X @ [1.0, 3.0]):.3g}")
    assert "OLS" not in right.get_legend_handles_labels()[1]  # it would give the answer away
