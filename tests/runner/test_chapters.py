"""Finding chapters, parsing parameters, and what is kept of runs; no notebook is run but where it is said."""

import os
import sys
from types import SimpleNamespace

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_output
from stand_in import write_chapter

from gd_helpers.lesson.claims import CLAIM_MIME
from gd_helpers.runner import chapters
from gd_helpers.runner.scheduler import Outcome

CLAIM = f"display({{'{CLAIM_MIME}': {{'holds': True}}, 'text/plain': 'holds'}}, raw=True)"


@pytest.fixture
def course(tmp_path):
    """Return a folder with two chapters, and beside them what is none."""
    folder = tmp_path / "notebooks"
    write_chapter(folder, "01_one", "print(n)")
    write_chapter(folder, "02_two", "print(n)")
    (folder / "notes.ipynb").write_text("{}")
    (folder / "01_one.failed.ipynb").write_text("{}")
    (folder / "03_three.txt").write_text("")
    return folder


@pytest.fixture
def no_worker(monkeypatch):
    """Have chapters end at once, with the reasons and the printed texts that two dicts by stem say."""
    reasons, says = {}, {}

    def run_jobs(jobs, place, processes=None):
        for job in jobs:
            notebook = nbformat.reads(job.text, as_version=4)
            for number, cell in enumerate(notebook.cells, start=1):
                cell.execution_count = number
                cell.outputs = [new_output("stream", name="stdout", text=says.get(job.key, "5\n"))]
            yield job, Outcome(reasons.get(job.key, ""), nbformat.writes(notebook), 1.0)

    monkeypatch.setattr(chapters, "run_jobs", run_jobs)
    return SimpleNamespace(reasons=reasons, says=says)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_chapters_are_the_notebooks_whose_names_begin_with_two_digits(course):
    assert list(chapters.find_chapters(course)) == ["01_one", "02_two"]


@pytest.mark.parametrize(
    "names", [["02_two"], ["02"], ["2"], ["02_two.ipynb"], ["notebooks/02_two.ipynb"], ["2", "02"]]
)
def test_a_chapter_is_selected_by_stem_number_or_path_once(course, monkeypatch, names):
    monkeypatch.chdir(course.parent)
    assert chapters.select_chapters(names, course) == [course / "02_two.ipynb"]


def test_a_notebook_that_lies_elsewhere_is_selected_by_its_path(course, tmp_path):
    path = write_chapter(tmp_path / "mine", "any name")
    assert chapters.select_chapters([str(path)], course) == [path]


def test_a_file_that_is_no_notebook_is_refused(course):
    with pytest.raises(ValueError, match=r"chapter must be a notebook, got '.*03_three\.txt'"):
        chapters.select_chapters([str(course / "03_three.txt")], course)


def test_two_notebooks_of_one_name_are_refused(course, tmp_path):
    path = write_chapter(tmp_path / "mine", "02_two")
    with pytest.raises(ValueError, match="chapters must have different names, got"):
        chapters.select_chapters(["02", str(path)], course)


def test_no_name_selects_all_chapters(course):
    assert chapters.select_chapters([], course) == [course / "01_one.ipynb", course / "02_two.ipynb"]


def test_an_unknown_chapter_is_refused_with_the_nearest_name(course):
    with pytest.raises(ValueError, match="one of 01_one, 02_two, got '02_tow'; did you mean '02_two'"):
        chapters.select_chapters(["01_one", "02_tow"], course)


def test_a_number_that_two_chapters_have_is_refused(course):
    write_chapter(course, "02_too")
    with pytest.raises(ValueError, match="one of 02_too, 02_two, got '02'"):
        chapters.select_chapters(["02"], course)


def test_a_folder_without_chapters_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"NN_name\.ipynb, got none in"):
        chapters.select_chapters([], tmp_path)


NUMBERS = (st.integers() | st.floats()).map(str)


@given(
    st.sampled_from(["True", "true", "None", "", "1_000", " 7", "1e-3", "nan", "-inf", "0x10"]) | st.text() | NUMBERS
)
def test_a_value_without_a_default_is_what_papermill_makes_of_it(text):
    from papermill.cli import _resolve_type

    value, expected = chapters.parse_value("p", text), _resolve_type(text)
    assert (type(value), repr(value)) == (type(expected), repr(expected))


@pytest.mark.parametrize(
    ("text", "default", "value"),
    [("1e3", 5, 1000), ("5.0", 5, 5), ("5.5", 5, 5.5), ("1", 0.5, 1.0), ("1e-2", 0.5, 0.01), ("5", "adam", "5")],
)
def test_a_value_has_the_type_of_the_default(text, default, value):
    parsed = chapters.parse_value("p", text, default)
    assert (type(parsed), parsed) == (type(value), value)


@pytest.mark.parametrize("default", [5, 0.5])
def test_a_text_where_a_number_belongs_is_refused_with_what_to_write(default):
    with pytest.raises(ValueError, match=f"p must be a number, got the text 'five'; write for example -p p {default}"):
        chapters.parse_value("p", "five", default)


def test_defaults_are_read_from_the_parameters_cell(course):
    path = write_chapter(course, "03_three", parameters="a: float = 1e-3  # rate\nb: int = 2 * 3  # product")
    assert chapters.read_defaults(path) == {"a": 1e-3, "b": ...}


def test_defaults_are_read_where_the_path_has_braces(tmp_path):
    folder = tmp_path / "{course}"
    folder.mkdir()
    assert chapters.read_defaults(write_chapter(folder, "01_one"))["n"] == 1000


def parse(course, **texts):
    path = course / "01_one.ipynb"
    return chapters.parse_parameters(path.stem, texts, chapters.read_defaults(path))


def test_a_value_is_checked_together_with_the_other_parameters_defaults(course):
    with pytest.raises(ValueError, match="batch_size must be a whole number from 1 to 1000, got 5000"):
        parse(course, batch_size="5000")


def test_values_given_together_are_checked_together(course):
    assert parse(course, batch_size="5000", n="6e3") == {"batch_size": 5000, "n": 6000}


def test_a_parameter_that_the_package_does_not_know_passes_unchecked():
    assert chapters.parse_parameters("03_three", {"colour": "7"}, {"colour": "red"}) == {"colour": "7"}


def test_with_several_chapters_each_must_have_the_parameter(course, tmp_path):
    write_chapter(course, "03_three", parameters="m: int = 1")
    with pytest.raises(ValueError, match="03_three has no parameter 'n'"):
        chapters.run_chapters(given={"n": "500"}, out=tmp_path / "out", notebooks=course)


def test_a_broken_notebook_is_refused_before_anything_is_written(course, tmp_path):
    (course / "03_three.ipynb").write_text("{")
    with pytest.raises(ValueError, match=r"got 03_three\.ipynb"):
        chapters.run_chapters(out=tmp_path / "out", notebooks=course)
    assert names_in(tmp_path) == ["notebooks"]


def test_the_folder_of_the_chapters_is_refused_for_their_outputs(course, no_worker):
    before = (course / "01_one.ipynb").read_bytes()
    with pytest.raises(ValueError, match="--out must be a folder apart"):
        chapters.run_chapters(out=course, notebooks=course)
    assert (course / "01_one.ipynb").read_bytes() == before


def test_a_finished_chapter_replaces_what_is_left_of_a_failed_one(course, tmp_path, no_worker):
    out = tmp_path / "out"
    no_worker.reasons["02_two"] = "kernel died"
    chapters.run_chapters(out=out, notebooks=course)
    assert names_in(out) == ["01_one.ipynb", "02_two.failed.ipynb"]
    no_worker.reasons.clear()
    chapters.run_chapters(out=out, notebooks=course)
    assert names_in(out) == ["01_one.ipynb", "02_two.ipynb"]


def test_a_failed_chapter_leaves_no_earlier_result(course, tmp_path, no_worker):
    out = tmp_path / "out"
    chapters.run_chapters(out=out, notebooks=course)
    no_worker.reasons["01_one"] = "kernel died"
    first, second = chapters.run_chapters(out=out, notebooks=course)
    assert names_in(out) == ["01_one.failed.ipynb", "02_two.ipynb"]
    assert (first.status, first.reason, second.status) == ("failed", "kernel died", "finished")


def test_chapters_run_by_papermill_are_kept_counted_and_told_apart(course, tmp_path):
    write_chapter(course, "01_one", CLAIM, "print(n)", CLAIM)
    write_chapter(course, "02_two", CLAIM, "raise ValueError('bad')", CLAIM)
    first, second = chapters.run_chapters(given={"n": "500"}, out=tmp_path / "out", notebooks=course)
    assert (first.status, first.held, first.claims, first.reason) == ("finished", 2, 2, "")
    assert (second.status, second.held, second.claims, second.reason) == ("failed", 1, 1, "ValueError: bad")
    assert names_in(tmp_path / "out") == ["01_one.ipynb", "02_two.failed.ipynb"]
    assert nbformat.read(tmp_path / "out" / "01_one.ipynb", as_version=4).cells[3].outputs[0].text == "500\n"


def test_refreshing_stores_the_outputs_and_a_second_time_touches_nothing(course):
    path = write_chapter(course, "01_one", "print(n)\nimport time; time.sleep(0.3)\nprint(2)\nn")
    before = nbformat.read(path, as_version=4)
    assert chapters.refresh_chapters(["01"], notebooks=course)[0].status == "rewritten"
    after, stamp = nbformat.read(path, as_version=4), (path.stat().st_ino, path.stat().st_mtime_ns)
    assert [(cell.id, cell.source) for cell in after.cells] == [(cell.id, cell.source) for cell in before.cells]
    assert [cell.execution_count for cell in after.cells] == [1, 2]
    assert [output.get("text", "1000") for output in after.cells[1].outputs] == ["1000\n2\n", "1000"]
    assert chapters.refresh_chapters(["01"], notebooks=course)[0].status == "unchanged"
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == stamp


def test_a_chapter_that_fails_its_refresh_stays_as_it_was(course, no_worker):
    before = (course / "01_one.ipynb").read_bytes()
    no_worker.reasons["01_one"] = "kernel died"
    first, second = chapters.refresh_chapters(notebooks=course)
    assert (first.status, first.reason, second.status) == ("failed", "kernel died", "rewritten")
    assert (course / "01_one.ipynb").read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="paths are written in several ways")
def test_a_chapter_that_shows_a_path_of_this_machine_is_not_stored(course, no_worker):
    before = (course / "01_one.ipynb").read_bytes()
    no_worker.says["01_one"] = os.path.expanduser("~")
    result = chapters.refresh_chapters(["01"], notebooks=course)[0]
    assert result.status == "failed"
    assert "cell 1 shows" in result.reason
    assert (course / "01_one.ipynb").read_bytes() == before


def test_a_chapter_that_was_edited_while_it_ran_keeps_the_edit(course, no_worker, monkeypatch):
    path, run_jobs = course / "01_one.ipynb", chapters.run_jobs

    def edit_and_run(*arguments):
        path.write_text(path.read_text().replace("print(n)", "print(n + 1)"))
        yield from run_jobs(*arguments)

    monkeypatch.setattr(chapters, "run_jobs", edit_and_run)
    result = chapters.refresh_chapters(["01"], notebooks=course)[0]
    assert "edited while it ran" in result.reason
    assert "print(n + 1)" in path.read_text()


def test_what_a_killed_refresh_left_beside_the_chapters_is_removed_by_the_next(course, no_worker):
    before = names_in(course)
    (course / ".run-abc").mkdir()
    (course / ".01_one.ipynb.partial").touch()
    chapters.refresh_chapters(notebooks=course)
    assert names_in(course) == before


def test_the_table_has_a_row_a_chapter_and_says_why_one_failed():
    results = [
        chapters.Result("01_one", "finished", 1.25, 12, 12),
        chapters.Result("02_two", "failed", 10.0, 3, 4, "kernel died"),
    ]
    header, first, second = (line.split() for line in chapters.make_table(results).splitlines())
    assert header == ["chapter", "status", "seconds", "claims", "held"]
    assert first == ["01_one", "finished", "1.2", "12/12"]
    assert second == ["02_two", "failed", "10.0", "3/4", "kernel", "died"]
