"""Every chapter, opened in JupyterLab and run from top to bottom."""

import re

import nbformat
import pytest
from server import CHAPTERS, NOTEBOOKS

from gd_helpers.lesson.commitments import PREDICTION_MIME
from gd_helpers.mime import EXPLORER_MIME, WIDGET_MIME
from gd_helpers.runner.comparison import find_differences
from gd_helpers.runner.outputs import normalise

LIVE = r"\bis_headless\(\)"  # in a cell that shows readers times of their own machine, which no notebook stores
SET_LIVE = re.compile(rf"^(\w+) = .*{LIVE}", re.MULTILINE)
BAR = re.compile(r"[\w, -]+:   0%\|          \| 0/\d+ \[00:00<\?, \?it/s\]")  # a progress bar, as text
BROKEN = """() => [...document.querySelectorAll('.jp-Notebook img')]
  .filter((image) => !image.hidden && !(image.complete && image.naturalWidth > 1)).map((image) => image.outerHTML)"""


@pytest.fixture(scope="module", params=CHAPTERS)
def notebook(desk, request):
    """Return a chapter after Run All."""
    return desk.take(request.param)


@pytest.fixture(scope="module")
def run(notebook):
    """Return the chapter's cells with the outputs of Run All."""
    return notebook.read()


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def find_live(notebook):
    """Return a pattern of the cells that show what depends on being live."""
    names = [name for cell in code_cells(notebook) for name in SET_LIVE.findall(cell.source)]
    return re.compile("|".join([LIVE, *(rf"\b{name}\b" for name in names)]))


def comparable(cell, live):
    """Return a cell's outputs without what only a live one has: widgets, bars, and what depends on being `live`."""
    outputs = []
    for output in cell.outputs:
        data = output.get("data", {})
        if WIDGET_MIME in data:
            before = outputs[-2:-1]  # the text of an explorer comes in between
            is_explorer = bool(before) and EXPLORER_MIME in before[0].get("data", {})
            if is_explorer or BAR.fullmatch(data.get("text/plain", "")):
                continue
            assert PREDICTION_MIME in data, "a widget without what is shown where there are none"
            del data[WIDGET_MIME]
        value = output.output_type == "execute_result"
        depends = value or output.get("name") == "stdout" or data.get("text/plain", "").startswith("Figure with")
        if depends and live.search(cell.source):
            continue
        outputs.append(output)
    return outputs


def with_floats(value):
    """Return `value`, as JSON has it, with all numbers as floats: JavaScript writes 301.0 as 301."""
    if isinstance(value, dict):
        return {name: with_floats(each) for name, each in value.items()}
    if isinstance(value, list):
        return [with_floats(each) for each in value]
    return float(value) if type(value) is int else value


def test_every_cell_has_run_in_order(run):
    counts = [cell.execution_count for cell in code_cells(run)]
    assert counts == list(range(1, len(counts) + 1))


def test_no_cell_raises_or_warns(run):
    outputs = [output for cell in code_cells(run) for output in cell.outputs]
    assert [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"] == []


def test_the_outputs_are_the_stored_ones(notebook, run):
    stored = nbformat.read(NOTEBOOKS / f"{notebook.chapter}.ipynb", as_version=4)
    live = nbformat.from_dict(run)
    for cell in code_cells(live) + code_cells(stored):
        cell.outputs = comparable(cell, find_live(stored))
    pairs = zip(code_cells(normalise(live)), code_cells(normalise(stored)), strict=True)
    differences = [
        f"{expected.source}\n{difference}"
        for cell, expected in pairs
        for difference in find_differences(with_floats(expected.outputs), with_floats(cell.outputs))
    ]
    assert not differences, "\n\n".join(differences)


def test_all_of_it_is_shown_pictures_and_formulas(notebook, run, screenshots):
    if screenshots:
        notebook.photograph(screenshots)
    pictures = [output for cell in code_cells(run) for output in cell.outputs if "image/png" in output.get("data", {})]
    formulas = any("$" in cell.source for cell in run.cells if cell.cell_type == "markdown")
    assert notebook.page.locator(".jp-Notebook img").count() >= len(pictures)
    assert (notebook.page.locator(".jp-Notebook mjx-container").count() > 0) == formulas
    assert notebook.page.evaluate(BROKEN) == []
    assert notebook.page.locator(".jp-Notebook mjx-merror, .jp-Notebook [data-mjx-error]").count() == 0


def test_captions_have_no_scroll_bar(notebook, run):
    outputs = notebook.page.locator(".jp-OutputArea-output:has(> p.caption)")
    assert outputs.count() or not any("caption=" in cell.source for cell in code_cells(run))
    assert outputs.evaluate_all("(all) => all.filter((each) => each.scrollHeight > each.clientHeight).length") == 0


def test_nothing_leaves_the_machine(notebook):
    assert notebook.traffic.sockets  # so the page was watched
    assert notebook.traffic.outside() == []


def test_no_request_and_no_script_fails(notebook):
    assert notebook.traffic.failed == []
    assert notebook.traffic.errors == []
