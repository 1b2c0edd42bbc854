"""The claims of a chapter, checked where they are made."""

import numpy as np
from IPython.display import display

from gd_helpers.lesson.box import GREEN, RED, Box

CLAIM_MIME = "application/vnd.gd-helpers.claim+json"

_published = True


class ClaimFailedError(AssertionError):
    """A claim of a chapter does not hold for the parameters that the chapter was written for."""


class Claim:
    """A checked statement: a box for the reader, and a MIME type of its own for programs."""

    def __init__(self, statement, holds, published):
        self.statement, self.holds, self.published = statement, holds, published

    @property
    def verdict(self):
        """Whether the statement holds, and if not, whether that may be due to other parameters."""
        if self.holds:
            return "✓ holds"
        return "✗ does not hold" if self.published else "✗ does not hold with these parameters"

    def __repr__(self):
        return f"{self.verdict}: {self.statement}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        box = Box(f"{self.verdict}:", self.statement, GREEN if self.holds else RED)
        return {
            "text/plain": repr(box),
            "text/html": box._repr_html_(),
            CLAIM_MIME: {"statement": self.statement, "holds": self.holds},
        }


def claim(statement, holds):
    """Show `statement` and whether it holds, and fail the chapter if it does not.

    With other parameters than the published ones (`report_failures`), the chapter continues after a claim that does not
    hold.

    Parameters
    ----------
    statement : str
        One sentence, with its numbers. Backticks mark code.
    holds : bool
        The result of the computation: a single ``True`` or ``False``, since a non-empty array or tuple would count as
        true.

    Raises
    ------
    ClaimFailedError
        If it does not hold with the published parameters.
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
    """Make claims that do not hold only be shown, or raise again with ``report=False``."""
    global _published
    _published = not report
