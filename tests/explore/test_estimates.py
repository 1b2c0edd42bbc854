import re

import numpy as np
import pytest
import torch
from explorers import catch_live, difference, numbers, put_back
from scipy.stats import chi2, t

from gd_helpers import explore
from gd_helpers.data import redraw_noise, simulate_line
from gd_helpers.plotting import figures
from gd_helpers.training.trainer import train

DEFAULTS = {"learning_rate": 0.1, "epochs": 150, "seed": 37, "optimizer": "sgd", "n": 60}
OTHERS = {"learning_rate": 0.05, "epochs": 50, "seed": 38, "optimizer": "adam", "n": 20}


@pytest.fixture(scope="module")
def data():
    return simulate_line(n=60)


@pytest.fixture(scope="module")
def made(data):
    return catch_live(explore.estimates, data, **DEFAULTS)


@pytest.fixture
def explorer(made):
    return put_back(made, DEFAULTS)


def measured(data, values):
    """Return what runs by `train` on 100 data sets give, with NumPy's least squares."""
    values = dict(values)
    n, seed = values.pop("n"), values.pop("seed")
    X = data.X[:n].double().numpy()
    sets = [redraw_noise(type(data)(data.X[:n], data.y[:n], data.truth, 2.0), 100 * seed + k) for k in range(100)]
    weights = np.array([train(each, "batch", init=[0, 0], **values).weights for each in sets])
    targets = np.column_stack([each.y.double().numpy()[:, 0] for each in sets])
    best = np.linalg.lstsq(X, targets, rcond=None)[0].T
    s2 = np.sum((targets.T - weights @ X.T) ** 2, axis=1) / (n - 2)
    reach = t.ppf(0.975, n - 2) * np.sqrt(s2 / np.sum((X[:, 1] - X[:, 1].mean()) ** 2))
    errors = [np.mean(((weights - best) @ X.T) ** 2), np.mean(((best - data.truth) @ X.T) ** 2)]
    return [*weights.std(axis=0, ddof=1), *errors, np.mean(np.abs(weights[:, 1] - 2) < reach)]


@pytest.mark.parametrize("moved", [{}, *({name: value} for name, value in OTHERS.items())], ids=str)
def test_it_shows_the_runs_that_its_controls_ask_for(explorer, data, moved):
    for name, value in moved.items():
        explorer.controls.recipe[name].value = value
    np.testing.assert_allclose(numbers(explorer, "run"), measured(data, DEFAULTS | moved), atol=6e-6)


@pytest.mark.parametrize("n", [60, 20])
def test_the_numbers_of_theory_are_closed_forms(explorer, data, n):
    explorer.controls.recipe["n"].value = n
    x = data.x[:n].double().numpy()
    spread = np.sum((x - x.mean()) ** 2)
    expected = [np.sqrt(2 / n + 2 * x.mean() ** 2 / spread), np.sqrt(2 / spread), 0, 4 / n, 0.95]
    np.testing.assert_allclose(numbers(explorer, "theory"), expected, atol=6e-6)
    np.testing.assert_allclose(explorer.right.theory.get_ydata(), 4 / n)


def test_the_ellipse_holds_95_per_cent_of_a_normal_cloud(explorer, data):
    off = explorer.left.ellipse.get_xydata() - data.truth
    inverse = data.X.double().numpy().T @ data.X.double().numpy() / 2
    np.testing.assert_allclose(np.einsum("ei,ij,ej->e", off, inverse, off), chi2.ppf(0.95, 2), rtol=1e-6)
    angles = np.unwrap(np.arctan2(*off.T[::-1]))
    assert abs(angles[-1] - angles[0]) == pytest.approx(2 * np.pi)


def test_the_cloud_is_the_weights_at_the_shown_epoch(explorer):
    for epoch in (0, 7, 150):
        explorer.controls.shown.value = epoch
        np.testing.assert_array_equal(explorer.left.line.get_xydata(), explorer.estimates.paths[:, epoch])
        assert explorer.right.line.get_xdata()[-1] == epoch


def test_a_cloud_outside_of_the_picture_is_told(explorer):
    assert explorer.left.note.get_text() == ""
    explorer.controls.shown.value = 0
    assert explorer.left.note.get_text() == "not in the picture yet"


def test_the_smallest_number_of_points_still_has_its_ellipse_in_the_picture(explorer):
    explorer.controls.recipe["n"].value = min(value for _, value in explorer.controls.recipe["n"].options)
    low, high = np.transpose([explorer.left.ax.get_xlim(), explorer.left.ax.get_ylim()])
    outline = explorer.left.ellipse.get_xydata()
    assert np.mean(((low < outline) & (outline < high)).all(axis=1)) > 0.6


def test_the_status_says_which_error_is_larger_and_since_when(explorer):
    found = explorer.estimates
    since = int(np.flatnonzero(found.optimisation >= found.sampling)[-1]) + 1
    assert f"smaller than the sampling error since epoch {since}." in explorer.status.value
    explorer.controls.shown.value = since - 1
    assert "larger than the sampling error" in explorer.status.value


def test_the_data_are_drawn_anew_for_another_seed_or_n_alone(explorer):
    before = explorer.targets
    explorer.controls.recipe["learning_rate"].value = 0.05
    assert explorer.targets is before
    explorer.controls.recipe["seed"].value = 38
    assert not np.array_equal(explorer.targets, before)


def test_the_numbers_of_points_go_from_a_tenth_to_all(explorer):
    sizes = [value for _, value in explorer.controls.recipe["n"].options]
    assert (sizes[0], sizes[-1]) == (6, 60)
    assert sizes == sorted(set(sizes))


def test_runs_that_diverge_say_so_in_picture_and_words(explorer):
    explorer.controls.recipe["learning_rate"].value = 1.0
    assert explorer.right.note.get_text().startswith("diverged")
    assert "Diverged" in explorer.status.value
    assert "The runs diverged" in explorer.alt.value


@pytest.mark.parametrize("moves", [{}, {"learning_rate": 0.01}, {"n": 20}, {"learning_rate": 1.0}], ids=str)
def test_the_picture_is_the_one_that_matplotlib_draws_in_full(explorer, moves):
    for name, value in moves.items():
        explorer.controls.recipe[name].value = value
    off = difference(explorer)
    assert np.mean(np.abs(off).max(axis=-1) > 40) < 1e-3  # where lines cross, another may be on top
    assert np.sqrt(np.mean(off**2)) < 3  # of 255


def test_the_errors_are_drawn_against_examples_when_asked_to(explorer):
    explorer.controls.against.value = "examples"
    np.testing.assert_array_equal(explorer.right.line.get_xdata(), 60 * np.arange(151))
    assert "against examples" in explorer.alt.value


def test_the_live_output_is_the_headless_output_and_the_widget(monkeypatch, data):
    outputs = []
    monkeypatch.setattr(figures, "display", lambda bundle, raw, metadata=None: outputs.append((bundle, metadata)))
    explore.estimates(data, **DEFAULTS)
    monkeypatch.delenv("GD_HEADLESS")
    explore.estimates(data, **DEFAULTS)
    assert outputs[2][0].pop("application/vnd.jupyter.widget-view+json")["model_id"]
    assert outputs[2:] == outputs[:2]
    assert "points 60, sgd, seed 37" in outputs[0][1]["image/png"]["alt"]


@pytest.mark.parametrize(
    ("name", "value"), [("epochs", 0), ("n", 61), ("n", 3), ("learning_rate", 0.0), ("seed", "37")]
)
def test_an_argument_that_is_not_allowed_is_refused_by_its_name(data, name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be .*{re.escape(repr(value))}"):
        explore.estimates(data, **{name: value})


@pytest.mark.parametrize("data", [None, torch.ones(60, 2)], ids=["nothing", "a tensor"])
def test_what_is_no_line_is_refused(data):
    with pytest.raises(ValueError, match=r"^data must be a Line"):
        explore.estimates(data)


def test_a_line_without_noise_is_refused():
    with pytest.raises(ValueError, match=r"^data must have noise"):
        explore.estimates(simulate_line(n=20, noise=()))
