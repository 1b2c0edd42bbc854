"""What came back is read without following it anywhere, and is run with the parameters that were handed out."""

import json
import os
import sys

import nbformat
import pytest
from graded import add_cell, fill_in, write_course

from gd_helpers.runner.grading import submissions
from gd_helpers.runner.grading.handout import hand_out
from gd_helpers.runner.grading.submissions import SubmissionError, list_folders, prepare, read_file

STEM = "00_introduction"
EMPTY = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs links")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return write_course(tmp_path_factory.mktemp("course") / "notebooks", STEM)


@pytest.fixture
def handed(course, tmp_path):
    """Hand a chapter out to Anna, and return her copy and a function that prepares it."""
    (tmp_path / "roster.csv").write_text("name,seed,n\nAnna,7,60\n")
    manifest = hand_out(tmp_path / "roster.csv", [STEM], out=tmp_path / "out", notebooks=course)
    path = tmp_path / "out" / "Anna" / f"{STEM}.ipynb"

    def prepare_it():
        prepared = prepare(path.read_bytes(), STEM, manifest.chapters[STEM], manifest.handouts[0].parameters[STEM])
        return prepared, nbformat.reads(prepared.text, as_version=4)

    return path, prepare_it


def edit(path, change):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def parameters_in(notebook):
    namespace = {}
    for cell in notebook.cells:
        if "seed: int" in cell.source:
            exec(cell.source, namespace)
    return namespace["seed"], namespace["n"]


def tagged(notebook):
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("tags"))


CHANGES = {
    "left": lambda notebook: None,
    "edited": lambda notebook: tagged(notebook).update(source="seed = 1\nn = 2000"),
    "deleted": lambda notebook: notebook["cells"].remove(tagged(notebook)),
    "retagged": lambda notebook: (
        tagged(notebook).update(source="seed = 1", metadata={}),
        notebook["cells"][-1]["metadata"].update(tags=["parameters"]),
    ),
    "without ids": lambda notebook: (
        notebook.update(nbformat_minor=4),
        tagged(notebook).update(source="seed = 1"),
        [cell.pop("id") for cell in notebook["cells"]],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_parameters_are_those_that_were_handed_out(handed, change):
    path, prepare_it = handed
    edit(path, CHANGES[change])
    prepared, notebook = prepare_it()
    assert parameters_in(notebook) == (7, 60)
    assert "seed = 1" not in prepared.text
    assert not any(cell.metadata for cell in notebook.cells)


def captures_of(prepared, notebook, name):
    sources = {cell.id: cell.source for cell in notebook.cells}
    return [(sources[key], sources[captured]) for key, captured in prepared.answers[name]]


def test_below_each_cell_that_checks_an_answer_is_one_that_captures_it(handed):
    path, prepare_it = handed
    fill_in(path, {"updates_in_an_epoch": "exercises.updates_in_an_epoch.check(1, 2)"})
    prepared, notebook = prepare_it()
    ((_, capture),) = captures_of(prepared, notebook, "updates_in_an_epoch")
    assert capture.endswith('.capture("00_introduction", "updates_in_an_epoch", lambda: (1, 2, ))')
    ids = [cell.id for cell in notebook.cells]
    for ((key, captured),) in prepared.answers.values():
        assert ids.index(captured) == ids.index(key) + 1
    assert list(prepared.problems) == []


def test_the_cell_that_was_handed_out_counts_before_others_and_these_from_the_end(handed):
    path, prepare_it = handed
    for number in (1, 2):
        add_cell(path, f"exercises.times_as_many_updates.check({number})", place=100)
    prepared, notebook = prepare_it()
    checked = [source.partition("check(")[2] for source, _ in captures_of(prepared, notebook, "times_as_many_updates")]
    assert checked == ["answer)", "2)", "1)"]


def test_an_answer_is_found_wherever_its_cell_was_moved_and_whatever_its_id(handed):
    path, prepare_it = handed
    edit(path, lambda notebook: notebook["cells"].reverse())
    edit(path, lambda notebook: [cell.update(id=f"new-{i}") for i, cell in enumerate(notebook["cells"])])
    prepared, _ = prepare_it()
    assert len(prepared.answers) == 4


def test_why_there_is_no_answer_is_said(handed):
    path, prepare_it = handed
    fill_in(path, {"updates_in_an_epoch": "answer =", "times_as_many_updates": "7"})
    prepared, _ = prepare_it()
    assert prepared.problems == {
        "updates_in_an_epoch": "Its cell is not Python: invalid syntax (<unknown>, line 1).",
        "times_as_many_updates": "No cell of the notebook checks an answer to it.",
    }


@pytest.mark.parametrize("answer", ["-" * 5000 + "1", "(" * 300 + ")" * 300, "1" + ",1" * 20_000])
def test_a_cell_that_is_too_deep_or_too_long_to_be_read_costs_its_own_answer(handed, answer):
    path, prepare_it = handed
    fill_in(path, {"updates_until": f"exercises.updates_until.check({answer})"})
    prepared, _ = prepare_it()
    assert list(prepared.problems) == ["updates_until"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"print(1)",
        b"[]",
        b"{}",
        b'{"cells": [{}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        b'{"cells": 7, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        b'{"cells": [{"cell_type": "code", "source": 7}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        b"[" * 100_000,
        json.dumps({**EMPTY, "cells": [{"cell_type": "raw", "source": "", "metadata": {}}] * 3000}).encode(),
    ],
)
def test_what_is_no_notebook_is_said_to_be_none(handed, content):
    path, prepare_it = handed
    path.write_bytes(content)
    with pytest.raises(SubmissionError, match=r"^not a notebook: \w+$"):
        prepare_it()


def test_a_file_is_read(handed):
    path, _ = handed
    assert read_file(path.parent, path.name) == path.read_bytes()


def test_a_folder_is_found_however_its_accents_are_written(tmp_path):
    (tmp_path / "Zoe\u0308").mkdir()
    assert list_folders(tmp_path)["zo\u00eb"] == tmp_path / "Zoe\u0308"


@posix
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.symlink_to("/etc/passwd"), "a link, which is not followed"),
        (lambda path: path.symlink_to("/nowhere"), "a link, which is not followed"),
        (lambda path: path.mkdir(), "not a file"),
        (lambda path: os.mkfifo(path), "not a file"),
        (lambda path: path.write_bytes(b"x" * 2_000_000), "larger than 1 MB"),
        (lambda path: None, "not handed in"),
    ],
)
def test_what_is_no_plain_file_is_not_read(tmp_path, monkeypatch, make, reason):
    monkeypatch.setattr(submissions, "LARGEST", 1)
    make(tmp_path / "notebook.ipynb")
    with pytest.raises(SubmissionError, match=f"^{reason}$"):
        read_file(tmp_path, "notebook.ipynb")


@posix
def test_a_folder_that_is_a_link_is_not_followed(handed, tmp_path):
    path, _ = handed
    (tmp_path / "link").symlink_to(path.parent)
    with pytest.raises(SubmissionError, match="a link, which is not followed"):
        read_file(tmp_path / "link", path.name)


def test_nobody_has_a_folder_that_is_not_there():
    with pytest.raises(SubmissionError, match="not handed in"):
        read_file(None, "notebook.ipynb")
