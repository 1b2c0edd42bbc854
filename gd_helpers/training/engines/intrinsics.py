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
