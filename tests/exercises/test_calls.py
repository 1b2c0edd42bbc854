import importlib
import sys
import threading
import time

import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient

from gd_helpers.exercises import calls
from gd_helpers.exercises.calls import NeverReturnsError, RaisedError, call, copy_of, is_unchanged

has_cpu_clock = pytest.mark.skipif(
    not hasattr(time, "pthread_getcpuclockid"), reason="threads have no clocks of their own here"
)


def test_the_result_comes_back():
    assert call(divmod, 7, 2) == (3, 1)


def loop(*_):
    while True:
        pass


def loop_through_errors(*_):
    while True:
        try:
            [].pop()
        except Exception:
            continue


def was_stopped(function, seconds=0.05):
    """Return the error that says that `function` did not return."""
    with pytest.raises(NeverReturnsError) as caught:
        call(function, seconds=seconds)
    return caught.value


@pytest.mark.parametrize("function", [loop, loop_through_errors], ids=lambda function: function.__name__)
def test_a_function_that_loops_for_ever_is_stopped_when_it_has_computed_for_its_limit(function):
    before = set(threading.enumerate())
    error = was_stopped(function)
    assert (error.seconds, error.stopped) == (0.05, True)
    assert set(threading.enumerate()) <= before


def test_a_function_that_sleeps_is_left_behind_at_the_limit_by_the_wall_clock_and_said_so(monkeypatch):
    monkeypatch.setattr(calls, "GRACE", 0.05)
    monkeypatch.setattr(calls, "PATIENCE", 2)
    error = was_stopped(lambda: time.sleep(1))
    assert (error.seconds, error.stopped) == (0.1, False)


@has_cpu_clock
def test_time_in_which_a_function_does_not_compute_does_not_count():
    def wait():
        time.sleep(0.3)  # as when other programs are given the processor
        return "done"

    assert call(wait, seconds=0.1) == "done"


@has_cpu_clock
def test_what_other_threads_compute_does_not_count():
    done = threading.Event()
    others = [threading.Thread(target=lambda: [None for _ in iter(done.is_set, True)]) for _ in range(3)]
    for thread in others:
        thread.start()

    def compute():
        end = time.thread_time() + 0.05
        while time.thread_time() < end:
            pass
        return "done"

    try:
        assert call(compute, seconds=0.1) == "done"
    finally:
        done.set()
        for thread in others:
            thread.join()


def test_where_threads_have_no_clock_of_their_own_the_wall_clock_stops_them(monkeypatch):
    monkeypatch.delattr(time, "pthread_getcpuclockid", raising=False)
    monkeypatch.setattr(calls, "PATIENCE", 3)
    error = was_stopped(loop)
    assert (error.seconds, error.stopped) == (pytest.approx(0.15), True)


SLOW_MODULE = """
import time
end = time.{clock}() + 0.3
while time.{clock}() < end:
    pass
finished = True
"""


@pytest.fixture
def slow_module(tmp_path, monkeypatch):
    """Return a function that makes a module importable that takes 0.3 s to load, by the given clock."""
    monkeypatch.syspath_prepend(tmp_path)
    yield lambda clock: (tmp_path / "slow_module.py").write_text(SLOW_MODULE.format(clock=clock))
    sys.modules.pop("slow_module", None)


def import_it():
    return importlib.import_module("slow_module").finished


@has_cpu_clock
def test_the_time_that_an_import_computes_does_not_count(slow_module):
    slow_module("thread_time")
    assert call(import_it, seconds=0.02) is True


@has_cpu_clock
def test_a_loop_after_a_slow_import_is_stopped(slow_module):
    slow_module("thread_time")
    error = was_stopped(lambda: (import_it(), loop()), seconds=0.02)
    assert (error.seconds, error.stopped) == (0.02, True)
    assert sys.modules["slow_module"].finished


def test_a_function_is_stopped_only_when_it_has_left_an_import(slow_module, monkeypatch):
    slow_module("monotonic")
    monkeypatch.setattr(calls, "PATIENCE", 1)  # which is over during the import
    monkeypatch.setattr(calls, "TIME_LIMIT", 60.0)  # a hang guard of the wait for the import
    error = was_stopped(lambda: (import_it(), loop()), seconds=0.05)
    assert error.stopped
    assert sys.modules["slow_module"].finished


def test_a_function_that_swallows_everything_a_few_times_is_stopped_all_the_same():
    swallowed = []

    def swallow():
        while len(swallowed) < 3:
            try:
                while True:
                    pass
            except BaseException as error:
                swallowed.append(error)
        while True:
            pass

    assert was_stopped(swallow).stopped
    assert len(swallowed) == 3


def fail():
    raise ZeroDivisionError("no\n  way")


def test_what_a_function_raises_is_told_with_its_line():
    with pytest.raises(RaisedError) as caught:
        call(fail)
    assert str(caught.value) == 'ZeroDivisionError: no way (in the line `raise ZeroDivisionError("no\\n  way")`)'


def test_the_line_is_the_learner_s_not_that_of_a_package():
    def solve():
        return np.linalg.inv(np.zeros((2, 2)))

    with pytest.raises(RaisedError, match=r"LinAlgError: Singular matrix \(in the line `return np.linalg.inv"):
        call(solve)


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit, RecursionError, MemoryError])
def test_whatever_is_raised_is_caught(error):
    def leave():
        raise error

    with pytest.raises(RaisedError, match=error.__name__):
        call(leave)


def test_a_recursion_without_end_is_an_error_like_others():
    def again():
        return again()

    with pytest.raises(RaisedError, match="RecursionError"):
        call(again)


@pytest.mark.filterwarnings("error")
def test_numpy_s_warnings_are_off():
    assert np.isinf(call(lambda: np.float64(1) / 0))


@pytest.mark.parametrize(
    "value",
    [np.arange(3.0), torch.arange(3.0), [1, 2], 5, "text", np.array([np.nan]), (np.arange(2), torch.ones(2))],
    ids=repr,
)
def test_a_copy_is_unchanged(value):
    assert is_unchanged(copy_of(value), value)


def test_a_change_to_a_copy_shows_and_does_not_reach_the_original():
    for value in (np.zeros(3), torch.zeros(3), [0.0, 0.0]):
        changed = copy_of(value)
        changed[0] += 1
        assert not is_unchanged(changed, value)
        assert float(value[0]) == 0


def test_a_copy_of_a_tensor_needs_a_gradient_where_the_tensor_does():
    assert copy_of(torch.ones(2, requires_grad=True)).requires_grad
    assert not copy_of(torch.ones(2)).requires_grad


def test_a_function_is_passed_on_and_a_model_is_copied():
    model = torch.nn.Linear(1, 1)
    assert copy_of(len) is len
    assert copy_of(model) is not model


KERNEL = """
import time
from gd_helpers.exercises import calls, for_chapter
exercises = for_chapter("00_introduction", n=1000)
calls.TIME_LIMIT, calls.GRACE = 0.3, 0.2
"""
NEVER_RETURNS = """
calls.PATIENCE = {patience}

def updates_until(X, y, α, target):
    print("called")
    while True:
        {body}

exercises.updates_until.check(updates_until)
"""


def test_a_kernel_goes_on_after_functions_that_never_return():
    busy = NEVER_RETURNS.format(patience=10_000, body="pass")
    asleep = NEVER_RETURNS.format(patience=4, body="time.sleep(60)")
    cells = [nbformat.v4.new_code_cell(source) for source in (KERNEL, busy, asleep, "1 + 1")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, kernel_name="python3", timeout=600).execute()
    _, *checks, last = (cell.outputs for cell in notebook.cells)
    for outputs, limit, is_left_behind in zip(checks, ("0.3", "1.2"), (False, True), strict=True):
        assert [output.output_type for output in outputs] == ["stream", "display_data"]
        assert outputs[0].text == "called\n"  # what it prints is shown where it was called
        message = outputs[1].data["text/plain"]
        assert f"did not return within {limit} seconds" in message
        assert ("restart the kernel" in message) == is_left_behind
    assert last[0].data["text/plain"] == "2"
