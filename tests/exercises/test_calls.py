import threading
import time

import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient

from gd_helpers.exercises import calls
from gd_helpers.exercises.calls import NeverReturnsError, RaisedError, call, copy_of, is_unchanged


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


@pytest.mark.parametrize("function", [loop, loop_through_errors], ids=lambda function: function.__name__)
def test_a_function_that_loops_for_ever_is_stopped(function):
    before = set(threading.enumerate())
    with pytest.raises(NeverReturnsError) as caught:
        call(function, seconds=0.05)
    assert caught.value.args == (True,)
    assert set(threading.enumerate()) <= before


def test_a_function_that_sleeps_is_left_behind_and_said_so(monkeypatch):
    monkeypatch.setattr(calls, "GRACE", 0.05)
    with pytest.raises(NeverReturnsError) as caught:
        call(time.sleep, 1, seconds=0.05)
    assert caught.value.args == (False,)


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

    with pytest.raises(NeverReturnsError) as caught:
        call(swallow, seconds=0.05)
    assert caught.value.args == (True,)
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

def updates_until(X, y, α, target):
    print("called")
    while True:
        {body}

exercises.updates_until.check(updates_until)
"""


@pytest.mark.parametrize("body", ["pass", "time.sleep(5)"])
def test_a_kernel_goes_on_after_a_function_that_never_returns(body):
    cells = [KERNEL.format(body=body), "1 + 1"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    first, second = (cell.outputs for cell in notebook.cells)
    assert [output.output_type for output in first] == ["stream", "display_data"]
    assert first[0].text == "called\n"  # what it prints is shown where it was called
    assert "did not return within 0.3 seconds" in first[1].data["text/plain"]
    assert ("restart the kernel" in first[1].data["text/plain"]) == (body != "pass")
    assert second[0].data["text/plain"] == "2"
