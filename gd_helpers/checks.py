"""Checks of single values: each returns the value, or raises one ``ValueError`` that names it and what is allowed."""

import math
import numbers

LARGEST_SEED = 2**32 - 1  # of NumPy's legacy generator; the other generators take larger ones, too


def check_int(name, value, minimum, maximum=None):
    """Return `value` as an ``int`` between `minimum` and `maximum`, both included.

    Raises
    ------
    ValueError
        If `value` is not a whole number (booleans and floats are not) or lies outside the range.
    """
    allowed = f"a whole number of at least {minimum}"
    if maximum is not None:
        allowed = f"a whole number from {minimum} to {maximum}"
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    if value < minimum or (maximum is not None and value > maximum):
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    return int(value)


def check_float(name, value, *, above=None, at_least=None, below=None):
    """Return `value` as a ``float`` that is finite and, where given, ``> above``, ``>= at_least`` and ``< below``.

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
    try:
        number = float(value) if isinstance(value, numbers.Real) and not isinstance(value, bool) else math.nan
    except OverflowError:
        number = math.inf
    in_range = math.isfinite(number) and (above is None or number > above)
    in_range = in_range and (at_least is None or number >= at_least) and (below is None or number < below)
    if not in_range:
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    return number


def check_choice(name, value, choices):
    """Return `value` if it is one of the strings `choices`.

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
    """Return `value` if it is ``True`` or ``False``.

    Raises
    ------
    ValueError
        If it is anything else, 0 and 1 included.
    """
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return value
