"""nbval compares stored outputs by `find_differences`, with the settings that the chapters are tested with."""

import base64
import io
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from gd_helpers.runner.outputs import normalise

ROOT = Path(__file__).resolve().parents[2]
FIGURE = """fig, ax = plotting.subplots(height=1)
ax.plot([1, 2], [1, 2])
plotting.show(fig, "A line that rises from left to right.")"""
PRINT = """print("loss 2.498")"""
BOTH = f"{PRINT}\n{FIGURE}"


def keep(outputs):
    return outputs


def round_number(outputs):
    outputs[0].text = outputs[0].text.replace("2.498", "2.499")
    return outputs


def change_number(outputs):
    outputs[0].text = outputs[0].text.replace("2.498", "2.598")
    return outputs


def change_alt(outputs):
    outputs[0].metadata["image/png"]["alt"] = "A line that falls from left to right."
    return outputs


def blank_picture(outputs):
    png = io.BytesIO()
    data = outputs[0].data
    Image.new("RGB", Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).size, "white").save(png, "PNG")
    data["image/png"] = base64.b64encode(png.getvalue()).decode()
    return outputs


def text_last(outputs):
    return [*outputs[1:], outputs[0]]


def drop(outputs):
    return []


CASES = {
    keep: (BOTH, False),
    round_number: (PRINT, False),
    change_number: (PRINT, True),
    change_alt: (FIGURE, True),
    blank_picture: (FIGURE, True),
    text_last: (BOTH, True),
    drop: (PRINT, True),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What nbval says of a cell whose stored outputs were changed by each of `CASES`: "" where it passes."""
    folder = tmp_path_factory.mktemp("notebooks")
    cells = [new_code_cell("from gd_helpers import plotting"), *(new_code_cell(source) for source, _ in CASES.values())]
    notebook = new_notebook(cells=cells)
    NotebookClient(notebook, kernel_name="python3", coalesce_streams=True).execute()
    notebook = normalise(notebook)
    for cell, change in zip(notebook.cells[1:], CASES, strict=True):
        cell.outputs = change(cell.outputs)
    nbformat.write(notebook, folder / "cells.ipynb")
    shutil.copy(ROOT / "conftest.py", folder)
    options = ["-c", ROOT / "pyproject.toml", "--rootdir=.", "-p", "no:cacheprovider"]
    subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--junitxml=report.xml", "."],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
    )
    cases = ET.parse(folder / "report.xml").iter("testcase")
    reasons = ["".join(failure.text for failure in case.iter("failure")) for case in cases]
    return dict(zip(CASES, reasons[1:], strict=True))


@pytest.mark.parametrize(("change", "noticed"), [(change, case[1]) for change, case in CASES.items()])
def test_a_cell_fails_if_its_stored_outputs_are_not_what_it_gives(report, change, noticed):
    assert bool(report[change]) == noticed, report[change]


def test_a_failure_says_what_differs(report):
    assert "output 1, text: stored is 'loss 2.598\\n', new is 'loss 2.498\\n'" in report[change_number]
