"""What chapter 08 says of a sorted file, computed again in NumPy alone: Adam, one morning at a time."""

import numpy as np
from published_data import BEST, N, X, Y


def test_it_is_the_side_of_the_line_and_not_the_warmth_of_the_last_mornings_that_pulls_the_weights_away():
    above = Y - X @ BEST
    by = {"flow": Y, "temperature": X[:, 1], "side": above}
    orders = np.array([np.argsort(each) for each in by.values()])
    w = np.tile(BEST, (3, 1))
    m = v = np.zeros_like(w)
    for k in range(1, 60 * N + 1):
        i = orders[:, (k - 1) % N]
        errors = (X[i] * w).sum(axis=1) - Y[i]
        gradient = 2 * errors[:, None] * X[i]
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        w = w - 0.001 * m / (1 - 0.9**k) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8)
    standard_errors = np.sqrt(np.diag(np.linalg.inv(X.T @ X)) * (above**2).sum() / (N - 2))
    away = dict(zip(by, (w - BEST) / standard_errors, strict=True))
    assert away["flow"].min() > 1.5
    assert np.abs(away["temperature"]).max() < 0.5
    assert away["side"].min() > 3
