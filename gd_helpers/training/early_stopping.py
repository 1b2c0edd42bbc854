"""Training of a linear model until a stopping rule holds."""

from typing import NamedTuple

import numpy as np

from gd_helpers.training.engines import compiled
from gd_helpers.training.engines.network import Layers
from gd_helpers.training.recipes import Recipe

FIRST_CHUNK = 16  # epochs before the stopping rule is first applied


def stopping_epoch(losses, tol, n_iter_no_change):
    """Return the epoch, counted from 1, after which SGDRegressor's rule stops, or None if it does not.

    Parameters
    ----------
    losses : sequence of float
        After each epoch. For scores, of which greater ones are better, pass their negatives.
    tol : float
        At least 0.
    n_iter_no_change : int
        The number of epochs in a row, each with loss > least loss before it − tol, after which the rule stops.

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


class _GrowingChunks(Recipe):
    """A recipe with its epochs in chunks of 16, 32, 64, …: a run that stops after k has made at most 2 k + 16."""

    def order_chunks(self, shuffle_seeds=None):
        longest = FIRST_CHUNK
        for count, orders in super().order_chunks(shuffle_seeds):
            first = 0
            while first < count:
                epochs = min(longest, count - first)
                yield epochs, orders[first : first + epochs] if self.shuffle else orders
                first += epochs
                longest *= 2


class EarlyStoppingResult(NamedTuple):
    """The result of a run with a stopping rule.

    Attributes
    ----------
    losses, scores : list of float
        After each epoch, including a last one that became non-finite; `scores` is empty without a score function.
    weights : numpy.ndarray, shape (p,)
        With a score function those after the epoch of the highest score, the first of equal ones; without one those
        after the last epoch with finite loss and weights.
    ended : {"stopped", "finished", "diverged"}
        Whether the rule held, all epochs of the recipe were made, or a loss or weight became non-finite.
    """

    losses: list
    scores: list
    weights: np.ndarray
    ended: str


def train_until_stopped(X, y, start, *, recipe, rule=None, score=None):
    """Train ŷ = X w by `recipe` in the compiled engine until `rule` holds.

    Parameters
    ----------
    X, y, start : numpy.ndarray, shapes (n, p), (n,) and (p,)
        C-contiguous float64 arrays.
    recipe : Recipe
    rule : (tol, n_iter_no_change), optional
        The arguments of `stopping_epoch`; without it, all epochs are made.
    score : function, optional
        The scores that the rule considers instead of the losses: it takes the weights after k ≥ 1 epochs, shape (k, p),
        and returns a list of k scores, of which greater ones are better.

    Returns
    -------
    EarlyStoppingResult
    """
    losses, scores, weights, best = [], [], start, (-np.inf, start)
    recipe = _GrowingChunks(**vars(recipe)) if rule else recipe
    for new_losses, _, path in compiled.run_layers(Layers.linear(start.size), X, y, start.copy(), recipe):
        finite = np.isfinite(new_losses) & np.isfinite(path).all(axis=1)  # all of them, except perhaps the last
        path = np.vstack([weights, path[finite]])
        before = len(losses)
        losses += new_losses[finite].tolist()
        scores += score(path[1:]) if score and finite.any() else []
        stop = stopping_epoch(np.negative(scores) if score else losses, *rule) if rule else None
        end = len(losses) if stop is None else stop
        best = max([best, *zip(scores[before:end], path[1:], strict=False)], key=lambda pair: pair[0])
        weights = path[end - before]
        kept = best[1] if score else weights
        if stop is not None:
            return EarlyStoppingResult(losses[:stop], scores[:stop], kept, "stopped")
        if not finite.all():
            losses.append(float(new_losses[-1]))
            scores += [float("nan")] if score else []
            return EarlyStoppingResult(losses, scores, kept, "diverged")
    return EarlyStoppingResult(losses, scores, kept, "finished")
