"""What chapter 06 says of uncertainty and of swapped scores, computed again in NumPy, over data sets drawn anew."""

import numpy as np
import pytest

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
