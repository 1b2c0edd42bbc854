"""What chapter 16 says of the diabetes data, over more splits than it shows."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression, SGDRegressor
from sklearn.model_selection import ShuffleSplit, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from gd_helpers.data import table
from gd_helpers.estimator import GradientDescentRegressor
from gd_helpers.metrics import condition_number, stability_limit
from gd_helpers.training.intervals import mean_interval

SPLITS = ShuffleSplit(100, test_size=0.25, random_state=0)


@pytest.fixture(scope="module")
def patients():
    return load_diabetes(return_X_y=True, scaled=False)


@pytest.fixture(scope="module")
def best(patients):
    return cross_val_score(LinearRegression(), *patients, cv=SPLITS)


def scores(model, patients):
    return cross_val_score(make_pipeline(StandardScaler(), model), *patients, cv=SPLITS)


def test_full_batches_are_within_0_001_of_least_squares_r2_on_every_one_of_100_test_sets(patients, best):
    model = GradientDescentRegressor("batch", learning_rate=0.2, max_iter=5000)
    np.testing.assert_allclose(scores(model, patients), best, atol=1e-3)


def test_the_default_is_within_0_01_on_average_and_on_nine_of_ten_test_sets(patients, best):
    off = scores(GradientDescentRegressor(random_state=0), patients) - best
    assert np.abs(mean_interval(off)).max() < 0.002
    assert np.mean(np.abs(off) < 0.01) > 0.9


def test_scaling_divides_the_condition_number_by_more_than_80_000_on_every_training_set(patients):
    X, y = patients
    for rows, _ in SPLITS.split(X):
        raw, scaled = table(X[rows], y[rows]), table(StandardScaler().fit_transform(X[rows]), y[rows])
        assert stability_limit(raw) < 2e-5
        assert condition_number(raw) > 8e4 * condition_number(scaled)


# What the chapter says, computed without the course's code

TRAINING = train_test_split(*load_diabetes(return_X_y=True, scaled=False), random_state=37)


def curvature_ratio(X):
    design = np.column_stack([np.ones(len(X)), X])
    curvatures = np.linalg.svd(design, compute_uv=False) ** 2
    return curvatures[0] / curvatures[-1]


def test_neither_units_nor_means_alone_make_the_condition_number_large():
    X = TRAINING[0]
    deviation, mean = X.std(axis=0), X.mean(axis=0)
    changed = [X, X / deviation, X - mean, (X - mean) / deviation]
    np.testing.assert_allclose([curvature_ratio(each) for each in changed], [5.0e7, 2.4e5, 7.2e4, 450], rtol=0.02)


def test_raw_columns_need_tens_of_millions_of_updates_for_what_scaled_ones_reach_in_a_thousand():
    X, _, y, _ = TRAINING

    def behind(X, updates, share_of_limit):
        """Return R² of least squares − R² after full-batch updates from 0, in closed form."""
        design = np.column_stack([np.ones(len(X)), X])
        curvatures, axes = np.linalg.eigh(2 * design.T @ design / len(X))
        rate = share_of_limit * 2 / curvatures[-1]
        left = (1 - rate * curvatures) ** updates * (axes.T @ np.linalg.lstsq(design, y)[0])
        return (curvatures * left**2).sum() / 2 / y.var()

    assert behind(X, 10**5, 0.9) == pytest.approx(0.038, abs=5e-4)
    assert behind(X, 10**7, 0.9) > 0.01 > behind(X, 10**8, 0.9)
    assert behind((X - X.mean(axis=0)) / X.std(axis=0), 1000, 0.1 * 0.2494**-1) < 1e-3


def test_picked_noise_deceives_validation_rows_inside_a_pipeline():
    y = TRAINING[2]
    rng, scores = np.random.default_rng(1), []
    for _ in range(60):
        noise, order = rng.normal(size=(len(y), 500)), rng.permutation(len(y))
        held_out, rest = order[:83], order[83:]
        picked = np.argsort(-np.abs(np.corrcoef(noise[rest].T, y[rest])[-1, :-1]))[:10]
        validation, rows = rest[:25], rest[25:]
        fit = LinearRegression().fit(noise[np.ix_(rows, picked)], y[rows])
        scores.append([fit.score(noise[np.ix_(part, picked)], y[part]) for part in (validation, held_out)])
    (seen, unseen), errors = np.mean(scores, axis=0), np.std(scores, axis=0, ddof=1) / np.sqrt(60)
    assert seen > 3 * errors[0]
    assert unseen < -3 * errors[1]


def test_averaging_takes_away_the_scatter_of_a_constant_rate():
    X, _, y, _ = TRAINING
    fixed = {"learning_rate": "constant", "eta0": 0.01, "penalty": None, "tol": None, "max_iter": 300}
    least = cross_val_score(LinearRegression(), X, y, cv=SPLITS)
    spread = {}
    for average in (False, True):
        model = make_pipeline(StandardScaler(), SGDRegressor(average=average, random_state=0, **fixed))
        spread[average] = np.std(cross_val_score(model, X, y, cv=SPLITS) - least)
    assert spread[False] > 8 * spread[True]


def test_a_penalty_lowers_the_condition_number_and_gives_way_along_the_flat_direction_of_s1_to_s5():
    X, _, y, _ = TRAINING
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    left, values, axes = np.linalg.svd(Z, full_matrices=False)
    curvatures = 2 * values**2 / len(Z)  # and 2 along the intercept, whose weight pays no penalty
    assert (curvatures[0] + 0.2) / (curvatures[-1] + 0.2) == pytest.approx(37.7, abs=0.1)
    least = (left.T @ (y - y.mean())) / values
    shrunk = least * curvatures / (curvatures + 0.2)
    assert (axes.T @ least)[4] == pytest.approx(-35.06, abs=0.01)
    assert (axes.T @ shrunk)[4] == pytest.approx(-4, abs=0.5)
    assert np.sum(axes[-1][4:9] ** 2) > 0.99


def test_residuals_scatter_less_where_least_squares_predicts_low():
    X, _, y, _ = TRAINING
    design = np.column_stack([np.ones(len(X)), X])
    predicted = design @ np.linalg.lstsq(design, y)[0]
    squares = (y - predicted) ** 2
    by_chance = np.random.default_rng(16).permuted(np.tile(squares, (20_000, 1)), axis=1)
    found = np.corrcoef(squares, predicted)[0, 1]
    off = (by_chance - squares.mean()) @ (predicted - predicted.mean()) / len(y) / squares.std() / predicted.std()
    assert len(y) * found**2 == pytest.approx(6.7, abs=0.05)
    assert np.mean(np.abs(off) >= abs(found)) < 0.02
