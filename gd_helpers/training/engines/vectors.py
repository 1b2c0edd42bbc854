"""Vectors: numbers side by side in a kernel, on which the processor computes at once, each as if it were alone.

Formulas read as those of one number: ``a * b + c`` of vectors, or of vectors and single numbers of their dtype. Kernels
know the width of a vector when they are compiled: where one is made, it is the length of a tuple. A vector wider than a
register takes several, so that the processor can begin one operation before the last has ended. Indices of arrays are
flat, arrays contiguous, and nothing is checked.
"""

import operator

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, overload, register_model


class Vector(types.Type):
    """The type of `width` numbers of one dtype."""

    def __init__(self, dtype, width):
        self.dtype = dtype
        self.width = width
        super().__init__(f"Vector({dtype}, {width})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager, vector):
        super().__init__(manager, vector, ir.VectorType(manager[vector.dtype].get_value_type(), vector.width))


def shuffle(builder, a, b, places):
    """Return the LLVM vector of the entries at `places` of two LLVM vectors, one after the other."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(ir.IntType(32), len(places)), list(places)))


def _repeat(builder, value, width):
    empty = ir.Constant(ir.VectorType(value.type, width), ir.Undefined)
    first = builder.insert_element(empty, value, ir.IntType(32)(0))
    return shuffle(builder, first, first, [0] * width)


def _widen(builder, vector, kind, value):
    """Return `value` as a vector: itself, or a number repeated."""
    return value if isinstance(kind, Vector) else _repeat(builder, value, vector.width)


def _vector_of(*kinds):
    """Return the one `Vector` type among `kinds`, of which the rest are numbers of its dtype."""
    vector = next(kind for kind in kinds if isinstance(kind, Vector))
    assert all(kind in (vector, vector.dtype) for kind in kinds), kinds
    return vector


def _define(function, instruction):
    """Let `function` of two vectors, or a vector and a number, be an instruction of LLVM."""

    @intrinsic
    def compute(typing_context, a, b):
        vector = _vector_of(a, b)

        def generate(context, builder, signature, arguments):
            pairs = zip(signature.args, arguments, strict=True)
            return getattr(builder, instruction)(*(_widen(builder, vector, *pair) for pair in pairs))

        return vector(a, b), generate

    @overload(function, jit_options={"forceinline": True})
    def function_of_vectors(a, b):
        return (lambda a, b: compute(a, b)) if isinstance(a, Vector) or isinstance(b, Vector) else None


_define(operator.add, "fadd")
_define(operator.sub, "fsub")
_define(operator.mul, "fmul")
_define(operator.truediv, "fdiv")


@intrinsic
def repeat(typing_context, number, width):
    """Return a vector of one number, repeated."""
    vector = Vector(number, len(width))

    def generate(context, builder, signature, arguments):
        return _widen(builder, vector, number, arguments[0])

    return vector(number, width), generate


@intrinsic
def where_greater(typing_context, a, b, then, otherwise):
    """Return ``then`` where a > b, else ``otherwise``."""
    vector = _vector_of(a, b, then, otherwise)

    def generate(context, builder, signature, arguments):
        pairs = zip(signature.args, arguments, strict=True)
        a, b, then, otherwise = (_widen(builder, vector, *pair) for pair in pairs)
        return builder.select(builder.fcmp_ordered(">", a, b), then, otherwise)

    return vector(a, b, then, otherwise), generate


@intrinsic
def polynomial(typing_context, x, coefficients):
    """Return ((c₀ x + c₁) x + c₂) x + … of a vector x and a tuple of numbers c."""

    def generate(context, builder, signature, arguments):
        x, numbers = arguments
        value, *others = (
            _widen(builder, signature.args[0], number, builder.extract_value(numbers, k))
            for k, number in enumerate(coefficients)
        )
        for other in others:
            value = builder.fadd(builder.fmul(value, x), other)
        return value

    return x(x, coefficients), generate


@intrinsic
def power_of_two(typing_context, shifted):
    """Return the vector of the numbers whose exponent fields are the last bits of those of `shifted`."""
    bits = int(np.finfo(shifted.dtype.name).nmant)

    def generate(context, builder, signature, arguments):
        integers = ir.VectorType(ir.IntType(shifted.dtype.bitwidth), shifted.width)
        amount = ir.Constant(integers, [bits] * shifted.width)
        power = builder.shl(builder.bitcast(arguments[0], integers), amount)
        return builder.bitcast(power, arguments[0].type)

    return shifted(shifted), generate


def _address(context, builder, array, argument, first, vector):
    """Return where a vector begins in an array, given the flat index of its first entry."""
    data = context.make_array(array)(context, builder, argument).data
    return builder.bitcast(builder.gep(data, [first]), context.get_value_type(vector).as_pointer())


@intrinsic
def load(typing_context, array, first, width):
    """Return the vector of the entries of an array from `first` on."""
    vector = Vector(array.dtype, len(width))

    def generate(context, builder, signature, arguments):
        address = _address(context, builder, array, *arguments[:2], vector)
        return builder.load(address, align=array.dtype.bitwidth // 8)

    return vector(array, types.intp, width), generate


@intrinsic
def spread(typing_context, array, place, width):
    """Return a vector of the entry of an array at `place`, repeated."""
    vector = Vector(array.dtype, len(width))

    def generate(context, builder, signature, arguments):
        struct = context.make_array(array)(context, builder, arguments[0])
        number = builder.load(builder.gep(struct.data, [arguments[1]]))
        return _repeat(builder, number, vector.width)

    return vector(array, types.intp, width), generate


@intrinsic
def store(typing_context, array, first, vector):
    """Write a vector into an array from `first` on."""

    def generate(context, builder, signature, arguments):
        address = _address(context, builder, array, *arguments[:2], vector)
        builder.store(arguments[2], address, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


@intrinsic
def store_first(typing_context, number, array, first, vector):
    """Write the first `number` entries of a vector into an array from `first` on; the places of all have to exist."""

    def generate(context, builder, signature, arguments):
        number, array, first, new = arguments
        address = _address(context, builder, signature.args[1], array, first, vector)
        old = builder.load(address, align=vector.dtype.bitwidth // 8)
        places = ir.Constant(ir.VectorType(number.type, vector.width), list(range(vector.width)))
        number = _repeat(builder, number, vector.width)
        value = builder.select(builder.icmp_signed("<", places, number), new, old)
        builder.store(value, address, align=vector.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(types.intp, array, types.intp, vector), generate
