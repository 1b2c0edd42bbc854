import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from waiting import wait_until

from gd_helpers.lesson.launching import alive
from gd_helpers.runner import lifeline

PACKAGE = str(Path(lifeline.__file__).parents[2])
STARTER = """
import sys, time
from pathlib import Path
from gd_helpers.runner.execution import Execution
run = Execution(Path(sys.argv[1]))
run.start(Path(sys.argv[2]))
time.sleep(600)
"""


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
    words = lifeline.lifeline("papermill", "no.ipynb", "out.ipynb", "--no-progress-bar")
    answer = subprocess.run(
        words, cwd=tmp_path, env={**os.environ, "PYTHONPATH": PACKAGE}, capture_output=True, text=True
    )
    assert answer.returncode == 1
    assert "No such file or directory: 'no.ipynb'" in answer.stderr


@contextlib.contextmanager
def sleeper(**environment):
    """Give a process that sleeps, with this in its environment, in a session of its own."""
    code = "import time; print('there', flush=True); time.sleep(60)"
    words, pipe = [sys.executable, "-c", code], subprocess.PIPE
    with subprocess.Popen(words, env={**os.environ, **environment}, stdout=pipe, start_new_session=True) as process:
        process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()


def test_what_has_the_mark_is_ended_and_what_has_another_is_not():
    with sleeper(MARK="ours") as ours, sleeper(MARK="theirs") as theirs:
        lifeline.end_marked("MARK", "ours")
        assert alive(ours, theirs) == [theirs]


def test_a_grace_is_no_longer_than_it_has_to_be():
    with sleeper(MARK="ours") as ours:
        begin = time.monotonic()
        lifeline.end_marked("MARK", "ours", grace=0.5)
        assert time.monotonic() - begin > 0.5
        assert alive(ours) == []
    begin = time.monotonic()
    lifeline.end_marked("MARK", "ours", grace=60)
    assert time.monotonic() - begin < 30
