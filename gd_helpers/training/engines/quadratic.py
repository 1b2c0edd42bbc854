"""Compiled full-batch gradient descent for ŷ = X w from the curvature, without another pass over the examples.

The mean squared error of a linear model is a quadratic function of the weights. With its value and gradient at a centre
c and its Hessian H = 2 XᵀX / n, both are known everywhere:

    ∇L(w) = ∇L(c) + H (w − c),    L(w) = L(c) + (∇L(c) + ∇L(w))ᵀ (w − c) / 2.

The centre is the minimum, to rounding: near it, XᵀX w − Xᵀy and yᵀy would lose loss and gradient to cancellation.
"""

from typing import NamedTuple

import numpy as np

from gd_helpers.training.engines.intrinsics import per_lane
from gd_helpers.training.engines.jit import inlined, kernel
from gd_helpers.training.engines.plans import add_iterate, rate_of, report
from gd_helpers.training.engines.records import record_epoch
from gd_helpers.training.engines.steps import take_step

MOST_WEIGHTS = 64  # with more, XᵀX may cost more than it saves
EPOCHS_PER_CHUNK = 1024
FLATTEST_CURVATURE = 1e-12  # relative; below it a direction counts as flat, as with dependent columns of X


class Quadratic(NamedTuple):
    """The loss of a linear model around a centre: weights, loss and gradient there, and the Hessian.

    Attributes
    ----------
    centre, gradient : numpy.ndarray, shape (p, lanes)
    loss : numpy.ndarray, shape (lanes,)
    hessian : numpy.ndarray, shape (p, p, lanes)
    """

    centre: np.ndarray
    loss: np.ndarray
    gradient: np.ndarray
    hessian: np.ndarray


def expand(X, y, p, lanes):
    """Return the `Quadratic` of the mean squared error of `p` weights on the data of each lane, centred at its minimum.

    Parameters
    ----------
    X, y : numpy.ndarray, shapes (n, columns, 1 or lanes) and (n, 1 or lanes)
    p, lanes : int
    """
    datasets = X.shape[2]
    surfaces = Quadratic(
        np.zeros((p, datasets)), np.zeros(datasets), np.zeros((p, datasets)), np.zeros((p, p, datasets))
    )
    fill(surfaces, X, y)
    return Quadratic(*(np.repeat(array, lanes // datasets, axis=-1) for array in surfaces))


@kernel
def fill(surfaces, X, y):
    """Fill the arrays of zeros of a `Quadratic` with the expansions for each data set.

    Sums and quotients are taken in a fixed order, since the solvers of libraries round differently between processors.
    """
    p = len(surfaces.centre)
    for dataset in range(X.shape[2]):
        X_own, y_own = X[:, :, dataset], y[:, dataset]
        centre, gradient = surfaces.centre[:, dataset], surfaces.gradient[:, dataset]
        hessian = surfaces.hessian[:, :, dataset]
        rows, direction = np.empty((p, p + 1)), np.empty(p)
        add_curvature(X_own, hessian)
        for _ in range(2):  # the second step removes the rounding of the first
            full_gradient(X_own, y_own, centre, gradient)
            solve(hessian, gradient, rows, direction)
            for i in range(p):
                centre[i] -= direction[i]
        surfaces.loss[dataset] = full_gradient(X_own, y_own, centre, gradient)


@inlined
def solve(H, b, rows, d):
    """Solve H d = b by elimination in `rows`; d is 0 for weights along which H is flat once the others are given."""
    p = len(b)
    for k in range(p):
        for column in range(p):
            rows[k, column] = H[k, column]
        rows[k, p] = b[k]
    for k in range(p):
        pivot = rows[k, k]
        for column in range(p + 1):
            rows[k, column] = rows[k, column] / pivot if pivot > FLATTEST_CURVATURE * H[k, k] else 0.0
        for other in range(p):
            if other != k:
                factor = rows[other, k]
                for column in range(p + 1):
                    rows[other, column] -= factor * rows[k, column]
    for k in range(p):
        d[k] = rows[k, p]


@inlined
def full_gradient(X, y, w, gradient):
    """Compute ∂L/∂w over all examples into `gradient` and return L."""
    n, p = X.shape
    gradient[:] = 0
    squares = 0.0
    for j in range(n):
        prediction = w[p] if len(w) > p else 0.0
        for i in range(p):
            prediction += X[j, i] * w[i]
        error = prediction - y[j]
        squares += error * error
        for i in range(p):
            gradient[i] += error * X[j, i]
        if len(w) > p:
            gradient[p] += error
    for i in range(len(w)):
        gradient[i] *= 2 / n
    return squares / n


@inlined
def add_curvature(X, hessian):
    """Add 2 XᵀX / n to `hessian`; if it has a row more than X has columns, a column of ones stands for the bias."""
    n, columns = X.shape
    p = len(hessian)
    for j in range(n):
        for i in range(p):
            x_i = np.float64(X[j, i]) if i < columns else 1.0
            for k in range(i + 1):
                hessian[i, k] += x_i * (X[j, k] if k < columns else 1.0)
    for i in range(p):
        for k in range(i + 1):
            hessian[i, k] *= 2 / n
            hessian[k, i] = hessian[i, k]


@inlined
def gradient_and_loss(quadratic, w, gradient, losses, lanes):
    """Compute ∇L(w) into `gradient` and L(w) into `losses`."""
    change, slope = per_lane(lanes), per_lane(lanes)
    for i in range(len(w)):
        for lane in range(len(lanes)):
            slope[lane] = quadratic.gradient[i, lane]
        for k in range(len(w)):
            for lane in range(len(lanes)):
                slope[lane] += quadratic.hessian[i, k, lane] * (w[k, lane] - quadratic.centre[k, lane])
        for lane in range(len(lanes)):
            gradient[i, lane] = slope[lane]
            change[lane] += (quadratic.gradient[i, lane] + slope[lane]) * (w[i, lane] - quadratic.centre[i, lane])
    for lane in range(len(lanes)):
        losses[lane] = quadratic.loss[lane] + change[lane] / 2


@kernel
def run_chunk(quadratic, plan, state, average, records):
    """Train as `linear.run_chunk` does with all examples in each batch."""
    w, lanes = state.w, state.lanes
    gradient, elsewhere = np.empty(w.shape), np.empty(w.shape)
    losses, batch_losses, reported_losses = per_lane(lanes), per_lane(lanes), per_lane(lanes)
    gradient_and_loss(quadratic, w, gradient, losses, lanes)
    for epoch in range(len(records.losses)):
        batch_losses[:] = losses
        take_step(state, gradient, rate_of(plan, epoch), plan.settings)
        gradient_and_loss(quadratic, w, gradient, losses, lanes)
        averages = epoch >= plan.plain_epochs
        if averages:
            add_iterate(average, state)
        report(average, state, averages)
        reported_losses[:] = losses
        if averages:
            gradient_and_loss(quadratic, average.reported, elsewhere, reported_losses, lanes)
        if not record_epoch(records, epoch, reported_losses, batch_losses, average.reported, lanes):
            return
