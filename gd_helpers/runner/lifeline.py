"""No process without the one that asked for it: ``python -m gd_helpers.runner.lifeline PID MODULE WORD …``.

A process that is killed can end nothing any more. So what it has started, papermill or torchrun, looks after it, and
ends its own children and itself when it is gone. And what these have started may outlive them, in a session of its own:
it is found by a mark that all of them have in their environment.
"""

import contextlib
import os
import runpy
import sys
import threading
import time

import psutil

INTERVAL = 0.5  # seconds between two looks
GRACE = 2  # seconds in which what is left of a run may end by itself


def stop_family(process):
    """Suspend `process` and its descendants, each before its children are listed, and return them."""
    family, found = [], [process]
    while found:
        process = found.pop()
        with contextlib.suppress(psutil.Error):
            process.suspend()
            family.append(process)
            found.extend(process.children())
    return family


def lives(process):
    """Return whether the ``psutil.Process`` `process` has not ended."""
    with contextlib.suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def lifeline(module, *words):
    """Return the command that runs ``python -m MODULE WORD …`` for as long as this process lives."""
    return [sys.executable, "-m", "gd_helpers.runner.lifeline", str(os.getpid()), module, *map(str, words)]


def find_marked(name, mark):
    """Return the living processes in whose environment `name` is `mark`."""
    found = set()
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if each.environ().get(name) == mark and lives(each):
                found.add(each)
    return found


def end_marked(name, mark, family=(), grace=0):
    """End `family`, after `grace` seconds all processes in whose environment `name` is `mark`, and wait for them."""
    family = set(family)
    if grace and (found := find_marked(name, mark)):
        psutil.wait_procs(found, timeout=grace)
    family |= find_marked(name, mark)
    while family:
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(family, timeout=5)
        family = find_marked(name, mark)


def end_with(pid):
    """Wait until the process `pid` has ended, then end all that this process started, and this process."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        while lives(process):
            time.sleep(INTERVAL)
    for child in psutil.Process().children():
        for process in stop_family(child):
            with contextlib.suppress(psutil.Error):
                process.kill()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=end_with, args=[int(sys.argv[1])], daemon=True).start()
    sys.argv[:2] = []
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
