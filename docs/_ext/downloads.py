"""The chapters to download, each with a cell that installs the package where it is missing, and the wheel for it."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import launch
import nbformat
from nbformat.v4 import new_code_cell

from gd_helpers.files import atomic_write
from gd_helpers.runner.chapters import find_chapters
from gd_helpers.runner.files import PACKAGE

LINK = re.compile(r"\]\(((?:\d\d_\w+\.ipynb|\w+\.md)(?:#[\w-]*)?)\)")  # to a file beside the chapter
INSTALL = """\
# Installs the course's package where it is missing. Colab has all that the package needs.
import importlib.util
import sys

if importlib.util.find_spec("gd_helpers") is None:
    options = "--no-deps" if "google.colab" in sys.modules else ""
    %pip install -q {{options}} {address}"""
TELL = """\
# Tells what is missing where the course's package is.
import importlib.util

if importlib.util.find_spec("gd_helpers") is None:
    raise ModuleNotFoundError(
        "This chapter needs {wheel}: download it from the site's folder notebooks, and %pip install it."
    )"""
TOLD_TIME = (
    "315532800"  # the first second of 1980, the earliest of a wheel's files, so that the same code gives the same
)


def build_wheel(folder):
    """Build the wheel into `folder`, from a copy, since a build leaves files beside its source; return its path."""
    with tempfile.TemporaryDirectory() as source:
        for name in ("gd_helpers", "notebooks"):
            ignored = shutil.ignore_patterns("__pycache__", ".*")
            shutil.copytree(PACKAGE.parent / name, Path(source, name), ignore=ignored)
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(PACKAGE.parent / name, source)
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "wheel"]
        options = ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
        environment = os.environ | {"SOURCE_DATE_EPOCH": TOLD_TIME}
        subprocess.run([*pip, *options, source], check=True, env=environment)
    (wheel,) = folder.glob("*.whl")
    return wheel


def prepare_download(notebook, wheel):
    """Return a chapter's `notebook` with a cell below its title that installs the `wheel` of that name, if it must.

    Without a repository there is no address to install from, and the cell tells what is missing. With one, links to
    files beside the chapter lead to where these are, since in Colab there is nothing beside it.
    """
    source = INSTALL.format(address=launch.address_of_file(wheel)) if launch.REPOSITORY else TELL.format(wheel=wheel)
    notebook.cells.insert(1, new_code_cell(source, id="setup"))
    if launch.REPOSITORY:
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = LINK.sub(lambda found: f"]({_address(found[1])})", cell.source)
    return notebook


def _address(file):
    if file.endswith(".ipynb"):
        return launch.address_in_colab(file)
    return f"https://github.com/{launch.REPOSITORY}/blob/HEAD/{launch.FOLDER}/{file}"


def write_downloads(app, exception):
    """Write the chapters and the wheel."""
    if app.builder.name != "html" or exception:
        return
    folder = Path(app.outdir) / launch.FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    wheel = build_wheel(folder).name
    for path in find_chapters().values():
        notebook = prepare_download(nbformat.read(path, as_version=4), wheel)
        atomic_write(folder / path.name, nbformat.writes(notebook).encode())


def setup(app):
    """Have it done once the pages are written."""
    app.connect("build-finished", write_downloads)
    return {"parallel_read_safe": True}
