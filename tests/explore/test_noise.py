import re

import numpy as np
import pytest
import torch
from explorers import catch, catch_live, difference, numbers, put_back
from scipy.stats import chi2

from gd_helpers import explore
from gd_helpers.data import simulate_line
from gd_helpers.explore.controls import divisors
from gd_helpers.metrics import mean_square_stability_limit, noise_floor, stationary_covariance
from gd_helpers.plotting import figures
from gd_helpers.training.trainer import train

DEFAULTS = {"learning_rate": 0.05, "batch_size": 6, "epochs": 200, "seed": 37, "optimizer": "sgd"}
OTHERS = {"learning_rate": 0.01, "batch_size": 60, "epochs": 300, "seed": 38, "optimizer": "adam"}


@pytest.fixture(scope="module")
def data():
    return simulate_line(n=60)


@pytest.fixture(scope="module")
def made(data):
    return catch_live(explore.noise_ball, data, **DEFAULTS)


@pytest.fixture
def explorer(made):
    return put_back(made, DEFAULTS)


def measured(data, run):
    """Return what the later half of a run's epochs says, from the weights and with NumPy's least squares."""
    X, y = data.X.double().numpy(), data.y.double().numpy()
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    later = run.path[(len(run.path)) // 2 :]
    above = np.mean((X @ later.T - y) ** 2, axis=0) - np.mean((X @ best - y) ** 2)
    return [*np.sqrt(np.mean((later - best.T) ** 2, axis=0)), above.mean()]


@pytest.mark.parametrize("moved", [{}, *({name: value} for name, value in OTHERS.items())], ids=str)
def test_it_shows_the_run_with_replacement_that_its_controls_ask_for(explorer, data, moved):
    for name, value in moved.items():
        explorer.controls.recipe[name].value = value
    run = train(data, "mini-batch", replacement=True, **DEFAULTS | moved)
    np.testing.assert_array_equal(explorer.run.path, run.path)
    np.testing.assert_allclose(numbers(explorer, "run"), measured(data, run), atol=6e-6)


@pytest.mark.parametrize(("rate", "size"), [(0.05, 6), (0.01, 1), (0.1, 60)])
def test_the_predicted_numbers_are_those_of_the_stationary_covariance(explorer, data, rate, size):
    explorer.controls.recipe["learning_rate"].value = rate
    explorer.controls.recipe["batch_size"].value = size
    roots = np.sqrt(np.diag(stationary_covariance(data, rate, batch_size=size)))
    expected = [*roots, noise_floor(data, rate, batch_size=size)]
    np.testing.assert_allclose(numbers(explorer, "predicted"), expected, atol=6e-6)
    np.testing.assert_allclose(explorer.right.predicted.get_ydata(), expected[-1])


def test_the_ellipse_lies_two_predicted_standard_deviations_from_least_squares(explorer, data):
    covariance = stationary_covariance(data, 0.05, batch_size=6)
    off = explorer.left.ellipse.get_xydata() - explorer.best.weights
    np.testing.assert_allclose(np.einsum("ei,ij,ej->e", off, np.linalg.inv(covariance), off), 4)
    angles = np.unwrap(np.arctan2(*off.T[::-1]))
    assert abs(angles[-1] - angles[0]) == pytest.approx(2 * np.pi)


def test_most_of_the_cloud_is_inside_the_ellipse(explorer, data):
    explorer.controls.recipe["epochs"].value = 1000
    inverse = np.linalg.inv(stationary_covariance(data, 0.05, batch_size=6))
    off = explorer.left.line.get_xydata() - explorer.best.weights
    inside = np.mean(np.einsum("ei,ij,ej->e", off, inverse, off) < 4)
    assert inside == pytest.approx(chi2.cdf(4, 2), abs=0.08)


def test_the_cloud_is_the_later_half_of_the_walk_by_now(explorer):
    for epoch, points in ((0, 1), (1, 1), (2, 2), (9, 5), (200, 101)):
        explorer.controls.shown.value = epoch
        np.testing.assert_array_equal(
            explorer.left.line.get_xydata(), explorer.run.path[epoch + 1 - points : epoch + 1]
        )
        assert explorer.right.measured.get_xdata()[-1] == 10 * epoch


def test_the_batch_sizes_divide_the_data_so_that_no_batch_is_short(explorer):
    sizes = [value for _, value in explorer.controls.recipe["batch_size"].options]
    assert sizes == [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60]
    assert divisors(1) == {1}
    assert divisors(49) == {1, 7, 49}


def test_a_short_last_batch_is_told(data, explorer):
    assert "short" not in explorer.status.value
    assert "last batch of an epoch is short" in catch(explore.noise_ball, data, **DEFAULTS | {"batch_size": 7}).say()


def test_a_run_that_has_not_settled_says_so(explorer):
    told = "had not settled"
    assert told not in explorer.status.value
    explorer.controls.recipe["learning_rate"].value = 0.001
    assert told in explorer.status.value
    explorer.controls.recipe["epochs"].value = 1000
    explorer.controls.recipe["batch_size"].value = 1
    assert told not in explorer.status.value


def test_the_interval_of_the_measured_floor_comes_from_batch_means(explorer, data):
    X, y = data.X.double().numpy(), data.y.double().numpy()
    least = np.linalg.lstsq(X, y, rcond=None)[1][0] / 60
    means = (np.mean((X @ explorer.run.path[-100:].T - y) ** 2, axis=0) - least).reshape(10, 10).mean(axis=1)
    reach = 2.262157 * means.std(ddof=1) / np.sqrt(10)
    assert f"interval {means.mean() - reach:.3g} to {means.mean() + reach:.3g}, by batch means" in explorer.status.value
    explorer.controls.shown.value = 30
    assert "interval" not in explorer.status.value


def test_beyond_the_mean_square_limit_nothing_is_predicted(explorer, data):
    explorer.controls.recipe["learning_rate"].value = 0.14
    explorer.controls.recipe["batch_size"].value = 1
    assert mean_square_stability_limit(data, batch_size=1) < 0.14
    assert numbers(explorer, "predicted") == [np.inf] * 3
    assert not len(explorer.left.ellipse.get_xdata())
    assert not len(explorer.right.predicted.get_xdata())
    assert "beyond the mean-square limit" in explorer.status.value
    assert "no floor is predicted" in explorer.alt.value


def test_the_prediction_is_for_plain_sgd_alone(explorer):
    explorer.controls.recipe["optimizer"].value = "adam"
    assert "plain SGD alone" in explorer.status.value
    assert explorer.numbers.value.count("<td>–</td>") == 3
    assert not len(explorer.left.ellipse.get_xdata())


def test_a_run_that_diverges_says_so_in_picture_and_words(explorer):
    explorer.controls.recipe["learning_rate"].value = 1.0
    explorer.controls.recipe["batch_size"].value = 1
    assert explorer.run.diverged
    assert explorer.right.note.get_text().startswith("diverged")
    assert "Diverged" in explorer.status.value
    assert "The run diverged" in explorer.alt.value
    assert len(explorer.right.beyond.get_xdata()) == 1


@pytest.mark.parametrize("moves", [{}, {"learning_rate": 0.01}, {"batch_size": 1}, {"learning_rate": 1.0}], ids=str)
def test_the_picture_is_the_one_that_matplotlib_draws_in_full(explorer, moves):
    for name, value in moves.items():
        explorer.controls.recipe[name].value = value
    off = difference(explorer)
    assert np.mean(np.abs(off).max(axis=-1) > 40) < 1e-3  # where lines cross, another may be on top
    assert np.sqrt(np.mean(off**2)) < 3  # of 255


def test_the_loss_is_drawn_against_examples_when_asked_to(explorer):
    explorer.controls.against.value = "examples"
    np.testing.assert_array_equal(explorer.right.line.get_xdata(), 60 * np.arange(201))
    assert "against examples" in explorer.alt.value


def test_the_live_output_is_the_headless_output_and_the_widget(monkeypatch, data):
    outputs = []
    monkeypatch.setattr(figures, "display", lambda bundle, raw, metadata=None: outputs.append((bundle, metadata)))
    explore.noise_ball(data, **DEFAULTS)
    monkeypatch.delenv("GD_HEADLESS")
    explore.noise_ball(data, **DEFAULTS)
    assert outputs[2][0].pop("application/vnd.jupyter.widget-view+json")["model_id"]
    assert outputs[2:] == outputs[:2]
    assert "the predicted floor is" in outputs[0][1]["image/png"]["alt"]


@pytest.mark.parametrize(("name", "value"), [("epochs", 0), ("batch_size", 61), ("learning_rate", 0.0), ("seed", "37")])
def test_an_argument_that_is_not_allowed_is_refused_by_its_name(data, name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be .*{re.escape(repr(value))}"):
        explore.noise_ball(data, **{name: value})


@pytest.mark.parametrize("data", [None, torch.ones(60, 2)], ids=["nothing", "a tensor"])
def test_what_is_no_line_is_refused(data):
    with pytest.raises(ValueError, match=r"^data must be a Line"):
        explore.noise_ball(data)
