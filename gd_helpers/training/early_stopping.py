"""Training of a linear model that is held against a stopping rule as it goes."""

from typing import NamedTuple

import numpy as np

from gd_helpers.training.engines import compiled
from gd_helpers.training.engines.network import Layers
from gd_helpers.training.recipes import Recipe

FIRST_STRETCH = 16  # epochs, before a run is first held against its stopping rule


def stopping_epoch(losses, tol, n_iter_no_change):
    """Return the epoch, counted from 1, after which SGDRegressor's rule stops, or None if it does not.

    Parameters
    ----------
    losses : sequence of float
        After each epoch; of scores, which are better if greater, their negatives.
    tol : float
        At least 0.
    n_iter_no_change : int
        So many epochs in a row, each with loss > least loss before it − tol, and it stops.

    Examples
    --------
    >>> stopping_epoch([9.0, 4.0, 3.5, 3.2, 3.1], tol=1, n_iter_no_change=2)
    4

    Notes
    -----
    Source: ``_plain_sgd`` in scikit-learn's ``linear_model/_sgd_fast.pyx.tp``.
    """
    least, waited = np.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        waited = waited + 1 if loss > least - tol else 0
        if waited >= n_iter_no_change:
            return epoch
        least = min(least, loss)
    return None


class _InStretches(Recipe):
    """A recipe with its epochs in chunks of 16, 32, 64, …: what is stopped has run to 2 k + 16 at most for k."""

    def order_chunks(self):
        longest = FIRST_STRETCH
        for count, orders in super().order_chunks():
            first = 0
            while first < count:
                epochs = min(longest, count - first)
                yield epochs, orders[first : first + epochs] if self.shuffle else orders
                first += epochs
                longest *= 2


class Stopped(NamedTuple):
    """What a run that was held against a rule leaves behind.

    Attributes
    ----------
    losses, scores : list of float
        After each epoch, the last one included where that left the finite numbers; no scores where nothing scores.
    weights : numpy.ndarray, shape (p,)
        After the last epoch; where that left the finite numbers, before it.
    ended : {"stopped", "finished", "diverged"}
        By the rule, with the recipe's epochs, or by leaving the finite numbers.
    """

    losses: list
    scores: list
    weights: np.ndarray
    ended: str


def train_until_stopped(X, y, start, *, recipe, rule=None, score=None):
    """Train ŷ = X w by `recipe`, or until `rule` holds, in the compiled engine.

    Parameters
    ----------
    X, y, start : numpy.ndarray, shapes (n, p), (n,) and (p,)
        C-contiguous float64 arrays.
    recipe : Recipe
    rule : (tol, n_iter_no_change), optional
        Those of `stopping_epoch`; without it, all epochs are made.
    score : function, optional
        What the rule looks at in place of the losses: it takes the weights after some epochs, shape (k, p), and returns
        a list of k scores, better if greater.

    Returns
    -------
    Stopped
    """
    losses, scores, weights = [], [], start
    recipe = _InStretches(**vars(recipe)) if rule else recipe
    for new_losses, _, path in compiled.run_layers(Layers.linear(start.size), X, y, start.copy(), recipe):
        finite = np.isfinite(new_losses) & np.isfinite(path).all(axis=1)  # but for the last, all of them are
        path = np.vstack([weights, path[finite]])
        before = len(losses)
        losses += new_losses[finite].tolist()
        scores += score(path[1:]) if score else []
        stop = stopping_epoch(np.negative(scores) if score else losses, *rule) if rule else None
        if stop is not None:
            return Stopped(losses[:stop], scores[:stop], path[stop - before], "stopped")
        weights = path[-1]
        if not finite.all():
            return Stopped([*losses, float(new_losses[-1])], scores + [float("nan")] * bool(score), weights, "diverged")
    return Stopped(losses, scores, weights, "finished")
