"""The claims of a chapter: a statement whose numbers are held to what was computed, where it is made."""

import math

import numpy as np
from IPython.display import display

from gd_helpers.lesson.bounds import Bound
from gd_helpers.lesson.box import GREEN, RED, Box
from gd_helpers.lesson.numbers import read_numbers

CLAIM_MIME = "application/vnd.gd-helpers.claim+json"

_published = True


class ClaimFailedError(AssertionError):
    """A claim of a chapter does not hold for the parameters that the chapter was written for."""


class Claim:
    """A checked statement: a box for the reader, and a MIME type of its own for programs.

    Attributes
    ----------
    statement : str
    faults : list of str
        What in it does not hold; empty if it holds.
    found : list
        What was found for its numbers, in their order, as JSON: a number, rounded to the digits written, or a relation
        with the bound in the sentence, such as ``{"less than": 0.03}``.
    """

    def __init__(self, statement, faults, published, found=()):
        self.statement, self.faults, self.published, self.found = statement, faults, published, list(found)

    @property
    def holds(self):
        """Whether nothing in it is wrong."""
        return not self.faults

    @property
    def verdict(self):
        """Whether the statement holds, and if not, whether that may be due to other parameters."""
        if self.holds:
            return "✓ holds"
        return "✗ does not hold" if self.published else "✗ does not hold with these parameters"

    def __repr__(self):
        return repr(self._box())

    def _box(self):
        faults = tuple(fault for fault in self.faults if fault)
        return Box(f"{self.verdict}:", self.statement, GREEN if self.holds else RED, lines=faults)

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": repr(self), "text/html": self._box()._repr_html_(), CLAIM_MIME: self.as_json()}

    def as_json(self):
        """Return what programs find in a notebook."""
        found = {"found": self.found} if self.found else {}
        return {"statement": self.statement, "holds": self.holds, **found}

    def must_hold(self):
        """Raise a `ClaimFailedError` if it does not hold with the published parameters."""
        if self.faults and self.published:
            raise ClaimFailedError("\n".join([self.statement, *filter(None, self.faults)]))


def claim(statement, *found):
    """Show `statement` and whether it holds, and fail the chapter if it does not.

    The numbers of the statement are held to the values `found` in their order: each is that value, rounded to the
    digits written. What counts as a number, and what is a label, says `gd_helpers.lesson.numbers`. With other
    parameters than the published ones (`report_failures`), the chapter continues after a claim that does not hold.

    Parameters
    ----------
    statement : str
        One sentence, with its numbers. Backticks mark code.
    *found
        What was computed, a value for each number of the statement; an array or a list gives as many as it has. A bound
        is given as such: ``less_than(value)``, ``within(value, target)`` and the others of `gd_helpers.lesson.bounds`.
        A single ``True`` or ``False`` belongs to no number: it says whether the rest of the statement holds.

    Raises
    ------
    ClaimFailedError
        If it does not hold with the published parameters; it names number and value.
    ValueError
        If a number has no value, or a value no number.
    TypeError
        If nothing is given, or what is neither a number, a bound nor a truth value.

    Examples
    --------
    >>> claim("Two and two are 4", 2 + 2)
    ✓ holds: Two and two are 4
    >>> from gd_helpers.lesson import less_than
    >>> claim("A tenth of it is less than 3 %", less_than(0.21 / 10), 0.21 / 10 < 0.21)
    ✓ holds: A tenth of it is less than 3 %
    """
    result = judge(statement, found)
    display(result)
    result.must_hold()


def judge(statement, found):
    """Return the `Claim` that `statement` is, held to the values `found`; errors are those of `claim`."""
    values, conditions = _sort(found)
    faults = find_faults(statement, values)
    faults += [""] * (not all(conditions))
    return Claim(statement, faults, _published, map(_as_json, read_numbers(statement), values))


def find_faults(statement, values):
    """Return which numbers of `statement` are not the `values`, numbers and bounds, in their order: a sentence each.

    Raises
    ------
    ValueError
        If a number has no value, or a value no number.
    """
    written = read_numbers(statement)
    if len(written) != len(values):
        listed = ", ".join(number.text for number in written) or "none"
        raise ValueError(
            f"values must be one for each number of the statement ({listed}), got {len(values)}: {values!r}"
        )
    faults = (
        value.find_fault(number)
        if isinstance(value, Bound)
        else ""
        if number.shows(value)
        else f"{number.text} is written, {value:.6g} is found"
        for number, value in zip(written, values, strict=True)
    )
    return [fault for fault in faults if fault]


def report_failures(report=True):
    """Make claims that do not hold only be shown, or raise again with ``report=False``."""
    global _published
    _published = not report


def _sort(found):
    """Return the numbers and bounds in `found`, in their order, and its truth values."""
    if not found:
        raise TypeError("a claim needs a value for each number of its statement, or True or False, got none")
    conditions = [bool(each) for each in found if isinstance(each, bool | np.bool_)]
    return [value for each in found if not isinstance(each, bool | np.bool_) for value in _flatten(each)], conditions


def _flatten(given):
    """Return the numbers and bounds in `given`, which is one or has several, in a list."""
    if isinstance(given, Bound):
        return [given]
    if isinstance(given, list | tuple) and given:
        return [value for each in given for value in _flatten(each)]
    array = np.asarray(given) if given is not None else np.array([])
    if array.size == 0 or array.dtype.kind not in "iuf":
        raise TypeError(
            f"a claim takes numbers, bounds, and a single True or False, got {type(given).__name__}: {given!r}"
        )
    return array.ravel().tolist()


def _as_json(number, value):
    """Return what is stored of a `value` and its `number`: digits that are the same on every machine."""
    if isinstance(value, Bound):
        return {value.relation: number.value}
    return number.round(value) if math.isfinite(value) else str(value)
