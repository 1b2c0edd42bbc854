import pytest

from gd_helpers.exercises import calls


@pytest.fixture(autouse=True)
def _busy_machine(monkeypatch):
    """Have calls wait as long as it takes for the processor; only what a function computes limits it."""
    monkeypatch.setattr(calls, "PATIENCE", 10_000)
