"""Activation functions in plain arithmetic, which rounds alike on every processor."""

import math

import numpy as np
from numba import types
from numba.extending import overload

from gd_helpers.training.engines.jit import inlined

IDENTITY, SIGMOID, TANH, RELU = range(4)

# ln 2 in two parts, so that k ln 2 loses no digits: the product of the first part, 355/512, and an integer k is exact.
LN_2_HIGH, LN_2_LOW = 0.693359375, -2.12194440054690583e-4


def exp_minus_1(x):
    """Return eˣ − 1 in the precision of `x`, to about two units in the last place; for use in kernels only.

    Let x = k ln 2 + r with an integer k and |r| ≤ ln 2 / 2, for which the series of eʳ − 1 is short. Then
    eˣ − 1 = 2ᵏ (eʳ − 1) + (2ᵏ − 1). A library's exponential neither vectorises nor rounds alike on every processor.
    x is clipped to ±87 in single and ±708 in double precision, just inside the range in which eˣ neither overflows nor
    underflows.
    """
    raise NotImplementedError("exp_minus_1 is compiled into kernels")


@overload(exp_minus_1, jit_options={"forceinline": True, "error_model": "numpy"})
def _exp_minus_1(x):
    real, integer, largest, terms = {
        types.float32: (np.float32, np.int32, 87, 7),
        types.float64: (np.float64, np.int64, 708, 13),
    }[x]
    numbers = np.finfo(real)
    bits = integer(numbers.nmant)
    # After adding it, the last bits of the sum are the exponent field of 2ᵏ, k + bias, with k rounded.
    shift = real(1.5 * 2**numbers.nmant + numbers.maxexp - 1)
    bound, log2_e, ln_2_high, ln_2_low = (real(number) for number in (largest, 1 / math.log(2), LN_2_HIGH, LN_2_LOW))
    series = tuple(real(1 / math.factorial(power)) for power in range(terms - 1, 0, -1))
    last = real(1 / math.factorial(terms))
    one = real(1)

    def exp_minus_1(x):
        x = bound if x > bound else x
        x = -bound if x < -bound else x
        shifted = x * log2_e + shift
        two_to_k = integer(real(shifted).view(integer) << bits).view(real)
        k = shifted - shift
        r = (x - k * ln_2_high) - k * ln_2_low
        y = last
        for coefficient in series:
            y = y * r + coefficient
        return two_to_k * (y * r) + (two_to_k - one)

    return exp_minus_1


@inlined
def activate(rows, activation, count):
    """Replace z by f(z) in the first `count` columns of `rows`."""
    one, two = rows.dtype.type(1), rows.dtype.type(2)
    for row in range(rows.shape[0]):
        if activation == SIGMOID:
            for e in range(count):
                rows[row, e] = one / (two + exp_minus_1(-rows[row, e]))
        elif activation == TANH:
            for e in range(count):
                y = exp_minus_1(two * rows[row, e])
                rows[row, e] = y / (y + two)
        elif activation == RELU:
            for e in range(count):
                if rows[row, e] < 0:
                    rows[row, e] = 0


@inlined
def activation_backward(deltas, rows, activation, count):
    """Multiply `deltas` by f'(z), computed from a = f(z) in `rows`: a (1 − a), 1 − a², or 1 for a > 0 and else 0."""
    one = rows.dtype.type(1)
    for row in range(rows.shape[0]):
        for e in range(count):
            a = rows[row, e]
            if activation == SIGMOID:
                deltas[row, e] *= a * (one - a)
            elif activation == TANH:
                deltas[row, e] *= one - a * a
            elif activation == RELU and not a > 0:
                deltas[row, e] = 0
