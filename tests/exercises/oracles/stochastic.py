"""Another way to the answers of chapter 04."""

import itertools
import math
import statistics

import numpy as np
from exercises.oracles import adam

from gd_helpers.data import simulate_line
from gd_helpers.metrics import ols, r2
from gd_helpers.models import linear


def count_with_adam(n, seed, batch_size):
    """Return the updates at the end of the first epoch with a loss within 1 % of least squares."""
    data, rng = simulate_line(n=n, seed=seed), np.random.default_rng(seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    H, h = 2 * X[:, :, None] * X[:, None], 2 * X * y[:, None]  # the gradient of example i is H[i] @ w - h[i]
    if batch_size == n:
        H, h = H.mean(axis=0, keepdims=True), h.mean(axis=0, keepdims=True)
    orders = itertools.chain.from_iterable(rng.permutation(len(h)) for _ in itertools.count())

    def gradient(w):
        i = next(orders)
        return H[i] @ w - h[i]

    start = linear(seed=seed)[0].weight.detach().double().numpy().ravel()
    ends = itertools.islice(adam.descend(gradient, start), 0, None, len(h))
    near = 1.01 * ols(data).mse
    return next(epoch * len(h) for epoch, w in enumerate(ends) if np.mean((X @ w - y) ** 2) < near)


def updates_to_within_one_percent(n, seed):
    """Count by Adam in NumPy, and sort the ratio between the geometric means of neighbouring answers."""
    ratio = count_with_adam(n, seed, 1) / count_with_adam(n, seed, n)
    return ("half as many", "as many", "twice as many", "a hundred times as many")[
        np.searchsorted(np.sqrt([1 / 2, 2, 200]), ratio)
    ]


def mornings_to_average(n, seed):
    """Fit and score the line with Python's own statistics."""
    data = simulate_line(n=n, seed=seed)
    xs, ys = data.x.double().tolist(), data.y.double()[:, 0].tolist()
    slope, intercept = statistics.linear_regression(xs, ys)
    losses = [(intercept + slope * x - y) ** 2 for x, y in zip(xs, ys, strict=True)]
    return statistics.pvariance(losses) / (0.1 * statistics.fmean(losses)) ** 2


def epoch_ends(X, y, w, rates, orders):
    """Multiply the updates, each a matrix acting on (w, 1), into one matrix per epoch."""
    p, ends, state = len(w), [], np.append(w, 1.0)
    for α, order in zip(rates, orders, strict=True):
        epoch = np.eye(p + 1)
        for x, target in zip(X[order], y[order, 0], strict=True):
            update = np.eye(p + 1)
            update[:p] -= 2 * α * np.outer(x, np.append(x, -target))
            epoch = update @ epoch
        state = epoch @ state
        ends.append(state[:p])
    return np.array(ends)


def bug_of_the_curve(n, seed):
    """Score the weights at which the mean update of each loop is zero, or those that it hardly leaves."""
    X, y = simulate_line(n=n, seed=seed).numpy()
    unpaired = np.linalg.solve(X.T @ X / n, X.mean(axis=0) * y.mean())  # E[x y] = E[x] E[y] without a relation
    ends = {
        "X is shuffled, y is not": unpaired,
        "the rate is much too small": np.zeros(2),
        "every epoch has the same order": np.linalg.lstsq(X, y, rcond=None)[0],
    }
    return min(ends, key=lambda bug: abs(r2(y, X @ ends[bug])))  # without zero_grad there is no end


def average_and_last(path, last, weights, standard_errors):
    """Sum the ends of the epochs one by one, and look for the weight that is furthest off."""
    found = []
    for epochs in (last, 1):
        total = [math.fsum(path[len(path) - 1 - k, j] for k in range(epochs)) for j in range(len(weights))]
        off = zip(total, weights, standard_errors, strict=True)
        found.append(max(abs(value / epochs - right) / error for value, right, error in off))
    return tuple(found)
