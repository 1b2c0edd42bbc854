"""Calling a learner's function: on copies, within a time limit, and with whatever it does caught."""

import copy
import ctypes
import linecache
import threading

import numpy as np
import torch

TIME_LIMIT = 5.0  # seconds that one call may take, where an exercise doesn't say otherwise
GRACE = 1.0  # seconds that a call has to end in, once it was told to


class NeverReturnsError(Exception):
    """The function did not return in time; the argument says whether it could be stopped."""


class RaisedError(Exception):
    """The function raised; the argument says what, and in which of its lines."""


class _TimeIsUp(SystemExit):
    """Raised inside a function that takes too long; threads end on it without a word."""


def call(function, *arguments, seconds=None):
    """Return ``function(*arguments)``, which is given `seconds` to return.

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
            with np.errstate(all="ignore"):
                box["result"] = function(*arguments)
        except BaseException as error:  # also SystemExit and KeyboardInterrupt: it is the learner's function
            box["error"] = error

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        thread.join(seconds)
    except BaseException:  # the learner interrupts the kernel
        _stop(thread)
        raise
    if not box and thread.is_alive():
        raise NeverReturnsError(_stop(thread))
    if "error" in box:
        raise RaisedError(_describe_error(box["error"]))
    return box["result"]


def _stop(thread):
    """Raise `_TimeIsUp` inside `thread` until it ends, and return whether it did; one asleep in C code does not."""
    for _ in range(20):
        identity = ctypes.c_ulong(thread.ident)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(identity, ctypes.py_object(_TimeIsUp))
        thread.join(GRACE / 20)
        if not thread.is_alive():
            return True
    return False


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
