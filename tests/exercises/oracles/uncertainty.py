"""Another way to the answers of chapter 15."""

import numpy as np
from scipy import stats

from gd_helpers.data import simulate_line
from gd_helpers.exercises.questions.uncertainty import find_crossings


def more_points(n, seed):
    """Take the slope's variance from the spread of x, σ² / Σ(x − x̄)², and repeat the points."""
    x = simulate_line(n=n, seed=seed).x.double().numpy()
    x = np.tile(x, 4)
    return (2 / np.sum((x - x.mean()) ** 2)) ** 0.5


def epochs_for_more_points(n, seed):
    """Subtract the epochs at which the two expected errors cross."""
    first, second = find_crossings(n, seed)
    return second - first


def coverage_with_more_points(n, seed, runs=1000):
    """Descend on many data sets at once, by the sums that the gradient needs, and count."""
    data, generator = simulate_line(n=n, seed=seed), np.random.default_rng(seed)
    X, shares = data.X.double().numpy(), []
    H, inverse = 2 / n * X.T @ X, np.linalg.inv(X.T @ X)
    for times in (1, 10):
        noise = generator.multivariate_normal(np.zeros(2), 2 * times * X.T @ X, size=runs)  # Xᵀε of all points
        pulls = 2 / (n * times) * (times * X.T @ X @ data.truth + noise)
        weights = np.zeros((runs, 2))
        for _ in range(100):
            weights = weights - 0.1 * (weights @ H - pulls)
        reach = 1.96 * np.sqrt(2 * inverse[1, 1] / times)
        shares.append(np.mean(np.abs(weights[:, 1] - data.truth[1]) < reach))
    change = shares[1] - shares[0]
    if shares[1] < 0.1:
        return "close to zero"
    return "about the same" if abs(change) < 0.01 else "higher" if change > 0 else "lower"


def bootstrap_errors(X, y, rows):
    """Count how often each point was drawn, and solve the weighted normal equations."""
    estimates = []
    for row in rows:
        counts = np.bincount(row, minlength=len(y))
        estimates.append(np.linalg.solve((X.T * counts) @ X, (X.T * counts) @ y))
    middle = sum(estimates) / len(rows)
    return np.sqrt(sum((each - middle) ** 2 for each in estimates) / (len(rows) - 1))


def height_interval(x, y, x0, level):
    """Measure x from x0, where the height is the intercept, and take SciPy's line."""
    line = stats.linregress(x - x0, y)
    reach = stats.t.ppf((1 + level) / 2, len(x) - 2) * line.intercept_stderr
    return line.intercept - reach, line.intercept + reach
