"""Checks of single values: each returns the value or raises a ``ValueError`` with its name and what is allowed."""

import math
import numbers

import numpy as np

LARGEST_SEED = 2**32 - 1  # the limit of NumPy's legacy generator; the others accept larger seeds


def check_int(name, value, minimum, maximum=None):
    """Return `value` as an ``int`` between `minimum` and `maximum`, both included.

    Raises
    ------
    ValueError
        If `value` is not an integer (booleans and floats are refused) or lies outside the range.
    """
    allowed = f"a whole number of at least {minimum}"
    if maximum is not None:
        allowed = f"a whole number from {minimum} to {maximum}"
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    if value < minimum or (maximum is not None and value > maximum):
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    return int(value)


def check_float(name, value, *, above=None, at_least=None, below=None, at_most=None):
    """Return `value` as a finite ``float``; if given, it is > `above`, ≥ `at_least`, < `below` and ≤ `at_most`.

    Raises
    ------
    ValueError
        If `value` is not a real number, is infinite, NaN or too large for a ``float``, or lies outside the range.
    """
    allowed = "a finite number"
    if above is not None:
        allowed += f" greater than {above:g}"
    if at_least is not None:
        allowed += f" of at least {at_least:g}"
    if below is not None:
        allowed += f" and less than {below:g}"
    if at_most is not None:
        allowed += f" and at most {at_most:g}"
    try:
        number = float(value) if isinstance(value, numbers.Real) and not isinstance(value, bool) else math.nan
    except OverflowError:
        number = math.inf
    in_range = math.isfinite(number) and (above is None or number > above)
    in_range = in_range and (at_least is None or number >= at_least) and (below is None or number < below)
    in_range = in_range and (at_most is None or number <= at_most)
    if not in_range:
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    return number


def check_choice(name, value, choices):
    """Return `value` if it is one of the strings in `choices`.

    Raises
    ------
    ValueError
        If it is not.
    """
    if not isinstance(value, str) or value not in choices:
        listed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} must be one of {listed}, got {value!r}")
    return value


def check_bool(name, value):
    """Return `value`, a boolean of Python or NumPy, as a ``bool``.

    Raises
    ------
    ValueError
        If it is anything else, 0 and 1 included.
    """
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return bool(value)
