"""The wheel: what it holds, and that its command line runs a chapter outside the checkout."""

import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from downloads import build_wheel
from fresh_python import make_python, own_environment, run

from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.chapters import NOTEBOOKS
from gd_helpers.runner.notebooks import find_notebooks

ROOT = NOTEBOOKS.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def test_it_holds_every_chapter_every_module_and_what_these_read(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {Path(name).stem for name in names if name.endswith(".ipynb")} == set(PUBLISHED)
    kept = [path for path in (ROOT / "gd_helpers").rglob("*") if path.suffix in (".py", ".mjs", ".css", ".mplstyle")]
    assert {path.relative_to(ROOT).as_posix() for path in kept} <= names


def test_it_runs_a_chapter_with_parameters_of_ones_own_in_an_empty_folder(wheel, tmp_path):
    python = make_python(tmp_path / "venv")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--python", python]
    run(*pip, "install", "--no-deps", "--ignore-installed", str(wheel))
    empty = tmp_path / "empty"
    empty.mkdir()
    command = [python, "-m", "gd_helpers", "run", "03_batch", "-p", "epochs", "50"]
    told = run(*command, cwd=empty, env=own_environment())
    assert "03_batch  finished" in told
    executed = nbformat.read(empty / "build" / "run" / "03_batch.ipynb", as_version=4)
    assert any("epochs = 50" in cell.source for cell in executed.cells)


def test_where_no_chapters_are_installed_they_are_looked_for_beside_the_package(tmp_path):
    assert find_notebooks() == NOTEBOOKS == ROOT / "notebooks"
    assert find_notebooks(tmp_path).name in ("notebooks", tmp_path.name)
