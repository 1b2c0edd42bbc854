"""What the stored claims of a chapter found, for tests that compute it again."""

import nbformat

from gd_helpers.lesson.fold import read_claims
from gd_helpers.runner.chapters import NOTEBOOKS


def read_found(chapter):
    """Return a function that gives what was found for the numbers of the one stored claim that holds certain words."""
    notebook = nbformat.read(NOTEBOOKS / f"{chapter}.ipynb", as_version=4)
    claims = read_claims(notebook)

    def find(words):
        (claim,) = [claim for claim in claims if words in claim["statement"]]
        assert claim["holds"]
        return claim["found"]

    return find
