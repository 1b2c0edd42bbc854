"""Compiled gradient descent for multilayer perceptrons.

Units and deltas are matrices with a row per unit and a column per example, stored one row after the other: a vector
holds a unit of several examples. Examples come in blocks, so that the rows stay in the processor's cache.
"""

from typing import NamedTuple

import numpy as np

from gd_helpers.training.engines.activations import IDENTITY, activate, activation_backward
from gd_helpers.training.engines.dot_products import dots
from gd_helpers.training.engines.intrinsics import per_lane
from gd_helpers.training.engines.jit import inlined, kernel
from gd_helpers.training.engines.plans import add_iterate, rate_of, report
from gd_helpers.training.engines.records import record_epoch
from gd_helpers.training.engines.steps import take_step
from gd_helpers.training.engines.vectors import load, repeat, spread, store, store_first

BLOCK = 256  # examples
WIDE, NARROW, FOUR = (0,) * 64, (0,) * 16, (0,) * 4  # widths of vectors
FEW = 32  # examples, which would leave half of a wide vector or more empty
SPARE = 3  # rows and weights beyond the last, since dot products are computed four at a time
CACHE_LINE = 64  # bytes; what begins with a line is read faster


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


class Strided(NamedTuple):
    """Entries of an array, or vectors of them: each begins `step` behind the one before it."""

    array: np.ndarray
    first: int
    step: int


class Buffers(NamedTuple):
    """What a batch is computed in: units and deltas, and ∂L/∂w, of shape (weights + SPARE, 1)."""

    units: np.ndarray
    deltas: np.ndarray
    gradient: np.ndarray


@inlined
def product(factors, terms, t, width):
    """Return entry t of `factors` times vector t of `terms`."""
    factor = spread(factors.array, factors.first + factors.step * t, width)
    return factor * load(terms.array, terms.first + terms.step * t, width)


@inlined
def weighted_sum(constant, factors, terms, number, width):
    """Return the vector c + Σ factors[t] terms[t] over t < number.

    After the remainder of a division by four, the terms are added four at a time.
    """
    rest = number % 4
    if rest == 0:
        total = repeat(constant, width)
    elif rest == 1:
        total = constant + product(factors, terms, 0, width)
    elif rest == 2:
        total = constant + (product(factors, terms, 0, width) + product(factors, terms, 1, width))
    else:
        pair = product(factors, terms, 0, width) + product(factors, terms, 1, width)
        total = constant + (pair + product(factors, terms, 2, width))
    for t in range(rest, number, 4):
        pair = product(factors, terms, t, width) + product(factors, terms, t + 1, width)
        total = total + (pair + (product(factors, terms, t + 2, width) + product(factors, terms, t + 3, width)))
    return total


@inlined
def forward(layers, w, units, columns, width):
    """Compute aˡ = f(Wˡ aˡ⁻¹ + bˡ) layer by layer for the examples whose inputs are the first rows of `units`."""
    weight, below = 0, 0
    for layer in range(layers.activations.size):
        inputs, outputs = layers.widths[layer], layers.widths[layer + 1]
        above = below + inputs * columns
        biases = weight + outputs * inputs
        for o in range(outputs):
            bias = w[biases + o] if layers.biased[layer] else w.dtype.type(0)
            factors = Strided(w, weight + o * inputs, 1)
            for e in range(0, columns, len(width)):
                z = weighted_sum(bias, factors, Strided(units, below + e, columns), inputs, width)
                store(units, above + o * columns + e, z)
        activate(units, above, above + outputs * columns, layers.activations[layer], width)
        weight = biases + layers.biased[layer] * outputs
        below = above


@inlined
def add_weight_gradients(buffers, below, above, inputs, outputs, columns, count, weight):
    """Add ∂L/∂Wˡ = δˡ aˡ⁻¹ᵀ, two rows and four columns at a time."""
    units, deltas, gradient = buffers
    for o in range(0, outputs, 2):
        for i in range(0, inputs, 4):
            upper, lower = dots(deltas, above + o * columns, units, below + i * columns, columns, count)
            place = weight + o * inputs + i
            store_first(inputs - i, gradient, place, load(gradient, place, FOUR) + upper)
            if o + 1 < outputs:
                place += inputs
                store_first(inputs - i, gradient, place, load(gradient, place, FOUR) + lower)


@inlined
def backward(layers, w, buffers, columns, count, width):
    """Add the gradients of `count` examples, given ∂L/∂a of the output in the last row of the deltas.

    From the last layer back: δˡ = ∂L/∂aˡ f'(zˡ), ∂L/∂Wˡ = δˡ aˡ⁻¹ᵀ, ∂L/∂bˡ = Σ δˡ, ∂L/∂aˡ⁻¹ = Wˡᵀ δˡ.
    """
    units, deltas, gradient = buffers
    weight, above = w.size, layers.widths.sum() * columns
    for layer in range(layers.activations.size - 1, -1, -1):
        inputs, outputs = layers.widths[layer], layers.widths[layer + 1]
        behind, above = above, above - outputs * columns
        below = above - inputs * columns
        biases = weight - layers.biased[layer] * outputs
        weight = biases - outputs * inputs
        activation_backward(deltas, units, above, behind, layers.activations[layer], width)
        add_weight_gradients(buffers, below, above, inputs, outputs, columns, count, weight)
        if layers.biased[layer]:
            for o in range(outputs):
                for e in range(above + o * columns, above + o * columns + count):
                    gradient[biases + o, 0] += deltas[e]
        if layer > 0:
            for i in range(inputs):
                factors = Strided(w, weight + i, inputs)
                for e in range(0, columns, len(width)):
                    total = weighted_sum(w.dtype.type(0), factors, Strided(deltas, above + e, columns), outputs, width)
                    store(deltas, below + i * columns + e, total)


@inlined
def count_columns(examples, width):
    """Return the number of columns of as many whole vectors as hold `examples`."""
    return -(-examples // len(width)) * len(width)


@inlined
def batch_gradient(X, y, layers, w, batch, buffers, width):
    """Compute ∂L/∂w over the examples `batch` and return L = 1/B Σ (ŷⱼ − yⱼ)²."""
    units, deltas, gradient = buffers
    scale = units.dtype.type(2 / batch.size)
    gradient[:] = 0
    squares = 0.0
    for first in range(0, batch.size, BLOCK):
        block = batch[first : first + BLOCK]
        columns = count_columns(block.size, width)
        output = (layers.widths.sum() - 1) * columns
        for i in range(X.shape[1]):
            for e in range(block.size):
                units[i * columns + e] = X[block[e], i]
        forward(layers, w, units, columns, width)
        for e in range(block.size):
            error = units[output + e] - y[block[e]]
            squares += error * error
            deltas[output + e] = scale * error
        backward(layers, w, buffers, columns, block.size, width)
    return squares / batch.size


@inlined
def mean_squared_error(X, y, layers, w, units):
    """Return 1/n Σ (ŷⱼ − yⱼ)² over all examples, computed in float64 if `w` and `units` are."""
    columns = len(WIDE)
    output = (layers.widths.sum() - 1) * columns
    squares = 0.0
    for first in range(0, y.size, columns):
        count = min(columns, y.size - first)
        for i in range(X.shape[1]):
            for e in range(count):
                units[i * columns + e] = X[first + e, i]
        forward(layers, w, units, columns, WIDE)
        for e in range(count):
            error = units[output + e] - y[first + e]
            squares += error * error
    return squares / y.size


@kernel
def aligned_zeros(size, like):
    """Return `size` zeros of the dtype of `like`, the first at the beginning of a line of the cache."""
    numbers = np.zeros(size + CACHE_LINE, like.dtype)
    first = -numbers.ctypes.data % CACHE_LINE // like.itemsize
    return numbers[first : first + size]


@kernel
def run_chunk(X, y, layers, orders, plan, state, average, records):
    """Train as `linear.run_chunk` does, one lane alone: the processor computes several examples at once instead."""
    X, y, orders = X[:, :, 0], y[:, 0], orders[:, 0]
    w, lanes = state.w[:, 0], state.lanes
    rows = layers.widths.sum() + SPARE
    size = rows * count_columns(min(BLOCK, plan.batch_size), WIDE)
    gradient = np.empty((len(w) + SPARE, 1))
    buffers = Buffers(aligned_zeros(size, X), aligned_zeros(size, X), gradient)
    float64_units = aligned_zeros(rows * len(WIDE), gradient)  # for the losses over all examples
    losses, batch_losses = per_lane(lanes), per_lane(lanes)
    update = 0
    for epoch in range(len(records.losses)):
        order = orders[epoch % len(orders)]
        averages = epoch >= plan.plain_epochs
        for first in range(0, len(y), plan.batch_size):
            batch = order[first : first + plan.batch_size]
            if batch.size <= FEW:
                batch_losses[0] = batch_gradient(X, y, layers, w, batch, buffers, NARROW)
            else:
                batch_losses[0] = batch_gradient(X, y, layers, w, batch, buffers, WIDE)
            take_step(state, gradient, rate_of(plan, update), plan.settings)
            update += 1
            if averages:
                add_iterate(average, state)
        report(average, state, averages)
        losses[0] = mean_squared_error(X, y, layers, average.reported[:, 0], float64_units)
        if not record_epoch(records, epoch, losses, batch_losses, average.reported, lanes):
            return
