"""The command line, as the command that a reader types; what it runs are notebooks of a few cells, in real kernels."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stand_in import write_chapter
from waiting import wait_until

from gd_helpers.runner import chapters, cli
from gd_helpers.runner.files import PACKAGE

posix = pytest.mark.skipif(sys.platform == "win32", reason="processes are ended in another way")


@pytest.fixture
def course(tmp_path):
    write_chapter(tmp_path / "notebooks", "03_batch", "print(epochs)")
    return tmp_path / "notebooks"


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("03_batch -p epochs 0", "epochs must be a whole number of at least 1, got 0"),
        ("03_batch -p epochs 2.5", "epochs must be a whole number of at least 1, got 2.5"),
        ("03_batch -p epochs abc", "epochs must be a number, got the text 'abc'; write for example -p epochs 500"),
        ("03_batch -p learning_rate -1e-3", "greater than 0, got -0.001"),
        ("03_batch -p learning_rate nan", "greater than 0, got nan"),
        ("03_batch -p batch_size 5000", "batch_size must be a whole number from 1 to 1000, got 5000"),
        ("03_batch -p optimizer foo", "one of 'sgd'"),
        ("03_batch -p epoch 5", "did you mean 'epochs'"),
        ("03_batch -p epochs=5", "write -p epochs 5 in place of -p epochs=5"),
        ("03_batch -p epochs=5 --jobs 1", "write -p epochs 5 in place of -p epochs=5"),
        ("03_batch -p seed 1 -p seed 2", "-p seed must be given once"),
        ("03_batch -p epochs", "-p epochs must be given once, with its value"),
        ("03_batch -p", "'-p' requires 2 arguments"),
        ("03_bach", "did you mean '03_batch'"),
        ("--jobs 0", "'--jobs': 0 is not in the range"),
        ("--jobs many", "'many' is not a valid integer"),
        ("03_batch --fast", "No such option '--fast'"),
    ],
)
def test_what_is_not_allowed_is_refused_in_one_line_and_nothing_is_written(course, tmp_path, capsys, words, message):
    assert cli.main(["run", "--out", str(tmp_path / "out"), *words.split()], notebooks=course) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert printed.err.count("\n") == 1
    assert message in printed.err
    assert names_in(tmp_path) == ["notebooks"]


@pytest.mark.parametrize("out", ["/dev/null/x", "/proc/x", ""])
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="these are places of Linux")
def test_an_out_that_cannot_be_written_is_refused_in_one_line(course, capsys, out):
    assert cli.main(["run", "--out", out], notebooks=course) == 2
    error = capsys.readouterr().err
    assert "must be a folder" in error
    assert error.count("\n") == 1


@given(st.dictionaries(st.text("ab", min_size=1), st.text("-1e.p ")), st.lists(st.just("03_batch")))
def test_any_value_of_a_parameter_reaches_it_whatever_it_looks_like(values, names):
    words = [word for name, value in values.items() for word in ("-p", name, value)]
    context = cli.run.make_context("run", [*names, *words])
    assert dict(context.params["given"]) == values
    assert list(context.params["names"]) == names


@pytest.mark.parametrize(("statuses", "expected"), [(["finished"], 0), (["finished", "failed"], 1)])
@pytest.mark.parametrize("command", ["run", "refresh"])
def test_the_exit_status_says_whether_a_chapter_failed_and_a_table_which(
    monkeypatch, capsys, command, statuses, expected
):
    results = [chapters.Result(f"0{i}_a", status, 1.0, 1, 1) for i, status in enumerate(statuses)]
    monkeypatch.setattr(chapters, f"{command}_chapters", lambda *arguments, **options: results)
    assert cli.main([command]) == expected
    assert capsys.readouterr().out.count("_a") == len(statuses)


@pytest.mark.parametrize(
    ("problems", "printed", "status"),
    [
        ([], "1 chapter is fine\n", 0),
        (["03, cell 2: no title", "03: no link"], "03, cell 2: no title\n03: no link\n", 1),
    ],
)
def test_checking_prints_a_line_a_problem(monkeypatch, capsys, problems, printed, status):
    asked = []
    check = SimpleNamespace(find_problems_of=lambda names: asked.append(names) or problems)
    monkeypatch.setitem(sys.modules, "gd_helpers.runner.check", check)
    assert cli.main(["check", "03"]) == status
    assert capsys.readouterr().out.splitlines() == (problems or ["1 chapter is fine"])
    assert asked == [["03"]]


def test_the_module_runs_as_a_command():
    answer = subprocess.run(
        [sys.executable, "-m", "gd_helpers", "walk"], capture_output=True, text=True, cwd=PACKAGE.parent
    )
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith("error: No such command 'walk'")


# Real commands

START_SLEEPER = "import subprocess; sleeper = subprocess.Popen(['sleep', '600'], start_new_session=True)"
HANG = "import pathlib, time; pathlib.Path('here').write_text(str(sleeper.pid)); time.sleep(600)"
BUSY = "import pathlib; pathlib.Path('here').write_text(str(sleeper.pid)); sum(range(10**12))"  # lets no thread run


def start(*words, **options):
    command = [sys.executable, "-m", "gd_helpers", *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment, start_new_session=True, **pipes, **options)


def alive(processes):
    living = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                living.append(process)
    return living


@contextlib.contextmanager
def hanging(tmp_path, *cells):
    """Give a command that runs a notebook that hangs, and all processes below it: worker, kernel and a sleeper."""
    path = write_chapter(tmp_path / "mine", "04_hangs", START_SLEEPER, *cells)
    command = start("run", path, "--out", tmp_path / "out")
    try:
        wait_until(lambda: (here := tmp_path / "mine" / "here").exists() and here.read_text(), seconds=300)
        family = psutil.Process(command.pid).children(recursive=True)
        assert int((tmp_path / "mine" / "here").read_text()) in [process.pid for process in family]
        assert len(family) == 3
        yield command, family
    finally:
        command.kill()
        command.communicate()


@posix
@pytest.mark.parametrize(("number", "send"), [(signal.SIGINT, os.killpg), (signal.SIGTERM, os.kill)])
def test_stopping_the_command_leaves_no_process_and_no_file(tmp_path, number, send):
    with hanging(tmp_path, HANG) as (command, family):
        begin = time.monotonic()
        send(command.pid, number)
        error = command.communicate(timeout=60)[1]
        print(f"{signal.Signals(number).name} ended all within {time.monotonic() - begin:.2f} s")
        assert alive(family) == []
    assert command.returncode == 130
    assert error.splitlines()[-1].startswith("stopped; ")
    assert "Traceback" not in error
    assert names_in(tmp_path / "out") == []


@posix
def test_killing_the_command_leaves_no_process_and_the_next_removes_what_it_left(tmp_path):
    with hanging(tmp_path, BUSY) as (command, family):
        command.kill()
        begin = time.monotonic()
        wait_until(lambda: not alive(family))
        print(f"after SIGKILL all had ended within {time.monotonic() - begin:.2f} s")
    assert [name[:5] for name in names_in(tmp_path / "out")] == [".lock", ".run-"]
    path = write_chapter(tmp_path / "mine", "05_runs", "print(1)")
    assert start("run", path, "--out", tmp_path / "out").wait(300) == 0
    assert names_in(tmp_path / "out") == ["05_runs.ipynb"]


@posix
def test_what_cannot_be_written_fails_that_chapter_alone(tmp_path):
    import resource

    for stem, cell in (("01_small", "1"), ("02_large", "print(10**6 * 'x')"), ("03_folder", "2")):
        write_chapter(tmp_path / "mine", stem, cell)
    (tmp_path / "out" / "03_folder.ipynb").mkdir(parents=True)
    command = start(
        "run",
        *sorted((tmp_path / "mine").iterdir()),
        *("--out", tmp_path / "out"),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000)),  # as on a full disk
    )
    printed, error = command.communicate(timeout=600)
    assert command.returncode == 1
    assert "Traceback" not in error
    small, large, folder = (line.split(maxsplit=4)[1:] for line in printed.splitlines()[1:])
    assert small[0] == "finished"
    assert (large[0], "File too large" in large[-1]) == ("failed", True)
    assert (folder[0], "cannot be written: Is a directory" in folder[-1]) == ("failed", True)
    assert names_in(tmp_path / "out") == ["01_small.ipynb", "03_folder.ipynb"]


@posix
def test_an_out_that_is_removed_meanwhile_fails_its_chapters_in_a_line(tmp_path):
    path = write_chapter(tmp_path / "mine", "01_removes", "import shutil; shutil.rmtree('../out')")
    command = start("run", path, "--out", tmp_path / "out")
    printed, error = command.communicate(timeout=300)
    assert (command.returncode, "Traceback" in error) == (1, False)
    assert "FileNotFoundError" in printed.splitlines()[1]


@posix
def test_two_commands_in_one_folder_are_refused(tmp_path):
    with hanging(tmp_path, HANG):
        for words in (["run"], ["sweep", "-g", "seed", "1"]):
            other = start(words[0], tmp_path / "mine" / "04_hangs.ipynb", *words[1:], "--out", tmp_path / "out")
            error = other.communicate(timeout=60)[1]
            assert other.returncode == 2
            assert error.startswith("error: another run, sweep or refresh is at work in ")


def test_a_value_reaches_the_kernel_as_a_number(tmp_path):
    path = write_chapter(tmp_path / "mine", "03_batch", "print(repr(n), repr(learning_rate))")
    command = start("run", path, "-p", "n", "1e3", "-p", "learning_rate", "1e-2", "--out", tmp_path / "out")
    assert command.wait(300) == 0
    (output,) = nbformat.read(tmp_path / "out" / "03_batch.ipynb", as_version=4).cells[2].outputs
    assert output.text == "1000 0.01\n"
