"""The least squares fit of a linear model, and its sampling error."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from gd_helpers.checks import check_float
from gd_helpers.metrics.arrays import inputs_and_targets_of, inputs_of
from gd_helpers.metrics.scores import mse, r2


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """The least squares fit of y on X.

    Attributes
    ----------
    weights, standard_errors : numpy.ndarray, shape (p,)
        The estimates and their standard errors, the square roots of the diagonal of `covariance`.
    covariance : numpy.ndarray, shape (p, p)
        The estimated covariance of the estimates, s² (XᵀX)⁻¹.
    residual_variance : float
        s² = Σ residual² / (n − p), in squared units of y.
    mse, r2 : float
        On the data that it was fitted to.
    degrees_of_freedom : int
        n − p.
    """

    weights: np.ndarray
    standard_errors: np.ndarray
    covariance: np.ndarray
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
        level = check_float("level", level, above=0, below=1)
        reach = stdtrit(self.degrees_of_freedom, (1 + level) / 2) * self.standard_errors
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
        If X or y has another shape or holds non-finite numbers, the columns of X are linearly dependent, or there are
        no more rows than columns.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> ols(simulate_line(n=1000, seed=37)).weights.round(4)
    array([5.0051, 1.9844])

    Notes
    -----
    Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., equations 3.6 to 3.11.
    """
    X, y = inputs_and_targets_of(data)
    n, p = X.shape
    weights, _, rank, _ = np.linalg.lstsq(X, y, rcond=None)
    if rank < p or n <= p:
        raise ValueError(
            f"X must have more rows than columns and independent columns, got shape {X.shape}, rank {rank}"
        )
    predictions = X @ weights
    residual_variance = float(np.sum((y - predictions) ** 2) / (n - p))
    covariance = residual_variance * np.linalg.inv(X.T @ X)
    return LeastSquares(
        weights=weights,
        standard_errors=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        residual_variance=residual_variance,
        mse=mse(y, predictions),
        r2=r2(y, predictions),
        degrees_of_freedom=n - p,
    )


def sampling_covariance(data, noise_variance):
    """Return the covariance of the least squares estimates over new noise at the same X, σ² (XᵀX)⁻¹, shape (p, p).

    It is exact for independent noise of constant variance, whatever its distribution. `LeastSquares.covariance`
    estimates it, with s² instead of σ².

    Parameters
    ----------
    data : Line, or anything with ``X`` of shape (n, p)
    noise_variance : float
        σ², the variance of y around the true line, in squared units of y; 0 or more.

    Raises
    ------
    ValueError
        If X has another shape, non-finite numbers or linearly dependent columns, or `noise_variance` is negative or not
        finite.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> data = simulate_line(n=1000, seed=37)
    >>> np.sqrt(np.diag(sampling_covariance(data, data.noise_variance))).round(4)
    array([0.1021, 0.0456])

    Notes
    -----
    Source: Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., equation 3.8.
    """
    X, noise_variance = inputs_of(data), check_float("noise_variance", noise_variance, at_least=0)
    rank = np.linalg.matrix_rank(X)
    if rank < X.shape[1]:
        raise ValueError(f"data.X must have independent columns, got shape {X.shape}, rank {rank}")
    return noise_variance * np.linalg.inv(X.T @ X)
