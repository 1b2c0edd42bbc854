import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from gd_helpers import lifeline

PACKAGE = str(Path(lifeline.__file__).parent.parent)
STARTER = """
import sys, time
from pathlib import Path
from gd_helpers.execution import Execution
run = Execution(Path(sys.argv[1]))
run.start(Path(sys.argv[2]))
time.sleep(600)
"""


def wait_until(condition, seconds=60):
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it never came")


@pytest.mark.skipif(sys.platform == "win32", reason="the sleeper is a POSIX command")
def test_a_killed_process_takes_its_papermill_the_kernel_and_what_the_kernel_started_along(tmp_path):
    start = "import subprocess, pathlib, time; sleeper = subprocess.Popen(['sleep', '600'], start_new_session=True)"
    cells = [start, "pathlib.Path('here').touch(); time.sleep(600)"]
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), tmp_path / "01_one.ipynb")
    words = [sys.executable, "-c", STARTER, str(tmp_path / "01_one.ipynb"), str(tmp_path / "work")]
    starter = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": PACKAGE})
    try:
        wait_until((tmp_path / "here").exists)
        family = psutil.Process(starter.pid).children(recursive=True)
    finally:
        starter.kill()
        starter.wait()
    assert len(family) >= 3
    wait_until(lambda: not any(map(lifeline.lives, family)), seconds=20)


def test_a_process_lives_until_it_has_ended_even_where_nobody_asks_how():
    sleeper = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = psutil.Process(sleeper.pid)
    assert lifeline.lives(process)
    sleeper.stdin.close()
    wait_until(lambda: not lifeline.lives(process), seconds=20)  # a zombie, since nobody has waited for it
    sleeper.wait()
    assert not lifeline.lives(process)


def test_the_words_and_the_exit_status_are_papermills(tmp_path):
    words = [
        sys.executable,
        "-m",
        "gd_helpers.lifeline",
        str(os.getpid()),
        "no.ipynb",
        "out.ipynb",
        "--no-progress-bar",
    ]
    answer = subprocess.run(
        words, cwd=tmp_path, env={**os.environ, "PYTHONPATH": PACKAGE}, capture_output=True, text=True
    )
    assert answer.returncode == 1
    assert "No such file or directory: 'no.ipynb'" in answer.stderr
