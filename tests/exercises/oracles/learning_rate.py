"""Another way to the answers of chapter 12."""

import numpy as np

from gd_helpers.data import simulate_line
from gd_helpers.metrics import stability_limit


def updates_to_a_millionth(n, seed):
    """Descend from a start on the valley's floor, the worst, and count."""
    data = simulate_line(n=n, seed=seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    w, updates = best + np.linalg.eigh(X.T @ X)[1][:, 0], 0  # at the distance 1
    while np.linalg.norm(w - best) > 1e-6:
        w = w - 0.05 * 2 / n * X.T @ (X @ w - y)
        updates += 1
    return updates


def times_as_many_from_another_zero(n, seed):
    """Take κ from the mean m and the variance v of x, by κ + 1/κ + 2 = (1 + m² + v)² / v: trace² by determinant."""
    x = simulate_line(n=n, seed=seed).x.double().numpy()
    speeds = []
    for mean in (x.mean(), x.mean() + 10):
        total = (1 + mean**2 + x.var()) ** 2 / x.var() - 2
        κ = (total + np.sqrt(total**2 - 4)) / 2
        speeds.append(np.arctanh(1 / κ))  # −½ ln of (κ − 1) / (κ + 1)
    return speeds[0] / speeds[1]


def limit_for_another_unit_of_y():
    """Descend with y as it is and 1,000 times as large, just below and just above the limit."""
    data = simulate_line(n=100)
    X, limit, texts = data.X.double().numpy(), stability_limit(data), []
    for times in (1, 1000):
        w = {fraction: np.zeros(2) for fraction in (0.99, 1.01)}
        y = times * data.y.double().numpy()[:, 0]
        for _ in range(2000):
            w = {fraction: each - fraction * limit / 50 * X.T @ (X @ each - y) for fraction, each in w.items()}
        texts.append(np.abs(w[0.99]).max() < 100 * times < np.abs(w[1.01]).max())
    return "the same" if all(texts) else "a thousandth"


def limit_from_inputs(X):
    return len(X) / np.linalg.svd(X, compute_uv=False)[0] ** 2


def predict_excess(X, away, learning_rate, updates):
    """Make the updates one by one, and take the loss of what is left."""
    for _ in range(updates):
        away = away - learning_rate * 2 / len(X) * X.T @ (X @ away)
    return np.mean((X @ away) ** 2)
