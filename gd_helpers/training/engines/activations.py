"""Activation functions in plain arithmetic, which rounds alike on every processor."""

import math

import numpy as np
from numba import types
from numba.extending import overload

from gd_helpers.training.engines.jit import inlined
from gd_helpers.training.engines.vectors import load, polynomial, power_of_two, store, where_greater

IDENTITY, SIGMOID, TANH, RELU = range(4)

# ln 2 in two parts, so that k ln 2 loses no digits: the product of the first part, 355/512, and an integer k is exact.
LN_2_HIGH, LN_2_LOW = 0.693359375, -2.12194440054690583e-4


def exp_minus_1(x):
    """Return eˣ − 1 of a vector, in its precision, to about two units in the last place; for use in kernels only.

    Let x = k ln 2 + r with an integer k and |r| ≤ ln 2 / 2, for which the series of eʳ − 1 is short. Then
    eˣ − 1 = 2ᵏ (eʳ − 1) + (2ᵏ − 1). A library's exponential neither vectorises nor rounds alike on every processor.
    x is clipped to ±87 in single and ±708 in double precision, just inside the range in which eˣ neither overflows nor
    underflows.
    """
    raise NotImplementedError("exp_minus_1 is compiled into kernels")


@overload(exp_minus_1, jit_options={"forceinline": True, "error_model": "numpy"})
def _exp_minus_1(x):
    real, largest, terms = {types.float32: (np.float32, 87, 7), types.float64: (np.float64, 708, 13)}[x.dtype]
    numbers = np.finfo(real)
    # After adding it, the last bits of the sum are the exponent field of 2ᵏ, k + bias, with k rounded.
    shift = real(1.5 * 2**numbers.nmant + numbers.maxexp - 1)
    bound, log2_e, ln_2_high, ln_2_low = (real(number) for number in (largest, 1 / math.log(2), LN_2_HIGH, LN_2_LOW))
    series = tuple(real(1 / math.factorial(power)) for power in range(terms, 0, -1))
    one = real(1)

    def exp_minus_1(x):
        x = where_greater(x, bound, bound, x)
        x = where_greater(-bound, x, -bound, x)
        shifted = x * log2_e + shift
        two_to_k = power_of_two(shifted)
        k = shifted - shift
        r = (x - k * ln_2_high) - k * ln_2_low
        y = polynomial(r, series)
        return two_to_k * (y * r) + (two_to_k - one)

    return exp_minus_1


@inlined
def activate(units, first, last, activation, width):
    """Replace z by f(z) in the entries of `units` from `first` to `last`, by whole vectors."""
    zero, one, two = units.dtype.type(0), units.dtype.type(1), units.dtype.type(2)
    if activation == SIGMOID:
        for e in range(first, last, len(width)):
            store(units, e, one / (two + exp_minus_1(load(units, e, width) * -one)))
    elif activation == TANH:
        for e in range(first, last, len(width)):
            y = exp_minus_1(two * load(units, e, width))
            store(units, e, y / (y + two))
    elif activation == RELU:
        for e in range(first, last, len(width)):
            z = load(units, e, width)
            store(units, e, where_greater(zero, z, zero, z))


@inlined
def activation_backward(deltas, units, first, last, activation, width):
    """Multiply `deltas` by f'(z), computed from a = f(z) in `units`: a (1 − a), 1 − a², or 1 for a > 0 and else 0."""
    zero, one = units.dtype.type(0), units.dtype.type(1)
    if activation == IDENTITY:
        return
    for e in range(first, last, len(width)):
        delta, a = load(deltas, e, width), load(units, e, width)
        if activation == SIGMOID:
            delta = delta * (a * (one - a))
        elif activation == TANH:
            delta = delta * (one - a * a)
        else:
            delta = where_greater(a, zero, delta, zero)
        store(deltas, e, delta)
