"""The noise floor of mini-batches: the exact stationary state of plain SGD at a constant rate.

The method is w ← w − α ḡ, where ḡ is the mean of gⱼ = 2 (xⱼ·w − yⱼ) xⱼ over B examples drawn independently, that is
with replacement. Write e = w − w_OLS, r for the residuals at w_OLS, H for the Hessian and M = E e eᵀ. An update gives

    M ← M − α (HM + MH) + α² (HMH + (E g gᵀ − HMH) / B),    E g gᵀ = 4/n Σ xⱼ xⱼᵀ (xⱼᵀ M xⱼ + rⱼ²),

without the terms linear in e, since E e → 0. Nothing is approximated: the part of the noise that grows with the
distance is included. The stationary M solves S(M) − α Q(M) = (α / B) R with S(M) = HM + MH,
Q(M) = HMH + (4/n Σ xⱼ xⱼᵀ (xⱼᵀ M xⱼ) − HMH) / B and R = 4/n Σ rⱼ² xⱼ xⱼᵀ; in the axes of the loss S is diagonal.
"""

import numpy as np

from gd_helpers.checks import check_float, check_int
from gd_helpers.metrics.arrays import inputs_and_targets_of, inputs_of
from gd_helpers.metrics.curvature import principal_axes
from gd_helpers.metrics.gradient_noise import gradient_variance


def _entries(r):
    """Return rows, columns and scales of the entries that represent a symmetric (r, r) matrix as a vector.

    An entry off the diagonal occurs twice, so its scale is √2: then scalar products equal those of the matrices, and S
    and Q, symmetric as maps of matrices, are symmetric as arrays.
    """
    rows, columns = np.triu_indices(r)
    return rows, columns, np.where(rows == columns, 1.0, np.sqrt(2.0))


def _scaled_maps(U, s, batch_size):
    """Return the diagonal of S, shape (q,); the vectors of xⱼ xⱼᵀ / √S, shape (n, q); and Q / √S√S, shape (q, q)."""
    n = len(U)
    curvatures = 2 * s**2 / n
    rows, columns, lengths = _entries(len(s))
    S = curvatures[rows] + curvatures[columns]
    outer = U[:, rows] * U[:, columns] * (lengths * s[rows] * s[columns] / np.sqrt(S))
    whole = np.diag(curvatures[rows] * curvatures[columns] / S)
    single = 4 / n * outer.T @ outer
    return S, outer, whole + (single - whole) / batch_size


def _limit(Q):
    """Return the rate from which S − α Q is no longer positive definite, 1 / λ_max of the scaled Q.

    The map that an update applies to M, 1 − α S + α² Q, takes covariances to covariances, so that its largest
    eigenvalue is its spectral radius (Perron–Frobenius): M stays bounded where that is below 1, where S − α Q > 0.
    """
    return float(1 / np.linalg.eigvalsh(Q)[-1]) if len(Q) else float("inf")


def mean_square_stability_limit(data, *, batch_size):
    """Return the rate below which plain SGD on mini-batches drawn with replacement keeps a bounded mean squared error.

    It is the rate up to which S − α Q is positive definite (see the module). It is at most the `stability_limit` of all
    the data and tends to it as the batch grows. Beyond it single runs may stay close for long, but E |w|² grows without
    bound.

    Parameters
    ----------
    data : Line, or anything with ``X`` of shape (n, p)
        Directions along which X is zero are left out, since no update moves along them. Suitable for tens of columns:
        there are p (p + 1) / 2 unknowns, and n times as many products are held in memory.
    batch_size : int
        B, at least 1.

    Returns
    -------
    float
        Infinite for an X of zeros.

    Raises
    ------
    ValueError
        If X has another shape or holds non-finite numbers, or `batch_size` is not a whole number of at least 1.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> data = simulate_line(n=1000, seed=37)
    >>> for B in (1, 32, 1000):
    ...     print(B, round(mean_square_stability_limit(data, batch_size=B), 4))
    1 0.1099
    32 0.1682
    1000 0.1709

    Notes
    -----
    Source: Mulayoff, Michaeli, Exact Mean Square Linear Stability Analysis for SGD, COLT 2024, whose p is (n − B) / (B
    (n − 1)), for batches of different examples, where this has 1 / B.
    """
    batch_size = check_int("batch_size", batch_size, 1)
    U, s, _ = principal_axes(inputs_of(data))
    return _limit(_scaled_maps(U, s, batch_size)[2])


def _stationary_moments(data, learning_rate, batch_size):
    """Return M in the axes of the loss, shape (r, r), or None at and beyond the limit; the curvatures; the axes."""
    learning_rate = check_float("learning_rate", learning_rate, above=0)
    batch_size = check_int("batch_size", batch_size, 1)
    X, y = inputs_and_targets_of(data)
    U, s, axes = principal_axes(X)
    curvatures = 2 * s**2 / len(X)
    S, outer, Q = _scaled_maps(U, s, batch_size)
    if learning_rate >= _limit(Q):
        return None, curvatures, axes
    residuals = y - U @ (U.T @ y)
    R = 4 / len(X) * outer.T @ residuals**2
    solved = np.linalg.solve(np.eye(len(Q)) - learning_rate * Q, learning_rate / batch_size * R)
    rows, columns, lengths = _entries(len(s))
    M = np.empty((len(s), len(s)))
    M[rows, columns] = M[columns, rows] = solved / np.sqrt(S) / lengths
    return M, curvatures, axes


def stationary_covariance(data, learning_rate, *, batch_size):
    """Return the stationary covariance of the weights of constant-rate SGD around least squares, shape (p, p).

    It is M = E (w − w_OLS)(w − w_OLS)ᵀ of the module, exact for every rate; the mean of the weights is w_OLS.

    Parameters
    ----------
    data : Line, or anything with ``X`` of shape (n, p) and ``y`` of shape (n, 1)
        If columns of X are linearly dependent, M is zero along the directions in which the loss is flat, along which
        the weights stay where they start.
    learning_rate : float
        α, greater than 0.
    batch_size : int
        B, at least 1: the examples drawn with replacement for each update of plain SGD, without momentum.

    Returns
    -------
    numpy.ndarray
        Infinite in every entry from `mean_square_stability_limit` on, where E |w|² grows without bound.

    Raises
    ------
    ValueError
        If X or y has another shape or holds non-finite numbers, or an argument is outside its range.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> stationary_covariance(simulate_line(n=1000, seed=37), 0.05, batch_size=1).round(3)
    array([[0.129, 0.007],
           [0.007, 0.173]])

    Notes
    -----
    Source: Dieuleveut, Durmus, Bach, Bridging the Gap between Constant Step Size Stochastic Gradient Descent and Markov
    Chains, Annals of Statistics 48, 2020, on the quadratic case.
    """
    M, _, axes = _stationary_moments(data, learning_rate, batch_size)
    p = axes.shape[1]
    return np.full((p, p), np.inf) if M is None else axes.T @ M @ axes


def noise_floor(data, learning_rate, *, batch_size):
    """Return the exact stationary excess of the mean squared error of constant-rate SGD over least squares, ½ tr(H M).

    It is the expected loss over all the data of the weights after many updates, less the loss at w_OLS, in squared
    units of y. M is the `stationary_covariance`, which has the same parameters and raises the same errors. Shuffled
    epochs draw without replacement and have another floor.

    Returns
    -------
    float
        Infinite from `mean_square_stability_limit` on. Just below it runs are rarely far away, but then so far that the
        mean of a few hundred runs is usually too low.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> data = simulate_line(n=1000, seed=37)
    >>> for rate in (0.001, 0.01, 0.1):
    ...     print(rate, round(noise_floor(data, rate, batch_size=10), 5))
    0.001 0.00113
    0.01 0.012
    0.1 0.28929

    Notes
    -----
    Source: as `stationary_covariance`.
    """
    M, curvatures, _ = _stationary_moments(data, learning_rate, batch_size)
    return float("inf") if M is None else float(curvatures @ np.diag(M) / 2)


def small_rate_noise_floor(data, learning_rate, *, batch_size):
    """Return α / 4 times the gradient variance at least squares, to which `noise_floor` tends at small rates.

    Without the terms in α², S(M) = (α / B) R, whose trace is 2 tr(H M) = α / B tr(R). It is proportional to α / B and
    finite at every rate.

    Parameters
    ----------
    data, learning_rate, batch_size
        As in `noise_floor`.

    Raises
    ------
    ValueError
        As `noise_floor`.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> data = simulate_line(n=1000, seed=37)
    >>> for rate in (0.001, 0.01, 0.1):
    ...     print(rate, round(small_rate_noise_floor(data, rate, batch_size=10), 5))
    0.001 0.00113
    0.01 0.01127
    0.1 0.11275

    Notes
    -----
    Source: Mandt, Hoffman, Blei, Stochastic Gradient Descent as Approximate Bayesian Inference, JMLR 18, 2017, the
    Lyapunov equation of section 3.
    """
    learning_rate = check_float("learning_rate", learning_rate, above=0)
    X, y = inputs_and_targets_of(data)
    weights = np.linalg.lstsq(X, y, rcond=None)[0]
    return learning_rate / 4 * gradient_variance(data, weights, batch_size=batch_size)
