import re

import numpy as np
import pytest
import torch
from explorers import catch_live, difference, numbers, put_back

from gd_helpers import explore
from gd_helpers.data import simulate_line
from gd_helpers.explore.rate import observed_factor
from gd_helpers.plotting import figures
from gd_helpers.training.trainer import train

DEFAULTS = {"learning_rate": 0.1, "batch_size": 60, "epochs": 200, "seed": 37, "optimizer": "sgd"}
OTHERS = {"batch_size": 6, "epochs": 300, "seed": 38, "optimizer": "momentum"}


@pytest.fixture(scope="module")
def data():
    return simulate_line(n=60)


@pytest.fixture(scope="module")
def truth(data):
    """Return least squares, the curvatures and the axes, by NumPy."""
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    return np.linalg.lstsq(X, y, rcond=None)[0], *np.linalg.eigh(2 / 60 * X.T @ X)


@pytest.fixture(scope="module")
def made(data):
    return catch_live(explore.learning_rate, data, **DEFAULTS)


@pytest.fixture
def explorer(made):
    return put_back(made, DEFAULTS)


def set_multiple(explorer, multiple):
    """Move the slider of the rate to that multiple of the limit, and return the rate."""
    slider = explorer.controls.recipe["learning_rate"]
    (text,) = (text for text, _ in slider.options if text.endswith(f"= {multiple:g} × limit"))
    slider.label = text
    return slider.value


@pytest.mark.parametrize("moved", [{}, *({name: value} for name, value in OTHERS.items())], ids=str)
def test_it_shows_the_run_in_float64_that_its_controls_ask_for(explorer, data, truth, moved):
    for name, value in moved.items():
        explorer.controls.recipe[name].value = value
    shuffle = True if "batch_size" in moved else None
    run = train(data.to(torch.float64), "batch", shuffle=shuffle, **DEFAULTS | moved)
    np.testing.assert_array_equal(explorer.run.path, run.path)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    above = np.mean((X @ run.weights - y) ** 2) - np.mean((X @ truth[0] - y) ** 2)
    assert numbers(explorer, "run")[-1] == pytest.approx(above, abs=1e-5)


@pytest.mark.parametrize("multiple", [0.1, 0.9, 0.99, 1.001, 1.5])
def test_observed_and_predicted_factors_are_those_of_the_eigenvalues(explorer, truth, multiple):
    rate = set_multiple(explorer, multiple)
    explorer.controls.recipe["epochs"].value = 1000
    factors = 1 - rate * truth[1]
    expected = [np.abs(factors).max(), *factors]
    np.testing.assert_allclose(numbers(explorer, "predicted")[:3], expected, atol=6e-6)
    np.testing.assert_allclose(numbers(explorer, "run")[:3], expected, atol=3e-4)


@pytest.mark.parametrize("multiple", [0.1, 0.9, 1.001, 1.5])
def test_the_predicted_loss_is_a_sum_of_powers_and_the_run_follows_it(explorer, truth, multiple):
    rate = set_multiple(explorer, multiple)
    best, curvatures, axes = truth
    powers = (1 - rate * curvatures) ** np.arange(201)[:, None]
    parts = curvatures / 2 * (powers * ((explorer.run.path[0] - best) @ axes)) ** 2
    right = explorer.right
    np.testing.assert_allclose(right.predicted.get_ydata(), parts.sum(axis=1), rtol=1e-6)
    for line, part in zip(right.parts, parts.T, strict=True):
        np.testing.assert_allclose(line.get_ydata(), part, rtol=1e-6)
    np.testing.assert_allclose(right.line.get_ydata(), parts.sum(axis=1), rtol=1e-6, atol=1e-20 * parts.max())


def test_the_slider_goes_in_multiples_of_the_limit_across_it(explorer, truth):
    limit = 2 / truth[1].max()
    options = explorer.controls.recipe["learning_rate"].options
    multiples = [float(text.split()[2]) for text, _ in options]
    assert {0.5, 0.99, 0.999, 1, 1.001, 1.01} <= set(multiples)
    assert multiples == sorted(multiples)
    for text, rate in options:
        assert float(text.split()[0]) == rate
        assert rate / limit == pytest.approx(float(text.split()[2]), rel=1e-3)
    assert any(rate == pytest.approx(2 / truth[1].sum(), rel=1e-5) for _, rate in options)


def test_just_below_the_limit_the_status_tells_the_updates_and_just_above_the_growth(explorer, truth):
    rate = set_multiple(explorer, 0.999)
    updates = np.ceil(-np.log(1e6) / np.log(np.abs(1 - rate * truth[1]).max()))
    assert f"takes {updates:,.0f} updates at most" in explorer.status.value
    set_multiple(explorer, 1.001)
    assert "each update makes the distance 1.002 times as large" in explorer.status.value


@pytest.mark.parametrize("moved", [{"optimizer": "momentum"}, {"batch_size": 6}], ids=str)
def test_the_prediction_is_for_plain_descent_with_all_the_data_alone(explorer, moved):
    for name, value in moved.items():
        explorer.controls.recipe[name].value = value
    assert np.isnan(numbers(explorer, "predicted")).all()
    assert np.isfinite(numbers(explorer, "run")).all()
    assert "with all the data in every update alone" in explorer.status.value
    assert "nothing is predicted" in explorer.alt.value
    assert np.isnan(explorer.right.predicted.get_ydata()).all()


def test_a_run_that_diverges_says_so_in_picture_and_words(explorer):
    set_multiple(explorer, 2.5)
    explorer.controls.recipe["epochs"].value = 1000
    assert explorer.run.diverged
    assert explorer.right.note.get_text().startswith("diverged")
    assert "Diverged" in explorer.status.value
    assert "The run diverged" in explorer.alt.value
    assert len(explorer.right.beyond.get_xdata()) == 1


def test_at_the_start_there_is_no_factor_to_observe(explorer):
    explorer.controls.shown.value = 0
    assert np.isnan(numbers(explorer, "run")[:3]).all()
    explorer.controls.shown.value = 1
    assert np.isfinite(numbers(explorer, "run")).all()


def test_a_loss_below_the_picture_is_no_run_that_left_it(explorer):
    explorer.controls.recipe["epochs"].value = 1000
    assert explorer.right.above[-1] < explorer.right.ax.get_ylim()[0]
    assert not len(explorer.right.beyond.get_xdata())
    assert len(explorer.right.end.get_xdata()) == 1


def test_an_observed_factor_is_that_of_the_later_half_without_rounding():
    sizes = np.concatenate([0.5 ** np.arange(10), 0.5**9 * 0.9 ** np.arange(1, 11), np.full(20, 1e-13)])
    assert observed_factor(sizes, 1e-10, 1) == pytest.approx(0.9)
    assert observed_factor(sizes, 1e-10, 2) == pytest.approx(0.9**0.5)
    assert np.isnan(observed_factor(sizes[:1], 1e-10, 1))
    assert observed_factor(np.array([1.0, 2.0, 4.0, np.inf, np.nan]), 0, 1) == pytest.approx(2)


@pytest.mark.parametrize("multiple", [0.1, 0.99, 1.001, 2.5])
def test_the_picture_is_the_one_that_matplotlib_draws_in_full(explorer, multiple):
    set_multiple(explorer, multiple)
    off = difference(explorer)
    assert np.mean(np.abs(off).max(axis=-1) > 40) < 3e-3  # where lines cross, another may be on top
    assert np.sqrt(np.mean(off**2)) < 4  # of 255


def test_the_loss_is_drawn_against_examples_when_asked_to(explorer):
    explorer.controls.against.value = "examples"
    np.testing.assert_array_equal(explorer.right.line.get_xdata(), 60 * np.arange(201))
    assert explorer.right.ax.get_xlim()[1] > 60 * 1000
    assert "against examples" in explorer.alt.value


def test_more_updates_than_the_picture_has_are_told(explorer):
    explorer.controls.recipe["batch_size"].value = 6
    assert explorer.right.note.get_text() == "beyond the picture: 2,000 updates"


def test_the_live_output_is_the_headless_output_and_the_widget(monkeypatch, data):
    outputs = []
    monkeypatch.setattr(figures, "display", lambda bundle, raw, metadata=None: outputs.append((bundle, metadata)))
    explore.learning_rate(data, **DEFAULTS)
    monkeypatch.delenv("GD_HEADLESS")
    explore.learning_rate(data, **DEFAULTS)
    assert outputs[2][0].pop("application/vnd.jupyter.widget-view+json")["model_id"]
    assert outputs[2:] == outputs[:2]
    assert "an update multiplies the distance from OLS by" in outputs[0][1]["image/png"]["alt"]


@pytest.mark.parametrize(("name", "value"), [("epochs", 0), ("batch_size", 61), ("learning_rate", 0.0), ("seed", "37")])
def test_an_argument_that_is_not_allowed_is_refused_by_its_name(data, name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be .*{re.escape(repr(value))}"):
        explore.learning_rate(data, **{name: value})


@pytest.mark.parametrize("data", [None, torch.ones(60, 2)], ids=["nothing", "a tensor"])
def test_what_is_no_line_is_refused(data):
    with pytest.raises(ValueError, match=r"^data must be a Line"):
        explore.learning_rate(data)
