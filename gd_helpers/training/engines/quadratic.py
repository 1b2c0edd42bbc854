"""Compiled full-batch gradient descent for ŷ = X w from the curvature, without another pass over the examples.

The mean squared error of a linear model is a quadratic function of the weights. With its value and gradient at a centre
c and its Hessian H = 2 XᵀX / n, both are known everywhere:

    ∇L(w) = ∇L(c) + H (w − c),    L(w) = L(c) + (∇L(c) + ∇L(w))ᵀ (w − c) / 2.

The centre is the minimum, to rounding: near it, XᵀX w − Xᵀy and yᵀy would lose loss and gradient to cancellation.
"""

from typing import NamedTuple

import numpy as np

from gd_helpers.training.engines.jit import inlined, kernel
from gd_helpers.training.engines.linear import batch_gradient
from gd_helpers.training.engines.plans import add_iterate, rate_of, report
from gd_helpers.training.engines.records import record_epoch
from gd_helpers.training.engines.steps import take_step

MOST_WEIGHTS = 64  # with more, XᵀX may cost more than it saves
EPOCHS_PER_CHUNK = 1024
FLATTEST_CURVATURE = 1e-12  # relative; below it a direction counts as flat, as with dependent columns of X


class Quadratic(NamedTuple):
    """The loss of a linear model around a centre: weights, loss and gradient there, and the Hessian."""

    centre: np.ndarray
    loss: float
    gradient: np.ndarray
    hessian: np.ndarray


def expand(X, y, p):
    """Return the `Quadratic` of the mean squared error of `p` weights on X and y, centred at its minimum.

    Sums and quotients are taken in a fixed order, since the solvers of libraries round differently between processors.
    """
    order = np.arange(len(y))
    centre, gradient, hessian = np.zeros(p), np.empty(p), np.zeros((p, p))
    add_curvature(X, hessian)
    for _ in range(2):  # the second step removes the rounding of the first
        full_gradient(X, y, centre, order, gradient)
        centre -= _solve(hessian, gradient)
    loss = full_gradient(X, y, centre, order, gradient)
    return Quadratic(centre, loss, gradient, hessian)


def _solve(H, b):
    """Solve H d = b by elimination; d is 0 for weights along which H is flat once the others are given."""
    rows = np.column_stack([H, b])
    flat = FLATTEST_CURVATURE * np.diag(H)
    for k in range(len(b)):
        if rows[k, k] > flat[k]:
            rows[k] /= rows[k, k]
        else:
            rows[k] = 0
        for other in range(len(b)):
            if other != k:
                rows[other] -= rows[other, k] * rows[k]
    return rows[:, -1]


@kernel
def full_gradient(X, y, w, order, gradient):
    """Compute ∂L/∂w over all examples into `gradient` and return L."""
    return batch_gradient(X, y, w, order, 0, y.size, gradient)


@kernel
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
def gradient_and_loss(quadratic, w, gradient):
    """Compute ∇L(w) into `gradient` and return L(w)."""
    change = 0.0
    for i in range(w.size):
        gradient[i] = quadratic.gradient[i]
        for k in range(w.size):
            gradient[i] += quadratic.hessian[i, k] * (w[k] - quadratic.centre[k])
        change += (quadratic.gradient[i] + gradient[i]) * (w[i] - quadratic.centre[i])
    return quadratic.loss + change / 2


@kernel
def run_chunk(quadratic, plan, state, average, records):
    """Train as `linear.run_chunk` does with all examples in each batch."""
    w = state.w
    gradient, elsewhere = np.empty(w.size), np.empty(w.size)
    loss = gradient_and_loss(quadratic, w, gradient)
    for epoch in range(records.losses.size):
        batch_loss = loss
        take_step(state, gradient, rate_of(plan, epoch), plan.settings)
        loss = gradient_and_loss(quadratic, w, gradient)
        averages = epoch >= plan.plain_epochs
        if averages:
            add_iterate(average, w)
        report(average, w, averages)
        reported_loss = gradient_and_loss(quadratic, average.reported, elsewhere) if averages else loss
        if not record_epoch(records, epoch, reported_loss, batch_loss, average.reported):
            return epoch + 1
    return records.losses.size
