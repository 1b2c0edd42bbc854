"""Another way to the answers of chapter 02."""

import numpy as np
from scipy.optimize import brentq

from gd_helpers.data import simulate_line
from gd_helpers.metrics import hessian


def updates_at_half_the_rate(n, seed):
    """Descend at both rates, and count."""
    data = simulate_line(n=n, seed=seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]

    def descend(rate):
        w = np.zeros(2)
        while True:
            yield np.mean((X @ w - y) ** 2)
            w = w - rate * 2 / n * X.T @ (X @ w - y)

    reached = [loss for loss, _ in zip(descend(0.1), range(101), strict=False)][-1]
    return next(updates for updates, loss in enumerate(descend(0.05)) if loss <= reached)


def limit_without_the_factor_2(n, seed):
    """Find the rate at which a step with half the gradient no longer brings every point nearer."""
    data = simulate_line(n=n, seed=seed)

    def growth(rate):
        return np.abs(np.linalg.eigvals(np.eye(2) - rate * hessian(data) / 2)).max() - 1

    return brentq(growth, 0.1, 10)


def limit_for_centred_x(n, seed):
    """Take the curvatures from the singular values of the centred inputs."""
    X = simulate_line(n=n, seed=seed).X.double().numpy()
    X[:, 1] -= X[:, 1].mean()
    return 2 / (2 / n * np.linalg.svd(X, compute_uv=False)[0] ** 2)


def forward_differences(loss, w, h):
    """Expand the quotient by hand: the derivative, and h times half the second one."""
    return (loss.A + loss.A.T) @ (w - loss.c) + h * np.diag(loss.A)


def train_line(X, y, learning_rate, updates):
    """Jump to the end, by w_k = w* − (I − αH)ᵏ w*."""
    X, y = X.double().numpy(), y.double().numpy()[:, 0]
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    step = np.eye(2) - learning_rate * 2 / len(y) * X.T @ X
    return best - np.linalg.matrix_power(step, updates) @ best
