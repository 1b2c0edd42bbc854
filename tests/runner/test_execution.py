import os
import signal
import sys
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from waiting import wait_until

from gd_helpers.lesson.launching import alive
from gd_helpers.runner import execution

CHAPTERS = {
    "finishes": [
        "n: int = 5  # how many",
        "import os, sys; from pathlib import Path",
        "print(n, os.environ['GD_HEADLESS'], os.environ['OMP_NUM_THREADS'], Path.cwd().name)",
        "import gd_helpers; print(sys.executable)",
    ],
    "raises": ["print('before')", "raise ValueError('this value\\nis bad')", "print('after')"],
    "dies": [
        "print('before')",
        "import os, signal; os.kill(os.getpid(), getattr(signal, 'SIGKILL', 15))",
        "print('after')",
    ],
    "hangs": ["import time; time.sleep(600)"],
    "leaves": ["raise SystemExit(0)", "print('after')"],
    "is_killed_at_last": ["import os; os._exit(0)"],
}


def write_notebook(path, cells):
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    notebook.cells[0].metadata["tags"] = ["parameters"]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """Run all of `CHAPTERS` side by side, once for all tests, in a folder whose name papermill could stumble over."""
    folder = tmp_path_factory.mktemp("note{books}")
    runs = {
        name: execution.Execution(
            write_notebook(folder / f"{name}.ipynb", cells),
            parameters={"n": "7"} if name == "finishes" else None,
            cell_timeout=2 if name == "hangs" else 60,
        )
        for name, cells in CHAPTERS.items()
    }
    order = []
    execution.execute(runs.values(), tmp_path_factory.mktemp("work"), jobs=3, finish=order.append, stop=[])
    assert {run.notebook.stem for run in order} == set(CHAPTERS)
    return runs


def printed(run):
    return "".join(o.get("text", "") for cell in run.executed.cells for o in cell.get("outputs", []))


def test_a_notebook_that_runs_to_its_end_has_not_failed(ended):
    assert ended["finishes"].failure == ""


def test_parameters_are_injected_and_the_environment_is_headless_with_one_thread(ended):
    folder = ended["finishes"].notebook.parent.name
    threads = os.environ.get("OMP_NUM_THREADS", "1")
    assert printed(ended["finishes"]).splitlines()[0] == f"7 1 {threads} {folder}"


def test_the_kernel_is_the_python_that_runs_this(ended):
    assert printed(ended["finishes"]).splitlines()[1] == sys.executable


def test_an_error_is_the_reason_by_name_and_first_line(ended):
    assert ended["raises"].failure == "ValueError: this value"


def test_what_was_executed_before_an_error_is_there(ended):
    assert "before" in printed(ended["raises"])
    assert "after" not in printed(ended["raises"])


def test_a_kernel_that_dies_is_a_failure_however_clean_its_file_looks(ended):
    assert ended["dies"].executed.metadata.papermill.exception is None
    assert ended["dies"].failure == "kernel died"


def test_a_kernel_that_ends_itself_without_an_error_is_a_failure(ended):
    assert ended["is_killed_at_last"].failure == "kernel died"


def test_a_cell_that_takes_too_long_is_a_failure(ended):
    assert ended["hangs"].failure == "timed out: a cell took more than 2 s"


def test_a_notebook_that_leaves_in_its_middle_is_a_failure(ended):
    assert ended["leaves"].failure == "ended early: cell 2 was not executed"


def test_seconds_are_of_each_run(ended):
    assert ended["finishes"].seconds > 0
    assert ended["hangs"].seconds > 2


def test_what_is_no_notebook_is_refused_by_name(tmp_path):
    path = tmp_path / "01_one.ipynb"
    path.write_text("print('hello')")
    with pytest.raises(ValueError, match=r"must be a notebook that can be read, got 01_one\.ipynb"):
        execution.Execution(path)


@pytest.mark.skipif(sys.platform == "win32", reason="the sleeper is a POSIX command")
def test_stopping_ends_papermill_its_kernel_and_what_the_kernel_started(tmp_path):
    start = "import subprocess, pathlib, time; sleeper = subprocess.Popen(['sleep', '600'], start_new_session=True)"
    cells = [start, "pathlib.Path('pid').write_text(str(sleeper.pid)); time.sleep(600)"]
    run = execution.Execution(write_notebook(tmp_path / "01_one.ipynb", cells))
    run.start(tmp_path / "work")
    try:
        wait_until(lambda: (path := tmp_path / "pid").exists() and path.read_text())
        family = psutil.Process(run.process.pid).children(recursive=True)
        assert int((tmp_path / "pid").read_text()) in [process.pid for process in family]
    finally:
        execution.end_all([run])
    psutil.wait_procs(family, timeout=10)
    assert len(family) >= 2
    assert alive(*(process.pid for process in family)) == []


@pytest.mark.skipif(sys.platform == "win32", reason="the sleeper is a POSIX command")
def test_what_a_kernel_that_died_had_started_is_ended_though_papermill_ends_by_itself(tmp_path):
    start = (
        "import os, pathlib, signal, subprocess; sleeper = subprocess.Popen(['sleep', '600'], start_new_session=True)"
    )
    cells = [start, "pathlib.Path('pid').write_text(str(sleeper.pid))", "os.kill(os.getpid(), signal.SIGKILL)"]
    run = execution.Execution(write_notebook(tmp_path / "01_one.ipynb", cells))
    execution.execute([run], tmp_path, jobs=1, finish=lambda run: None, stop=[])
    assert run.failure == "kernel died"
    assert alive(int((tmp_path / "pid").read_text())) == []


def test_a_request_to_stop_raises_and_leaves_no_process(tmp_path):
    runs = [execution.Execution(write_notebook(tmp_path / f"0{i}_a.ipynb", CHAPTERS["hangs"])) for i in (1, 2)]
    with pytest.raises(KeyboardInterrupt):
        execution.execute(runs, tmp_path, jobs=1, finish=print, stop=[signal.SIGINT])
    assert runs[0].process.poll() is not None
    assert runs[1].process is None


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent in another way")
def test_signals_are_noted_in_place_of_obeyed_and_handlers_are_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with execution.deferred_signals() as noted:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    assert sorted(noted) == sorted([signal.SIGTERM, signal.SIGINT])
    assert signal.getsignal(signal.SIGTERM) == before


def test_never_more_than_jobs_run_at_a_time(tmp_path):
    class Fake:
        cells, running, most, cleared = 1, 0, 0, 0

        def __init__(self, name):
            self.notebook, self.process = tmp_path / name, None

        def start(self, folder):
            Fake.running += 1
            Fake.most = max(Fake.most, Fake.running)
            self.process = True

        def ended(self):
            Fake.running -= 1
            return True

        def end_rest(self):
            Fake.cleared += 1

        def cells_done(self):
            return 1

    order = []
    execution.execute([Fake(str(i)) for i in range(5)], tmp_path, jobs=2, finish=order.append, stop=[])
    assert (Fake.most, Fake.cleared, len(order)) == (2, 5, 5)


def test_a_papermill_that_is_killed_is_a_failure_however_clean_its_file_looks(ended):
    run = execution.Execution(ended["finishes"].notebook)
    run.output, run.log = ended["finishes"].output, ended["finishes"].log
    run.process = SimpleNamespace(returncode=-9)
    assert run.executed == ended["finishes"].executed
    assert run.failure
