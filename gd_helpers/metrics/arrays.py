"""Arrays, tensors and the X, y and weights of a linear model, checked and converted to NumPy for the metrics."""

import numpy as np
import torch


def as_float64(values):
    """Return an array or tensor as a float64 array."""
    if isinstance(values, torch.Tensor):
        values = values.detach().to("cpu", torch.float64).numpy()
    return np.asarray(values, dtype=np.float64)


def as_floats(values):
    """Return float32 values unchanged, since a float64 copy takes twice their memory, and all others as float64."""
    if isinstance(values, torch.Tensor) and values.dtype == torch.float32:
        return values.detach().to("cpu").numpy()
    return as_float64(values)


def inputs_of(data):
    """Return ``data.X`` as a float64 array of shape (n, p).

    Raises
    ------
    ValueError
        If it has another shape, is empty, or holds non-finite numbers.
    """
    X = as_float64(data.X)
    if X.ndim != 2 or X.size == 0:
        raise ValueError(f"data.X must have shape (n, p) with n and p of at least 1, got {X.shape}")
    if not np.isfinite(X).all():
        raise ValueError("data.X must hold finite numbers only, got some that are infinite or NaN")
    return X


def inputs_and_targets_of(data):
    """Return ``data.X`` and ``data.y`` as float64 arrays of shapes (n, p) and (n,).

    Raises
    ------
    ValueError
        As `inputs_of`, and if y is not of shape (n, 1) or holds non-finite numbers.
    """
    X, y = inputs_of(data), as_float64(data.y)
    n = len(X)
    if y.shape != (n, 1) or not np.isfinite(y).all():
        raise ValueError(f"data.y must be finite numbers of shape ({n}, 1), one row per row of X, got shape {y.shape}")
    return X, y[:, 0]


def weights_for(X, weights):
    """Return `weights` as a float64 array of shape (p,), one weight per column of X.

    Raises
    ------
    ValueError
        If they have another shape or hold non-finite numbers.
    """
    weights = as_float64(weights)
    p = X.shape[1]
    if weights.shape != (p,) or not np.isfinite(weights).all():
        raise ValueError(
            f"weights must be finite numbers of shape ({p},), one per column of X, got shape {weights.shape}"
        )
    return weights
