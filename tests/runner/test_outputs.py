import os
import sys
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from gd_helpers.lesson.claims import CLAIM_MIME
from gd_helpers.lesson.fold import CHECKS_MIME
from gd_helpers.lesson.results import RESULTS_MIME
from gd_helpers.mime import WIDGET_MIME
from gd_helpers.runner import outputs

WORDS = st.text("ab\r\n\b é", max_size=6)
STREAMS = st.fixed_dictionaries(
    {"output_type": st.just("stream"), "name": st.sampled_from(["stdout", "stderr"]), "text": WORDS}
)
FIGURES = st.fixed_dictionaries(
    {
        "output_type": st.just("display_data"),
        "data": st.dictionaries(st.sampled_from(["text/plain", "image/png", WIDGET_MIME]), WORDS, min_size=1),
        "metadata": st.dictionaries(st.just("image/png"), st.just({"alt": "a line"})),
    }
)
METADATA = st.dictionaries(st.sampled_from(["execution", "papermill", "widgets"]), st.just({"start": "12:00"}))
TAGS = st.lists(st.sampled_from(["parameters", "injected-parameters", "hide-input"]), unique=True)


@st.composite
def notebooks(draw):
    cell = {"cell_type": "code", "id": "one", "source": "1", "execution_count": draw(st.none() | st.integers(1, 9))}
    cell["metadata"] = {"tags": draw(TAGS), **draw(METADATA)}
    cell["outputs"] = draw(st.lists(STREAMS | FIGURES, max_size=6))
    return nbformat.from_dict({"cells": [cell], "metadata": draw(METADATA), "nbformat": 4, "nbformat_minor": 5})


def notebook_with(*found, **cell):
    return new_notebook(
        cells=[
            new_markdown_cell("# Title", id="title"),
            new_code_cell("show()", id="show", outputs=list(found), **cell),
        ]
    )


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def shown(**data):
    return new_output("display_data", data=data)


def test_a_folded_cell_stays_folded_and_a_collapsed_output_does_not():
    metadata = {"jupyter": {"source_hidden": True, "outputs_hidden": True}, "collapsed": True, "tags": ["parameters"]}
    notebook = new_notebook(cells=[new_code_cell("1", metadata=metadata)])
    kept = {"jupyter": {"source_hidden": True}, "tags": ["parameters"]}
    assert outputs.normalise(notebook).cells[0].metadata == kept


@given(notebooks())
def test_normalising_twice_is_normalising_once(notebook):
    once = outputs.normalise(notebook)
    assert outputs.normalise(once) == once


@given(notebooks())
def test_normalising_leaves_its_argument_alone(notebook):
    before = nbformat.writes(notebook)
    outputs.normalise(notebook)
    assert nbformat.writes(notebook) == before


@given(notebooks())
def test_what_is_normalised_is_a_valid_notebook(notebook):
    nbformat.validate(outputs.normalise(notebook))


@given(st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.text("ab\n", max_size=5))))
def test_how_a_kernel_chunks_and_interleaves_streams_does_not_matter(pieces):
    whole = {name: "".join(text for piece, text in pieces if piece == name) for name in ("stdout", "stderr")}
    chunked = [stream(text, name) for name, text in pieces]
    expected = [stream(text, name) for name, text in whole.items() if name in dict(pieces)]
    assert outputs.normalise(notebook_with(*chunked)).cells[1].outputs == expected


def test_streams_on_both_sides_of_a_figure_stay_there():
    figure = shown(**{"image/png": "aaaa"})
    cell = outputs.normalise(notebook_with(stream("a\n"), stream("b\n"), figure, stream("c\n"))).cells[1]
    assert cell.outputs == [stream("a\nb\n"), figure, stream("c\n")]


def test_only_the_last_state_of_a_line_that_overwrites_itself_is_kept():
    cell = outputs.normalise(notebook_with(stream("10 %\r"), stream("100 %\ndone\r\n"))).cells[1]
    assert cell.outputs == [stream("100 %\ndone\r\n")]


def test_a_cell_keeps_its_tags_and_no_other_metadata():
    metadata = {"tags": ["parameters", "injected-parameters"], "papermill": {"duration": 1.5}, "scrolled": True}
    assert outputs.normalise(notebook_with(metadata=metadata)).cells[1].metadata == {"tags": ["parameters"]}


def test_source_id_count_figure_and_alt_text_stay():
    figure = new_output("display_data", data={"image/png": "aaaa"}, metadata={"image/png": {"alt": "a line"}})
    before = notebook_with(figure, execution_count=3)
    assert outputs.normalise(before).cells[1] == before.cells[1]


def test_widgets_and_their_state_are_dropped():
    notebook = notebook_with(shown(**{WIDGET_MIME: {"model_id": "1"}, "text/plain": "slider"}), stream("a"))
    notebook.metadata["widgets"] = {"state": {}}
    normal = outputs.normalise(notebook)
    assert normal.cells[1].outputs == [stream("a")]
    assert "widgets" not in normal.metadata


def test_the_notebook_keeps_of_its_language_what_holds_for_every_version():
    notebook = notebook_with()
    notebook.metadata.update(
        kernelspec={"name": "mine", "display_name": "My own", "language": "python"},
        language_info={
            "name": "python",
            "version": "3.11.7",
            "codemirror_mode": {"version": 3},
            "file_extension": ".py",
        },
        papermill={"duration": 1.5},
    )
    assert outputs.normalise(notebook).metadata == {
        "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"},
        "language_info": {"name": "python", "file_extension": ".py"},
    }


LOCAL = {
    "the repository": str(Path(outputs.__file__).resolve().parents[2] / "notebooks"),
    "the home folder": os.path.expanduser("~"),
    "an installed package": f"{Path(nbformat.__file__).parent}/reader.py:12",
    "a cell's file": os.path.join(os.sep, "tmp", "ipykernel_123", "456.py"),
    "an address": "<Line2D object at 0x7f12a4b3c9d0>",
}


@pytest.mark.skipif(sys.platform == "win32", reason="its paths are written in several ways")
@pytest.mark.parametrize("text", LOCAL.values(), ids=LOCAL)
@pytest.mark.parametrize(
    "make",
    [
        lambda text: stream(f"see {text}\n"),
        lambda text: new_output("error", ename="E", evalue=text, traceback=[]),
        lambda text: new_output("error", ename="E", evalue="", traceback=["first", f'File "{text}"']),
        lambda text: shown(**{"text/html": f"<b>{text}</b>"}),
        lambda text: shown(**{"application/json": {"where": [text]}}),
    ],
    ids=["stream", "error", "traceback", "html", "json"],
)
def test_what_only_this_machine_shows_is_refused_with_its_cell(text, make):
    with pytest.raises(ValueError, match=r"cell 2 shows '.*': 'show\(\)'"):
        outputs.check_portable(notebook_with(make(text)))


@pytest.mark.parametrize(
    "text", ["/usr/bin/env python", "loss at 0x10", f"{os.path.expanduser('~')}stead", "b0 + w1 / n"]
)
def test_other_texts_with_slashes_and_numbers_pass(text):
    outputs.check_portable(notebook_with(stream(text)))


def test_a_bitmap_is_not_searched_for_paths():
    outputs.check_portable(notebook_with(shown(**{"image/png": os.path.expanduser("~")})))


def test_claims_are_counted_by_their_mime_type():
    claims = [shown(**{CLAIM_MIME: {"statement": "s", "holds": holds}}) for holds in (True, False, True)]
    assert outputs.count_claims(notebook_with(*claims, stream("✓ holds"))) == (2, 3)


def test_checks_in_one_line_count_as_many_claims_as_they_are():
    claim = shown(**{CLAIM_MIME: {"statement": "s", "holds": True}})
    checks = shown(**{CHECKS_MIME: [{"statement": str(k), "holds": k != 2} for k in range(4)]})
    assert outputs.count_claims(notebook_with(claim, checks, claim)) == (5, 6)


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "01_one.ipynb"
    nbformat.write(notebook_with(stream("é\n")), path)
    return path


def test_a_notebook_is_written_as_nbformat_writes_it(stored, tmp_path):
    notebook = notebook_with(stream("ü\u2028\n"), shown(**{"text/html": "a\nb"}))
    assert outputs.replace_notebook(stored, notebook)
    nbformat.write(notebook, tmp_path / "oracle.ipynb")
    assert stored.read_bytes() == (tmp_path / "oracle.ipynb").read_bytes()


def test_a_file_that_would_be_the_same_is_not_touched(stored):
    before = stored.stat().st_ino, stored.stat().st_mtime_ns
    assert not outputs.replace_notebook(stored, nbformat.read(stored, as_version=4))
    assert (stored.stat().st_ino, stored.stat().st_mtime_ns) == before


def test_a_notebook_that_cannot_be_written_leaves_the_old_one_and_nothing_else(stored, monkeypatch):
    before = stored.read_bytes()

    def full(source, target):
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        outputs.replace_notebook(stored, notebook_with(stream("new")))
    assert stored.read_bytes() == before
    assert [path.name for path in stored.parent.iterdir()] == [stored.name]


def test_a_notebook_that_differs_by_rounding_leaves_the_file_as_it_is(tmp_path):
    path, before = tmp_path / "01_one.ipynb", notebook_with(stream("loss 2.869e-05\n"), execution_count=1)
    nbformat.write(before, path)
    assert not outputs.replace_notebook(path, notebook_with(stream("loss 2.868e-05\n"), execution_count=1))
    assert nbformat.read(path, as_version=4) == before


def test_what_is_stored_does_not_drift_by_rounding(tmp_path):
    path = tmp_path / "01_one.ipynb"
    nbformat.write(notebook_with(stream("loss 2.50\n")), path)
    for text in ("loss 2.51\n", "loss 2.52\n"):
        outputs.replace_notebook(path, notebook_with(stream(text)))
    assert nbformat.read(path, as_version=4).cells[1].outputs == [stream("loss 2.52\n")]


def test_a_cell_whose_outputs_changed_is_stored_anew_and_another_keeps_its_own(tmp_path):
    path = tmp_path / "01_one.ipynb"
    cells = [
        [new_code_cell("a", id="a", outputs=[stream(loss)]), new_code_cell("b", id="b", outputs=[stream(text)])]
        for loss, text in (("2.498", "old"), ("2.499", "new"))
    ]
    nbformat.write(new_notebook(cells=cells[0]), path)
    assert outputs.replace_notebook(path, new_notebook(cells=cells[1]))
    after = nbformat.read(path, as_version=4)
    assert [cell.outputs for cell in after.cells] == [[stream("2.498")], [stream("new")]]


def test_outputs_that_are_kept_get_the_new_execution_count(tmp_path):
    path = tmp_path / "01_one.ipynb"
    old, new = (new_output("execute_result", {"text/plain": "2"}, execution_count=count) for count in (3, 4))
    nbformat.write(notebook_with(old, execution_count=3), path)
    outputs.replace_notebook(path, notebook_with(new, execution_count=4))
    assert nbformat.read(path, as_version=4) == notebook_with(new, execution_count=4)


def test_outputs_that_are_kept_are_normalised(tmp_path):
    path = tmp_path / "01_one.ipynb"
    full, rounded = (shown(**{RESULTS_MIME: {"mse": value}}) for value in (2.49812345, 2.498))
    nbformat.write(notebook_with(full), path)
    outputs.replace_notebook(path, notebook_with(rounded))
    assert nbformat.read(path, as_version=4).cells[1].outputs == [rounded]
