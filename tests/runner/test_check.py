"""Checking files: chapters pass, and of anything else each problem is a line with its place."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from gd_helpers.runner.cells import code_cells
from gd_helpers.runner.chapters import NOTEBOOKS
from gd_helpers.runner.check import find_problems, find_problems_of

CHAPTER = "03_batch"


@pytest.fixture
def path(tmp_path):
    """A copy of a chapter beside the chapters and pages that it links to."""
    for file in NOTEBOOKS.glob("*.ipynb"):
        (tmp_path / file.name).touch()
    for file in NOTEBOOKS.glob("*.md"):
        shutil.copy(file, tmp_path)
    return Path(shutil.copy(NOTEBOOKS / f"{CHAPTER}.ipynb", tmp_path))


def edit(path, change):
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def test_all_chapters_pass():
    assert find_problems_of() == []


def test_a_copy_of_a_chapter_passes(path):
    assert find_problems_of([path]) == []


@pytest.mark.parametrize("name", [CHAPTER, CHAPTER[:2]])
def test_a_chapter_is_checked_by_name_and_by_number(monkeypatch, name):
    checked = []
    monkeypatch.setattr("gd_helpers.runner.check.find_problems", lambda _, chapter, *__: checked.append(chapter) or [])
    find_problems_of([name])
    assert checked == [CHAPTER]


@pytest.mark.parametrize("name", ["33_batch", "33", "elsewhere/03_batch.ipynb"])
def test_a_chapter_that_is_not_there_is_refused(name):
    with pytest.raises(ValueError, match=f"got '{name}'"):
        find_problems_of([name])


def test_a_problem_is_a_line_with_chapter_cell_and_its_first_line(path):
    def lengthen(notebook):
        code_cells(notebook)[5].source = "first = 1\n" + "a = 1\n" * 30

    edit(path, lengthen)
    number = next(number for number, cell in enumerate(nbformat.read(path, 4).cells, 1) if "first = 1" in cell.source)
    lines = find_problems_of([path])
    assert f"{CHAPTER}, cell {number}: a cell of 31 lines, more than 15, in 'first = 1'" in lines


def test_all_problems_of_all_files_are_told(path):
    def break_twice(notebook):
        notebook.cells[0].source = notebook.cells[0].source.replace("?", "")
        del code_cells(notebook)[-2].outputs[:]

    edit(path, break_twice)
    nothing = path.with_name("99_nothing.ipynb")
    nothing.write_text("nothing", encoding="utf-8")
    places = [line.partition(":")[0] for line in find_problems_of([path, nothing])]
    assert places == [f"{CHAPTER}, cell 1", f"{CHAPTER}, cell {len(nbformat.read(path, 4).cells) - 3}", "99_nothing"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing",
        "[]",
        "{}",
        "3",
        '{"nbformat": 4}',
        '{"nbformat": 4, "cells": 3}',
        '{"nbformat": 4, "cells": [3]}',
        "\0",
    ],
)
def test_a_file_that_is_no_notebook_gets_one_line(tmp_path, text):
    path = tmp_path / "03_batch.ipynb"
    path.write_text(text, encoding="utf-8")
    assert [line.partition(":")[0] for line in find_problems_of([path])] == [CHAPTER]


def test_a_notebook_without_published_parameters_is_told_where_these_are(path):
    new = path.rename(path.with_name("19_new.ipynb"))
    lines = find_problems_of([new])
    assert len(lines) == 1
    assert "PUBLISHED in gd_helpers/lesson/parameters.py" in lines[0]


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda cells: cells[1].update(id=cells[2].id), "cell ids"),
        (lambda cells: cells[1].pop("id"), "cell ids"),
        (lambda cells: cells[-1].update(cell_type="prose"), "not a valid notebook"),
        (lambda cells: cells[1].pop("outputs"), "not a valid notebook"),
        (lambda cells: cells[1].update(source="1 +"), "code that is not Python"),
        (lambda cells: cells.pop(1), "no code cell"),
    ],
)
def test_a_notebook_that_no_rule_could_read_gets_one_line(break_it, words):
    notebook = new_notebook(cells=[new_markdown_cell("# A?"), new_code_cell("1"), new_markdown_cell("b")])
    break_it(notebook.cells)
    [(_, sentence)] = find_problems(notebook, CHAPTER)
    assert words in sentence


def test_a_file_that_refresh_would_write_otherwise_is_stopped(path):
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert find_problems_of([path]) == ["03_batch: the file is not written as refresh writes it"]


def test_a_link_that_leads_nowhere_is_stopped(path):
    path.with_name("04_stochastic.ipynb").unlink()
    assert "03_batch, cell 1: a link that leads nowhere: 04_stochastic.ipynb" in find_problems_of([path])


def test_code_of_another_chapter_is_stopped(path):
    def copy(notebook):
        twin = nbformat.read(NOTEBOOKS / "04_stochastic.ipynb", as_version=4)
        code_cells(notebook)[5].source = next(
            cell.source for cell in code_cells(twin)[3:] if len(cell.source.splitlines()) > 8
        )

    edit(path, copy)
    assert any("5 lines or more are those of 04_stochastic, cell " in line for line in find_problems_of([path]))
