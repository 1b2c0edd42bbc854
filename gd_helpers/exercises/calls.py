"""Calling a learner's function: on copies, within a time limit, and with whatever it raises caught.

The limit is on the time that the function's own thread computes, since other programs may keep the processor busy. Time
spent importing does not count, and no import is interrupted: a module that is half imported is broken until the kernel
is restarted.
"""

import copy
import ctypes
import linecache
import sys
import threading
import time

import numpy as np
import torch

TIME_LIMIT = 5.0  # seconds that one call may compute, where an exercise doesn't say otherwise
PATIENCE = 24  # how many times its limit a call may take by the wall clock, whatever it does
GRACE = 1.0  # seconds that a call has to end in, once it was told to


class NeverReturnsError(Exception):
    """The function did not return in time.

    Attributes
    ----------
    seconds : float
        What it was given: seconds of computing or, where it slept through them, by the wall clock.
    stopped : bool
        Whether it could be stopped.
    """

    def __init__(self, seconds, stopped):
        super().__init__(seconds, stopped)
        self.seconds, self.stopped = seconds, stopped


class RaisedError(Exception):
    """The function raised; the argument says what, and in which of its lines."""


class _TimeIsUp(SystemExit):
    """Raised inside a function that takes too long; threads end on it without a word."""


def call(function, *arguments, seconds=None):
    """Return ``function(*arguments)``, which may compute for `seconds`.

    It runs in a thread of its own: the main thread of a kernel waits for it with a limit, which works on every system,
    also where the function sleeps or waits. At the limit an exception is raised inside it. NumPy's warnings are off.

    Raises
    ------
    NeverReturnsError
        If it does not return in time.
    RaisedError
        If it raises anything, be it an order to leave the program.

    Examples
    --------
    >>> call(lambda a, b: a + b, 2, 3)
    5
    """
    seconds = TIME_LIMIT if seconds is None else seconds
    box = {}

    def work():
        try:
            box["clock"] = _clock_of_this_thread()
            with np.errstate(all="ignore"):
                box["result"] = function(*arguments)
        except BaseException as error:  # also SystemExit and KeyboardInterrupt: it is the learner's function
            box["error"] = error

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        limit = _wait(thread, lambda: _read_clock(box.get("clock")), seconds)
    except BaseException:  # the learner interrupts the kernel
        _stop(thread)
        raise
    if "result" not in box and "error" not in box:
        raise NeverReturnsError(limit, _stop(thread))
    if "error" in box:
        raise RaisedError(_describe_error(box["error"]))
    return box["result"]


def _clock_of_this_thread():
    """Return the clock of this thread's own computing time, or None where the platform has none."""
    if hasattr(time, "pthread_getcpuclockid"):
        return time.pthread_getcpuclockid(threading.get_ident())
    return None


def _read_clock(clock):
    """Return the seconds that a thread has computed; 0 where that cannot be known."""
    try:
        return 0.0 if clock is None else time.clock_gettime(clock)
    except OSError:  # the thread has ended
        return 0.0


def _wait(thread, computed, seconds):
    """Wait until `thread` ends or is out of time, and return the limit that it has reached.

    ``computed()`` gives the seconds that it has computed.
    """
    wall_limit, limit = PATIENCE * seconds, seconds
    deadline = time.monotonic() + wall_limit
    while thread.is_alive():
        left, wall_left = limit - computed(), deadline - time.monotonic()
        if wall_left <= 0:
            return wall_limit
        if left <= 0:
            if not _is_importing(thread):
                return seconds
            left, limit = seconds, computed() + seconds
        thread.join(min(max(left, 0.001), wall_left))
    return seconds


def _is_importing(thread):
    """Return whether `thread` is inside an import statement that has to load its module."""
    frame = sys._current_frames().get(thread.ident)
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _stop(thread):
    """Raise `_TimeIsUp` inside `thread` until it ends, and return whether it did; one asleep in C code does not.

    An import is waited for; when it is over, the thread has `GRACE` seconds to end.
    """
    deadline = time.monotonic() + GRACE
    end_of_patience = deadline + PATIENCE * TIME_LIMIT
    while thread.is_alive() and time.monotonic() < min(deadline, end_of_patience):
        if _is_importing(thread):
            deadline = time.monotonic() + GRACE
        else:
            identity = ctypes.c_ulong(thread.ident)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(identity, ctypes.py_object(_TimeIsUp))
        thread.join(GRACE / 20)
    return not thread.is_alive()


def _describe_error(error):
    """Return type and text of `error`, and the line of the learner's that raised it."""
    text = " ".join(str(error).split())
    described = f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__
    trace, line = error.__traceback__, ""
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name != __file__ and "site-packages" not in name:
            line = linecache.getline(name, trace.tb_lineno).strip() or line
        trace = trace.tb_next
    return f"{described} (in the line `{line}`)" if line else described


def copy_of(value):
    """Return a copy of an argument that can be changed without changing `value`."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)
    return value if callable(value) and not isinstance(value, torch.nn.Module) else copy.deepcopy(value)


def is_unchanged(value, before):
    """Return whether an argument still is what it was `before`; functions and models are not looked into."""
    if isinstance(before, torch.Tensor):
        return value.shape == before.shape and torch.equal(value.detach(), before.detach())
    if isinstance(before, np.ndarray):
        return np.array_equal(value, before, equal_nan=before.dtype.kind == "f")
    if isinstance(before, tuple | list):
        return len(value) == len(before) and all(map(is_unchanged, value, before))
    return callable(before) or bool(value == before)
