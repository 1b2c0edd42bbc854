"""Reading what a learner gives or returns: whether it is an answer, is made of numbers, and is right."""

import numbers
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import torch

from gd_helpers.formatting import format_number

FEW = 6  # numbers that are shown one by one


def is_unanswered(value):
    """Return whether `value` is ``...``, or a tuple or list with a ``...`` left in it.

    Examples
    --------
    >>> is_unanswered(...), is_unanswered((16, ...)), is_unanswered(16)
    (True, True, False)
    """
    return value is ... or (isinstance(value, tuple | list) and any(part is ... for part in value))


def describe(value):
    """Return in a few words what `value` is, for a sentence like "you gave …".

    Examples
    --------
    >>> describe(None), describe("two"), describe(3.0), describe(np.zeros((3, 1)))
    ('None', "the text 'two'", 'the number 3', 'an array of shape (3, 1)')
    """
    if value is None or isinstance(value, bool | np.bool_):
        return str(value)
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, numbers.Number):
        return f"the number {format_number(value)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, tuple | list | dict):
        return f"a {type(value).__name__} of length {len(value)}"
    if callable(value):
        return "a function"
    return f"an object of type {type(value).__name__}"


def show_value(value):
    """Return `value` as a short text: its numbers if they are few, otherwise what it is."""
    if isinstance(value, tuple | list) and len(value) <= FEW:
        parts = (describe(part) if isinstance(part, tuple | list) else show_value(part) for part in value)
        return f"({', '.join(parts)})"
    try:
        array = _read_array(value)
    except ValueError:
        return describe(value)
    if array.ndim == 0:
        return format_number(array[()])
    if array.size > FEW:
        return describe(value)
    short = all(len(repr(number)) <= 8 for number in array.ravel().tolist())
    return str(array.tolist()) if short else np.array2string(array, precision=6, separator=", ")


def read_numbers(value):
    """Return `value` as a float64 array, of any shape, whether it is a number, a list, an array or a tensor.

    Raises
    ------
    ValueError
        If it is anything else, or has something else in it; the message says in a few words what it is.
    """
    return _read_array(value).astype(np.float64)


def parse_numbers(value):
    """Return `value` with texts, fractions and decimals as floats; a text that is no number stays as it is.

    In a tuple or list, truth values become 1 and 0.

    Examples
    --------
    >>> parse_numbers("12,000"), parse_numbers(("1/4", "2e-3", True)), parse_numbers("many")
    (12000.0, (0.25, 0.002, 1), 'many')
    """
    if type(value) in (tuple, list) and not any(part is value for part in value):
        return type(value)(int(part) if isinstance(part, bool | np.bool_) else parse_numbers(part) for part in value)
    if not isinstance(value, str | Fraction | Decimal):
        return value
    text = str(value).strip().replace("−", "-")
    if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?", text):
        text = text.replace(",", "")
    try:
        return float(Fraction(text)) if "/" in text else float(text)
    except (ValueError, ZeroDivisionError, OverflowError):
        return value


def _read_array(value):
    """Return `value` as an array of whole or floating-point numbers."""
    allowed = isinstance(value, numbers.Real | list | tuple | np.ndarray) or hasattr(value, "__array__")
    if not allowed or isinstance(value, bool | np.bool_ | str | type):
        raise ValueError(describe(value))
    try:
        array = np.asarray(value.detach().cpu() if isinstance(value, torch.Tensor) else value)
        if array.dtype.kind not in "iuf":
            raise TypeError
        return array
    except Exception:  # whatever an object of the learner's raises when it is read
        raise ValueError(describe(value)) from None


def is_finite(value):
    """Return whether `value`, or each part of a tuple, list or dict, is made of finite numbers.

    Examples
    --------
    >>> is_finite((1, np.zeros(3))), is_finite([1, np.inf]), is_finite("two")
    (True, False, False)
    """
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else [value]
    try:
        return all(np.isfinite(read_numbers(part)).all() for part in parts)
    except ValueError:
        return False


def find_difference(result, expected, *, rtol=1e-6, strict=False):
    """Return how `result` differs from `expected`, as the end of a sentence like "your function …", or None.

    Parameters
    ----------
    result
        What the learner's function returned.
    expected : number, array, tensor, str, bool, or a tuple, list or dict of these
        The right result. Where a number is right, an array or tensor of shape () is as good; an array is as good as a
        tensor and a list, unless `strict`; and a tuple of k numbers may be a list, an array or a tensor of shape (k,).
    rtol : float
        How far each number may be from the right one, relative to the largest of them.
    strict : bool
        Whether a tensor has to be a tensor, of the same dtype.

    Examples
    --------
    >>> find_difference([1.0, 2.0], np.array([1.0, 2.0]))
    >>> find_difference(np.zeros((2, 1)), np.zeros(2))
    'returned an array of shape (2, 1), where shape (2,) is right'
    """
    if isinstance(expected, str | bool):
        same = type(result) in (type(expected), np.bool_) and result == expected
        return None if same else f"returned {show_value(result)}, where {expected!r} is right"
    if isinstance(expected, list) and any(hasattr(part, "shape") for part in expected):
        expected = tuple(expected)  # arrays that may be of different lengths
    if isinstance(expected, tuple | dict):
        return _find_difference_inside(result, expected, rtol, strict)
    if strict and isinstance(expected, torch.Tensor):
        if not isinstance(result, torch.Tensor):
            return f"returned {describe(result)}, where a tensor is right"
        if result.dtype != expected.dtype:
            return f"returned a tensor of {result.dtype}, where {expected.dtype} is right"
    return _find_numeric_difference(result, read_numbers(expected), rtol)


def _find_difference_inside(result, expected, rtol, strict):
    if isinstance(expected, dict):
        if not isinstance(result, dict) or result.keys() != expected.keys():
            return f"returned {describe(result)}, where a dict with the keys {', '.join(map(repr, expected))} is right"
        pairs = {f"under {key!r}": (result[key], expected[key]) for key in expected}
    else:
        if isinstance(result, np.ndarray | torch.Tensor) and result.shape == (len(expected),):
            result = tuple(result)
        if not isinstance(result, tuple | list) or len(result) != len(expected):
            return f"returned {describe(result)}, where a tuple of {len(expected)} is right"
        pairs = {f"part {place}": pair for place, pair in enumerate(zip(result, expected, strict=True), 1)}
    for where, (part, right) in pairs.items():
        if difference := find_difference(part, right, rtol=rtol, strict=strict):
            return f"{difference} ({where} of the result)"
    return None


def _find_numeric_difference(result, right, rtol):
    if result is None:
        return "returned None: a `return` is missing"
    try:
        found = read_numbers(result)
    except ValueError as error:
        return f"returned {error}, where {'a number' if right.ndim == 0 else 'an array'} is right"
    if found.shape != right.shape:
        wanted = "a number" if right.ndim == 0 else f"shape {right.shape}"
        return f"returned {describe(result)}, where {wanted} is right"
    if not np.isfinite(found).all() and np.isfinite(right).all():
        return f"returned {show_value(result)}: {'not a number' if found.ndim == 0 else 'not all are finite numbers'}"
    if np.allclose(found, right, rtol=0, atol=rtol * np.abs(right).max(initial=0) + 1e-12):
        return None
    if right.size <= FEW:
        return f"returned {show_value(result)}, where {show_value(right)} is right"
    off = np.abs(found - right)
    return f"returned {describe(result)}, as it should, but its numbers are off by up to {off.max():.3g}"
