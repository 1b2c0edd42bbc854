"""A guard ends what passes a limit, also where it has left its session, and leaves its worker a chance to tell."""

import subprocess
import sys

import psutil
import pytest
from waiting import wait_until

from gd_helpers.runner.limits import Guard, Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a process that has lost its parent is nobody's child")
WORKER = "from gd_helpers.runner.watchdog import watch; watch(); import subprocess, sys, time\n"


@pytest.fixture
def start():
    """Return a function that starts a worker with a program after `WORKER`, and waits until it has run that."""
    started = []

    def start_worker(program):
        command = [sys.executable, "-c", f"{WORKER}{program}\nprint('ready', flush=True); time.sleep(600)"]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout.readline() == "ready\n"
        return started[-1]

    yield start_worker
    for worker in started:
        worker.stdin.close()
        worker.wait()
        worker.stdout.close()


def look_until_a_reason(guard):
    wait_until(lambda: guard.look() or guard.reason)
    return guard.reason


def children_of(worker):
    return [each for each in psutil.Process(worker.pid).children(recursive=True) if each.status() != "zombie"]


def test_a_run_within_its_limits_is_left_alone(start):
    worker = start("subprocess.Popen(['sleep', '600'])")
    guard = Guard(Limits(), worker.pid)
    guard.look()
    assert guard.reason == ""
    assert len(children_of(worker)) == 1


@pytest.mark.parametrize(
    ("limits", "program", "reason"),
    [
        (Limits(seconds=0.2), "subprocess.Popen(['sleep', '600'])", "took more than 0.2 s"),
        (
            Limits(processes=5),
            "[subprocess.Popen(['sleep', '600'], start_new_session=True) for _ in range(50)]",
            "started more than 5 processes",
        ),
        (
            Limits(memory=0.5),
            "subprocess.Popen([sys.executable, '-c', 'x = b\"1\" * 2**29; import time; time.sleep(600)'])",
            "took more than 0.5 GiB of memory",
        ),
    ],
)
def test_what_passes_a_limit_is_ended_and_its_worker_is_not(start, limits, program, reason):
    worker = start(program)
    guard = Guard(limits, worker.pid)
    assert look_until_a_reason(guard) == reason
    wait_until(lambda: not children_of(worker))
    assert worker.poll() is None


def test_a_process_that_has_left_its_session_and_lost_its_parent_is_found(start):
    orphan = "import os; os.setsid(); os.fork() and os._exit(0); import time; time.sleep(600)"
    worker = start(f"subprocess.run([sys.executable, '-c', {orphan!r}])")
    guard = Guard(Limits(seconds=0), worker.pid)
    assert len(children_of(worker)) == 1
    look_until_a_reason(guard)
    wait_until(lambda: not children_of(worker))


def test_a_worker_that_tells_nothing_is_ended_too(start, monkeypatch):
    monkeypatch.setattr("gd_helpers.runner.limits.PATIENCE", 0.1)
    worker = start("")
    guard = Guard(Limits(seconds=0), worker.pid)
    wait_until(lambda: guard.look() or worker.poll() is not None)


def test_at_the_end_nothing_is_left_even_if_the_worker_was_killed(start):
    worker = start("subprocess.Popen(['sleep', '600'])")
    guard = Guard(Limits(), worker.pid)
    guard.look()
    (child,) = children_of(worker)
    worker.kill()
    guard.end()
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
