"""Another way to the answers of chapter 06."""

import numpy as np
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from gd_helpers.data import simulate_line


def swapped_score_and_slope():
    """Make points with an R² of exactly 0.8, and let scikit-learn fit and score them both ways."""
    x, noise = np.array([[-1.0], [-1.0], [1.0], [1.0]]), np.array([-1.0, 1.0, -1.0, 1.0])
    y = 3 + 2 * x[:, 0] + noise
    forward, reverse = LinearRegression().fit(x, y), LinearRegression().fit(y[:, None], x[:, 0])
    return r2_score(forward.predict(x), y), 1 / (reverse.coef_[0] * forward.coef_[0])


def four_times_the_points():
    """Repeat points four times: standard errors from the inverse of XᵀX, the gap from the trace of the hat matrix."""
    X = simulate_line(n=50, seed=6050).X.double().numpy()
    errors, gaps = [], []
    for inputs in (X, np.tile(X, (4, 1))):
        inverse = np.linalg.inv(inputs.T @ inputs)
        errors.append(inverse[1, 1] ** 0.5)
        gaps.append(2 * np.trace(inputs @ inverse @ inputs.T) / len(inputs))
    return errors[0] / errors[1], gaps[0] / gaps[1]


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
    """Draw the line through the means, with the slope Var(y) / Cov(x, y)."""
    (_, together), (_, var_y) = np.cov(x, y)
    slope = var_y / together
    return y.mean() - slope * x.mean(), slope
