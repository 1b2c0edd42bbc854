"""How a chunk of epochs is trained and reported, apart from the order of the examples."""

from typing import NamedTuple

import numpy as np

from gd_helpers.training.engines.jit import inlined
from gd_helpers.training.engines.steps import Settings, read_settings


class Plan(NamedTuple):
    """How the updates of a chunk of epochs are made and reported.

    Attributes
    ----------
    batch_size : int
    rates : numpy.ndarray, shape (updates,) or (1,)
        The learning rate of each update of the chunk, or one for all of them, float64.
    plain_epochs : int
        The number of epochs of the chunk before those that report the mean of the iterates.
    settings : Settings
    """

    batch_size: int
    rates: np.ndarray
    plain_epochs: int
    settings: Settings

    @classmethod
    def of(cls, recipe, first, epochs):
        """Return the plan of `epochs` epochs of `recipe`, beginning with epoch `first`, counted from 0."""
        return cls(
            batch_size=recipe.batch_size,
            rates=recipe.learning_rates(first, epochs),
            plain_epochs=max(0, recipe.plain_epochs - first),
            settings=read_settings(recipe),
        )


class Average(NamedTuple):
    """The mean w̄ of the iterates so far, and the weights that an epoch reports.

    Attributes
    ----------
    mean : numpy.ndarray, shape (p, lanes)
        float64: in float32, the contribution of one iterate to the mean of many would be rounded away.
    count : numpy.ndarray, shape (1,)
        k, the number of iterates.
    reported : numpy.ndarray, shape (p, lanes)
        w̄ or the last iterate, rounded to the dtype of the run but held in float64, in which losses are computed.

    Notes
    -----
    Source: Polyak & Juditsky (1992), Acceleration of stochastic approximation by averaging, SIAM Journal on Control and
    Optimization 30. The formula is that of ``torch.optim.swa_utils.AveragedModel``.
    """

    mean: np.ndarray
    count: np.ndarray
    reported: np.ndarray

    @classmethod
    def like(cls, w):
        """Return the average of no iterates yet, for weights like `w`, shape (p, lanes)."""
        return cls(np.zeros(w.shape), np.zeros(1), np.zeros(w.shape))


@inlined
def rate_of(plan, update):
    """Return the learning rate of an update, counted from 0 within the chunk."""
    return plan.rates[min(update, plan.rates.size - 1)]


@inlined
def add_iterate(average, state):
    """Add the iterate `state.w` to the mean: k ← k + 1, w̄ ← w̄ + (w − w̄) / k."""
    w, mean = state.w, average.mean
    average.count[0] += 1
    count = average.count[0]
    for i in range(len(w)):
        for lane in range(len(state.lanes)):
            mean[i, lane] += (w[i, lane] - mean[i, lane]) / count


@inlined
def report(average, state, averages):
    """Set `reported` to the mean if the epoch averages, else to its last iterate `state.w`."""
    w, mean = state.w, average.mean
    for i in range(len(w)):
        for lane in range(len(state.lanes)):
            average.reported[i, lane] = w.dtype.type(mean[i, lane]) if averages else w[i, lane]
