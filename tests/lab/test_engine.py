"""The runs that a page computes, against `train`: equal in every bit; its theory, against `metrics`."""

import json

import numpy as np
import pytest
import torch
from bare import bundle_of, line, rows

from gd_helpers import metrics
from gd_helpers.data import redraw_noise
from gd_helpers.models import mlp
from gd_helpers.optimizers import OPTIMIZERS
from gd_helpers.training.trainer import train

SETTINGS = 50  # random ones for each explorer
KINDS = ("descent", "fitted_curve", "noise_ball", "learning_rate", "estimates", "held_out", "by_hand")
SETS = (0, 41, 99)  # of the 100 data sets of an explorer
RUN = """async ([bundle, all]) => {
  const { Course } = await import('/explorer.mjs');
  const course = new Course(bundle), text = (numbers) => Array.from(numbers, String).join(' ');
  return all.map((values) => {
    const runs = course.runs(values);
    return (runs.length === 100 ? [0, 41, 99].map((k) => runs[k]) : runs).map((run) => {
      run.advance();
      return {
        path: text(run.path.subarray(0, (run.last + 1) * run.w.length)), perEpoch: run.perEpoch,
        losses: text(run.losses.subarray(1, run.last + 1)), diverged: run.diverged,
        r2: String(1 - run.losses[run.last] / course.data.variance),
      };
    });
  });
}"""
THEORY = """async ([bundle, rates, sizes]) => {
  const { Course } = await import('/explorer.mjs');
  const { theory } = new Course(bundle), list = (numbers) => Array.from(numbers);
  return {
    best: list(theory.best), mse: theory.mse, r2: theory.r2, curvatures: theory.curvatures, limit: theory.limit,
    sampling: theory.samplingCovariance(2).map(list), factors: rates.map((rate) => list(theory.factors(rate))),
    floors: rates.map((rate) => sizes.map((size) => theory.noiseFloor(rate, size))).flat(),
    covariances: rates.map((rate) => sizes.map((size) => theory.stationaryCovariance(rate, size))).flat(),
  };
}"""


def numbers(text):
    """Return the numbers of a text, as JavaScript writes them."""
    return np.array([float(word.replace("Infinity", "inf")) for word in text.split()])


def draw_values(kind, count):
    """Return `count` random settings of the controls of an explorer."""
    generator, settings = np.random.default_rng(list(kind.encode())), bundle_of(kind)["settings"]
    n = 331 if kind == "held_out" else 1000
    for _ in range(count):
        values = {
            "learning_rate": float(10 ** generator.uniform(-4, 0.3)),
            "optimizer": str(generator.choice(list(OPTIMIZERS))),
            "batch_size": int(generator.choice([1, 2, 7, 32, 100, n - 1, n])),
            "epochs": int(generator.integers(1, 9)),
            "seed": int(generator.integers(100)),
        }
        if "n" in settings:
            values["n"] = max(4, values.pop("batch_size"))
        if "b0" in settings:
            values |= {"batch_size": n, "b0": float(generator.normal()), "w1": float(generator.normal())}
        yield values


def expected(kind, values):
    """Return what `train` gives for the settings of an explorer: a list of runs."""
    values, data, more = dict(values), line(), {}
    if kind == "estimates":
        n = values.pop("n")
        data = type(data)(data.X[:n], data.y[:n], data.truth, data.noise_variance)
        seed = values["seed"]
        return [train(redraw_noise(data, 100 * seed + k), "batch", init=[0, 0], **values) for k in SETS]
    if kind == "held_out":
        data = rows()[0]
    if kind == "by_hand":
        data, more = data.to(torch.float64), {"init": [values.pop("b0"), values.pop("w1")]}
    if kind == "learning_rate":
        data = data.to(torch.float64)
    if kind == "fitted_curve":
        more = {"model": mlp((2, 2, 1))}
    whole = values["batch_size"] == len(data)
    return [
        train(
            data, "batch", shuffle=kind == "noise_ball" or not whole, replacement=kind == "noise_ball", **values, **more
        )
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_weights_losses_and_scores_are_those_of_train_in_every_bit(bare_page, kind):
    drawn = list(draw_values(kind, SETTINGS))
    for values, found in zip(drawn, bare_page.evaluate(RUN, [bundle_of(kind), drawn]), strict=True):
        for run, got in zip(expected(kind, values), found, strict=True):
            np.testing.assert_array_equal(numbers(got["path"]), run.path.ravel(), err_msg=json.dumps(values))
            np.testing.assert_array_equal(numbers(got["losses"]), run.trace.loss, err_msg=json.dumps(values))
            assert got["diverged"] == run.diverged
            if kind != "estimates":  # it shows no score
                np.testing.assert_array_equal(numbers(got["r2"]), run.r2)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "identity"])
def test_a_deep_network_with_biases_is_trained_to_the_same_bits(bare_page, activation):
    model = mlp((2, 10, 20, 2, 1), activation=activation, bias=True)
    bundle = bundle_of_network(model)
    drawn = [{**values, "epochs": 2} for values in draw_values("fitted_curve", 7)]
    for values, (got,) in zip(drawn, bare_page.evaluate(RUN, [bundle, drawn]), strict=True):
        run = train(line(), "batch", model=model, shuffle=values["batch_size"] < 1000, **values)
        np.testing.assert_array_equal(numbers(got["path"]), run.path.ravel(), err_msg=json.dumps(values))
        np.testing.assert_array_equal(numbers(got["losses"]), run.trace.loss, err_msg=json.dumps(values))


def bundle_of_network(model):
    """Return the bundle of a fitted curve with another network."""
    from bare import CALLS

    from gd_helpers import explore

    CALLS["network"] = lambda: explore.fitted_curve(line(), epochs=2, model=model)
    bundle_of.cache_clear()
    return bundle_of("network")


@pytest.mark.parametrize(("size", "names"), [(32, "mini-batch"), (1, "stochastic")])
def test_the_runs_of_a_race_pass_through_the_weights_of_train(bare_page, size, names):
    values = {"learning_rate": 0.01, "optimizer": "adam", "batch_size": size, "epochs": 3, "seed": 5}
    (found,) = bare_page.evaluate(RUN, [bundle_of("descent"), [{**values, "race": True}]])
    for got, batch_size in zip(found, (1000, 1, 32), strict=True):
        run = train(line(), "batch", shuffle=batch_size < 1000, **values | {"batch_size": batch_size})
        path = numbers(got["path"]).reshape(-1, 2)
        np.testing.assert_array_equal(path[:: got["perEpoch"]], run.path)
        assert len(path) == 1 + 3 * got["perEpoch"]
        within = len(np.unique(path[: got["perEpoch"]], axis=0))
        assert within == min(-(-1000 // batch_size), got["perEpoch"])  # as many as there are updates, or records


def test_orders_that_are_too_many_to_keep_are_those_of_train(bare_page):
    """Beyond four million entries each run draws its own, from where those kept end."""
    values = {"learning_rate": 0.01, "optimizer": "sgd", "batch_size": 500, "epochs": 4300, "seed": 5}
    found = bare_page.evaluate(RUN, [bundle_of("descent"), [values, {**values, "learning_rate": 0.02}]])
    for (got,), rate in zip(found, (0.01, 0.02), strict=True):
        run = train(line(), "batch", shuffle=True, **values | {"learning_rate": rate})
        np.testing.assert_array_equal(numbers(got["path"]), run.path.ravel())


def test_the_theory_is_that_of_metrics(bare_page):
    data, rates, sizes = line(), [0.001, 0.05, 0.1], [1, 10, 1000]
    found = bare_page.evaluate(THEORY, [bundle_of("noise_ball"), rates, sizes])
    best, pairs = metrics.ols(data), [(rate, size) for rate in rates for size in sizes]
    wanted = {
        "best": best.weights,
        "mse": best.mse,
        "r2": best.r2,
        "curvatures": metrics.curvatures(data),
        "limit": metrics.stability_limit(data),
        "sampling": metrics.sampling_covariance(data, 2.0),
        "factors": [1 - rate * metrics.curvatures(data) for rate in rates],
        "floors": [metrics.noise_floor(data, rate, batch_size=size) for rate, size in pairs],
        "covariances": [metrics.stationary_covariance(data, rate, batch_size=size) for rate, size in pairs],
    }
    for name, values in wanted.items():
        np.testing.assert_allclose(np.array(found[name], dtype=float), values, rtol=1e-9, atol=1e-15, err_msg=name)


@pytest.mark.parametrize("batch_size", [1, 10, 1000])
def test_a_floor_is_predicted_up_to_the_limit_and_not_beyond(bare_page, batch_size):
    limit = metrics.mean_square_stability_limit(line(), batch_size=batch_size)
    rates = [(1 - 1e-9) * limit, (1 + 1e-9) * limit]
    below, beyond = bare_page.evaluate(THEORY, [bundle_of("noise_ball"), rates, [batch_size]])["floors"]
    assert np.isfinite(below)
    assert beyond == np.inf
