"""Compiled gradient descent for ŷ = X w, in plain additions, products, quotients and roots in a fixed order.

The fixed order gives the same bits on every processor. Sums over examples are float64 whatever the dtype of the run.
"""

import numpy as np

from gd_helpers.training.engines.jit import inlined, kernel
from gd_helpers.training.engines.plans import add_iterate, rate_of, report
from gd_helpers.training.engines.records import record_epoch
from gd_helpers.training.engines.steps import take_step


@inlined
def predict(X, w, j):
    """Return ŷⱼ = xⱼ w, plus a bias if `w` has one entry more than X has columns."""
    p = X.shape[1]
    prediction = np.float64(w[p]) if w.size > p else 0.0
    for i in range(p):
        prediction += X[j, i] * w[i]
    return prediction


@inlined
def batch_gradient(X, y, w, order, first, last, gradient):
    """Compute ∂L/∂w = 2/B Σ (ŷⱼ − yⱼ) xⱼ over the B examples from `first` to `last` in `order`, without `last`.

    It is stored in `gradient`; L = 1/B Σ (ŷⱼ − yⱼ)² is returned.
    """
    p = X.shape[1]
    gradient[:] = 0
    squares = 0.0
    for k in range(first, last):
        j = order[k]
        error = predict(X, w, j) - y[j]
        squares += error * error
        for i in range(p):
            gradient[i] += error * X[j, i]
        if w.size > p:
            gradient[p] += error
    for i in range(w.size):
        gradient[i] *= 2 / (last - first)
    return squares / (last - first)


@inlined
def example_gradient(X, y, w, j, gradient):
    """Compute ∂L/∂w = 2 (ŷⱼ − yⱼ) xⱼ into `gradient` and return L = (ŷⱼ − yⱼ)², with the bits of a batch of one.

    It makes one pass over the weights: each update waits for the one before it, and each further pass adds to the wait.
    """
    p = X.shape[1]
    error = predict(X, w, j) - y[j]
    for i in range(p):
        gradient[i] = (0.0 + error * X[j, i]) * 2  # like a sum that starts at 0, which is never −0
    if w.size > p:
        gradient[p] = (0.0 + error) * 2
    return error * error


@inlined
def mean_squared_error(X, y, w):
    """Return 1/n Σ (ŷⱼ − yⱼ)² over all examples, computed in float64 if `w` is."""
    squares = 0.0
    for j in range(y.size):
        error = predict(X, w, j) - y[j]
        squares += error * error
    return squares / y.size


@kernel
def run_chunk(X, y, orders, plan, state, average, records):
    """Train until `records` are full, or to the first epoch that is not finite; return how many epochs were trained."""
    w = state.w
    gradient = np.empty(w.size)
    batch_loss = 0.0
    update = 0
    for epoch in range(records.losses.size):
        order = orders[epoch % len(orders)]
        averages = epoch >= plan.plain_epochs
        for first in range(0, y.size, plan.batch_size):
            last = min(first + plan.batch_size, y.size)
            if last - first == 1:
                batch_loss = example_gradient(X, y, w, order[first], gradient)
            else:
                batch_loss = batch_gradient(X, y, w, order, first, last, gradient)
            take_step(state, gradient, rate_of(plan, update), plan.settings)
            update += 1
            if averages:
                add_iterate(average, w)
        report(average, w, averages)
        loss = mean_squared_error(X, y, average.reported)
        if not record_epoch(records, epoch, loss, batch_loss, average.reported):
            return epoch + 1
    return records.losses.size
