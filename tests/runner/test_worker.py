"""How a notebook that is run by a worker process, by papermill and a real kernel, is said to have ended."""

import os
import re
import sys

import nbformat
import pytest
from stand_in import write_chapter

from gd_helpers.runner.chapters import read_source
from gd_helpers.runner.scheduler import Job, run_jobs

NOTEBOOKS = {
    "finishes": [
        "import os, sys; from pathlib import Path",
        "print(n, learning_rate, os.environ['GD_HEADLESS'], os.environ['OMP_NUM_THREADS'], Path.cwd().name)",
        "import gd_helpers; print(sys.executable)",
        "import os; os.write(1, b'not an outcome')",
        "from ipykernel.connect import get_connection_file; print('connection file', get_connection_file())",
        "print('profile' if 'FROM_PROFILE' in globals() else 'no profile', os.environ.get('MPLBACKEND'))",
    ],
    "raises": ["print('before')", "raise ValueError('this value\\nis bad')", "print('after')"],
    "dies": ["print('before')", "os = __import__('os'); os.kill(os.getpid(), 9)", "print('after')"],
    "hangs": ["import time; time.sleep(600)"],
    "leaves": ["raise SystemExit(0)", "print('after')"],
    "dies last": ["import os; os._exit(0)"],
    "kills": ["import os, signal; os.kill(os.getppid(), signal.SIGTERM)", "import time; time.sleep(600)"],
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Run all of `NOTEBOOKS` side by side, once for all tests, in a folder whose name papermill could stumble over."""
    folder, home = tmp_path_factory.mktemp("note{books}"), tmp_path_factory.mktemp("home")
    startup = home / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("FROM_PROFILE = True")
    jobs = [
        Job(
            name,
            read_source(write_chapter(folder, name, *cells)),
            {"n": 7, "learning_rate": 0.01} if name == "finishes" else {},
            str(folder),
            cell_timeout=5 if name == "hangs" else 300,
        )
        for name, cells in NOTEBOOKS.items()
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("MPLBACKEND", "agg")
        return {job.key: outcome for job, outcome in run_jobs(jobs, tmp_path_factory.mktemp("work"), 3)}


def printed(outcome):
    cells = nbformat.reads(outcome.text, as_version=4).cells
    return "".join(output.get("text", "") for cell in cells for output in cell.get("outputs", []))


def test_a_notebook_that_runs_to_its_end_has_not_failed(outcomes):
    assert outcomes["finishes"].reason == ""


def test_parameters_are_values_and_the_environment_is_headless_with_one_thread(outcomes):
    said = printed(outcomes["finishes"]).splitlines()[0].split()
    assert said[:4] == ["7", "0.01", "1", os.environ.get("OMP_NUM_THREADS", "1")]
    assert said[4].startswith("note{books}")


def test_the_kernel_is_the_python_that_runs_this(outcomes):
    assert printed(outcomes["finishes"]).splitlines()[1] == sys.executable


def test_a_profile_and_a_backend_of_the_reader_reach_no_run(outcomes):
    assert "no profile module://matplotlib_inline" in printed(outcomes["finishes"])


def test_nothing_of_a_kernel_lies_outside_the_folder_to_work_in(outcomes):
    assert re.search(r"^connection file .*/work\d+/run-", printed(outcomes["finishes"]), re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("raises", "ValueError: this value"),
        ("dies", "kernel died"),
        ("dies last", "kernel died"),
        ("hangs", "timed out: a cell took more than 5 s"),
        ("leaves", "ended early: cell 3 was not executed"),
        ("kills", "its worker process was killed"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed in another way")
def test_a_failure_has_a_reason_in_one_line(outcomes, name, reason):
    assert outcomes[name].reason == reason


@pytest.mark.parametrize("name", ["raises", "dies"])
def test_what_was_executed_before_a_failure_is_there(outcomes, name):
    assert "before" in printed(outcomes[name])
    assert "after" not in printed(outcomes[name])


def test_seconds_are_of_each_run(outcomes):
    assert outcomes["finishes"].seconds > 0
    assert outcomes["hangs"].seconds > 5
