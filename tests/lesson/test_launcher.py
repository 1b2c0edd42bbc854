"""Workers that are started by PyTorch's launcher: how they run, fail and end."""

import json
import os
import signal
import subprocess
import sys
import threading

import psutil
import pytest
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from waiting import wait_until

from gd_helpers.lesson import launcher
from gd_helpers.lesson.launcher import describe, launch_workers, write_script

posix = pytest.mark.skipif(sys.platform == "win32", reason="the workers do not run on Windows")

START = """
import json, os, pathlib, signal, sys, time
import psutil
rank, folder = os.environ["RANK"], pathlib.Path(sys.argv[1])
(folder / f"ready{rank}").touch()
while len(list(folder.glob("ready*"))) < int(os.environ["WORLD_SIZE"]):
    time.sleep(0.02)
"""
HANG = "time.sleep(600)"
LISTENING = """
launcher = psutil.Process(os.getppid())
sockets = [s for p in [launcher, *launcher.children()] for s in p.net_connections("inet")]
(folder / f"ports{rank}").write_text(json.dumps([s.laddr.port for s in sockets if s.status == psutil.CONN_LISTEN]))
(folder / f"looked{rank}").touch()
while len(list(folder.glob("looked*"))) < int(os.environ["WORLD_SIZE"]):  # one that has ended can't be looked at
    time.sleep(0.02)
"""


def write(folder, *lines):
    script = folder / "script.py"
    script.write_text("\n".join([START, *lines]))
    return script


def wait_for_workers(folder):
    wait_until(lambda: len(list(folder.glob("ready*"))) == 2, seconds=600)


def raised_by(folder, *lines, kind=RuntimeError, **options):
    """Return the error of a launch whose workers do this, checked to leave no process."""
    before = psutil.Process().children()
    with pytest.raises(kind) as caught:
        launch_workers(write(folder, *lines), folder, **options)
    assert set(psutil.Process().children()) <= set(before)
    return caught.value


def greeting():
    return "hello"


def greet(folder):
    (folder / "greeting").write_text(greeting())


def test_a_script_calls_its_last_function_with_its_folder():
    script = write_script("import sys; from pathlib import Path", greeting, greet)
    subprocess.run([sys.executable, script, script.parent], check=True)
    assert (script.parent / "greeting").read_text() == "hello"


def test_the_folder_of_a_script_is_removed_when_python_ends():
    code = "from gd_helpers.lesson.launcher import describe, write_script; print(write_script('', describe).parent)"
    folder = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    assert "workers-" in folder
    assert not os.path.exists(folder)


@posix
def test_each_worker_runs_the_script_to_its_end_and_what_it_prints_is_shown(tmp_path, capfd):
    launch_workers(write(tmp_path, "print('worker', rank, 'of', sys.argv[2])"), tmp_path, "three", workers=3)
    assert sorted(capfd.readouterr().out.splitlines()) == [f"worker {rank} of three" for rank in range(3)]


@posix
def test_neither_the_launcher_nor_a_worker_opens_a_port(tmp_path):
    before = {s.laddr.port for s in psutil.Process().net_connections("inet") if s.status == psutil.CONN_LISTEN}
    launch_workers(write(tmp_path, LISTENING), tmp_path)
    seen = [set(json.loads((tmp_path / f"ports{rank}").read_text())) for rank in range(2)]
    assert seen == [before, before]


@posix
def test_a_killed_worker_is_named_in_one_line_and_no_worker_is_left(tmp_path):
    error = raised_by(tmp_path, "if rank == '1': os.kill(os.getpid(), signal.SIGKILL)", HANG)
    assert str(error) == "worker 1 was killed by SIGKILL; all workers were ended"


@posix
def test_what_a_worker_raised_is_told_in_one_line_with_its_traceback_in_the_cause(tmp_path):
    error = raised_by(tmp_path, "if rank == '0': raise ValueError('no such luck\\nat all')", HANG)
    assert str(error) == "worker 0 raised ValueError: no such luck; all workers were ended"
    assert isinstance(error.__cause__, ChildFailedError)
    assert "Traceback" in str(error.__cause__)


@posix
def test_a_worker_that_hangs_is_ended(tmp_path):
    error = raised_by(tmp_path, HANG, timeout=2)
    assert str(error) in [f"worker {k} raised TimeoutError: not done after 2 s; all workers were ended" for k in "01"]


@posix
def test_an_interrupt_ends_the_workers_and_leaves_the_handlers_of_this_process(tmp_path):
    signals = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
    handlers = [*map(signal.getsignal, signals)]

    def interrupt():
        wait_for_workers(tmp_path)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    raised_by(tmp_path, HANG, kind=KeyboardInterrupt)
    assert [*map(signal.getsignal, signals)] == handlers


@posix
def test_the_workers_of_a_killed_process_end_with_it(tmp_path):
    code = (
        f"from gd_helpers.lesson.launcher import *; launch_workers({str(write(tmp_path, HANG))!r}, {str(tmp_path)!r})"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        wait_for_workers(tmp_path)
        workers = psutil.Process(process.pid).children()
        process.kill()
    assert len(workers) == 2
    assert psutil.wait_procs(workers, timeout=60)[1] == []


def test_windows_is_told_in_one_line_what_to_do(monkeypatch):
    monkeypatch.setattr(launcher.sys, "platform", "win32")
    with pytest.raises(RuntimeError, match=r"^the workers need Linux or macOS; on Windows, use WSL$"):
        launch_workers("script.py")


# Which of several failures was the first


def failure(exitcode, folder=None, text="", second=0):
    """Return a failure as PyTorch reports it, with the file that a worker writes when it raises."""
    path = f"{folder}/{second}.json"
    if folder:
        with open(path, "w") as file:
            json.dump({"message": {"message": text, "extraInfo": {"timestamp": "7"}}}, file)
        os.utime(path, (second, second))
    return ProcessFailure(local_rank=0, pid=1, exitcode=exitcode, error_file=path)


def test_a_killed_worker_comes_before_one_that_missed_it(tmp_path):
    failures = {0: failure(1, tmp_path, "RuntimeError: Connection closed by peer"), 1: failure(-9)}
    assert describe(failures) == "worker 1 was killed by SIGKILL"


def test_of_two_exceptions_the_earlier_is_told_though_both_were_in_one_second(tmp_path):
    late, early = failure(1, tmp_path, "RuntimeError: closed", 0.75), failure(-15, tmp_path, "KeyError: 'B'", 0.25)
    assert describe({0: late, 1: early}) == "worker 1 raised KeyError: 'B'"


def test_a_worker_that_the_launcher_ended_is_not_blamed():
    assert describe({0: failure(-15), 1: failure(3)}) == "worker 1 ended with exit code 3"
