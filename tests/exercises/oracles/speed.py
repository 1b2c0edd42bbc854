"""Another way to the answers of chapter 17."""

import numpy as np


def an_hour_buys(n):
    """Count in whole microseconds, with an update for each batch that the examples are cut into."""
    return 3_600_000_000 / (200 * len(range(0, n, 32)))


def where_examples_cost():
    """Try every batch size up to a hundred thousand."""
    sizes = np.arange(1, 100_001)
    return sizes[np.argmin(np.abs(100_000 - 5 * sizes))]  # nanoseconds


def times_as_long(machine, rounds):
    """Read off what each run will take, and look at no clock."""
    slow = np.resize(machine.slowdown, 2 * rounds + 2)
    first, second = slow[::2] * machine.seconds[0], slow[1::2] * machine.seconds[1]
    return float(np.median((second / first)[1:]))


def shared_nine_tenths():
    """Take an update of a thousand microseconds."""
    return 1000 / (100 + 900 / 4)
