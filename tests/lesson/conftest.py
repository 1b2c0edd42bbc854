import pytest

from gd_helpers.lesson import predictions, progress


@pytest.fixture(autouse=True)
def _no_chapter_stays_open():
    yield
    predictions.open_chapter("", True)


@pytest.fixture
def file(monkeypatch, tmp_path):
    """Return the file of the progress of somebody who watches, in a kernel that has said nothing yet."""
    path = tmp_path / "folder" / "progress.json"
    monkeypatch.delenv("GD_HEADLESS")
    monkeypatch.setenv("GD_PROGRESS_FILE", str(path))
    monkeypatch.setattr(progress, "_told", set())
    return path
