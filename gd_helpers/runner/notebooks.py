"""Where the chapters are: in the checkout, or where a wheel has put them."""

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from gd_helpers.runner.files import PACKAGE

FIRST = "00_introduction.ipynb"


def find_notebooks(beside=PACKAGE.parent / "notebooks"):
    """Return the folder of the chapters: `beside` in a checkout, else the one that was installed with the package."""
    if (beside / FIRST).is_file():
        return beside
    try:
        installed = files("gd_helpers") or ()
    except PackageNotFoundError:
        return beside
    return next((Path(path.locate()).resolve().parent for path in installed if path.name == FIRST), beside)


NOTEBOOKS = find_notebooks()
