"""The records of a chunk of epochs, one row per epoch."""

import math
from typing import NamedTuple

import numpy as np

from gd_helpers.training.engines.jit import inlined


class Records(NamedTuple):
    """Float64 arrays that a kernel fills for k epochs of p weights.

    Attributes
    ----------
    losses, batch_losses : numpy.ndarray, shape (k,)
    path : numpy.ndarray, shape (k, p)
    largest_loss : float
        The largest number of the run's dtype; a greater loss is recorded as infinite.
    """

    losses: np.ndarray
    batch_losses: np.ndarray
    path: np.ndarray
    largest_loss: float

    @classmethod
    def empty(cls, epochs, w):
        """Return records to be filled for `epochs` epochs of the weights `w`."""
        return cls(np.empty(epochs), np.empty(epochs), np.empty((epochs, w.size)), float(np.finfo(w.dtype).max))


@inlined
def record_epoch(records, epoch, loss, batch_loss, w):
    """Fill the row of `epoch`; return whether its loss and all weights are finite."""
    records.losses[epoch] = math.inf if loss > records.largest_loss else loss
    records.batch_losses[epoch] = batch_loss
    finite = math.isfinite(records.losses[epoch])
    for i in range(w.size):
        records.path[epoch, i] = w[i]
        finite = finite and math.isfinite(w[i])
    return finite
