"""What an explorer puts into a cell's output: picture, text, bundle, and a live one where somebody watches."""

import base64
import json
import re

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression

from gd_helpers import explore
from gd_helpers.data import simulate_line, table
from gd_helpers.explore import widget
from gd_helpers.mime import EXPLORER_MIME
from gd_helpers.models import mlp
from gd_helpers.plotting import figures
from gd_helpers.training.trainer import train

SETTINGS = {"epochs": 20, "learning_rate": 0.1, "optimizer": "sgd"}
LINES = {  # each with its settings
    "descent": (explore.descent, SETTINGS | {"batch_size": 16}),
    "fitted_curve": (explore.fitted_curve, SETTINGS | {"batch_size": 16}),
    "noise_ball": (explore.noise_ball, SETTINGS | {"batch_size": 10}),
    "learning_rate": (explore.learning_rate, SETTINGS),
    "estimates": (explore.estimates, SETTINGS),
}


@pytest.fixture(scope="module")
def data():
    return simulate_line(n=60)


@pytest.fixture(scope="module")
def parts():
    values = np.random.default_rng(3).normal(size=(90, 4))
    return [table(part[:, 1:], part[:, 0]) for part in (values[:60], values[60:])]


@pytest.fixture
def shown(monkeypatch):
    outputs = []

    def note(data, raw, metadata=None):
        outputs.append((data, metadata))

    monkeypatch.setattr(figures, "display", note)
    monkeypatch.setattr(widget, "display", note)
    return outputs


@pytest.fixture(params=[*LINES, "held_out", "by_hand"])
def call(request, data, parts):
    if request.param == "held_out":
        return lambda: explore.held_out(*parts, batch_size=16, **SETTINGS)
    if request.param == "by_hand":
        return lambda: explore.by_hand(data, epochs=20)
    show, settings = LINES[request.param]
    return lambda: show(data, **settings)


def test_a_live_output_is_the_headless_one_and_the_explorer_below(call, shown, monkeypatch):
    call()
    monkeypatch.delenv("GD_HEADLESS")
    call()
    assert len(shown) == 5
    assert shown[2:4] == shown[:2]
    live = shown[4][0]
    assert set(live) == {"application/vnd.jupyter.widget-view+json", "text/plain"}
    assert live["application/vnd.jupyter.widget-view+json"]["model_id"]


def test_the_bundle_is_small_and_plain_json(call, shown):
    call()
    bundle = shown[0][0][EXPLORER_MIME]
    assert json.loads(json.dumps(bundle, allow_nan=False)) == bundle
    assert len(json.dumps(bundle)) < 30_000
    assert {"kind", "data", "frames", "optimizers", "settings", "steps"} <= set(bundle)


def test_the_sliders_go_through_where_they_stand(call, shown):
    call()
    bundle = shown[0][0][EXPLORER_MIME]
    for name, text in bundle["steps"].items():
        steps = [float(word) for word in text.split()]
        assert steps == sorted(set(steps))
        if name in bundle["settings"]:
            assert bundle["settings"][name] in steps


def test_the_picture_has_its_numbers_and_its_words(call, shown):
    call()
    (picture, metadata), (below, _) = shown
    assert picture["text/plain"].startswith("Figure with 2 axes")
    assert below["text/plain"] == metadata["image/png"]["alt"]
    assert re.search(r"Left: .{20,}\. Right: .{20,}\.$", below["text/plain"])


def test_the_live_one_has_the_limits_of_the_picture(data, shown, monkeypatch):
    drawn = []
    monkeypatch.setattr(figures, "render", lambda figure: drawn.append(figure) or b"")
    explore.descent(data, batch_size=16, **SETTINGS)
    for ax, frame in zip(drawn[0].axes, shown[0][0][EXPLORER_MIME]["frames"], strict=True):
        assert (frame["x"]["limits"], frame["y"]["limits"]) == (list(ax.get_xlim()), list(ax.get_ylim()))
        assert (frame["x"]["scale"], frame["y"]["scale"]) == (ax.get_xscale(), ax.get_yscale())
        for axis in (frame["x"], frame["y"]):
            assert len(axis["ticks"].split()) == len(axis["texts"].split("|"))
        assert set(frame["heights"]) == {text.get_text() for text in ax.texts}
    assert shown[0][0][EXPLORER_MIME]["frames"][1]["x"]["texts"] == "0|1|10|100"


def test_the_alt_text_says_settings_path_and_losses(data, shown):
    explore.descent(data, batch_size=16, **SETTINGS)
    run = train(data, "mini-batch", batch_size=16, **SETTINGS)
    fit = LinearRegression().fit(data.x[:, None], data.y[:, 0])
    for text in (
        "learning rate 0.1", "batch size 16", "sgd", "seed 37", "epoch 20 of 20", f"{run.mse:.3g}",
        "to ({:.3g}, {:.3g})".format(*run.weights), f"OLS is at ({fit.intercept_:.3g}, {fit.coef_[0]:.3g})",
    ):  # fmt: skip
        assert text in shown[1][0]["text/plain"]


def test_the_first_weights_are_those_of_the_seeds(data, shown):
    for seed, first in ((37, 0), (250, 200), (2**32 - 1, 2**32 - 100)):
        explore.descent(data, batch_size=60, seed=seed, **SETTINGS)
        starts = shown[-2][0][EXPLORER_MIME]["starts"]
        weights = np.frombuffer(base64.b64decode(starts["weights"]), "<f4").reshape(100, 2)
        assert starts["first"] == first
        np.testing.assert_array_equal(weights[seed - first], train(data, "batch", epochs=1, seed=seed).path[0])


def test_a_run_that_diverges_says_so(data, shown):
    explore.descent(data, "batch", epochs=1000, learning_rate=1.0, optimizer="sgd")
    assert shown[1][0]["text/plain"].endswith("The run diverged.")


# what is refused


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize(
    ("argument", "value"),
    [("epochs", 0), ("learning_rate", 0.0), ("optimizer", "lbfgs"), ("seed", -1), ("seed", "37")],
)
def test_an_argument_that_is_not_allowed_is_refused_by_its_name(data, shown, name, argument, value):
    with pytest.raises(ValueError, match=rf"^(init_)?{argument} must be .*{re.escape(repr(value))}"):
        LINES[name][0](data, **{argument: value})
    assert not shown


@pytest.mark.parametrize("name", [*LINES, "by_hand"])
@pytest.mark.parametrize("data", [None, [1, 2], torch.ones(60, 2)], ids=["none", "list", "tensor"])
def test_what_is_no_line_is_refused(name, data):
    with pytest.raises(ValueError, match=r"^data must be a Line"):
        getattr(explore, name)(data)


def test_data_without_noise_give_no_estimates():
    with pytest.raises(ValueError, match=r"^data must have noise"):
        explore.estimates(simulate_line(n=60, noise=()))


def test_rows_of_other_columns_are_refused(parts, data):
    other = table(np.ones((9, 2)), np.ones(9))
    with pytest.raises(ValueError, match=r"^unseen must have the columns of training, \('x1', 'x2', 'x3'\)"):
        explore.held_out(parts[0], other)
    with pytest.raises(ValueError, match=r"^training must be a Table"):
        explore.held_out(data, parts[1])


def test_a_model_that_a_page_cannot_compute_is_refused(shown, data):
    with pytest.raises(ValueError, match="model"):
        explore.fitted_curve(data, model=3)
    with pytest.raises(ValueError, match="compiled"):
        explore.fitted_curve(data, model=torch.nn.Sequential(mlp((2, 2)), torch.nn.GELU(), mlp((2, 1))))
    with pytest.raises(ValueError, match="hidden layer"):
        explore.fitted_curve(data, model=mlp((2, 1)))
    assert not shown
