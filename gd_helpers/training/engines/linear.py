"""Compiled gradient descent for ŷ = X w, in plain additions, products, quotients and roots in a fixed order.

The fixed order gives the same bits on every processor. Sums over examples are float64 whatever the dtype of the run.
"""

from typing import NamedTuple

import numpy as np

from gd_helpers.training.engines.intrinsics import per_lane, prefetch
from gd_helpers.training.engines.jit import inlined, kernel
from gd_helpers.training.engines.lanes import own
from gd_helpers.training.engines.plans import add_iterate, rate_of, report
from gd_helpers.training.engines.records import record_epoch
from gd_helpers.training.engines.steps import take_step

AHEAD = 32  # examples; memory brings many at once as fast as one
IN_CACHE = 2**17  # entries of X, which need not be asked for ahead


class Examples(NamedTuple):
    """The data of the lanes, and a copy of the examples that come next in the order of each.

    The entries of the copy that the lanes take at a time lie side by side, and are asked for all at once. A single lane
    takes its examples from the data, and asks for those to come.

    Attributes
    ----------
    X, y : numpy.ndarray, shapes (n, p, 1 or lanes) and (n, 1 or lanes)
    next_X, next_y : numpy.ndarray, shapes (AHEAD, p, lanes) and (AHEAD, lanes)
    places : numpy.ndarray of int64, shape (2,)
        The first place of the order that is in the copy, and the first behind it.
    """

    X: np.ndarray
    y: np.ndarray
    next_X: np.ndarray
    next_y: np.ndarray
    places: np.ndarray


@inlined
def find_next(examples, order, place, lanes):
    """Return the arrays of inputs and targets, and their row, that hold the example of each lane at `place` in `order`.

    `order` has the shape (1 or lanes, n). The places of an epoch are to be asked for one after the other.
    """
    X, y, next_X, next_y, places = examples
    n, p, _ = X.shape
    if len(lanes) == 1:
        if X.size > IN_CACHE:
            to_come = order[0, min(place + AHEAD, n - 1)]
            prefetch(X, to_come * p)
            prefetch(y, to_come)
        return X, y, order[0, place]
    if place == 0 or place == places[1]:
        gather(examples, order, place, lanes)
    return next_X, next_y, place - places[0]


@inlined
def gather(examples, order, first, lanes):
    """Copy the examples of each lane from the place `first` on."""
    X, y, next_X, next_y, places = examples
    n, p, datasets = X.shape
    places[0], places[1] = first, min(first + AHEAD, n)
    for k in range(places[1] - first):
        for lane in range(len(lanes)):
            j, its_own = order[own(len(order), lane), first + k], own(datasets, lane)
            for i in range(p):
                next_X[k, i, lane] = X[j, i, its_own]
            next_y[k, lane] = y[j, its_own]


@inlined
def predict(X, w, j, predictions, lanes):
    """Compute ŷⱼ = xⱼ w for each lane, plus a bias if `w` has one entry more than X has columns."""
    _, p, datasets = X.shape
    for lane in range(len(lanes)):
        predictions[lane] = np.float64(w[p, lane]) if len(w) > p else 0.0
    for i in range(p):
        for lane in range(len(lanes)):
            predictions[lane] += X[j, i, own(datasets, lane)] * w[i, lane]


@inlined
def batch_gradient(examples, order, w, first, last, gradient, losses, lanes):
    """Compute ∂L/∂w = 2/B Σ (ŷⱼ − yⱼ) xⱼ over the B examples from `first` to `last` in `order`, without `last`.

    It is stored in `gradient`, and L = 1/B Σ (ŷⱼ − yⱼ)² in `losses`.
    """
    size, p = last - first, examples.X.shape[1]
    errors, squares = per_lane(lanes), per_lane(lanes)
    gradient[:] = 0
    for place in range(first, last):
        X, y, j = find_next(examples, order, place, lanes)
        predict(X, w, j, errors, lanes)
        for lane in range(len(lanes)):
            errors[lane] -= y[j, lane]
            squares[lane] += errors[lane] * errors[lane]
        for i in range(p):
            for lane in range(len(lanes)):
                gradient[i, lane] += errors[lane] * X[j, i, lane]
        if len(w) > p:
            for lane in range(len(lanes)):
                gradient[p, lane] += errors[lane]
    for lane in range(len(lanes)):
        losses[lane] = squares[lane] / size
    for i in range(len(w)):
        for lane in range(len(lanes)):
            gradient[i, lane] *= 2 / size


@inlined
def example_gradient(examples, order, w, place, gradient, losses, lanes):
    """Compute ∂L/∂w = 2 (ŷⱼ − yⱼ) xⱼ and L = (ŷⱼ − yⱼ)² of the example at `place`, with the bits of a batch of one.

    It makes one pass over the weights: each update waits for the one before it, and each further pass adds to the wait.
    """
    X, y, j = find_next(examples, order, place, lanes)
    p = X.shape[1]
    errors = per_lane(lanes)
    predict(X, w, j, errors, lanes)
    for lane in range(len(lanes)):
        errors[lane] -= y[j, lane]
        losses[lane] = errors[lane] * errors[lane]
    for i in range(p):
        for lane in range(len(lanes)):
            gradient[i, lane] = (0.0 + errors[lane] * X[j, i, lane]) * 2  # like a sum from 0, which is never −0
    if len(w) > p:
        for lane in range(len(lanes)):
            gradient[p, lane] = (0.0 + errors[lane]) * 2


@inlined
def mean_squared_error(X, y, w, losses, lanes):
    """Compute 1/n Σ (ŷⱼ − yⱼ)² over all examples into `losses`, in float64 if `w` is."""
    squares, errors = per_lane(lanes), per_lane(lanes)
    for j in range(len(y)):
        predict(X, w, j, errors, lanes)
        for lane in range(len(lanes)):
            error = errors[lane] - y[j, own(y.shape[1], lane)]
            squares[lane] += error * error
    for lane in range(len(lanes)):
        losses[lane] = squares[lane] / len(y)


@inlined
def train_epoch(examples, order, plan, state, average, epoch, gradient, losses):
    """Make the updates of one epoch in `order`; `losses` are left with those of its last batch."""
    n, lanes = order.shape[1], state.lanes
    update = epoch * -(-n // plan.batch_size)
    for first in range(0, n, plan.batch_size):
        last = min(first + plan.batch_size, n)
        if last - first == 1:
            example_gradient(examples, order, state.w, first, gradient, losses, lanes)
        else:
            batch_gradient(examples, order, state.w, first, last, gradient, losses, lanes)
        take_step(state, gradient, rate_of(plan, update), plan.settings)
        update += 1
        if epoch >= plan.plain_epochs:
            add_iterate(average, state)


@kernel
def run_chunk(X, y, orders, plan, state, average, records):
    """Train until `records` are full, or no lane's losses and weights are finite any more.

    Parameters
    ----------
    X, y : numpy.ndarray, shapes (n, p, 1 or lanes) and (n, 1 or lanes)
        The data of all lanes, or those of each.
    orders : numpy.ndarray of int64, shape (1 or epochs, 1 or lanes, n)
    plan, state, average, records
        Those of `plans`, `steps` and `records`.
    """
    lanes = state.lanes
    next_X, next_y = np.empty((AHEAD, X.shape[1], len(lanes)), X.dtype), np.empty((AHEAD, len(lanes)), y.dtype)
    examples = Examples(X, y, next_X, next_y, np.zeros(2, np.int64))
    gradient = np.empty(state.w.shape)
    batch_losses, losses = per_lane(lanes), per_lane(lanes)
    for epoch in range(len(records.losses)):
        train_epoch(examples, orders[epoch % len(orders)], plan, state, average, epoch, gradient, batch_losses)
        report(average, state, epoch >= plan.plain_epochs)
        mean_squared_error(X, y, average.reported, losses, lanes)
        if not record_epoch(records, epoch, losses, batch_losses, average.reported, lanes):
            return
