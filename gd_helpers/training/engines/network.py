"""Compiled gradient descent for multilayer perceptrons.

Units and deltas are arrays with a row per unit and a column per example, so that the innermost loops run over the
examples and the processor computes several at once. Examples come in blocks, so that the rows stay in its cache.
"""

from typing import NamedTuple

import numpy as np

from gd_helpers.training.engines.activations import IDENTITY, activate, activation_backward
from gd_helpers.training.engines.intrinsics import dot, per_lane
from gd_helpers.training.engines.jit import inlined, kernel
from gd_helpers.training.engines.plans import add_iterate, rate_of, report
from gd_helpers.training.engines.records import record_epoch
from gd_helpers.training.engines.steps import take_step

BLOCK = 256


class Layers(NamedTuple):
    """A network's layers, first to last.

    Attributes
    ----------
    widths : numpy.ndarray, shape (layers + 1,)
        The number of units per layer, inputs first.
    activations : numpy.ndarray, shape (layers,)
        The activation of each layer's units: IDENTITY, SIGMOID, TANH or RELU.
    biased : numpy.ndarray, shape (layers,)
        1 if the layer has a bias per unit, else 0. A layer's weights come row by row, its biases after them.
    """

    widths: np.ndarray
    activations: np.ndarray
    biased: np.ndarray

    @classmethod
    def linear(cls, inputs):
        """Return a single linear layer ŷ = X w without a bias."""
        return cls(np.array([inputs, 1]), np.array([IDENTITY]), np.array([0]))

    @property
    def are_linear(self):
        """Whether the network is one linear layer, ŷ = X w."""
        return self.activations.tolist() == [IDENTITY]

    def count_weights(self):
        """Return the number of weights, biases included."""
        return int(sum(self.widths[1:] * (self.widths[:-1] + self.biased)))


@inlined
def weighted_sum(target, row, constant, w, first, step, terms, top, number, count):
    """Set a row of `target` to c + Σ w[first + step t] terms[top + t] over t < number, in its first `count` entries.

    After the remainder of a division by four, the terms are added four at a time: each pass reads and writes the row.
    """
    rest = number % 4
    if rest == 0:
        for e in range(count):
            target[row, e] = constant
    elif rest == 1:
        w_0 = w[first]
        for e in range(count):
            target[row, e] = constant + w_0 * terms[top, e]
    elif rest == 2:
        w_0, w_1 = w[first], w[first + step]
        for e in range(count):
            target[row, e] = constant + (w_0 * terms[top, e] + w_1 * terms[top + 1, e])
    else:
        w_0, w_1, w_2 = w[first], w[first + step], w[first + step * 2]
        for e in range(count):
            target[row, e] = constant + (w_0 * terms[top, e] + w_1 * terms[top + 1, e] + w_2 * terms[top + 2, e])
    for t in range(rest, number, 4):
        w_0, w_1 = w[first + step * t], w[first + step * (t + 1)]
        w_2, w_3 = w[first + step * (t + 2)], w[first + step * (t + 3)]
        for e in range(count):
            target[row, e] += (w_0 * terms[top + t, e] + w_1 * terms[top + t + 1, e]) + (
                w_2 * terms[top + t + 2, e] + w_3 * terms[top + t + 3, e]
            )


@inlined
def forward(layers, w, units, count):
    """Compute aˡ = f(Wˡ aˡ⁻¹ + bˡ) layer by layer for `count` examples, whose inputs are the first rows of `units`."""
    weight, below = 0, 0
    for layer in range(layers.activations.size):
        inputs, outputs = layers.widths[layer], layers.widths[layer + 1]
        above = below + inputs
        biases = weight + outputs * inputs
        for o in range(outputs):
            bias = w[biases + o] if layers.biased[layer] else w.dtype.type(0)
            weighted_sum(units, above + o, bias, w, weight + o * inputs, 1, units, below, inputs, count)
        activate(units[above : above + outputs], layers.activations[layer], count)
        weight = biases + layers.biased[layer] * outputs
        below = above


@inlined
def backward(layers, w, units, deltas, count, gradient):
    """Add the gradients of `count` examples to `gradient`, given ∂L/∂a of the output in the last row of `deltas`.

    From the last layer back: δˡ = ∂L/∂aˡ f'(zˡ), ∂L/∂Wˡ = δˡ aˡ⁻¹ᵀ, ∂L/∂bˡ = Σ δˡ, ∂L/∂aˡ⁻¹ = Wˡᵀ δˡ.
    """
    weight, above = w.size, units.shape[0]
    for layer in range(layers.activations.size - 1, -1, -1):
        inputs, outputs = layers.widths[layer], layers.widths[layer + 1]
        above -= outputs
        below = above - inputs
        biases = weight - layers.biased[layer] * outputs
        weight = biases - outputs * inputs
        rows = slice(above, above + outputs)
        activation_backward(deltas[rows], units[rows], layers.activations[layer], count)
        for o in range(outputs):
            for i in range(inputs):
                first, row = (above + o) * units.shape[1], (below + i) * units.shape[1]
                gradient[weight + o * inputs + i] += dot(deltas, first, units, row, count)
            if layers.biased[layer]:
                for e in range(count):
                    gradient[biases + o] += deltas[above + o, e]
        if layer > 0:
            for i in range(inputs):
                weighted_sum(deltas, below + i, w.dtype.type(0), w, weight + i, inputs, deltas, above, outputs, count)


@inlined
def batch_gradient(X, y, layers, w, batch, units, deltas, gradient):
    """Compute ∂L/∂w over the examples `batch` into `gradient` and return L = 1/B Σ (ŷⱼ − yⱼ)²."""
    scale = units.dtype.type(2 / batch.size)
    output = units.shape[0] - 1
    gradient[:] = 0
    squares = 0.0
    for first in range(0, batch.size, BLOCK):
        block = batch[first : first + BLOCK]
        for i in range(X.shape[1]):
            for e in range(block.size):
                units[i, e] = X[block[e], i]
        forward(layers, w, units, block.size)
        for e in range(block.size):
            error = units[output, e] - y[block[e]]
            squares += error * error
            deltas[output, e] = scale * error
        backward(layers, w, units, deltas, block.size, gradient)
    return squares / batch.size


@inlined
def mean_squared_error(X, y, layers, w, units):
    """Return 1/n Σ (ŷⱼ − yⱼ)² over all examples, computed in float64 if `w` and `units` are."""
    output = units.shape[0] - 1
    squares = 0.0
    for first in range(0, y.size, BLOCK):
        count = min(BLOCK, y.size - first)
        for i in range(X.shape[1]):
            for e in range(count):
                units[i, e] = X[first + e, i]
        forward(layers, w, units, count)
        for e in range(count):
            error = units[output, e] - y[first + e]
            squares += error * error
    return squares / y.size


@kernel
def run_chunk(X, y, layers, orders, plan, state, average, records):
    """Train as `linear.run_chunk` does, one lane alone: the processor computes several examples at once instead."""
    X, y, orders = X[:, :, 0], y[:, 0], orders[:, 0]
    w, lanes = state.w[:, 0], state.lanes
    gradient = np.empty(state.w.shape)
    units = np.zeros((layers.widths.sum(), BLOCK), X.dtype)
    deltas = np.zeros_like(units)
    float64_units = np.zeros(units.shape)  # for the losses over all examples
    losses, batch_losses = per_lane(lanes), per_lane(lanes)
    update = 0
    for epoch in range(len(records.losses)):
        order = orders[epoch % len(orders)]
        averages = epoch >= plan.plain_epochs
        for first in range(0, len(y), plan.batch_size):
            batch = order[first : first + plan.batch_size]
            batch_losses[0] = batch_gradient(X, y, layers, w, batch, units, deltas, gradient[:, 0])
            take_step(state, gradient, rate_of(plan, update), plan.settings)
            update += 1
            if averages:
                add_iterate(average, state)
        report(average, state, averages)
        losses[0] = mean_squared_error(X, y, layers, average.reported[:, 0], float64_units)
        if not record_epoch(records, epoch, losses, batch_losses, average.reported, lanes):
            return
