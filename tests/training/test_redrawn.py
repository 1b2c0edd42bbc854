"""Many runs at once, against `train` and SciPy."""

import numpy as np
import pytest
from scipy import stats

from gd_helpers.data import redraw_noise, simulate_line
from gd_helpers.training.redrawn import RUNS, draw, draw_targets, train_all
from gd_helpers.training.trainer import train

SETTINGS = {"epochs": 40, "learning_rate": 0.1, "optimizer": "sgd", "init": [0, 0]}


@pytest.fixture(scope="module")
def data():
    return simulate_line(n=80)


@pytest.fixture(scope="module")
def found(data):
    run = train(draw(data, 37, 0), "batch", **SETTINGS)
    return train_all(data, draw_targets(data, 37), run)


def test_the_data_sets_are_new_noise_for_seeds_in_a_row(data):
    np.testing.assert_array_equal(draw(data, 3, 7).y, redraw_noise(data, 307).y)
    np.testing.assert_array_equal(draw_targets(data, 3)[7], redraw_noise(data, 307).y[:, 0])


def test_every_seed_of_the_slider_has_data_sets(data):
    assert draw_targets(data, 2**32 - 1).shape == (RUNS, 80)


@pytest.mark.parametrize("k", [0, 1, 99])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_every_path_is_the_one_that_train_walks(data, optimizer, k):
    settings = {**SETTINGS, "optimizer": optimizer}
    first = train(draw(data, 37, 0), "batch", **settings)
    paths = train_all(data, draw_targets(data, 37), first).paths
    np.testing.assert_array_equal(paths[k], train(draw(data, 37, k), "batch", **settings).path)


def test_least_squares_is_that_of_each_data_set(data, found):
    lines = [stats.linregress(data.x.double().numpy(), targets) for targets in found.targets]
    np.testing.assert_allclose(found.least, [[line.intercept, line.slope] for line in lines])


def test_the_errors_are_mean_squared_distances_of_lines(data, found):
    X = data.X.double().numpy()
    lines, best = found.paths @ X.T, found.least @ X.T
    np.testing.assert_allclose(found.optimisation, np.mean((lines - best[:, None]) ** 2, axis=(0, 2)))
    assert found.sampling == pytest.approx(np.mean((best - X @ data.truth) ** 2))


def test_the_coverage_is_that_of_intervals_from_each_runs_own_residuals(data, found):
    X, epoch = data.X.double().numpy(), 25
    holds = []
    for weights, targets in zip(found.paths[:, epoch], found.targets, strict=True):
        s2 = np.sum((targets - X @ weights) ** 2) / 78
        reach = stats.t.ppf(0.975, 78) * np.sqrt(s2 / np.sum((X[:, 1] - X[:, 1].mean()) ** 2))
        holds.append(abs(weights[1] - 2) < reach)
    assert 0 < np.mean(holds) < 1
    assert found.covered(epoch) == pytest.approx(np.mean(holds))


def test_a_run_that_diverges_before_the_first_leaves_no_numbers_after_that(data):
    run = train(draw(data, 37, 0), "batch", **{**SETTINGS, "learning_rate": 0.9})
    targets = draw_targets(data, 37)[:3].copy()
    targets[1] *= 1e8
    found = train_all(data, targets, run)
    assert run.diverged
    assert np.isfinite(found.paths[[0, 2]]).all()
    assert np.isfinite(found.paths[1, :5]).all()
    assert np.isnan(found.paths[1, -1]).all()
    assert found.covered(len(run.path) - 1) == 0
