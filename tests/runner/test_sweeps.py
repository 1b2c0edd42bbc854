import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import psutil
import pytest
from stand_in import write_chapter, write_papermill
from waiting import wait_until

from gd_helpers import __main__ as command_line
from gd_helpers.lesson.results import read_results
from gd_helpers.runner import distribution, sweeps
from gd_helpers.runner.lifeline import lives

GRID = {"learning_rate": ["0.001", "1e-2", "0.1"], "seed": ["1", "2", "3", "4"]}
POINTS = list(itertools.product([0.001, 0.01, 0.1], [1, 2, 3, 4]))
SMALL = {"seed": ["5", "6"]}
PACKAGE = str(Path(command_line.__file__).parent.parent)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Return a folder with one chapter, which the stand-in for papermill runs."""
    write_papermill(tmp_path / "stand_in", tmp_path / "log")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([PACKAGE, str(tmp_path / "stand_in")]))
    monkeypatch.setattr(distribution, "hash_package", lambda: "the package")  # others may be writing in it
    monkeypatch.setattr(sweeps, "hash_package", lambda: "the package")
    write_chapter(tmp_path / "notebooks")
    return tmp_path / "notebooks"


def sweep(course, grid, given=None, **options):
    given = {"learning_rate": "0.001", "seed": "1"} | (given or {})
    given = {name: value for name, value in given.items() if name not in grid}
    return sweeps.sweep("03_batch", grid, given, out=course.parent / "out", notebooks=course, **options)


def runs_noted(course, what="end"):
    lines = (course.parent / "log").read_text().splitlines()
    return [line.partition(" ")[2] for line in lines if line.startswith(what)]


def without_seconds(table):
    return table.drop(columns="seconds")


def read_tables(out):
    """Return the table as stored for programs, and as stored for people."""
    return pd.read_parquet(out / "table.parquet"), pd.read_csv(out / "table.csv", keep_default_na=False)


# The table


def test_a_row_a_run_in_the_order_of_the_grid(course):
    table = sweep(course, GRID, jobs=4).table
    assert list(zip(table.learning_rate, table.seed, strict=True)) == POINTS
    assert list(table["product"]) == [rate * seed for rate, seed in POINTS]
    assert set(table.status) == {"finished"}
    assert (table.seconds > 0).all()
    assert sorted(runs_noted(course)) == sorted(set(runs_noted(course)))
    assert len(runs_noted(course)) == 12


def test_the_columns_are_parameters_status_seconds_results_and_notebook(course):
    columns = list(sweep(course, SMALL).table)
    parameters = ["seed", "n", "learning_rate", "pause"]
    results = ["product", "seconds_recorded", "seed_recorded"]
    assert columns == [*parameters, "status", "reason", "seconds", *results, "notebook"]


def test_parquet_and_csv_hold_the_table(course):
    table = sweep(course, SMALL).table
    for stored in read_tables(course.parent / "out"):
        pd.testing.assert_frame_equal(stored, table, check_dtype=False)
    pd.testing.assert_frame_equal(read_tables(course.parent / "out")[0], table)


def test_the_path_of_a_notebook_leads_to_the_run_of_its_row(course):
    for row in sweep(course, SMALL).table.itertuples():
        notebook = nbformat.read(course.parent / "out" / row.notebook, as_version=4)
        assert read_results(notebook)["seed"] == row.seed


def test_values_that_are_not_finite_reach_the_table():
    rows = [
        {"parameters": {"seed": 1}, "status": "finished", "reason": "", "seconds": 1.0, "results": results}
        for results in ({"mse": float("inf")}, {"mse": 2.0, "rule": "adam"}, {})
    ]
    table = sweeps.make_table([{**row, "notebook": "runs/a.ipynb"} for row in rows])
    assert list(table.mse)[:2] == [float("inf"), 2.0]
    assert list(table.mse.isna()) == [False, False, True]
    assert table.rule[1] == "adam"
    table.to_parquet()


def test_a_failed_run_is_a_row_with_the_reason_and_is_tried_again(course, capsys):
    swept = sweep(course, {"seed": ["13", "14"]})
    assert list(swept.table.status) == ["failed", "finished"]
    assert list(swept.table.reason) == ["ValueError: an unlucky number", ""]
    assert swept.table.notebook[0] == ""
    assert "1 of 2 runs finished, 1 failed" in str(swept)
    sweep(course, {"seed": ["13", "14"]})
    assert len(runs_noted(course, "begin")) == 3


# Carrying on


def test_nothing_is_done_twice(course):
    first = sweep(course, GRID, jobs=2).table
    second = sweep(course, GRID, jobs=2)
    assert len(runs_noted(course, "begin")) == 12
    assert second.before == 12
    pd.testing.assert_frame_equal(first, second.table)


def test_a_larger_grid_does_only_what_is_new_and_a_smaller_one_says_what_it_leaves_out(course, capsys):
    sweep(course, SMALL)
    assert len(sweep(course, {"seed": ["5", "6", "7"]}).table) == 3
    assert len(runs_noted(course, "begin")) == 3
    capsys.readouterr()
    assert list(sweep(course, {"seed": ["7"]}).table.seed) == [7]
    assert "note: 2 runs in" in (said := capsys.readouterr().err)
    assert "are of other parameters, and are left out of the table" in said


@pytest.mark.parametrize("what", ["chapter", "package"])
def test_a_changed_chapter_or_package_is_noticed_and_not_mixed_in(course, monkeypatch, capsys, what):
    sweep(course, SMALL)
    if what == "chapter":
        write_chapter(course, code="print(seed + 1)")
    else:
        for module in (sweeps, distribution):
            monkeypatch.setattr(module, "hash_package", lambda: "another package")
    capsys.readouterr()
    swept = sweep(course, {"seed": ["6"]})
    assert swept.before == 0
    assert list(swept.table.seed) == [6]
    note = "2 runs in .* are of another version of the chapter or of the package, and are left out of the table"
    assert len(runs_noted(course, "begin")) == 3
    assert pd.Series([capsys.readouterr().err]).str.contains(note)[0]


def test_new_outputs_of_the_same_chapter_change_nothing(course):
    sweep(course, SMALL)
    notebook = nbformat.read(course / "03_batch.ipynb", as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="1")]
    notebook.cells[1].execution_count = 9
    nbformat.write(notebook, course / "03_batch.ipynb")
    assert sweep(course, SMALL).before == 2


def test_a_run_whose_notebook_is_gone_is_done_again(course):
    out = course.parent / "out"
    (out / sweep(course, SMALL).table.notebook[0]).unlink()
    assert sweep(course, SMALL).before == 1


def test_a_row_that_cannot_be_read_is_done_again(course):
    out = course.parent / "out"
    sweep(course, SMALL)
    for path, text in zip(sorted((out / "runs").glob("*.json")), ("", '{"status": "finished"}'), strict=True):
        path.write_text(text)
    swept = sweep(course, SMALL)
    assert (swept.before, list(swept.table.seed)) == (0, [5, 6])


def test_a_sweep_that_ends_before_its_first_run_leaves_no_table_of_another_version(course, monkeypatch):
    out = course.parent / "out"
    sweep(course, SMALL)
    write_chapter(course, code="print(seed + 1)")
    monkeypatch.setattr(sweeps, "run_here", lambda *jobs, **options: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        sweep(course, SMALL)
    assert not list(out.glob("table.*"))
    assert len(list((out / "runs").glob("*.json"))) == 2


def test_a_row_without_a_table_is_in_the_next_one(course, monkeypatch):
    out = course.parent / "out"
    sweep(course, SMALL)
    for path in out.glob("table.*"):
        path.unlink()
    sweep(course, SMALL)
    assert list(pd.read_csv(out / "table.csv").seed) == [5, 6]


def test_whole_numbers_of_more_than_64_bits_are_texts(tmp_path):
    row = {"status": "finished", "reason": "", "seconds": 1.0, "notebook": ""}
    rows = [{**row, "parameters": {"epochs": epochs}, "results": {"states": 10**20}} for epochs in (100, 10**20)]
    table = sweeps.make_table(rows)
    table.to_parquet(tmp_path / "table.parquet")
    assert list(table.epochs) == ["100", "1" + 20 * "0"]
    assert list(table.states) == 2 * ["1" + 20 * "0"]


COMMAND = """
import os, sys
import papermill  # the real one, which inspects the chapter
from gd_helpers.runner import distribution, sweeps
from gd_helpers.__main__ import main

chapters, out, os.environ["PYTHONPATH"] = sys.argv[1:]
distribution.hash_package = sweeps.hash_package = lambda: "the package"
grid = ["-g", "learning_rate", "0.001", "1e-2", "0.1", "-g", "seed", "1", "2", "3", "4"]
sys.exit(main(["sweep", "03", *grid, "-p", "pause", "0.4", "--out", out], notebooks=chapters))
"""


def start_command(course):
    """Start the sweep over `GRID` as a command of its own."""
    words = [sys.executable, "-c", COMMAND, str(course), str(course.parent / "out"), os.environ["PYTHONPATH"]]
    environment = {**os.environ, "PYTHONPATH": PACKAGE}
    return subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True)


def rows_in(course):
    return len(list((course.parent / "out" / "runs").glob("*.json")))


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent in another way")
def test_a_sweep_that_is_killed_keeps_what_was_finished_and_carries_on(course):
    out = course.parent / "out"
    command = start_command(course)
    try:
        wait_until(lambda: rows_in(course) >= 5)
        family = psutil.Process(command.pid).children(recursive=True)
    finally:
        command.kill()
        command.communicate()
    kept = rows_in(course)
    assert 5 <= kept < 12
    assert len(read_tables(out)[0]) in (kept, kept - 1)  # killed between a row and the table
    wait_until(lambda: not any(map(lives, family)), seconds=20)
    ended = runs_noted(course)

    swept = sweep(course, GRID, {"pause": "0.4"}, jobs=4)
    assert swept.before == kept
    assert len(runs_noted(course)) - len(ended) == 12 - kept
    assert sorted(path.name for path in out.iterdir()) == ["runs", "table.csv", "table.parquet"]
    assert len(list((out / "runs").iterdir())) == 24

    undisturbed = sweeps.sweep("03", GRID, {"pause": "0.4"}, out=course.parent / "other", jobs=6, notebooks=course)
    pd.testing.assert_frame_equal(without_seconds(swept.table), without_seconds(undisturbed.table))


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent in another way")
def test_ctrl_c_ends_a_sweep_with_its_rows_and_without_a_process(course):
    command = start_command(course)
    try:
        wait_until(lambda: rows_in(course) >= 1)
        family = psutil.Process(command.pid).children(recursive=True)
        os.killpg(command.pid, signal.SIGINT)
        error = command.communicate(timeout=60)[1]
    finally:
        command.kill()
    assert command.returncode == 130
    assert error.splitlines()[-1].startswith("stopped; the runs that had finished are kept in ")
    assert "Traceback" not in error
    assert not any(map(lives, family))
    assert rows_in(course) >= 1
    assert sorted(path.name for path in (course.parent / "out").iterdir()) == ["runs", "table.csv", "table.parquet"]


# Refusals


def command(course, *words):
    return command_line.main(["sweep", *words, "--out", str(course.parent / "out")], notebooks=course)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("03 -g epochs 1 2", "03_batch has no parameter 'epochs'"),
        ("03 -g sede 1 2", "did you mean 'seed'?"),
        ("03 -g seed 1 2.5", "seed must be a whole number from 0 to 4294967295, got 2.5"),
        ("03 -g learning_rate 0.1 -1e-3", "learning_rate must be a finite number greater than 0, got -0.001"),
        ("03 -g learning_rate 0.1 -inf", "learning_rate must be a finite number greater than 0, got -inf"),
        ("03 -g seed 1 -p n 3", "n must be a whole number of at least 50, got 3"),
        ("03 -g seed 1 2 01", "the values of -g seed must all be different, got 1, 2, 1"),
        ("03 -g learning_rate 1 1.0", "the values of -g learning_rate must all be different, got 1, 1.0"),
        ("03 -g seed 1 -g seed 2", "-g seed must be given once, with all its values, got it twice"),
        ("03 -g seed", "-g seed must have at least one value, got none"),
        ("03 -g seed 1 -p seed 2", "'seed' must be given to -g or to -p, got both"),
        ("03", "the following arguments are required: -g"),
        ("-g seed 1", "the following arguments are required: CHAPTER"),
        ("04 -g seed 1", "chapter must be one of 03_batch, got '04'; did you mean '03_batch'?"),
        ("03 -g seed 1 --jobs 0", "jobs must be a whole number of at least 1, got 0"),
        ("03 -g seed 1 --jobs two", "jobs must be a whole number of at least 1, got 'two'"),
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
    assert runs_noted(course, "begin") == []


def test_a_missing_extra_is_named_with_what_to_install(course, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert command(course, "03", "-g", "seed", "1", "--dask", "tcp://127.0.0.1:1") == 2
    assert "pip install -e '.[cluster]'" in capsys.readouterr().err
    assert not (course.parent / "out").exists()


def test_the_exit_status_says_whether_a_run_failed(course, capsys):
    same = ["-p", "learning_rate", "0.1"]
    assert command(course, "03", "-g", "seed", "2", *same) == 0
    assert "1 of 1 runs finished, 0 failed" in capsys.readouterr().out
    assert command(course, "03", "-g", "seed", "2", "13", *same) == 1
    assert "ValueError: an unlucky number" in capsys.readouterr().out


def test_a_row_is_plain_json(course):
    sweep(course, SMALL)
    for path in (course.parent / "out" / "runs").glob("*.json"):
        assert json.loads(path.read_text())["parameters"]["n"] == 1000
