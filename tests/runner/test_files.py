import os
import subprocess
import sys

import pytest

from gd_helpers.runner import files
from gd_helpers.runner.files import atomic_write, is_stale, owner


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "row.json"
    atomic_write(path, b"before")
    path.chmod(0o640)
    atomic_write(path, b"after")
    assert path.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [path]
    assert sys.platform == "win32" or path.stat().st_mode & 0o777 == 0o640


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "row.json"
    atomic_write(path, b"before")
    monkeypatch.setattr(files.os, "replace", lambda *paths: (_ for _ in ()).throw(OSError("the disk is full")))
    with pytest.raises(OSError, match="full"):
        atomic_write(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def ended():
    """Return the number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


def test_what_a_process_that_has_ended_made_is_left_over_and_what_one_that_lives_made_is_not(tmp_path, ended):
    assert is_stale(tmp_path / f".run-{files.HOST}-{ended}-abc")
    assert is_stale(tmp_path / f".table.csv.{files.HOST}-{ended}")
    assert not is_stale(tmp_path / f".run-{files.HOST}-{os.getppid()}-abc")


def test_what_another_machine_made_is_nobodys_business_here(tmp_path, ended):
    assert not is_stale(tmp_path / f".run-0123abcd-{ended}-abc")
    assert not is_stale(tmp_path / "notes.txt")


def test_of_what_has_our_own_mark_only_what_is_ours_stays(tmp_path):
    assert is_stale(tmp_path / f".run-{owner()}-abc", ["another"])
    assert not is_stale(tmp_path / f".run-{owner()}-abc", [f".run-{owner()}-abc"])
