"""Compiled gradient descent for multilayer perceptrons.

Units and errors are arrays with a row a unit and a column an example, so that the innermost loops run over the examples
and the processor takes several at once. Examples pass through in blocks, so that the rows stay in its nearest memory.
"""

from typing import NamedTuple

import numpy as np

from gd_helpers.engines.jit import compiled
from gd_helpers.engines.steps import take_step

BLOCK = 256
LANES = 16

IDENTITY, SIGMOID, TANH, RELU = range(4)


class Layers(NamedTuple):
    """A network's layers, first to last.

    Attributes
    ----------
    widths : numpy.ndarray, shape (layers + 1,)
        Units, those of the input first.
    activations : numpy.ndarray, shape (layers,)
        What each layer's units pass through: IDENTITY, SIGMOID, TANH or RELU.
    biased : numpy.ndarray, shape (layers,)
        1 where the layer has a bias a unit, else 0. A layer's weights come row by row, its biases after them.
    """

    widths: np.ndarray
    activations: np.ndarray
    biased: np.ndarray


@compiled
def activate(rows, activation, count):
    """Replace z by f(z) in the first `count` columns of `rows`."""
    one = rows.dtype.type(1)
    for row in range(rows.shape[0]):
        for e in range(count):
            if activation == SIGMOID:
                rows[row, e] = one / (one + np.exp(-rows[row, e]))
            elif activation == TANH:
                rows[row, e] = np.tanh(rows[row, e])
            elif activation == RELU:
                rows[row, e] = max(rows[row, e], rows.dtype.type(0))


@compiled
def times_slope(errors, rows, activation, count):
    """Multiply `errors` by f'(z), which a = f(z) in `rows` tells: a (1 − a), 1 − a², or whether a > 0."""
    one = rows.dtype.type(1)
    for row in range(rows.shape[0]):
        for e in range(count):
            a = rows[row, e]
            if activation == SIGMOID:
                errors[row, e] *= a * (one - a)
            elif activation == TANH:
                errors[row, e] *= one - a * a
            elif activation == RELU and not a > 0:
                errors[row, e] = 0


@compiled
def forward(layers, w, units, count):
    """Compute aˡ = f(Wˡ aˡ⁻¹ + bˡ) layer by layer for `count` examples, whose inputs are the first rows of `units`."""
    weight, below = 0, 0
    for layer in range(layers.activations.size):
        inputs, outputs = layers.widths[layer], layers.widths[layer + 1]
        above = below + inputs
        biases = weight + outputs * inputs
        for o in range(outputs):
            bias = w[biases + o] if layers.biased[layer] else w.dtype.type(0)
            for e in range(count):
                units[above + o, e] = bias
            for i in range(inputs):
                w_oi = w[weight + o * inputs + i]
                for e in range(count):
                    units[above + o, e] += w_oi * units[below + i, e]
        activate(units[above : above + outputs], layers.activations[layer], count)
        weight = biases + layers.biased[layer] * outputs
        below = above
    return below


@compiled
def dot(a, b, count):
    """Return Σ aₑ bₑ over the first `count` entries."""
    total = 0.0
    for e in range(count):
        total += a[e] * b[e]
    return total


@compiled
def backward(layers, w, units, errors, count, gradient):
    """Add to `gradient` what `count` examples bring, given ∂L/∂a of the outputs in the last rows of `errors`.

    Back from the last layer: δˡ = ∂L/∂aˡ f'(zˡ), ∂L/∂Wˡ = δˡ aˡ⁻¹ᵀ, ∂L/∂bˡ = Σ δˡ, ∂L/∂aˡ⁻¹ = Wˡᵀ δˡ.
    """
    weight, above = w.size, units.shape[0]
    for layer in range(layers.activations.size - 1, -1, -1):
        inputs, outputs = layers.widths[layer], layers.widths[layer + 1]
        above -= outputs
        below = above - inputs
        biases = weight - layers.biased[layer] * outputs
        weight = biases - outputs * inputs
        rows = slice(above, above + outputs)
        times_slope(errors[rows], units[rows], layers.activations[layer], count)
        for o in range(outputs):
            for i in range(inputs):
                gradient[weight + o * inputs + i] += dot(errors[above + o], units[below + i], count)
            if layers.biased[layer]:
                for e in range(count):
                    gradient[biases + o] += errors[above + o, e]
        if layer > 0:
            errors[below:above, :count] = 0
            for o in range(outputs):
                for i in range(inputs):
                    w_oi = w[weight + o * inputs + i]
                    for e in range(count):
                        errors[below + i, e] += w_oi * errors[above + o, e]


@compiled
def batch_gradient(X, y, layers, w, batch, units, errors, gradient):
    """Put ∂L/∂w over the examples `batch` into `gradient`; return their L = 1/B Σ (ŷⱼ − yⱼ)²."""
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
            errors[output, e] = scale * error
        backward(layers, w, units, errors, block.size, gradient)
    return squares / batch.size


@compiled
def mean_squared_error(X, y, layers, w, units):
    """Return 1/n Σ (ŷⱼ − yⱼ)² over all examples."""
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


@compiled
def run_chunk(X, y, orders, batch_size, settings, layers, w, m, v, ones, losses, batch_losses, path):
    """Train for ``len(losses)`` epochs, or to the first that is not finite; return how many were trained.

    Changes `w`, `m`, `v` and `ones`, and fills a row an epoch of `losses`, `batch_losses` and `path`.
    """
    gradient = np.empty(w.size)
    units = np.zeros((layers.widths.sum(), BLOCK), X.dtype)
    errors = np.zeros_like(units)
    for epoch in range(losses.size):
        order = orders[epoch % len(orders)]
        for first in range(0, y.size, batch_size):
            batch = order[first : first + batch_size]
            batch_losses[epoch] = batch_gradient(X, y, layers, w, batch, units, errors, gradient)
            take_step(w, gradient, m, v, ones, settings)
        losses[epoch] = mean_squared_error(X, y, layers, w, units)
        path[epoch] = w
        if not (np.isfinite(losses[epoch]) and np.isfinite(w).all()):
            return epoch + 1
    return losses.size
