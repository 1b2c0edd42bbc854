"""Statements of a chapter, checked where they stand."""

import html

import numpy as np
from IPython.display import display

CLAIM_MIME = "application/vnd.gd-helpers.claim+json"

_published = True


class ClaimFailedError(AssertionError):
    """A statement of a chapter does not hold for the parameters that the chapter was written for."""


class Claim:
    """One checked statement; a notebook shows it as a line, and its MIME bundle carries it for programs."""

    def __init__(self, statement, holds, published):
        self.statement, self.holds, self.published = statement, holds, published

    @property
    def verdict(self):
        """What was found: whether the statement holds, and if not, whether other parameters may be why."""
        if self.holds:
            return "✓ holds"
        return "✗ does not hold" if self.published else "✗ does not hold with these parameters"

    def __repr__(self):
        return f"{self.verdict}: {self.statement}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        colour = "#2a7f3f" if self.holds else "#b3261e"
        return {
            "text/plain": repr(self),
            "text/html": (
                f'<div style="border-left: 4px solid {colour}; padding: 2px 10px;">'
                f"<strong>{self.verdict}:</strong> {html.escape(self.statement)}</div>"
            ),
            CLAIM_MIME: {"statement": self.statement, "holds": self.holds},
        }


def claim(statement, holds):
    """Show `statement` with whether it holds, and fail the chapter if it does not.

    Under other parameters than the published ones (`report_failures`), a statement that does not hold is shown as such,
    and the chapter goes on.

    Parameters
    ----------
    statement : str
        One sentence, with the numbers it speaks of.
    holds : bool
        What the computation says. Only a single ``True`` or ``False``: a non-empty array or tuple is no answer.

    Raises
    ------
    ClaimFailedError
        If it does not hold, under the published parameters.
    TypeError
        If `holds` is not a single truth value.

    Examples
    --------
    >>> claim("two and two are four", 2 + 2 == 4)
    ✓ holds: two and two are four
    """
    if not isinstance(holds, bool | np.bool_):
        raise TypeError(f"holds must be a single True or False, got {type(holds).__name__}: {holds!r}")
    result = Claim(statement, bool(holds), _published)
    display(result)
    if not holds and _published:
        raise ClaimFailedError(statement)


def report_failures(report=True):
    """Have claims that do not hold shown instead of raised, or, with ``report=False``, raised again."""
    global _published
    _published = not report
