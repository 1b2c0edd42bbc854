"""Dot products of rows, several at once, so that what is read from one row serves many."""

import itertools

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from gd_helpers.training.engines.vectors import Vector, shuffle


@intrinsic
def dots(typing_context, a, first_a, b, first_b, step, count):
    """Return, in float64, Σ aₑ bₑ over `count` entries of two rows of `a` and four of `b`, which begin `step` apart.

    There is a vector for each row of `a`. Eight sums s₀ to s₇ run side by side, since a single one would wait for each
    of its additions; s₀ gets what a division by eight leaves. A result is ((s₀ + s₄) + (s₂ + s₆)) + ((s₁ + s₅) + (s₃ +
    s₇)), on every processor.
    """
    results = types.UniTuple(Vector(types.float64, 4), 2)

    def generate(context, builder, signature, arguments):
        eight = ir.VectorType(context.get_value_type(a.dtype), 8)
        a_value, first_a, b_value, first_b, step, count = arguments
        starts = [
            builder.gep(
                context.make_array(kind)(context, builder, value).data,
                [builder.add(first, builder.mul(step, step.type(row)))],
            )
            for kind, value, first, rows in ((a, a_value, first_a, 2), (b, b_value, first_b, 4))
            for row in range(rows)
        ]
        sums = [cgutils.alloca_once_value(builder, ir.Constant(eight, [0.0] * 8)) for _ in range(8)]
        _add_products(builder, starts, sums, count, a.dtype.bitwidth // 8)
        values = [_add_halves(builder, [builder.load(total) for total in half]) for half in (sums[:4], sums[4:])]
        if a.dtype != types.float64:
            values = [builder.fpext(value, context.get_value_type(results.dtype)) for value in values]
        return context.make_tuple(builder, results, values)

    return results(a, types.intp, b, types.intp, types.intp, types.intp), generate


def _add_products(builder, starts, sums, count, size):
    """Add the products of each of two rows and each of four, eight columns at a time, to the eight `sums` of each."""
    index, eight = count.type, sums[0].allocated_type
    whole = builder.and_(count, index(-8))
    with cgutils.for_range_slice(builder, index(0), whole, index(8), index) as (e, _):
        addresses = (builder.bitcast(builder.gep(start, [e]), eight.as_pointer()) for start in starts)
        values = [builder.load(address, align=size) for address in addresses]
        for total, (x, z) in zip(sums, itertools.product(values[:2], values[2:]), strict=True):
            builder.store(builder.fadd(builder.load(total), builder.fmul(x, z)), total)
    with cgutils.for_range_slice(builder, whole, count, index(1), index) as (e, _):
        values = [builder.load(builder.gep(start, [e])) for start in starts]
        for total, (x, z) in zip(sums, itertools.product(values[:2], values[2:]), strict=True):
            value, place = builder.load(total), ir.IntType(32)(0)
            first = builder.fadd(builder.extract_element(value, place), builder.fmul(x, z))
            builder.store(builder.insert_element(value, first, place), total)


def _add_halves(builder, values):
    """Return the sums of four vectors of eight as one vector: halves are added, at first those of two at once."""
    for half in (4, 2):
        lower = [first + place for first in range(0, 16, 2 * half) for place in range(half)]
        upper = [place + half for place in lower]
        pairs = zip(values[::2], values[1::2], strict=True)
        values = [builder.fadd(*(shuffle(builder, *pair, places) for places in (lower, upper))) for pair in pairs]
    return builder.fadd(*(shuffle(builder, values[0], values[0], range(first, 8, 2)) for first in (0, 1)))
