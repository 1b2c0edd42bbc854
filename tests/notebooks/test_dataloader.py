"""What chapter 08 says of a sorted file and of the published seeds, computed again in NumPy and torch alone."""

import numpy as np
import torch
from adam_by_hand import adam
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
        m, v, step = adam(m, v, gradient, k)
        w = w - 0.001 * step
    standard_errors = np.sqrt(np.diag(np.linalg.inv(X.T @ X)) * (above**2).sum() / (N - 2))
    away = dict(zip(by, (w - BEST) / standard_errors, strict=True))
    assert away["flow"].min() > 1.5
    assert np.abs(away["temperature"]).max() < 0.5
    assert away["side"].min() > 3


def test_leaving_out_one_published_run_gives_all_those_after_it_other_initial_weights():
    def initial_weights(runs):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(37)
            return {run: torch.nn.Linear(2, 1, bias=False).weight.tolist() for run in runs}

    published = ["batch", "stochastic", "mini-batch", "loader"]
    weights = initial_weights(published)
    for k, left_out in enumerate(published):
        changed = initial_weights([run for run in published if run != left_out])
        assert [changed[run] == weights[run] for run in changed] == [True] * k + [False] * (3 - k)
