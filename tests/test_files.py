import sys

import pytest

from gd_helpers import files
from gd_helpers.files import atomic_write


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "table.csv"
    atomic_write(path, b"before")
    path.chmod(0o640)
    atomic_write(path, b"after")
    assert path.read_bytes() == b"after"
    assert names_in(tmp_path) == ["table.csv"]
    assert sys.platform == "win32" or path.stat().st_mode & 0o777 == 0o640


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    atomic_write(path, b"before")
    monkeypatch.setattr(files.os, "replace", lambda *paths: (_ for _ in ()).throw(OSError("the disk is full")))
    with pytest.raises(OSError, match="full"):
        atomic_write(path, b"after")
    assert path.read_bytes() == b"before"
    assert names_in(tmp_path) == ["table.csv"]
