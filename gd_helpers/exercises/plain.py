"""Write an answer as plain data, JSON that no program can hide in, and read it again where it is judged.

What a learner's program gives is judged in another process. Only numbers, texts and arrays of numbers get there, and
all else as the name of its type, which is what a learner is told of it.
"""

import base64
import numbers
from decimal import Decimal

import numpy as np
import torch

LARGEST = 10**6  # bytes of an array, and numbers in an answer
LONGEST = 1000  # characters of a text
DEEPEST = 8  # lists within lists
KINDS = "biuf"  # of arrays: truth values, whole numbers and floats


def encode(value, depth=0):
    """Return `value` as nested lists, dicts, texts and numbers that JSON has.

    Examples
    --------
    >>> encode((16, "many", ...))
    {'tuple': [{'int': '16'}, {'str': 'many'}, {'ellipsis': True}]}
    """
    if value is ...:
        return {"ellipsis": True}
    if value is None or isinstance(value, bool | np.bool_):
        return {"constant": None if value is None else bool(value)}
    if isinstance(value, str):
        return {"str": value[:LONGEST]}
    for number in (_encode_number, _encode_array):
        if (encoded := number(value)) is not None:
            return encoded
    if depth < DEEPEST and isinstance(value, tuple | list | dict) and len(value) <= LARGEST:
        if isinstance(value, dict):
            return {"dict": [[encode(key, depth + 1), encode(each, depth + 1)] for key, each in value.items()]}
        return {"tuple" if isinstance(value, tuple) else "list": [encode(each, depth + 1) for each in value]}
    return {"function": True} if callable(value) else {"type": type(value).__name__[:LONGEST]}


def _encode_number(value):
    if isinstance(value, Decimal):
        return {"str": str(value)[:LONGEST]}
    if isinstance(value, numbers.Real) and not isinstance(value, np.generic):
        if isinstance(value, numbers.Integral):
            return {"int": str(int(value))} if abs(value) < 10**LONGEST else {"type": "int"}
        return {"float": float(value).hex()} if isinstance(value, float) else {"str": str(value)[:LONGEST]}
    return None


def _encode_array(value):
    if isinstance(value, type) or not hasattr(value, "__array__"):
        return None
    try:
        array = np.asarray(value.detach().cpu() if isinstance(value, torch.Tensor) else value)
    except Exception:  # whatever an object of the learner's raises when it is read
        return None
    if array.dtype.kind not in KINDS or array.dtype.itemsize > 8 or array.nbytes > LARGEST:
        return None
    kind = "tensor" if isinstance(value, torch.Tensor) else "scalar" if isinstance(value, np.generic) else "array"
    raw = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {kind: {"dtype": array.dtype.newbyteorder("<").str, "shape": list(array.shape), "base64": raw}}


def decode(data):
    """Return the value that `encode` wrote as `data`; in place of what it did not write, an object of the same name.

    Raises
    ------
    ValueError
        If `encode` did not write it.
    """
    try:
        return _decode(data)
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"data must be an answer as encode writes it: {error}") from None


def _decode(data):
    ((kind, content),) = data.items()
    if kind in ("tuple", "list"):
        return {"tuple": tuple, "list": list}[kind](_decode(each) for each in content)
    if kind == "dict":
        return {_decode(key): _decode(each) for key, each in content}
    if kind in ("array", "tensor", "scalar"):
        return _decode_array(kind, **content)
    if kind == "type":
        return type("".join(filter(str.isprintable, content)), (), {})()
    simple = {
        "ellipsis": lambda content: ...,
        "constant": lambda content: {None: None, True: True, False: False}[content],
        "str": lambda content: content[:LONGEST] + "",
        "int": int,
        "float": float.fromhex,
        "function": lambda content: _decode,
    }
    return simple[kind](content)


def _decode_array(kind, dtype, shape, base64):
    dtype = np.dtype(str(dtype))
    if dtype.kind not in KINDS:
        raise ValueError(f"arrays are of numbers, got {dtype}")
    array = np.frombuffer(_read_base64(base64), dtype).reshape([int(each) for each in shape]).copy()
    return {"tensor": torch.from_numpy, "scalar": lambda array: array[()], "array": lambda array: array}[kind](array)


def _read_base64(text):
    return base64.b64decode(text, validate=True)
