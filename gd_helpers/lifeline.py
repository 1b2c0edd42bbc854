"""papermill for as long as the process lives that asked for it: ``python -m gd_helpers.lifeline PID WORD …``.

A process that is killed can end nothing any more. So papermill looks after it, and ends its kernel and itself when it
is gone.
"""

import contextlib
import os
import runpy
import sys
import threading
import time

import psutil

INTERVAL = 0.5  # seconds between two looks


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
    sys.argv[:2] = ["papermill"]
    runpy.run_module("papermill", run_name="__main__", alter_sys=True)
