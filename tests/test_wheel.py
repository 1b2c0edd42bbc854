"""The wheel: what it holds, and that its command line runs a chapter outside the checkout."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import nbformat
import pytest

from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.chapters import NOTEBOOKS
from gd_helpers.runner.notebooks import find_notebooks

ROOT = NOTEBOOKS.parent
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


def run(*command, **options):
    ended = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300, **options)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return a wheel of a copy of the tracked files, so that nothing of the build stays in the checkout."""
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("gd_helpers", "notebooks"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    run(*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    return next(folder.glob("*.whl"))


def test_it_holds_every_chapter_every_module_and_what_these_read(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {Path(name).stem for name in names if name.endswith(".ipynb")} == set(PUBLISHED)
    kept = [path for path in (ROOT / "gd_helpers").rglob("*") if path.suffix in (".py", ".mjs", ".css", ".mplstyle")]
    assert {path.relative_to(ROOT).as_posix() for path in kept} <= names


def test_it_runs_a_chapter_with_parameters_of_ones_own_in_an_empty_folder(wheel, tmp_path):
    venv.create(tmp_path / "venv", with_pip=False)
    folder = "Scripts" if os.name == "nt" else "bin"
    python = str(next((tmp_path / "venv" / folder).glob("python*")))
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    others = [path for path in sys.path if path.endswith("site-packages")]  # what it depends on
    Path(site, "others.pth").write_text("\n".join(others), encoding="utf-8")
    run(*PIP, "--python", python, "install", "--no-deps", "--ignore-installed", str(wheel))
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    told = run(python, "-m", "gd_helpers", "run", "03_batch", "-p", "epochs", "50", cwd=empty, env=environment)
    assert "03_batch  finished" in told
    executed = nbformat.read(empty / "build" / "run" / "03_batch.ipynb", as_version=4)
    assert any("epochs = 50" in cell.source for cell in executed.cells)


def test_where_no_chapters_are_installed_they_are_looked_for_beside_the_package(tmp_path):
    assert find_notebooks() == NOTEBOOKS == ROOT / "notebooks"
    assert find_notebooks(tmp_path).name in ("notebooks", tmp_path.name)
