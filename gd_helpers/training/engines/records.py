"""The records of a chunk of epochs, one row per epoch."""

import math
from typing import NamedTuple

import numpy as np

from gd_helpers.training.engines.jit import inlined


class Records(NamedTuple):
    """Float64 arrays that a kernel fills for k epochs of p weights, with the lane as their last axis.

    Attributes
    ----------
    losses, batch_losses : numpy.ndarray, shape (k, lanes)
    path : numpy.ndarray, shape (k, p, lanes)
    epochs : numpy.ndarray of int64, shape (lanes,)
        How many rows of each lane count: up to the first whose loss or weights are not finite.
    finite : numpy.ndarray of bool, shape (lanes,)
        Whether no loss and no weight of the lane has become non-finite, in this chunk and those before.
    largest_loss : float
        The largest number of the run's dtype; a greater loss is recorded as infinite.
    """

    losses: np.ndarray
    batch_losses: np.ndarray
    path: np.ndarray
    epochs: np.ndarray
    finite: np.ndarray
    largest_loss: float

    @classmethod
    def empty(cls, epochs, w, finite):
        """Return records to be filled for `epochs` epochs of the weights `w`; `finite` is that of the chunk before."""
        p, lanes = w.shape
        return cls(
            losses=np.empty((epochs, lanes)),
            batch_losses=np.empty((epochs, lanes)),
            path=np.empty((epochs, p, lanes)),
            epochs=np.zeros(lanes, np.int64),
            finite=finite,
            largest_loss=float(np.finfo(w.dtype).max),
        )


@inlined
def record_epoch(records, epoch, losses, batch_losses, w, lanes):
    """Fill the row of `epoch`; return whether any lane has had finite losses and weights so far."""
    going_on = False
    for lane in range(len(lanes)):
        loss = math.inf if losses[lane] > records.largest_loss else losses[lane]
        records.losses[epoch, lane] = loss
        records.batch_losses[epoch, lane] = batch_losses[lane]
        finite = math.isfinite(loss)
        for i in range(len(w)):
            records.path[epoch, i, lane] = w[i, lane]
            finite = finite and math.isfinite(w[i, lane])
        if records.finite[lane]:
            records.epochs[lane] = epoch + 1
        records.finite[lane] &= finite
        going_on |= records.finite[lane]
    return going_on
