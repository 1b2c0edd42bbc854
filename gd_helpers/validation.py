"""Checks of single values: each returns the value, or raises one ``ValueError`` that names it and what is allowed."""

import math
import numbers
import operator


def whole_number(name, value, minimum, maximum=None):
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


def finite_number(name, value, *, above=None, at_least=None, below=None):
    """Return `value` as a ``float`` that is finite and, where given, ``> above``, ``>= at_least`` and ``< below``.

    Raises
    ------
    ValueError
        If `value` is not a real number, is infinite, NaN or too large for a ``float``, or lies outside the range.
    """
    bounds = {
        "greater than": (above, operator.gt),
        "of at least": (at_least, operator.ge),
        "less than": (below, operator.lt),
    }
    bounds = {words: (bound, holds) for words, (bound, holds) in bounds.items() if bound is not None}
    allowed = " and ".join(f"{words} {bound:g}" for words, (bound, _) in bounds.items())
    try:
        number = math.nan if isinstance(value, bool) or not isinstance(value, numbers.Real) else float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or not all(holds(number, bound) for bound, holds in bounds.values()):
        raise ValueError(f"{name} must be a finite number{allowed and ' '}{allowed}, got {value!r}")
    return number


def one_of(name, value, choices):
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


def yes_or_no(name, value):
    """Return `value` if it is ``True`` or ``False``.

    Raises
    ------
    ValueError
        If it is anything else, 0 and 1 included.
    """
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return value
