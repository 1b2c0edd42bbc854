"""The chapters to download: their first code cell installs the package where it is missing, and nowhere else."""

import re

import downloads
import launch
import nbformat
import pytest
from fresh_python import make_python, own_environment, run

from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.chapters import NOTEBOOKS

WHEEL = "gd_helpers-0.1.0-py3-none-any.whl"
WHERE = "\nimport gd_helpers, sys\nprint(gd_helpers.__file__, sorted(sys.modules))"
IN_COLAB = "import sys\nsys.modules['google.colab'] = sys\n"  # whatever is there, as long as it has the name


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return downloads.build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def address(monkeypatch, wheel):
    """Have the workflow's repository known, and its files on this machine; return where the wheel is."""
    monkeypatch.setattr(launch, "REPOSITORY", "someone/course")
    monkeypatch.setattr(launch, "address_of_file", lambda name: wheel.with_name(name).as_uri())
    return wheel.as_uri()


def prepare(chapter, name=WHEEL):
    return downloads.prepare_download(nbformat.read(NOTEBOOKS / f"{chapter}.ipynb", as_version=4), name)


def execute(python, source, folder):
    """Return what the cell `source` writes where `python` runs it."""
    (folder / "cell.ipy").write_text(source, encoding="utf-8")
    return run(python, "-m", "IPython", "--quick", "cell.ipy", cwd=folder, env=own_environment())


@pytest.mark.parametrize("repository", ["", "someone/course"])
@pytest.mark.parametrize("chapter", PUBLISHED)
def test_a_download_is_a_notebook_with_the_cells_and_outputs_of_its_chapter(monkeypatch, chapter, repository):
    monkeypatch.setattr(launch, "REPOSITORY", repository)
    copy, stored = prepare(chapter), nbformat.read(NOTEBOOKS / f"{chapter}.ipynb", as_version=4)
    nbformat.validate(copy)
    setup = copy.cells.pop(1)
    assert next(cell for cell in [setup, *copy.cells] if cell.cell_type == "code").id == "setup"
    assert WHEEL in setup.source
    assert [cell.id for cell in copy.cells] == [cell.id for cell in stored.cells]
    for cell, before in zip(copy.cells, stored.cells, strict=True):
        assert cell.get("outputs") == before.get("outputs")
        assert cell.source == before.source or (repository and cell.cell_type == "markdown")


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_where_nothing_lies_beside_a_download_no_link_leads_there(monkeypatch, chapter):
    monkeypatch.setattr(launch, "REPOSITORY", "someone/course")
    texts = "\n".join(cell.source for cell in prepare(chapter).cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\((?!https?:)([^)\s]*\.(?:ipynb|md)[^)]*)\)", texts)
    assert links == []
    assert re.search(
        r"colab\.research\.google\.com/github/someone/course/blob/gh-pages/notebooks/\d\d_\w+\.ipynb\)", texts
    )


@pytest.mark.parametrize("opening", ["", IN_COLAB], ids=["elsewhere", "colab"])
def test_where_the_package_is_missing_the_setup_cell_installs_it(address, tmp_path, opening):
    python = make_python(tmp_path / "venv")
    source = opening + prepare("00_introduction").cells[1].source
    assert address in source
    told = execute(python, source + WHERE, tmp_path)
    assert str(tmp_path / "venv") in told


def test_where_the_package_is_there_the_setup_cell_does_nothing(address, tmp_path):
    python = make_python(tmp_path / "venv")
    there = f"import sys\nsys.path.insert(0, {str(NOTEBOOKS.parent)!r})\n"
    source = there + prepare("00_introduction").cells[1].source.replace(address, "no-such-package-as-this")
    told = execute(python, source + WHERE, tmp_path)
    assert told.startswith(str(NOTEBOOKS.parent))


def test_where_there_is_no_address_the_setup_cell_tells_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(launch, "REPOSITORY", "")
    source = prepare("00_introduction").cells[1].source
    assert "%pip" not in source.replace("%pip install it", "")
    caught = (
        f"try:\n    {source.replace(chr(10), chr(10) + '    ')}\nexcept ModuleNotFoundError as error:\n    print(error)"
    )
    told = execute(make_python(tmp_path / "venv"), caught, tmp_path)
    assert f"This chapter needs {WHEEL}" in told
