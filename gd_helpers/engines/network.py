"""Compiled gradient descent for multilayer perceptrons.

Units and errors are arrays with a row a unit and a column an example, so that the innermost loops run over the examples
and the processor takes several at once. Examples pass through in blocks, so that the rows stay in its nearest memory.
"""

from typing import NamedTuple

import numpy as np

from gd_helpers.engines.jit import inlined, kernel
from gd_helpers.engines.records import keep
from gd_helpers.engines.steps import take_step

BLOCK = 256

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

    @property
    def are_linear(self):
        """Whether the network is one linear layer, ŷ = X w."""
        return self.activations.tolist() == [IDENTITY]

    def count_weights(self):
        """Return the number of weights, biases included."""
        return int(sum(self.widths[1:] * (self.widths[:-1] + self.biased)))


@inlined
def exp_minus_1(x):
    """Return eˣ − 1 from its series at x / 1024 and ten doublings, e²ʳ − 1 = (eʳ − 1)(eʳ + 1).

    Plain arithmetic vectorises, and rounds alike on every processor, as a library's exponential does not. Beyond ±87,
    where single precision ends, x counts as ±87.
    """
    x = 87.0 if x > 87.0 else x
    x = -87.0 if x < -87.0 else x
    r = x / 1024
    y = r * (
        1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r * (1 / 5040 + r * (1 / 40320)))))))
    )
    for _ in range(10):
        y *= y + 2
    return y


@inlined
def activate(rows, activation, count):
    """Replace z by f(z) in the first `count` columns of `rows`."""
    rounded = rows.dtype.type
    for row in range(rows.shape[0]):
        if activation == SIGMOID:
            for e in range(count):
                rows[row, e] = rounded(1) / rounded(2 + exp_minus_1(-np.float64(rows[row, e])))
        elif activation == TANH:
            for e in range(count):
                y = exp_minus_1(2 * np.float64(rows[row, e]))
                rows[row, e] = rounded(y) / rounded(y + 2)
        elif activation == RELU:
            for e in range(count):
                if rows[row, e] < 0:
                    rows[row, e] = 0


@inlined
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
            for e in range(count):
                units[above + o, e] = bias
            for i in range(inputs):
                w_oi = w[weight + o * inputs + i]
                for e in range(count):
                    units[above + o, e] += w_oi * units[below + i, e]
        activate(units[above : above + outputs], layers.activations[layer], count)
        weight = biases + layers.biased[layer] * outputs
        below = above


@inlined
def dot(a, row_a, b, row_b, count):
    """Return Σ aₑ bₑ over the first `count` entries of a row of `a` and a row of `b`.

    Eight products at a time are added in pairs: one running sum would wait for itself, entry by entry. The order is
    written out, so that it is the same on every processor.
    """
    total = 0.0
    whole = count - count % 8
    for e in range(0, whole, 8):
        low = (a[row_a, e] * b[row_b, e] + a[row_a, e + 1] * b[row_b, e + 1]) + (
            a[row_a, e + 2] * b[row_b, e + 2] + a[row_a, e + 3] * b[row_b, e + 3]
        )
        high = (a[row_a, e + 4] * b[row_b, e + 4] + a[row_a, e + 5] * b[row_b, e + 5]) + (
            a[row_a, e + 6] * b[row_b, e + 6] + a[row_a, e + 7] * b[row_b, e + 7]
        )
        total += low + high
    for e in range(whole, count):
        total += a[row_a, e] * b[row_b, e]
    return total


@inlined
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
                gradient[weight + o * inputs + i] += dot(errors, above + o, units, below + i, count)
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


@inlined
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


@inlined
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


@kernel
def run_chunk(X, y, orders, batch_size, settings, layers, state, records):
    """Train until `records` are full, or to the first epoch that is not finite; return how many epochs were trained."""
    w = state.w
    gradient = np.empty(w.size)
    units = np.zeros((layers.widths.sum(), BLOCK), X.dtype)
    errors = np.zeros_like(units)
    batch_loss = 0.0
    for epoch in range(records.losses.size):
        order = orders[epoch % len(orders)]
        for first in range(0, y.size, batch_size):
            batch = order[first : first + batch_size]
            batch_loss = batch_gradient(X, y, layers, w, batch, units, errors, gradient)
            take_step(state, gradient, settings)
        if not keep(records, epoch, mean_squared_error(X, y, layers, w, units), batch_loss, w):
            return epoch + 1
    return records.losses.size
