"""What chapter 16 says of the diabetes data, over more splits than it shows."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import ShuffleSplit, cross_val_score
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
