"""How close predictions are to targets: mean squared error and R²."""

import numpy as np

from gd_helpers.metrics.arrays import as_floats


def _squared_errors(y_true, y_pred):
    """Return (y_true − y_pred)² in float64; shapes (n,) and (n, 1), which would broadcast to (n, n), are refused."""
    y_true, y_pred = as_floats(y_true), as_floats(y_pred)
    if y_true.shape != y_pred.shape or y_true.size == 0:
        raise ValueError(
            f"y_true and y_pred must have one and the same non-empty shape, got {y_true.shape} and {y_pred.shape}"
        )
    errors = np.subtract(y_true, y_pred, dtype=np.float64)
    return np.square(errors, out=errors)


def mse(y_true, y_pred):
    """Return the mean squared error, mean((y_true − y_pred)²), in squared units of y.

    Parameters
    ----------
    y_true, y_pred : array or tensor, the same shape
        Targets and predictions.

    Raises
    ------
    ValueError
        If the shapes differ or are empty.

    Examples
    --------
    >>> mse([1.0, 3.0], [2.0, 3.0])
    0.5
    """
    return float(np.mean(_squared_errors(y_true, y_pred)))


def r2(y_true, y_pred):
    """Return the coefficient of determination, R² = 1 − Σ(y_true − y_pred)² / Σ(y_true − mean(y_true))².

    The truth comes first: with the arguments swapped, the squares are compared with the variance of the predictions,
    which rewards steep lines.

    Parameters
    ----------
    y_true, y_pred : array or tensor, the same shape
        Targets and predictions.

    Returns
    -------
    float
        At most 1; 0 for predicting the mean; below 0 for worse than that; NaN if `y_true` does not vary.

    Raises
    ------
    ValueError
        If the shapes differ or are empty.

    Examples
    --------
    >>> r2([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5

    Notes
    -----
    Source: ``sklearn.metrics.r2_score``, which gives 0 or 1 where this gives NaN.
    """
    return r2_from_mse(y_true, mse(y_true, y_pred))


def r2_from_mse(y_true, loss):
    """Return R² of predictions of `y_true` whose mean squared error is `loss`; −∞ or NaN where that is ∞ or NaN.

    `loss` is a number, or an array of those of several predictions.
    """
    y_true = as_floats(y_true)
    with np.errstate(all="ignore"):  # numbers near the ends of float64's range
        # whether y varies is checked before its variance, which rounding can lift above 0
        variance = np.var(y_true, dtype=np.float64) if np.ptp(y_true) > 0 else np.nan
        scores = 1 - np.divide(loss, variance)
    return scores if np.ndim(loss) else float(scores)
