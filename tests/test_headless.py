import pytest

from gd_helpers.headless import is_headless


@pytest.mark.parametrize(("value", "headless"), [("1", True), ("0", False), ("", False), ("true", False)])
def test_only_1_in_the_environment_means_headless(monkeypatch, value, headless):
    monkeypatch.setenv("GD_HEADLESS", value)
    assert is_headless() is headless


def test_without_the_variable_somebody_watches(monkeypatch):
    monkeypatch.delenv("GD_HEADLESS", raising=False)
    assert not is_headless()
