import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook
from waiting import wait_until

from gd_helpers import __main__ as command_line
from gd_helpers.runner import chapters

PARAMETERS = """
n: int = 1000  # points
epochs: int = 500  # passes over the data
batch_size: int = 32  # examples an update
learning_rate: float = 1e-3  # α
optimizer: str = "adam"  # the step rule
device: str = "cpu"  # where
"""


def write_chapter(folder, stem, *cells):
    notebook = new_notebook(
        cells=[new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), *map(new_code_cell, cells)],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, folder / f"{stem}.ipynb")


@pytest.fixture
def course(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    write_chapter(folder, "03_batch", "print(epochs)")
    return folder


@pytest.mark.parametrize(
    ("words", "value", "allowed"),
    [
        ("03_batch -p epochs 0", "0", "at least 1"),
        ("03_batch -p epochs 2.5", "2.5", "whole number of at least 1"),
        ("03_batch -p epochs abc", "'abc'", "whole number of at least 1"),
        ("03_batch -p learning_rate -1", "-1", "greater than 0"),
        ("03_batch -p learning_rate -1e-3", "-0.001", "greater than 0"),
        ("03_batch -p learning_rate nan", "nan", "greater than 0"),
        ("03_batch -p batch_size 0", "0", "from 1 to 1000|at least 1"),
        ("03_batch -p batch_size 5000", "5000", "from 1 to 1000"),
        ("03_batch -p n 0", "0", "at least 50"),
        ("03_batch -p optimizer foo", "'foo'", "one of 'sgd'"),
        ("03_batch -p device gpu9", "'gpu9'", "'auto', 'cpu'"),
        ("03_batch -p epoch 5", "'epoch'", "did you mean 'epochs'"),
        ("03_bach", "'03_bach'", "did you mean '03_batch'"),
        ("--jobs 0", "0", "at least 1"),
        ("--jobs many", "'many'", "at least 1"),
        ("03_batch -p epochs", "-p", "expected 2 arguments"),
        ("03_batch --fast", "--fast", "unrecognized"),
    ],
)
def test_what_is_not_allowed_is_refused_in_one_line_and_nothing_is_written(
    course, tmp_path, capsys, words, value, allowed
):
    status = command_line.main(["run", "--out", str(tmp_path / "out"), *words.split()], notebooks=course)
    printed = capsys.readouterr()
    assert (status, printed.out) == (2, "")
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert value in printed.err
    assert any(part in printed.err for part in allowed.split("|"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("out", ["/dev/null/x", "/proc/x", ""])
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="these are places of Linux")
def test_an_out_that_cannot_be_written_is_refused_in_one_line(course, capsys, monkeypatch, tmp_path, out):
    monkeypatch.chdir(tmp_path)
    assert command_line.main(["run", "--out", out], notebooks=course) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: --out must be a folder that can be written to, got {out!r}")
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["notebooks"]


@given(st.lists(st.tuples(st.text("ab", min_size=1), st.text("-1e.p ")), max_size=3), st.lists(st.just("03_batch")))
def test_any_value_of_a_parameter_reaches_it_whatever_it_looks_like(pairs, names):
    words = [word for name, value in pairs for word in ("-p", name, value)]
    arguments = command_line.make_parser().parse_args(command_line.protect_values(["run", *names, *words]))
    assert [(name, value[1:]) for name, value in arguments.parameters] == pairs
    assert arguments.chapters == names


@pytest.mark.parametrize(("statuses", "expected"), [(["finished"], 0), (["finished", "failed"], 1)])
@pytest.mark.parametrize("command", ["run", "refresh"])
def test_the_exit_status_says_whether_a_chapter_failed_and_a_table_which(
    monkeypatch, capsys, command, statuses, expected
):
    results = [chapters.Result(f"0{i}_a", status, 1.0, 0, 0) for i, status in enumerate(statuses)]
    monkeypatch.setattr(chapters, f"{command}_chapters", lambda *arguments, **options: results)
    assert command_line.main([command]) == expected
    assert capsys.readouterr().out == chapters.make_table(results) + "\n"


def test_the_words_reach_the_run(monkeypatch):
    called = {}

    def run_chapters(names, given, **options):
        called.update(names=names, given=given, **options)
        return [chapters.Result("03_batch", "finished", 1.0, 0, 0)]

    monkeypatch.setattr(chapters, "run_chapters", run_chapters)
    parameters = ["-p", "epochs", "50", "-p", "optimizer", "sgd"]
    command_line.main(["run", "03_batch", "04", *parameters, "--out", "there", "--jobs", "3"])
    assert called == {
        "names": ["03_batch", "04"],
        "given": {"epochs": "50", "optimizer": "sgd"},
        "out": "there",
        "jobs": 3,
    }


def test_the_module_runs_as_a_command():
    answer = subprocess.run(
        [sys.executable, "-m", "gd_helpers", "walk"],
        capture_output=True,
        text=True,
        cwd=Path(command_line.__file__).parent.parent,
    )
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("error: ")
    assert "Traceback" not in answer.stderr


def start_command(course, out):
    code = (
        "import sys; from gd_helpers.__main__ import main; "
        f"sys.exit(main(['run', '--out', {str(out)!r}], notebooks={str(course)!r}))"
    )
    package = str(Path(command_line.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": package}
    return subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent in another way")
@pytest.mark.parametrize(("number", "send"), [(signal.SIGINT, os.killpg), (signal.SIGTERM, os.kill)])
def test_stopping_the_command_leaves_no_process_and_no_file(course, tmp_path, number, send):
    write_chapter(course, "04_hangs", "import pathlib, time; pathlib.Path('here').touch(); time.sleep(600)")
    (course / "03_batch.ipynb").unlink()
    out = tmp_path / "out"
    command = start_command(course, out)
    try:
        wait_until((course / "here").exists)
        family = psutil.Process(command.pid).children(recursive=True)
        send(command.pid, number)
        error = command.communicate(timeout=60)[1]
    finally:
        command.kill()
    alive = [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert len(family) >= 2
    assert alive == []
    assert command.returncode == 130
    assert "Traceback" not in error
    assert list(out.iterdir()) == []
