import os
import sys
from types import SimpleNamespace

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output

from gd_helpers.lesson.claims import CLAIM_MIME
from gd_helpers.runner import chapters

PARAMETERS = (
    "n: int = 1000  # points\nbatch_size: int = 32  # examples an update\noptimizer: str = 'adam'  # the step rule"
)
CLAIM = f"display({{'{CLAIM_MIME}': {{'holds': True}}, 'text/plain': 'holds'}}, raw=True)"


def write_chapter(folder, stem, *cells, parameters=PARAMETERS):
    notebook = new_notebook(
        cells=[new_code_cell(parameters, metadata={"tags": ["parameters"]}), *map(new_code_cell, cells)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    path = folder / f"{stem}.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.fixture
def course(tmp_path):
    """Return a folder with two chapters, and beside them what is none."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    write_chapter(folder, "01_one", "print(n)")
    write_chapter(folder, "02_two", "print(n)")
    (folder / "notes.ipynb").write_text("{}")
    (folder / "01_one.failed.ipynb").write_text("{}")
    (folder / "03_three.txt").write_text("")
    return folder


@pytest.fixture
def no_papermill(monkeypatch):
    """Have chapters end at once, as a dict of reasons by stem says, with a printed text as output of each code cell."""
    reasons, text = {}, "5\n"

    def execute(executions, folder, *, jobs, finish, stop):
        for execution in executions:
            notebook = nbformat.read(execution.notebook, as_version=4)
            for number, cell in enumerate(notebook.cells, start=1):
                cell.execution_count = number
                cell.outputs = [new_output("stream", name="stdout", text=says.get(execution.notebook.stem, text))]
            execution.output, execution.executed = folder / execution.notebook.name, notebook
            execution.failure, execution.process = reasons.get(execution.notebook.stem, ""), SimpleNamespace()
            nbformat.write(notebook, execution.output)
            finish(execution)

    says = {}
    monkeypatch.setattr(chapters, "execute", execute)
    return SimpleNamespace(reasons=reasons, says=says)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_chapters_are_the_notebooks_whose_names_begin_with_two_digits(course):
    assert list(chapters.find_chapters(course)) == ["01_one", "02_two"]


@pytest.mark.parametrize("names", [["02_two"], ["02"], ["02", "02_two"]])
def test_a_chapter_is_selected_by_stem_or_number_once(course, names):
    assert chapters.select_chapters(names, course) == [course / "02_two.ipynb"]


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
def test_a_value_is_what_papermill_makes_of_it(text):
    from papermill.cli import _resolve_type

    value, expected = chapters.parse_value(text), _resolve_type(text)
    assert (type(value), repr(value)) == (type(expected), repr(expected))


def test_defaults_are_read_from_the_parameters_cell(course):
    path = write_chapter(course, "03_three", parameters="a: float = 1e-3  # rate\nb: int = 2 * 3  # product")
    assert chapters.read_defaults(path) == {"a": 1e-3, "b": ...}


def test_defaults_are_read_where_the_path_has_braces(tmp_path):
    folder = tmp_path / "{course}"
    folder.mkdir()
    assert chapters.read_defaults(write_chapter(folder, "01_one"))["n"] == 1000


def test_a_value_is_checked_together_with_the_other_parameters_defaults(course):
    with pytest.raises(ValueError, match="batch_size must be a whole number from 1 to 1000, got 5000"):
        chapters.check_given(course / "01_one.ipynb", {"batch_size": 5000})


def test_values_given_together_are_checked_together(course):
    chapters.check_given(course / "01_one.ipynb", {"batch_size": 5000, "n": 6000})


def test_a_parameter_that_the_package_does_not_know_passes_unchecked(course):
    path = write_chapter(course, "03_three", parameters="colour: str = 'red'  # of the line")
    chapters.check_given(path, {"colour": 7})


@pytest.mark.parametrize(
    ("given", "message"),
    [({"nn": "5"}, "'nn'.*did you mean 'n'"), ({"n": "2.5"}, "got 2.5"), ({"optimizer": "foo"}, "one of .*got 'foo'")],
)
def test_parameters_are_refused_before_anything_is_run_or_written(course, tmp_path, given, message):
    with pytest.raises(ValueError, match=message):
        chapters.run_chapters(given=given, out=tmp_path / "a" / "b", notebooks=course)
    assert names_in(tmp_path) == ["notebooks"]


def test_with_several_chapters_each_must_have_the_parameter(course, tmp_path):
    write_chapter(course, "03_three", parameters="m: int = 1")
    with pytest.raises(ValueError, match="03_three has no parameter 'n'"):
        chapters.run_chapters(given={"n": "500"}, out=tmp_path / "out", notebooks=course)


def test_a_broken_notebook_is_refused_before_anything_is_written(course, tmp_path):
    (course / "03_three.ipynb").write_text("{")
    with pytest.raises(ValueError, match=r"got 03_three\.ipynb"):
        chapters.run_chapters(out=tmp_path / "out", notebooks=course)
    assert names_in(tmp_path) == ["notebooks"]


@pytest.mark.parametrize("jobs", [0, -1, 1.5, True, "two"])
def test_jobs_must_be_a_whole_number_of_at_least_1(course, tmp_path, jobs):
    with pytest.raises(ValueError, match="jobs must be a whole number of at least 1, got"):
        chapters.run_chapters(out=tmp_path / "out", notebooks=course, jobs=jobs)
    assert names_in(tmp_path) == ["notebooks"]


@pytest.mark.parametrize("inside", ["", "deeper/and/deeper"])
def test_a_file_in_place_of_the_folder_is_refused(course, tmp_path, inside):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ValueError, match="--out must be a folder that can be written to, got"):
        chapters.run_chapters(out=tmp_path / "out" / inside, notebooks=course)
    assert (tmp_path / "out").read_text() == "mine"


def test_a_folder_that_cannot_be_made_leaves_no_part_of_its_path(course, tmp_path):
    with pytest.raises(ValueError, match="--out must be a folder"):
        chapters.run_chapters(out=tmp_path / "new" / ("x" * 300), notebooks=course)
    assert names_in(tmp_path) == ["notebooks"]


def test_the_folder_of_the_chapters_is_refused_for_their_outputs(course):
    with pytest.raises(ValueError, match="--out must be another folder"):
        chapters.run_chapters(out=course / ".." / "notebooks", notebooks=course)


def test_a_finished_chapter_replaces_what_is_left_of_a_failed_one(course, tmp_path, no_papermill):
    out = tmp_path / "out"
    no_papermill.reasons["02_two"] = "kernel died"
    chapters.run_chapters(out=out, notebooks=course)
    assert names_in(out) == ["01_one.ipynb", "02_two.failed.ipynb"]
    no_papermill.reasons.clear()
    chapters.run_chapters(out=out, notebooks=course)
    assert names_in(out) == ["01_one.ipynb", "02_two.ipynb"]


def test_a_failed_chapter_leaves_no_earlier_result(course, tmp_path, no_papermill):
    out = tmp_path / "out"
    chapters.run_chapters(out=out, notebooks=course)
    no_papermill.reasons["01_one"] = "kernel died"
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


def test_a_chapter_that_fails_its_refresh_stays_as_it_was(course, no_papermill):
    before = (course / "01_one.ipynb").read_bytes()
    no_papermill.reasons["01_one"] = "kernel died"
    first, second = chapters.refresh_chapters(notebooks=course)
    assert (first.status, first.reason, second.status) == ("failed", "kernel died", "rewritten")
    assert (course / "01_one.ipynb").read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="paths are written in several ways")
def test_a_chapter_that_shows_a_path_of_this_machine_is_not_stored(course, no_papermill):
    before = (course / "01_one.ipynb").read_bytes()
    no_papermill.says["01_one"] = os.path.expanduser("~")
    result = chapters.refresh_chapters(["01"], notebooks=course)[0]
    assert result.status == "failed"
    assert "cell 1 shows" in result.reason
    assert (course / "01_one.ipynb").read_bytes() == before


def test_a_chapter_that_was_edited_while_it_ran_keeps_the_edit(course, no_papermill, monkeypatch):
    path, execute = course / "01_one.ipynb", chapters.execute

    def edit_and_execute(*arguments, **options):
        path.write_text(path.read_text().replace("print(n)", "print(n + 1)"))
        execute(*arguments, **options)

    monkeypatch.setattr(chapters, "execute", edit_and_execute)
    result = chapters.refresh_chapters(["01"], notebooks=course)[0]
    assert "edited while it ran" in result.reason
    assert "print(n + 1)" in path.read_text()


def test_the_table_has_a_row_a_chapter_and_says_why_one_failed():
    results = [
        chapters.Result("01_one", "finished", 1.25, 12, 12),
        chapters.Result("02_two", "failed", 10.0, 3, 4, "kernel died"),
    ]
    header, first, second = (line.split() for line in chapters.make_table(results).splitlines())
    assert header == ["chapter", "status", "seconds", "claims", "held"]
    assert first == ["01_one", "finished", "1.2", "12/12"]
    assert second == ["02_two", "failed", "10.0", "3/4", "kernel", "died"]
