"""Another way to the answers of chapter 06."""

import numpy as np
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from gd_helpers.data import simulate_line


def swapped_score():
    """Make points with an R² of exactly 0.8, and let scikit-learn fit and score them."""
    x, noise = np.array([[-1.0], [-1.0], [1.0], [1.0]]), np.array([-1.0, 1.0, -1.0, 1.0])
    y = 3 + 2 * x[:, 0] + noise
    return r2_score(LinearRegression().fit(x, y).predict(x), y)


def four_times_the_points():
    """Repeat points four times, and take the standard errors from the inverse of XᵀX."""
    X = simulate_line(n=50, seed=6050).X.double().numpy()
    errors = [np.linalg.inv(inputs.T @ inputs)[1, 1] ** 0.5 for inputs in (X, np.tile(X, (4, 1)))]
    return errors[0] / errors[1]


def intervals_that_hold_the_slope(n):
    """Let SciPy fit the lines."""
    holding, reach = 0, stats.t.ppf(0.975, n - 2)
    for new_seed in range(500):
        data = simulate_line(n=n, seed=new_seed)
        line = stats.linregress(data.x.double().numpy(), data.y[:, 0].double().numpy())
        holding += line.slope - reach * line.stderr < 2 < line.slope + reach * line.stderr
    return int(holding)


def slope_interval(x, y, level):
    """Take slope and standard error from SciPy's line."""
    line = stats.linregress(x, y)
    low, high = stats.t.interval(level, len(x) - 2, line.slope, line.stderr)
    return float(low), float(high)


def reverse_line(x, y):
    """Draw the line through the means, with the slope Cov(x, y) / Var(y)."""
    (_, together), (_, var_y) = np.cov(x, y)
    slope = together / var_y
    return x.mean() - slope * y.mean(), slope
