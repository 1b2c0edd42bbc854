"""What the benchmarks share: one thread, one book of results, and tables of them at the end."""

import os
from pathlib import Path

import pytest
import torch
from benchmarks.tables import Book, Timing, write_tables

from gd_helpers.data import simulate_line

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"
TABLES = pytest.StashKey[str]()

torch.set_num_threads(1)  # tensors this small gain nothing from a second thread


@pytest.fixture(scope="session")
def book(request):
    """Return the book of everything that is measured; it is written when the session ends."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    measured = Book()
    yield measured
    request.config.stash[TABLES] = write_tables(measured, FOLDER, load)


def pytest_terminal_summary(terminalreporter, config):
    """Print the tables."""
    if TABLES in config.stash:
        terminalreporter.write_line(config.stash[TABLES])
        terminalreporter.write_line(f"These tables, and their numbers as CSV, are in {FOLDER}")


@pytest.fixture(scope="session")
def data():
    """Return the source's data."""
    return simulate_line()


@pytest.fixture
def measure(benchmark):
    """Return a function that times another, and returns what it returned and the `Timing`."""

    def measure(function, recipe, program, *, updates, timed_updates=None, repeats):
        result = benchmark.pedantic(function, rounds=repeats)
        stats = benchmark.stats.stats
        timing = Timing(recipe, program, updates, timed_updates or updates, repeats, stats.median, stats.min, stats.max)
        return result, timing

    return measure
