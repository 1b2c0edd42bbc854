"""Bounds that a claim states: "less than 3 %", "within 0.001 of least squares"."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Bound:
    """A value that was found, the relation it is said to be in, and the bound, where that was chosen before.

    Attributes
    ----------
    relation : {"less than", "more than", "at most", "at least", "within"}
    value : float or tuple of float
        What was found; for "within" the absolute and the relative distance.
    bound : float, optional
        What the sentence must give as its number. Without it the number is the value itself, rounded away from it: one
        unit of its last place nearer, and it would be wrong.
    """

    relation: str
    value: float | tuple
    bound: float | None = None

    def find_fault(self, number):
        """Return why the sentence's `number` is not this bound, or ""."""
        value = self.value[number.scale == "%"] if isinstance(self.value, tuple) else self.value
        if self.bound is not None and not math.isclose(number.value, self.bound, rel_tol=1e-9):
            return f"{number.text} is written, {self.bound:g} is the bound"
        if not _holds(value, self.relation, number.value):
            return f"{self.relation} {number.text} is written, {value:.6g} is found"
        nearer = number.below(-1 if self.relation in ("more than", "at least") else 1)
        if self.bound is None and _holds(value, self.relation, nearer):
            return (
                f"{self.relation} {number.text} is written, {value:.6g} is found, which is {self.relation} {nearer:g}"
            )
        return ""


def _holds(value, relation, bound):
    """Return whether `value` is in this relation to `bound`; the last bits of either don't decide."""
    if math.isnan(value):
        return False
    equal = math.isclose(value, bound, rel_tol=1e-12)
    if relation in ("less than", "more than"):
        return not equal and (value < bound) == (relation == "less than")
    return equal or (value > bound) == (relation == "at least")


def less_than(values, bound=None):
    """State that `values` are less than the number in the sentence.

    Parameters
    ----------
    values : float or array of float
        What was found; of several, the largest counts.
    bound : float, optional
        The number, where it was chosen before and not read off `values`: a standard, a margin, a tolerance. Without it
        the number must be the nearest with its digits: 0.021 is "less than 3 %", and not "less than 4 %".

    Returns
    -------
    Bound
        For `gd_helpers.lesson.claim`.

    Examples
    --------
    >>> less_than(0.021)
    Bound(relation='less than', value=0.021, bound=None)
    """
    return Bound("less than", float(np.max(np.asarray(values))), bound)


def more_than(values, bound=None):
    """State that `values`, of several the smallest, are more than the number; see `less_than`."""
    return Bound("more than", float(np.min(np.asarray(values))), bound)


def at_most(values, bound=None):
    """State that `values`, of several the largest, are the number or less; see `less_than`."""
    return Bound("at most", float(np.max(np.asarray(values))), bound)


def at_least(values, bound=None):
    """State that `values`, of several the smallest, are the number or more; see `less_than`."""
    return Bound("at least", float(np.min(np.asarray(values))), bound)


def between(values, low=None, high=None):
    """State that `values` lie from the one number to the next one; two bounds, see `less_than`."""
    return at_least(values, low), at_most(values, high)


def within(values, target, bound=None):
    """State that `values` are no further from `target` than the number: with a "%", relative to it.

    Parameters
    ----------
    values, target : float or array of float
        Of shapes that broadcast; the largest distance counts.
    bound : float, optional
        See `less_than`.
    """
    values, target = np.asarray(values, dtype=float), np.asarray(target, dtype=float)
    distance = np.abs(values - target)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(distance == 0, 0.0, distance / np.abs(target))
    return Bound("within", (float(np.max(distance)), float(np.max(relative))), bound)


def shared_digits(values, target):
    """Return to how many digits `values` agree with `target`: the relative difference is 10 to the power of minus that.

    Examples
    --------
    >>> round(shared_digits([1.0, 2.0], [1.0, 2.0001]), 1)
    4.3
    """
    _, relative = within(values, target).value
    return math.inf if relative == 0 else -math.log10(relative)
