"""The covariance of the gradient of a mini-batch around the gradient of all the data."""

import numpy as np

from gd_helpers.checks import check_bool, check_int
from gd_helpers.metrics.arrays import inputs_and_targets_of, weights_for


def example_gradients(data, weights):
    """Return the gradient of each example's squared error, gⱼ = 2 (xⱼ·w − yⱼ) xⱼ, shape (n, p), in float64.

    Their mean is the gradient of the mean squared error.

    Parameters
    ----------
    data : Line, or anything with ``X`` of shape (n, p) and ``y`` of shape (n, 1)
    weights : array or tensor, shape (p,)

    Raises
    ------
    ValueError
        If X, y or the weights have another shape or hold non-finite numbers.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> data = SimpleNamespace(X=[[1.0, 0.0], [1.0, 2.0]], y=[[1.0], [2.0]])
    >>> example_gradients(data, [0.0, 0.0])
    array([[-2., -0.],
           [-4., -8.]])
    """
    X, y = inputs_and_targets_of(data)
    return 2 * (X @ weights_for(X, weights) - y)[:, None] * X


def gradient_covariance(data, weights, *, batch_size=1, replacement=True):
    """Return the covariance of the gradient of a random mini-batch, shape (p, p).

    With C = Σ (gⱼ − ḡ)(gⱼ − ḡ)ᵀ / n, the covariance of one example's gradient, it is C / B for B independent draws, and
    C / B · (n − B) / (n − 1) for B different examples, which is 0 if the batch is all the data.

    Parameters
    ----------
    data : Line, or anything with ``X`` of shape (n, p) and ``y`` of shape (n, 1)
    weights : array or tensor, shape (p,)
        The weights at which the gradient is taken.
    batch_size : int
        B, at least 1; without replacement at most n.
    replacement : bool
        False for B different examples, with every such set equally likely. A batch of a shuffled epoch is such a set,
        but the batches of one epoch are not independent.

    Raises
    ------
    ValueError
        As `example_gradients`, and if `batch_size` is outside its range or `replacement` is not a bool.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> data = simulate_line(n=1000, seed=37)
    >>> gradient_covariance(data, [5.0, 2.0], batch_size=32).round(2)
    array([[0.23, 0.47],
           [0.47, 1.18]])

    Notes
    -----
    Source: Cochran, Sampling Techniques, 3rd ed., theorem 2.2, for the mean of a sample without replacement.
    """
    gradients = example_gradients(data, weights)
    n = len(gradients)
    replacement = check_bool("replacement", replacement)
    batch_size = check_int("batch_size", batch_size, 1, None if replacement else n)
    deviations = gradients - gradients.mean(axis=0)
    covariance = deviations.T @ deviations / n / batch_size
    if replacement:
        return covariance
    return covariance * ((n - batch_size) / max(n - 1, 1))  # 0 for a single example


def gradient_variance(data, weights, *, batch_size=1, replacement=True):
    """Return the mean squared distance between the gradients of a mini-batch and of all the data, E |g − ḡ|².

    It is the trace of `gradient_covariance`, which has the same parameters and raises the same errors.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> data = simulate_line(n=1000, seed=37)
    >>> for B in (1, 10, 100, 1000):
    ...     print(B, round(gradient_variance(data, [5.0, 2.0], batch_size=B, replacement=False), 3))
    1 45.077
    10 4.467
    100 0.406
    1000 0.0
    """
    return float(np.trace(gradient_covariance(data, weights, batch_size=batch_size, replacement=replacement)))
