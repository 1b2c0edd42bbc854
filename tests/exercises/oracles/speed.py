"""Another way to the answers of chapter 17."""

import numpy as np


def an_hour_buys(n):
    """Count in whole microseconds, with an update for each batch that the examples are cut into."""
    batches = (range(0, n, size) for size in (n, 32, 1))
    return tuple(3_600_000_000 / (200 * len(starts)) for starts in batches)


def where_examples_cost():
    """Try every batch size up to a hundred thousand."""
    sizes = np.arange(1, 100_001)
    best = np.argmin(np.abs(100_000 - 5 * sizes))  # nanoseconds
    updates = 1e9 / (100_000 + 5 * sizes[best])
    return sizes[best], updates, updates * sizes[best]


def times_as_long(machine, rounds):
    """Read off what each run will take, and look at no clock."""
    slow = np.resize(machine.slowdown, 2 * rounds + 2)
    first, second = slow[::2] * machine.seconds[0], slow[1::2] * machine.seconds[1]
    return float(np.median((second / first)[1:]))


def shared_nine_tenths():
    """Take an update of a thousand microseconds, with a billion threads as any number."""
    return tuple(1000 / (100 + 900 / threads) for threads in (4, 10**9))


def rounded_updates():
    """Move from number to number, each step rounded to a whole number of distances."""
    apart = 2.0**-19
    return tuple(1000 * round(step / apart) * apart / 1e-4 for step in (9e-7, 1e-6))
