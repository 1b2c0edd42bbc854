"""What chapter 06 says of uncertainty and of swapped scores, computed again in NumPy, over data sets drawn anew."""

import numpy as np
import published_data
import pytest
from adam_by_hand import adam
from sklearn.linear_model import LinearRegression

N = 1000


def draw(generator):
    x = generator.normal(2, 1, N)
    return np.column_stack([np.ones(N), x]), 5 + 2 * x + generator.normal(0, 2**0.5, N)


def test_lines_of_other_mornings_spread_less_than_half_as_far_at_the_mean_temperature_as_at_the_freezing_point():
    generator = np.random.default_rng(2024)
    fits = np.array([np.linalg.lstsq(*draw(generator), rcond=None)[0] for _ in range(2000)])
    at_freezing, at_mean = fits[:, 0].std(), (fits @ [1, 2]).std()
    assert at_freezing == pytest.approx(0.098, rel=0.06)
    assert at_mean == pytest.approx(0.043, rel=0.06)


def test_no_intercept_does_better_by_either_score_than_that_of_the_line_through_the_middle():
    X, y = draw(np.random.default_rng(7))
    spread_of_y = ((y - y.mean()) ** 2).sum()
    for slope in (1.5, 2.0, 3.0):
        middle = y.mean() - slope * X[:, 1].mean()
        scores = []
        for intercept in middle + np.linspace(-1, 1, 41):
            prediction = X @ [intercept, slope]
            off = ((y - prediction) ** 2).sum()
            scores.append([1 - off / spread_of_y, 1 - off / ((prediction - prediction.mean()) ** 2).sum()])
        assert list(np.argmax(scores, axis=0)) == [20, 20]


def test_from_some_starts_a_run_of_batch_that_stopped_short_gains_by_the_swapped_score_and_from_others_it_does_not():
    X, y = published_data.X, published_data.Y
    w = np.random.default_rng(7).uniform(-(0.5**0.5), 0.5**0.5, (60, 2))
    m = v = np.zeros_like(w)
    for k in range(1, 4501):
        gradient = 2 * (w @ X.T - y) @ X / N
        m, v, step = adam(m, v, gradient, k)
        w = w - 0.001 * step
    assert w[:, 1].min() > published_data.BEST[1]
    predictions = np.vstack([w, published_data.BEST]) @ X.T
    swapped = 1 - ((predictions - y) ** 2).mean(axis=1) / predictions.var(axis=1)
    assert 0.6 < np.mean(swapped[:-1] > swapped[-1]) < 0.95


def test_linear_regression_takes_nearly_parallel_columns_for_one_unless_its_tolerance_is_below_one_over_kappa():
    nearly = np.column_stack([np.ones(N), 1 + 1e-7 * published_data.X[:, 1]])
    kappa = np.linalg.cond(nearly)
    for settings, found in (({}, [2, 2]), ({"tol": 1.05 / kappa}, [2, 2]), ({"tol": 0.95 / kappa}, [1, 3])):
        line = LinearRegression(fit_intercept=False, **settings).fit(nearly, nearly @ [1, 3])
        assert line.coef_ == pytest.approx(found, abs=1e-5)


def updates_until_flat(inputs, targets):
    X = np.column_stack([np.ones(N), inputs])
    hessian, pull = 2 / N * X.T @ X, 2 / N * X.T @ targets
    rate, w, updates = 1 / np.linalg.eigvalsh(hessian).max(), np.zeros(2), 0
    while np.linalg.norm(gradient := hessian @ w - pull) > 1e-9:
        w, updates = w - rate * gradient, updates + 1
    return updates


def test_it_is_mostly_the_size_of_the_flows_that_makes_the_reverse_regression_slow():
    x, y = published_data.X[:, 1], published_data.Y
    sizes = np.sqrt(np.mean(x**2)), np.sqrt(np.mean(y**2))
    forward, reverse = updates_until_flat(x, y), updates_until_flat(y, x)
    as_large_as_flows = updates_until_flat(x * sizes[1] / sizes[0], y)
    as_small_as_temperatures = updates_until_flat(y * sizes[0] / sizes[1], x)
    assert reverse > 20 * forward
    assert as_large_as_flows > 10 * forward
    assert as_small_as_temperatures < 4 * forward
