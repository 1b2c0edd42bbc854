"""Sweeps by real worker processes, in which papermill is the stand-in."""

import itertools
import json
import os
import signal
import subprocess
import sys

import nbformat
import pandas as pd
import psutil
import pytest
import stand_in
from stand_in import noted, write_chapter
from waiting import wait_until

from gd_helpers.lesson.results import read_results
from gd_helpers.runner import cli, scheduler, sweeps
from gd_helpers.runner.files import PACKAGE
from gd_helpers.runner.scheduler import Job, Outcome

GRID = {"learning_rate": ["0.001", "1e-2", "0.1"], "seed": ["1", "2", "3", "4"]}
POINTS = list(itertools.product([0.001, 0.01, 0.1], [1, 2, 3, 4]))
SMALL = {"seed": ["5", "6"]}

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent in another way")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Return a folder with one chapter, which the stand-in for papermill runs."""
    return stand_in.install(tmp_path, monkeypatch)


def sweep(course, grid, given=None, **options):
    given = {"learning_rate": "0.001", "seed": "1"} | (given or {})
    given = {name: value for name, value in given.items() if name not in grid}
    return sweeps.sweep("03_batch", grid, given, **{"out": course.parent / "out", "notebooks": course} | options)


def runs_in(course):
    return sorted((course.parent / "out" / "runs").glob("*.ipynb"))


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


# The table


def test_a_row_a_run_in_the_order_of_the_grid(course):
    table = sweep(course, GRID, jobs=4).table
    assert list(zip(table.learning_rate, table.seed, strict=True)) == POINTS
    assert list(table["product"]) == [rate * seed for rate, seed in POINTS]
    assert set(table.status) == {"finished"}
    assert (table.seconds > 0).all()
    assert len(set(noted(course.parent))) == len(noted(course.parent)) == 12


def test_the_columns_are_parameters_status_seconds_results_and_notebook(course):
    columns = list(sweep(course, SMALL).table)
    parameters = ["seed", "n", "epochs", "batch_size", "learning_rate", "optimizer", "pause"]
    results = ["product", "seconds_recorded", "seed_recorded"]
    assert columns == [*parameters, "status", "reason", "seconds", *results, "notebook"]


def test_parquet_and_csv_hold_the_table_whose_notebooks_are_the_runs_of_their_rows(course):
    out, table = course.parent / "out", sweep(course, SMALL).table
    pd.testing.assert_frame_equal(pd.read_parquet(out / "table.parquet"), table)
    pd.testing.assert_frame_equal(pd.read_csv(out / "table.csv", keep_default_na=False), table, check_dtype=False)
    for row in table.itertuples():
        assert read_results(nbformat.read(out / row.notebook, as_version=4))["seed"] == row.seed


@pytest.fixture
def table_of(tmp_path):
    """Return a function that gives the table of runs with these results, and with these values of `epochs`."""

    def make(results, epochs=(1, 2, 3)):
        (tmp_path / "runs").mkdir()
        plan = {key: (Job(key, "", {}), {"epochs": value}) for key, value in zip("abc", epochs, strict=False)}
        result = sweeps.Sweep(tmp_path, plan)
        for key, each in zip("abc", results, strict=False):
            notebook = nbformat.v4.new_notebook(metadata={"papermill": {"duration": 1.0}})
            bundle = {"application/papermill.record+json": each}
            notebook.cells = [nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", bundle)])]
            result.add(Job(key, "", {}), Outcome("", nbformat.writes(notebook)))
        return result.table

    return make


def test_values_that_are_not_finite_or_of_several_kinds_reach_the_table(table_of):
    table = table_of([{"mse": "Infinity", "found": 1}, {"mse": 2.0, "rule": "adam", "found": "no"}, {}])
    assert list(table.mse)[:2] == [float("inf"), 2.0]
    assert list(table.mse.isna()) == [False, False, True]
    assert table.rule[1] == "adam"
    assert list(table.found)[:2] == ["1", "no"]


def test_whole_numbers_of_more_than_64_bits_are_texts(table_of):
    table = table_of([{"states": 10**20}, {"states": 10**20}], epochs=(100, 10**20))
    assert list(table.epochs) == ["100", "1" + 20 * "0"]
    assert list(table.states) == 2 * ["1" + 20 * "0"]


def test_a_failed_run_is_a_row_with_the_reason_and_is_tried_again(course):
    result = sweep(course, {"seed": ["13", "14"]})
    assert list(result.table.status) == ["failed", "finished"]
    assert list(result.table.reason) == ["ValueError: an unlucky number", ""]
    assert result.table.notebook[0] == ""
    assert "1 of 2 runs finished, 1 failed" in str(result)
    sweep(course, {"seed": ["13", "14"]})
    assert len(noted(course.parent)) == 3


def test_a_run_or_a_table_that_cannot_be_written_is_named_and_the_others_go_on(course):
    out = course.parent / "out"
    sweep(course, SMALL)
    first = runs_in(course)[0]
    for folder in (first, out / "table.csv"):
        folder.unlink(missing_ok=True)
        folder.mkdir()
    result = sweep(course, SMALL)
    assert sorted(result.table.status) == ["failed", "finished"]
    assert [row["reason"] for row in result.failed] == [f"{first} cannot be written: Is a directory"]
    assert str(result).splitlines()[-1] == f"{out / 'table.csv'} cannot be written: Is a directory"
    assert result.before == 1


# Carrying on


def test_nothing_is_done_twice(course):
    first, second = sweep(course, GRID, jobs=2), sweep(course, GRID, jobs=2)
    assert len(noted(course.parent)) == 12
    assert second.before == 12
    pd.testing.assert_frame_equal(first.table, second.table)


def test_a_larger_grid_does_only_what_is_new_and_a_smaller_one_says_what_it_leaves_out(course, capsys):
    sweep(course, SMALL)
    assert len(sweep(course, {"seed": ["5", "6", "7"]}).table) == 3
    assert len(noted(course.parent)) == 3
    capsys.readouterr()
    assert list(sweep(course, {"seed": ["7"]}).table.seed) == [7]
    assert "note: 2 runs in" in (said := capsys.readouterr().err)
    assert "are left out of the table" in said


@pytest.mark.parametrize("what", ["chapter", "package"])
def test_a_changed_chapter_or_package_is_noticed_and_not_mixed_in(course, monkeypatch, capsys, what):
    sweep(course, SMALL)
    if what == "chapter":
        write_chapter(course, "03_batch", "print(seed + 1)")
    else:
        for module in (sweeps, scheduler):
            monkeypatch.setattr(module, "hash_package", lambda: "another package")
    result = sweep(course, {"seed": ["6"]})
    assert (result.before, list(result.table.seed)) == (0, [6])
    assert "note: 2 runs in" in capsys.readouterr().err
    assert len(noted(course.parent)) == 3


def test_new_outputs_of_the_same_chapter_change_nothing(course):
    sweep(course, SMALL)
    notebook = nbformat.read(course / "03_batch.ipynb", as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="1")]
    notebook.cells[1].execution_count = 9
    nbformat.write(notebook, course / "03_batch.ipynb")
    assert sweep(course, SMALL).before == 2


def spoil(path, what):
    """Damage or edit the notebook of a finished run."""
    notebook = json.loads(path.read_text())
    bundle = notebook["cells"][-1]["outputs"][0]["data"]
    if what == "another seed":
        notebook["metadata"]["papermill"]["parameters"]["seed"] = 7
    elif what == "no results":
        bundle["application/papermill.record+json"] = None
    elif what == "results that are none":
        bundle["application/papermill.record+json"] = {"product": [1]}
    elif what == "no parameters":
        del notebook["metadata"]["papermill"]
    contents = {"cut off": path.read_text()[:-9], "empty": "", "a list": "[]"}
    path.write_text(contents.get(what, json.dumps(notebook)))
    if what == "gone":
        path.unlink()


SPOILT = ["another seed", "no results", "results that are none", "no parameters", "cut off", "empty", "a list", "gone"]


def test_a_run_whose_notebook_is_damaged_or_edited_is_done_again(course):
    first = sweep(course, {"seed": list(map(str, range(20, 20 + len(SPOILT) + 1)))}, jobs=2)
    for path, what in zip(first.table.notebook, SPOILT, strict=False):
        spoil(course.parent / "out" / path, what)
    second = sweep(course, {"seed": list(map(str, first.table.seed))}, jobs=2)
    assert second.before == 1
    pd.testing.assert_frame_equal(first.table, second.table)


def test_a_sweep_that_ends_before_its_first_run_leaves_no_table_of_another_version(course, monkeypatch):
    sweep(course, SMALL)
    write_chapter(course, "03_batch", "print(seed + 1)")
    monkeypatch.setattr(sweeps, "collect", lambda *jobs, **options: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        sweep(course, SMALL)
    assert names_in(course.parent / "out") == ["runs"]
    assert len(runs_in(course)) == 2


COMMAND = """
import os, sys
import papermill  # the real one, which inspects the chapter
from gd_helpers.runner import cli, scheduler, sweeps

chapters, out, os.environ["PYTHONPATH"] = sys.argv[1:]
scheduler.hash_package = sweeps.hash_package = lambda: "the package"
grid = ["-g", "learning_rate", "0.001", "1e-2", "0.1", "-g", "seed", "1", "2", "3", "4"]
sys.exit(cli.main(["sweep", "03", *grid, "-p", "pause", "0.4", "--out", out], notebooks=chapters))
"""


def start_command(course):
    """Start the sweep over `GRID` as a command of its own."""
    words = [sys.executable, "-c", COMMAND, str(course), str(course.parent / "out"), os.environ["PYTHONPATH"]]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    return subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)


@posix
def test_a_sweep_that_is_killed_keeps_what_was_finished_and_carries_on(course):
    out, command = course.parent / "out", start_command(course)
    try:
        wait_until(lambda: len(runs_in(course)) >= 5, seconds=600)
        family = psutil.Process(command.pid).children(recursive=True)
    finally:
        command.kill()
        command.communicate()
    kept = len(runs_in(course))
    assert 5 <= kept < 12
    psutil.wait_procs(family, timeout=60)
    ended = len(noted(course.parent, "end"))

    result = sweep(course, GRID, {"pause": "0.4"}, jobs=4)
    assert result.before == kept
    assert len(noted(course.parent, "end")) - ended == 12 - kept
    assert names_in(out) == ["runs", "table.csv", "table.parquet"]
    assert len(list((out / "runs").iterdir())) == 12
    undisturbed = sweep(course, GRID, {"pause": "0.4"}, out=course.parent / "other", jobs=4)
    pd.testing.assert_frame_equal(result.table, undisturbed.table)


@posix
def test_ctrl_c_ends_a_sweep_with_its_rows(course):
    command = start_command(course)
    try:
        wait_until(lambda: len(runs_in(course)) >= 1, seconds=600)
        os.killpg(command.pid, signal.SIGINT)
        error = command.communicate(timeout=60)[1]
    finally:
        command.kill()
    assert command.returncode == 130
    assert error.splitlines()[-1] == "stopped; what had finished is kept, and the same sweep or grade carries on"
    assert "Traceback" not in error
    assert names_in(course.parent / "out") == ["runs", "table.csv", "table.parquet"]
    assert len(pd.read_csv(course.parent / "out" / "table.csv")) == len(runs_in(course)) >= 1


# Refusals


def command(course, *words):
    return cli.main(["sweep", *words, "--out", str(course.parent / "out")], notebooks=course)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("03 -g colour 1 2", "03_batch has no parameter 'colour'"),
        ("03 -g sede 1 2", "did you mean 'seed'?"),
        ("03 -g seed 1 2.5", "seed must be a whole number from 0 to 4294967295, got 2.5"),
        ("03 -g learning_rate 0.1 -1e-3", "learning_rate must be a finite number greater than 0, got -0.001"),
        ("03 -g learning_rate 0.1 -inf", "learning_rate must be a finite number greater than 0, got -inf"),
        ("03 -g seed 1 -p n 3", "n must be a whole number of at least 50, got 3"),
        ("03 -g seed 1 2 01", "the values of -g seed must all be different, got 1, 2, 01"),
        ("03 -g learning_rate 1 1.0", "the values of -g learning_rate must all be different, got 1, 1.0"),
        ("03 -g seed 1 -g seed 2", "-g seed must be given once, with all its values"),
        ("03 -g seed", "-g seed must be given once, with all its values"),
        ("03 -g seed=1", "write -g seed 1 in place of -g seed=1"),
        ("03 -g seed 1 -p seed 2", "-p seed must be given once"),
        ("03", "Missing option '-g'"),
        ("-g seed 1", "Missing argument 'CHAPTER'"),
        ("04 -g seed 1", "chapter must be one of 03_batch, got '04'; did you mean '03_batch'?"),
        ("03 -g seed 1 --jobs 2 --dask tcp://127.0.0.1:1", "--jobs and --dask exclude each other"),
        ("03 -g seed 1 --dask nonsense://1", "--dask must be the address of a running scheduler, got 'nonsense://1'"),
    ],
)
def test_what_is_not_allowed_is_refused_in_one_line_and_nothing_is_written(course, capsys, words, message):
    assert command(course, *words.split()) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert message in printed.err
    assert not (course.parent / "out").exists()
    assert noted(course.parent) == []


def test_a_missing_extra_is_named_with_what_to_install(course, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert command(course, "03", "-g", "seed", "1", "--dask", "tcp://127.0.0.1:1") == 2
    assert "pip install -e '.[cluster]'" in capsys.readouterr().err


def test_the_exit_status_says_whether_a_run_failed(course, capsys):
    assert command(course, "03", "-g", "seed", "2", "-p", "learning_rate", "0.1") == 0
    assert "1 of 1 runs finished, 0 failed" in capsys.readouterr().out
    assert command(course, "03", "-g", "seed", "2", "13", "-p", "learning_rate", "0.1") == 1
    assert "ValueError: an unlucky number" in capsys.readouterr().out
