"""What a chunk of epochs leaves behind, a row an epoch."""

import math
from typing import NamedTuple

import numpy as np

from gd_helpers.training.engines.jit import inlined


class Records(NamedTuple):
    """Arrays that a kernel fills for k epochs of p weights.

    Attributes
    ----------
    losses, batch_losses : numpy.ndarray, shape (k,)
        In the dtype of the run, so that they overflow where its numbers do.
    path : numpy.ndarray, shape (k, p)
        float64.
    """

    losses: np.ndarray
    batch_losses: np.ndarray
    path: np.ndarray

    @classmethod
    def empty(cls, epochs, w):
        """Return unfilled records of so many epochs of the weights `w`."""
        return cls(np.empty(epochs, w.dtype), np.empty(epochs, w.dtype), np.empty((epochs, w.size)))


@inlined
def keep(records, epoch, loss, batch_loss, w):
    """Fill the row of `epoch`; return whether its loss and all weights are finite."""
    records.losses[epoch] = loss
    records.batch_losses[epoch] = batch_loss
    finite = math.isfinite(records.losses[epoch])
    for i in range(w.size):
        records.path[epoch, i] = w[i]
        finite = finite and math.isfinite(w[i])
    return finite
