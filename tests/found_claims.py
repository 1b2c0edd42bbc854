"""What the stored claims of a chapter found, for tests that compute it again."""

import nbformat

from gd_helpers.lesson.claims import CLAIM_MIME
from gd_helpers.runner.cells import code_cells
from gd_helpers.runner.chapters import NOTEBOOKS


def read_found(chapter):
    """Return a function that gives what was found for the numbers of the one stored claim that holds certain words."""
    notebook = nbformat.read(NOTEBOOKS / f"{chapter}.ipynb", as_version=4)
    data = [output.get("data", {}) for cell in code_cells(notebook) for output in cell.outputs]
    claims = [each[CLAIM_MIME] for each in data if CLAIM_MIME in each]

    def find(words):
        (claim,) = [claim for claim in claims if words in claim["statement"]]
        assert claim["holds"]
        return claim["found"]

    return find
