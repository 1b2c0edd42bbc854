"""How good a fit is: mean squared error, R², least squares with its standard errors, facts of the loss surface."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy import stats

from gd_helpers.validation import finite_number


def _as_float64(values):
    if isinstance(values, torch.Tensor):
        values = values.detach().to("cpu", torch.float64).numpy()
    return np.asarray(values, dtype=np.float64)


def _as_floats(values):
    """Return float32 as it is, since a float64 copy of many numbers takes twice their memory, all else as float64."""
    if isinstance(values, torch.Tensor) and values.dtype == torch.float32:
        return values.detach().to("cpu").numpy()
    return _as_float64(values)


def _squared_errors(y_true, y_pred):
    """Return (y_true − y_pred)² in float64; (n,) against (n, 1) would broadcast to (n, n), so it is refused."""
    y_true, y_pred = _as_floats(y_true), _as_floats(y_pred)
    if y_true.shape != y_pred.shape or y_true.size == 0:
        raise ValueError(
            f"y_true and y_pred must have one and the same non-empty shape, got {y_true.shape} and {y_pred.shape}"
        )
    errors = np.subtract(y_true, y_pred, dtype=np.float64)
    return np.square(errors, out=errors)


def _inputs(data):
    """Return X as a float64 array of shape (n, p)."""
    X = _as_float64(data.X)
    if X.ndim != 2 or X.size == 0:
        raise ValueError(f"data.X must have shape (n, p) with n and p of at least 1, got {X.shape}")
    if not np.isfinite(X).all():
        raise ValueError("data.X must hold finite numbers only, got some that are infinite or NaN")
    return X


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

    The truth comes first: swapped, the squares are measured against the variance of the predictions, which rewards
    steep lines.

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
    unexplained = np.sum(_squared_errors(y_true, y_pred))
    y_true = _as_floats(y_true)
    if np.ptp(y_true) == 0:  # asked before the sum of squares, which rounding can lift above 0
        return float("nan")
    distances = np.subtract(y_true, _as_float64(y_true).mean(), dtype=np.float64)
    return float(1 - unexplained / np.sum(np.square(distances, out=distances)))


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """The least squares fit of y on X.

    Attributes
    ----------
    weights, standard_errors : numpy.ndarray, shape (p,)
        The estimates and their standard errors √(s² (XᵀX)⁻¹ᵢᵢ).
    residual_variance : float
        s² = Σ residual² / (n − p), in squared units of y.
    mse, r2 : float
        On the data it was fitted to.
    degrees_of_freedom : int
        n − p.
    """

    weights: np.ndarray
    standard_errors: np.ndarray
    residual_variance: float
    mse: float
    r2: float
    degrees_of_freedom: int

    def intervals(self, level=0.95):
        """Return the confidence intervals at `level`, shape (p, 2), from Student's t with n − p degrees of freedom.

        Raises
        ------
        ValueError
            If `level` is not between 0 and 1.
        """
        level = finite_number("level", level, above=0, below=1)
        reach = stats.t.ppf((1 + level) / 2, self.degrees_of_freedom) * self.standard_errors
        return np.column_stack([self.weights - reach, self.weights + reach])


def ols(data):
    """Solve ordinary least squares, w = argmin Σ(y − X w)², in float64.

    Parameters
    ----------
    data : Line, or anything with ``X`` of shape (n, p) and ``y`` of shape (n, 1)

    Returns
    -------
    LeastSquares

    Raises
    ------
    ValueError
        If X or y has another shape or numbers that are not finite, the columns of X are linearly dependent, or there
        are no more rows than columns.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> ols(simulate_line(n=1000, seed=37)).weights.round(4)
    array([5.0051, 1.9844])

    Notes
    -----
    Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., equations 3.6 to 3.11.
    """
    X, y = _inputs(data), _as_float64(data.y)
    n, p = X.shape
    if y.shape != (n, 1) or not np.isfinite(y).all():
        raise ValueError(f"data.y must be finite numbers of shape ({n}, 1), one row per row of X, got shape {y.shape}")
    y = y[:, 0]
    weights, _, rank, _ = np.linalg.lstsq(X, y, rcond=None)
    if rank < p or n <= p:
        raise ValueError(
            f"X must have more rows than columns and independent columns, got shape {X.shape}, rank {rank}"
        )
    predictions = X @ weights
    residual_variance = float(np.sum((y - predictions) ** 2) / (n - p))
    return LeastSquares(
        weights=weights,
        standard_errors=np.sqrt(residual_variance * np.diag(np.linalg.inv(X.T @ X))),
        residual_variance=residual_variance,
        mse=mse(y, predictions),
        r2=r2(y, predictions),
        degrees_of_freedom=n - p,
    )


def hessian(data):
    """Return the Hessian of the mean squared error of a linear model, 2 XᵀX / n, shape (p, p), in float64.

    Its eigenvalues are the curvatures of the loss along its axes; they do not depend on the weights.

    Raises
    ------
    ValueError
        If X is not of shape (n, p), is empty, or has numbers that are not finite.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> hessian(simulate_line(n=1000, seed=37)).round(2)
    array([[ 2.  ,  4.03],
           [ 4.03, 10.03]])
    """
    X = _inputs(data)
    return 2 * X.T @ X / len(X)


def stability_limit(data):
    """Return 2 / λ_max of the Hessian: full-batch gradient descent converges for rates strictly between 0 and this.

    Raises
    ------
    ValueError
        As `hessian`.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> round(stability_limit(simulate_line(n=1000, seed=37)), 5)
    0.17096

    Notes
    -----
    Source: Boyd, Vandenberghe, Convex Optimization, section 9.3; for a quadratic the limit is exact.
    """
    return float(2 / np.linalg.eigvalsh(hessian(data))[-1])
