"""The claims that do not stand out: those of a cell are one line, which opens."""

from IPython import get_ipython
from IPython.display import display

from gd_helpers.lesson.box import GREEN, RED, Box
from gd_helpers.lesson.claims import CLAIM_MIME, judge

CHECKS_MIME = "application/vnd.gd-helpers.checks+json"

_of_cell = []  # the checks of the cell that runs


class Checks:
    """The checks of a cell: one line for the reader, which opens, and a MIME type of its own for programs."""

    def __init__(self, claims):
        self.claims = list(claims)

    def __repr__(self):
        return repr(self._box())

    def _box(self):
        lines, count = [], len(self.claims)
        for claim in self.claims:
            lines += repr(claim).splitlines()
        failed = sum(not claim.holds for claim in self.claims)
        if not failed:
            return Box(f"✓ {count} more check{'s' * (count > 1)}", "", GREEN, tuple(lines), folded=True)
        return Box(f"✗ {failed} of {count} more checks fail{'s' * (failed == 1)}", "", RED, tuple(lines))

    def _repr_mimebundle_(self, include=None, exclude=None):
        stored = [claim.as_json() for claim in self.claims]
        return {"text/plain": repr(self), "text/html": self._box()._repr_html_(), CHECKS_MIME: stored}


def check(statement, *found):
    """Check `statement` as `claim` does, but show it in one line with the other checks of the cell, at its end.

    The reader opens the line "✓ 6 more checks" to read them. What does not hold is not folded away, and fails the
    chapter as a claim does.

    Parameters
    ----------
    statement, *found
        As for `claim`.

    Raises
    ------
    ClaimFailedError, ValueError, TypeError
        As `claim` does.

    Examples
    --------
    >>> check("Two and two are 4", 2 + 2)
    ✓ 1 more check
      ✓ holds: Two and two are 4
    """
    result = judge(statement, found)
    _of_cell.append(result)
    if shell := get_ipython():
        shell.events.register("post_execute", _show)  # once, however often it is asked for
    if not shell or (result.faults and result.published):
        _show()
    result.must_hold()


def read_claims(notebook):
    """Return the claims and checks stored in the outputs of `notebook`, in order: a dict with what `claim` stores each.

    Examples
    --------
    >>> import nbformat
    >>> data = {CHECKS_MIME: [{"statement": "Two and two are 4", "holds": True, "found": [4]}]}
    >>> cell = nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", data=data)])
    >>> read_claims(nbformat.v4.new_notebook(cells=[cell]))
    [{'statement': 'Two and two are 4', 'holds': True, 'found': [4]}]
    """
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            found += [data[CLAIM_MIME]] if CLAIM_MIME in data else data.get(CHECKS_MIME, [])
    return found


def _show():
    """Show the checks of the cell so far."""
    if _of_cell:
        display(Checks(_of_cell))
        _of_cell.clear()
