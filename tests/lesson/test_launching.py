"""Processes that are started, looked after and ended; the workers here are plain Python, which starts sooner."""

import _thread
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress

import psutil
import pytest
from waiting import wait_until

from gd_helpers.lesson import launching
from gd_helpers.lesson.launching import alive, explain, listening, loopback_interface, torchrun, write_script

posix = pytest.mark.skipif(sys.platform == "win32", reason="torchrun with gloo does not run on Windows")

IMPORTS = "import os, signal, socket, time"
ENVIRONMENT = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1", "OMP_NUM_THREADS": "1"}

SIGN_IN = """
def sign_in(folder):
    rank = int(os.environ["RANK"])
    fresh = folder / f"fresh{rank}"
    fresh.write_text(str(os.getpid()))
    fresh.rename(folder / f"pid{rank}")
    while len(list(folder.glob("pid*"))) < int(os.environ["WORLD_SIZE"]):
        time.sleep(0.02)
    return rank
"""
NAP = "def nap(folder):\n    sign_in(folder)\n    time.sleep(300)\n"


def after_signing_in(*lines):
    """Return the text of a function that does `lines` once all workers are there."""
    return "\n    ".join(["def work(folder):", "rank = sign_in(folder)", *lines]) + "\n"


def start(*functions, timeout=60):
    script = write_script(IMPORTS, *functions)
    words = ["--nproc-per-node", 2, "--max-restarts", 0, "--log-dir", script.parent / "log", "--rdzv-backend", "c10d"]
    words += ["--rdzv-conf", "store_type=file", "--rdzv-endpoint", script.parent / "store"]
    words += ["--local-addr", "127.0.0.1", script, script.parent]
    return script.parent, lambda: torchrun(*words, environment=ENVIRONMENT, timeout=timeout)


def pids_in(folder):
    return [int(path.read_text()) for path in folder.glob("pid*")]


def once_there(folder, action):
    """Do `action` in a thread, once both workers have signed in."""

    def wait():
        wait_until(lambda: len(pids_in(folder)) == 2)
        action()

    threading.Thread(target=wait, daemon=True).start()


def none_left(folder):
    return len(pids_in(folder)) == 2 and not alive(*pids_in(folder))


# Scripts


def greet(folder):
    (folder / "greeting").write_text("hello")


def test_a_script_calls_its_last_function_with_its_folder():
    script = write_script("import time", "def first():\n    1 / 0\n", greet)
    subprocess.run([sys.executable, script, script.parent], check=True)
    assert (script.parent / "greeting").read_text() == "hello"


@pytest.mark.parametrize("functions", [(), (greet, "x = 1")])
def test_a_script_without_a_function_to_call_is_refused(functions):
    with pytest.raises(ValueError, match=r"^the last of functions must be a function, .*, got "):
        write_script("", *functions)


def test_two_scripts_have_folders_of_their_own():
    assert write_script("", greet).parent != write_script("", greet).parent


def test_the_folders_of_scripts_go_when_python_ends():
    code = "from gd_helpers.lesson.launching import write_script; print(write_script('', 'def f(folder): pass').parent)"
    folder = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert folder
    assert not os.path.exists(folder)


def test_a_folder_whose_python_was_killed_goes_with_the_next_script_and_those_of_others_stay():
    lines = (
        "from gd_helpers.lesson.launching import write_script",
        "print(write_script('', 'def f(folder): pass').parent)",
    )
    code = "\n".join([*lines, "import os, sys", "sys.stdout.flush()", "os._exit(1)"])  # as a kill, no clearing up
    killed = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True).stdout.strip()
    assert os.path.exists(killed)
    first, second = write_script("", greet), write_script("", greet)
    assert not os.path.exists(killed)
    assert first.exists()
    assert second.exists()


# Runs


@posix
def test_each_worker_runs_the_script_and_nobody_listens():
    folder, run = start(SIGN_IN, after_signing_in("(folder / f'done{rank}').touch()", "time.sleep(0.5)"))
    assert run() == set()
    assert sorted(path.name for path in folder.glob("done*")) == ["done0", "done1"]


@posix
def test_where_a_worker_listens_is_noted():
    lines = "server = socket.create_server(('127.0.0.2' if rank else '127.0.0.1', 0))", "time.sleep(1)"
    _, run = start(SIGN_IN, after_signing_in(*lines))
    assert run() == {"127.0.0.1", "127.0.0.2"}


@posix
def test_a_worker_that_is_killed_is_named_and_the_others_are_ended():
    lines = "if rank == 1: os.kill(os.getpid(), signal.SIGKILL)", "time.sleep(300)"
    folder, run = start(SIGN_IN, after_signing_in(*lines))
    with pytest.raises(RuntimeError, match=r"^torchrun failed and ended all its workers: worker 1 was killed$"):
        run()
    assert none_left(folder)


@posix
def test_what_a_worker_raised_is_told_in_one_line():
    lines = "if rank == 0: raise ValueError('no such luck')", "time.sleep(300)"
    folder, run = start(SIGN_IN, after_signing_in(*lines))
    with pytest.raises(RuntimeError, match=r"^torchrun failed and ended all its workers: ValueError: no such luck$"):
        run()
    assert none_left(folder)


@posix
def test_when_the_time_is_over_no_worker_is_left():
    folder, run = start(SIGN_IN, NAP, timeout=8)
    with pytest.raises(RuntimeError, match="had not ended after 8 s"):
        run()
    assert none_left(folder)


@posix
def test_an_interrupt_leaves_no_worker():
    folder, run = start(SIGN_IN, NAP)
    once_there(folder, _thread.interrupt_main)
    with pytest.raises(KeyboardInterrupt):
        run()
    assert none_left(folder)


@posix
def test_a_torchrun_that_is_killed_itself_leaves_no_worker():
    folder, run = start(SIGN_IN, NAP)
    once_there(folder, lambda: psutil.Process(pids_in(folder)[0]).parent().kill())
    with pytest.raises(RuntimeError, match="torchrun failed"):
        run()
    assert none_left(folder)


@posix
def test_a_python_that_is_killed_takes_torchrun_and_its_workers_along():
    folder, _ = start(SIGN_IN, NAP)
    words = [
        "--nproc-per-node",
        2,
        "--rdzv-backend",
        "c10d",
        "--rdzv-conf",
        "store_type=file",
        "--local-addr",
        "127.0.0.1",
    ]
    words += ["--rdzv-endpoint", str(folder / "store"), str(folder / "script.py"), str(folder)]
    code = f"from gd_helpers.lesson.launching import torchrun; torchrun(*{words!r}, environment={ENVIRONMENT!r})"
    with subprocess.Popen([sys.executable, "-c", code]) as caller:
        once_there(folder, caller.kill)
    wait_until(lambda: none_left(folder), seconds=20)


@posix
def test_a_worker_that_was_never_seen_is_ended_too(monkeypatch):
    monkeypatch.setattr(launching, "family_of", lambda pid: [psutil.Process(pid)] if psutil.pid_exists(pid) else [])
    folder, run = start(SIGN_IN, NAP)
    once_there(folder, lambda: psutil.Process(pids_in(folder)[0]).parent().kill())
    with pytest.raises(RuntimeError, match="torchrun failed"):
        run()
    assert none_left(folder)


def test_a_machine_without_such_workers_says_so_in_one_line(monkeypatch):
    monkeypatch.setattr(launching.sys, "platform", "win32")
    with pytest.raises(RuntimeError, match=r"^torchrun with gloo does not run here: .*$") as raised:
        torchrun("script.py")
    assert "\n" not in str(raised.value)


# What torchrun says

REPORT = """
Failures:
[1]:
  host      : localhost
  rank      : {other} (local_rank: {other})
  exitcode  : {status} (pid: 12)
Root Cause (first observed failure):
[0]:
  host      : localhost
  rank      : 0 (local_rank: 0)
  exitcode  : 1 (pid: 11)
"""


def test_a_killed_worker_is_named_though_another_failed_first():
    said = "RuntimeError: Connection closed by peer\n" + REPORT.format(other=3, status=-signal.SIGKILL.value)
    assert explain(said, 1) == "worker 3 was killed"


def test_of_a_traceback_the_workers_own_error_is_told():
    said = (
        "[rank0]: KeyError: 'B'\n"
        "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:\n" + REPORT.format(other=1, status=-15)
    )
    assert explain(said, 1) == "KeyError: 'B'"


def test_a_worker_that_says_nothing_is_told_with_its_status_unlike_one_that_was_ended_for_it():
    said = REPORT.format(other=1, status=-15).replace("exitcode  : 1 ", "exitcode  : -6 ")
    assert explain(said, 1) == "worker 0 ended with status -6"


def test_silence_is_explained_by_the_status():
    assert explain("", 3) == "it ended with status 3"


# Looking at processes


def test_the_loopback_interface_has_the_address_of_this_machine_alone():
    addresses = {each.address for each in psutil.net_if_addrs()[loopback_interface()]}
    assert "127.0.0.1" in addresses


def test_a_socket_of_this_process_or_of_a_child_is_seen_as_long_as_it_listens():
    code = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); input()"
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = server.getsockname()
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with subprocess.Popen([sys.executable, "-c", code], **pipes) as child:
            theirs = "127.0.0.1", int(child.stdout.readline())
            assert {ours, theirs} <= listening()
            assert listening([psutil.Process(child.pid)]) == {theirs}
            child.stdin.close()
    assert not {ours, theirs} & listening()
    assert listening([]) == set()


def test_alive_are_processes_that_have_not_ended():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert alive(os.getpid(), child.pid) == [os.getpid(), child.pid]
        child.kill()
        with suppress(psutil.NoSuchProcess):
            while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.02)
        assert alive(child.pid) == []  # not waited for yet
    assert alive(child.pid) == []
