"""What kernels need of LLVM that numba has no function for."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def high_product(typing_context, a, b):
    """Return the upper 64 bits of the product of two uint64."""

    def generate(context, builder, signature, arguments):
        wide = [builder.zext(argument, ir.IntType(128)) for argument in arguments]
        product = builder.lshr(builder.mul(*wide), ir.Constant(ir.IntType(128), 64))
        return builder.trunc(product, ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), generate


@intrinsic
def prefetch(typing_context, array, index):
    """Ask for the cache line of an entry of a C-contiguous array, by its flat index, before it is needed."""

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        pointer = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        function_type = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
        function = builder.module.declare_intrinsic("llvm.prefetch", [pointer.type], function_type)
        builder.call(function, [pointer, number(0), number(3), number(1)])  # to be read, kept near, data
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


@intrinsic
def per_lane(typing_context, lanes):
    """Return a float64 per lane, zeros, in an array that lives in registers and only within the caller."""
    array = types.Array(types.float64, 1, "C")
    count = len(lanes)

    def generate(context, builder, signature, arguments):
        double = ir.DoubleType()
        numbers = cgutils.alloca_once(builder, ir.ArrayType(double, count))
        builder.store(ir.Constant(ir.ArrayType(double, count), [0.0] * count), numbers)
        size = context.get_constant(types.intp, 8)
        result = context.make_array(array)(context, builder)
        context.populate_array(
            result,
            data=builder.bitcast(numbers, double.as_pointer()),
            shape=[context.get_constant(types.intp, count)],
            strides=[size],
            itemsize=size,
            meminfo=None,
        )
        return result._getvalue()

    return array(lanes), generate


@intrinsic
def dot(typing_context, a, first_a, b, first_b, count):
    """Return Σ aₑ bₑ over `count` entries of two C-contiguous arrays, from flat indices on.

    Eight sums s₀ to s₇ run side by side, since a single one would wait for each of its additions; s₀ gets what a
    division by eight leaves. The result is ((s₀ + s₄) + (s₂ + s₆)) + ((s₁ + s₅) + (s₃ + s₇)), on every processor.
    """
    number = a.dtype

    def generate(context, builder, signature, arguments):
        scalar = context.get_data_type(number)
        vector = ir.VectorType(scalar, 8)
        size = context.get_abi_sizeof(scalar)
        index = arguments[4].type
        starts = []
        for array, argument, first in zip(signature.args[::2], arguments[::2], arguments[1::2], strict=False):
            data = context.make_array(array)(context, builder, argument).data
            starts.append(builder.gep(data, [first]))
        sums = cgutils.alloca_once(builder, vector)
        builder.store(ir.Constant(vector, [0.0] * 8), sums)
        whole = builder.and_(arguments[4], index(-8))
        with cgutils.for_range_slice(builder, index(0), whole, index(8), index) as (e, _):
            eights = [builder.bitcast(builder.gep(start, [e]), vector.as_pointer()) for start in starts]
            product = builder.fmul(*(builder.load(eight, align=size) for eight in eights))
            builder.store(builder.fadd(builder.load(sums), product), sums)
        with cgutils.for_range_slice(builder, whole, arguments[4], index(1), index) as (e, _):
            product = builder.fmul(*(builder.load(builder.gep(start, [e])) for start in starts))
            value = builder.load(sums)
            first = builder.fadd(builder.extract_element(value, ir.IntType(32)(0)), product)
            builder.store(builder.insert_element(value, first, ir.IntType(32)(0)), sums)
        value = builder.load(sums)
        for half in (4, 2, 1):
            lower, upper = (
                builder.shuffle_vector(value, value, ir.Constant(ir.VectorType(ir.IntType(32), half), list(places)))
                for places in (range(half), range(half, 2 * half))
            )
            value = builder.fadd(lower, upper)
        return builder.extract_element(value, ir.IntType(32)(0))

    return number(a, types.intp, b, types.intp, types.intp), generate
