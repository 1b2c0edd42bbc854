"""Another way to the answers of chapter 13."""

from itertools import combinations, product

import numpy as np

from gd_helpers.data import simulate_line
from gd_helpers.metrics import gradient_variance, ols


def variance_of_a_quarter(n, seed):
    """Ask the package's own metrics."""
    data = simulate_line(n=n, seed=seed)
    weights = ols(data).weights
    return gradient_variance(data, weights, batch_size=n // 4, replacement=False)


def batch_for_the_same_floor(n, seed):
    """Build the map of second moments entry by entry, and bisect over real batch sizes."""
    data = simulate_line(n=n, seed=seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    gradients = 2 * (X @ np.linalg.lstsq(X, y, rcond=None)[0] - y)[:, None] * X
    h = 2 * X[:, :, None] * X[:, None, :]
    H, C = h.mean(axis=0), gradients.T @ gradients / n
    each = np.einsum("jab,jcd->acbd", h, h).reshape(4, 4) / n
    first = np.kron(H, np.eye(2)) + np.kron(np.eye(2), H)

    def floor(rate, B):
        second = rate * (each / B + (1 - 1 / B) * np.kron(H, H))
        return H.ravel() @ np.linalg.solve(first - second, rate / B * C.ravel()) / 2

    target, low, high = floor(0.01, 10), 10.0, 10_000.0
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if floor(0.04, middle) > target else (low, middle)
    return np.ceil(high)


def shuffled_at_half_the_rate(n, seed, runs=24, epochs=120):
    """Walk many runs at once in float64, at both rates in the same orders, and take the nearest share."""
    data, generator = simulate_line(n=n - n % 5, seed=seed), np.random.default_rng(seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    pulls = (X @ np.linalg.lstsq(X, y, rcond=None)[0] - y)[:, None] * X
    terms = np.column_stack([X[:, :1] * X, X[:, 1:] * X, pulls])  # two rows of x xᵀ, and the gradient's half
    rates, above = np.array([[0.02], [0.01]])[:, None], np.zeros(2)
    away = np.zeros((2, runs, 2))
    for epoch in range(epochs):
        orders = generator.permuted(np.tile(np.arange(len(X)), (runs, 1)), axis=1)
        for batch in terms[orders].reshape(runs, 5, -1, 6).mean(axis=2).transpose(1, 0, 2):
            curved = np.einsum("cij,rcj->rci", batch[:, :4].reshape(-1, 2, 2), away)
            away = away - 2 * rates * (curved + batch[:, 4:])
        if epoch >= epochs // 2:
            above += np.mean((away @ X.T) ** 2, axis=(1, 2))
    shares = {"as much": 1, "a half": 1 / 2, "a quarter": 1 / 4, "an eighth": 1 / 8}
    return min(shares, key=lambda text: abs(np.log(above[1] / above[0] / shares[text])))


def variance_of_batches(gradients, B, replacement):
    """Take the mean of every batch that there is, where they can be listed; of many examples, by the covariance."""
    n = len(gradients)
    if n**B > 10_000:
        total = np.trace(np.atleast_2d(np.cov(gradients, rowvar=False))) * (n - 1) / n / B
        return total if replacement else total * (1 - (B - 1) / (n - 1))
    batches = product(range(n), repeat=B) if replacement else combinations(range(n), B)
    means = np.array([gradients[list(batch)].mean(axis=0) for batch in batches])
    return np.mean(np.sum((means - gradients.mean(axis=0)) ** 2, axis=1))


def simulated_floor(X, y, α, batches):
    """Follow the distance from least squares, with the examples' curvatures, and take the loss there."""
    residuals = X @ np.linalg.solve(X.T @ X, X.T @ y) - y
    off, heights = np.zeros(X.shape[1]), []
    for batch in batches:
        curved = 2 * np.einsum("bi,bj->ij", X[batch], X[batch]) / len(batch)
        off = off - α * (curved @ off + 2 * (residuals[batch] @ X[batch]) / len(batch))
        heights.append(np.mean((X @ off) ** 2))
    later = heights[len(heights) // 2 :]
    return sum(later) / len(later)
