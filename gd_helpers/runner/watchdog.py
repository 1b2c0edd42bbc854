"""Leave no process behind, however a command ends.

A command that is killed can end nothing any more; a kernel looks for its parent only when the cell that it runs lets
it; and what the kernel started, ``torchrun`` for example, may be in a session of its own, which no signal to a process
group reaches. So the standard input of each worker is a pipe whose other end only the command has. The system closes
that end with the command; the worker then kills its descendants, which psutil finds, and itself. On Linux a process
whose parent has ended becomes a child of the worker, so that it stays a descendant.
"""

import contextlib
import ctypes
import os
import sys
import threading

import psutil

PR_SET_CHILD_SUBREAPER = 36


def watch():
    """Start a thread that ends this process and its descendants once standard input is closed at its other end."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    threading.Thread(target=_wait_and_end, daemon=True).start()


def _wait_and_end():
    os.read(0, 1)
    kill_descendants()
    os._exit(1)


def kill_descendants(pid=None):
    """Kill all descendants of the process `pid`, by default of this one."""
    found = psutil.Process(pid).children()
    for process in found:  # grows by the children of each
        with contextlib.suppress(psutil.Error):
            process.suspend()  # so that it starts no other
            found += process.children()
    for process in found:
        with contextlib.suppress(psutil.Error):
            process.kill()
