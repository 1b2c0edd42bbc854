"""What a recipe asks of a chunk of epochs, beside the orders, and the mean of the iterates that it may ask for."""

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
        How many of the chunk's epochs come before those that report the mean of the iterates.
    settings : Settings
    """

    batch_size: int
    rates: np.ndarray
    plain_epochs: int
    settings: Settings

    @classmethod
    def of(cls, recipe, first, epochs):
        """Return the plan of so many epochs of `recipe`, from epoch `first` (counted from 0) on."""
        return cls(
            batch_size=recipe.batch_size,
            rates=recipe.learning_rates(first, epochs),
            plain_epochs=max(0, recipe.plain_epochs - first),
            settings=read_settings(recipe),
        )


class Average(NamedTuple):
    """The mean w̄ of the iterates that were added.

    Attributes
    ----------
    mean : numpy.ndarray, shape (p,)
        float64: in float32, what an iterate adds to the mean of many others would be rounded off.
    count : numpy.ndarray, shape (1,)
        k, how many were added.
    reported : numpy.ndarray, shape (p,)
        What an epoch reports, w̄ or its last iterate, in the dtype of the run.

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
        """Return the average of no iterates, for weights like `w`."""
        return cls(np.zeros(w.size), np.zeros(1), np.zeros_like(w))


@inlined
def rate_of(plan, update):
    """Return the learning rate of an update, counted from 0 in the chunk."""
    return plan.rates[min(update, plan.rates.size - 1)]


@inlined
def add_iterate(average, w):
    """Take the iterate `w` into the mean by k ← k + 1, w̄ ← w̄ + (w − w̄) / k."""
    average.count[0] += 1
    for i in range(w.size):
        average.mean[i] += (w[i] - average.mean[i]) / average.count[0]


@inlined
def report(average, w, averages):
    """Put what the epoch reports into `reported`: the mean if it averages, else its last iterate `w`."""
    for i in range(w.size):
        average.reported[i] = average.mean[i] if averages else w[i]
