import json
import math
import re

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output

from gd_helpers.lesson import results as recording
from gd_helpers.lesson.results import RESULTS_MIME, read_results, record
from gd_helpers.runner.chapters import NOTEBOOKS
from gd_helpers.runner.outputs import normalise

NAMES = st.text("abcxyz_", min_size=1)
TEXTS = st.text().filter(lambda text: text not in ("NaN", "Infinity", "-Infinity"))
VALUES = st.booleans() | st.integers() | st.floats() | TEXTS


def notebook_of(*bundles):
    """Return a notebook whose cells show `bundles`, written and read once, as a front end does."""
    cells = [new_code_cell("1", outputs=[new_output("display_data", data=bundle)]) for bundle in bundles]
    return nbformat.reads(nbformat.writes(new_notebook(cells=cells)), as_version=4)


@pytest.fixture
def shown(monkeypatch):
    """Return the list of what `record` displays."""
    shown = []
    monkeypatch.setattr(recording, "display", shown.append)
    return shown


def bundle_of(**results):
    return recording.Results(results)._repr_mimebundle_()


def same(one, other):
    """Return whether two plain values are of one type and equal, as NaN is to NaN."""
    return type(one) is type(other) and (one == other or (one != one and other != other))


@given(st.dictionaries(NAMES, VALUES, min_size=1))
def test_what_is_recorded_is_what_is_read(results):
    read = read_results(notebook_of(bundle_of(**results)))
    assert read.keys() == results.keys()
    assert all(same(read[name], results[name]) for name in results)


@given(st.floats())
def test_the_bundle_is_json_for_every_reader(value):
    json.dumps(bundle_of(loss=value)[RESULTS_MIME], allow_nan=False)


def test_numbers_of_numpy_become_plain_ones(shown):
    record(mse=np.float32(0.5), updates=np.int64(7), arrived=np.bool_(True), rule=np.str_("adam"))
    assert [(type(value), value) for value in shown[0].values.values()] == [
        (float, 0.5),
        (int, 7),
        (bool, True),
        (str, "adam"),
    ]


def test_the_reader_sees_four_digits_and_whole_numbers_whole(shown):
    record(mse=1.8434567, updates=500_000, r2=math.nan, rule="adam")
    line = "Recorded: mse = 1.843, updates = 500000, r2 = nan, rule = adam"
    assert repr(shown[0]) == line
    assert shown[0]._repr_mimebundle_()["text/plain"] == line


def test_a_text_cannot_break_the_html():
    assert "<i>" not in bundle_of(rule="<i>")["text/html"]


@pytest.mark.parametrize("value", [[1.0], np.ones(2), None, 1j, {"a": 1}, "NaN", "-Infinity"], ids=str)
def test_what_is_no_single_value_is_refused_by_name_and_nothing_is_shown(value, shown):
    with pytest.raises(ValueError, match="weights must be a number, True or False, or a text, got"):
        record(mse=1.0, weights=value)
    assert shown == []


def test_nothing_to_record_is_refused():
    with pytest.raises(ValueError, match="got none"):
        record()


def test_the_results_of_several_cells_come_together_and_the_later_wins():
    read = read_results(notebook_of(bundle_of(mse=1.0, updates=1), {"text/plain": "1"}, bundle_of(mse=2.0)))
    assert read == {"mse": 2.0, "updates": 1}


def test_what_other_programs_have_recorded_is_read_as_it_is():
    bundle = {RESULTS_MIME: {"sizes": [1, 2], "best": {"rate": 0.1}, "loss": "NaN"}}
    read = read_results(notebook_of(bundle))
    assert (read["sizes"], read["best"]) == ([1, 2], {"rate": 0.1})
    assert math.isnan(read["loss"])


def test_a_notebook_without_results_has_none():
    assert read_results(notebook_of({"text/plain": "1"})) == {}


def test_a_stored_chapter_keeps_the_digits_that_it_shows():
    stored = normalise(notebook_of(bundle_of(mse=1.8434567, r2=math.inf, updates=123_456, arrived=True)))
    read = read_results(stored)
    assert read == {"mse": 1.843, "r2": math.inf, "updates": 123_456, "arrived": True}
    assert stored.cells[0].outputs[0].data["text/plain"].startswith("Recorded: mse = 1.843, ")


@given(st.dictionaries(NAMES, VALUES, min_size=1))
def test_rounding_twice_is_rounding_once(results):
    once = recording.round_results(bundle_of(**results))
    assert recording.round_results(once) == once


@pytest.mark.parametrize("chapter", ["03_batch", "04_stochastic", "05_mini_batch"])
def test_a_chapter_stores_in_its_bundle_what_its_line_shows(chapter):
    notebook = nbformat.read(NOTEBOOKS / f"{chapter}.ipynb", as_version=4)
    (output,) = (
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if RESULTS_MIME in output.get("data", {})
    )
    shown = re.findall(r"(\w+) = ([^,]+)", output.data["text/plain"])
    assert dict(shown).keys() == output.data[RESULTS_MIME].keys()
    assert {name: float(text) for name, text in shown} == output.data[RESULTS_MIME]
