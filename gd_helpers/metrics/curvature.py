"""The curvature of the loss of a linear model, and what follows for the learning rate of gradient descent."""

import numpy as np

from gd_helpers.checks import check_bool, check_float
from gd_helpers.metrics.arrays import inputs_of


def hessian(data):
    """Return the Hessian of the mean squared error of a linear model, 2 XᵀX / n, shape (p, p), in float64.

    It does not depend on the weights. Its eigenvalues are the `curvatures`.

    Parameters
    ----------
    data : Line, or anything with ``X`` of shape (n, p)

    Raises
    ------
    ValueError
        If X is not of shape (n, p), is empty, or holds non-finite numbers.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> hessian(simulate_line(n=1000, seed=37)).round(2)
    array([[ 2.  ,  4.03],
           [ 4.03, 10.03]])
    """
    X = inputs_of(data)
    return 2 * X.T @ X / len(X)


def principal_axes(X):
    """Decompose X into U diag(s) A, leaving out the directions along which X is zero.

    Row k of A is an axis of the loss, along which its curvature is 2 sₖ² / n. The loss is flat along the directions
    left out, and no update moves along them. XᵀX is not decomposed: its condition number is the square of X's.

    Parameters
    ----------
    X : numpy.ndarray, shape (n, p)

    Returns
    -------
    U, s, A : numpy.ndarray, shapes (n, r), (r,) and (r, p)
        r is the rank of X; s is in descending order. The tolerance for zero is that of ``numpy.linalg.matrix_rank``.
    """
    U, s, A = np.linalg.svd(X, full_matrices=False)
    kept = s > s[0] * max(X.shape) * np.finfo(float).eps
    return U[:, kept], s[kept], A[kept]


def curvatures(data):
    """Return the curvatures of the loss along its axes, the eigenvalues of the Hessian, shape (p,), ascending.

    If columns of X are linearly dependent, the curvatures that rounding would leave near 0 are exactly 0.

    Raises
    ------
    ValueError
        As `hessian`.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> curvatures(simulate_line(n=1000, seed=37)).round(3)
    array([ 0.329, 11.698])
    """
    X = inputs_of(data)
    _, s, _ = principal_axes(X)
    return np.concatenate([np.zeros(X.shape[1] - len(s)), 2 * s[::-1] ** 2 / len(X)])


def _extremes(data, range_only):
    """Return the smallest and the largest curvature, or the smallest that is not 0."""
    found = curvatures(data)
    if check_bool("range_only", range_only):
        found = found[found > 0]
        if not len(found):
            raise ValueError("data.X must not be all zeros if range_only is True")
    return found[0], found[-1]


def stability_limit(data):
    """Return 2 / λ_max: full-batch gradient descent converges for rates strictly between 0 and this.

    It is infinite for an X of zeros. For mini-batches see `mean_square_stability_limit`.

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
    Source: Polyak, Introduction to Optimization, 1987, section 1.4; for a quadratic the limit is exact.
    """
    largest = curvatures(data)[-1]
    return float(2 / largest) if largest > 0 else float("inf")


def condition_number(data, *, range_only=False):
    """Return κ = λ_max / λ_min of the Hessian, the square of the condition number of X.

    Parameters
    ----------
    data : Line, or anything with ``X`` of shape (n, p)
    range_only : bool
        Whether to leave out the directions in which the loss is flat, along which no update moves.

    Returns
    -------
    float
        At least 1; infinite if columns of X are linearly dependent, unless `range_only`.

    Raises
    ------
    ValueError
        As `hessian`; or if `range_only` is not a bool, or leaves nothing because X is all zeros.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> round(condition_number(simulate_line(n=1000, seed=37)), 2)
    35.55

    Notes
    -----
    Source: Boyd, Vandenberghe, Convex Optimization, section 9.1.2.
    """
    smallest, largest = _extremes(data, range_only)
    return float(largest / smallest) if smallest > 0 else float("inf")


def best_rate(data, *, range_only=False):
    """Return 2 / (λ_min + λ_max), the rate at which full-batch gradient descent has the smallest convergence factor.

    Parameters
    ----------
    data : Line, or anything with ``X`` of shape (n, p)
    range_only : bool
        As in `condition_number`. Without it, dependent columns give λ_min = 0 and so the stability limit itself, since
        no rate brings all weights closer to a given solution.

    Raises
    ------
    ValueError
        As `condition_number`.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> round(best_rate(simulate_line(n=1000, seed=37)), 5)
    0.16628

    Notes
    -----
    Source: Polyak, Introduction to Optimization, 1987, section 1.4.
    """
    smallest, largest = _extremes(data, range_only)
    return float(2 / (smallest + largest)) if largest > 0 else float("inf")


def convergence_factor(data, learning_rate, *, range_only=False):
    """Return max |1 − α λ|, by which an update of full-batch gradient descent shrinks the distance to the solution.

    Call it ρ. After t updates the distance of the weights from the least squares weights is at most ρᵗ times the
    initial distance, and the excess loss at most ρ²ᵗ times the initial one. From almost every start the ratio of
    successive distances tends to ρ. At `best_rate` it is (κ − 1) / (κ + 1); at 1 and above nothing converges.

    Parameters
    ----------
    data : Line, or anything with ``X`` of shape (n, p)
    learning_rate : float
        α, greater than 0.
    range_only : bool
        As in `condition_number`. Without it, dependent columns give 1 or more.

    Raises
    ------
    ValueError
        As `condition_number`, and if `learning_rate` is not positive and finite.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> data = simulate_line(n=1000, seed=37)
    >>> round(convergence_factor(data, best_rate(data)), 4)
    0.9453

    Notes
    -----
    Source: Polyak, Introduction to Optimization, 1987, section 1.4.
    """
    learning_rate = check_float("learning_rate", learning_rate, above=0)
    return float(max(abs(1 - learning_rate * curvature) for curvature in _extremes(data, range_only)))
