"""Waiting in tests for what comes from another process or thread."""

import time


def wait_until(condition, seconds=300):
    """Wait until `condition` holds, or fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
