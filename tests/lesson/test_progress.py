import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import platformdirs
import pytest
from filelock import FileLock

from gd_helpers.lesson import progress
from gd_helpers.lesson.progress import find_file, load, reset_progress, save, tell_course, tell_place

RIGHT = {"answer": "near", "right": True}
DAMAGED = [
    b"",
    b"{",
    b"[]",
    b'"text"',
    b'{"02": []}',
    b'{"02": {"predictions": 3}}',
    b'{"02": {"exercises": {"a": 1}}}',
    b"\xff",
    b'{"02": {"exercises": {"a": {"state": ["right"]}}}}',
]


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_is_saved_is_loaded_with_the_day(file):
    save("02_gradient_descent", "predictions", "first_step", RIGHT)
    assert load("02_gradient_descent", "predictions") == {"first_step": {**RIGHT, "on": date.today().isoformat()}}
    assert load("02_gradient_descent", "exercises") == load("03_batch", "predictions") == {}


def test_chapters_kinds_and_names_do_not_get_in_each_other_s_way(file):
    places = [(chapter, kind, name) for chapter in ("02", "03") for kind in progress.KINDS for name in ("a", "b")]
    for number, place in enumerate(places):
        save(*place, {"answer": number})
    for number, (chapter, kind, name) in enumerate(places):
        assert load(chapter, kind)[name]["answer"] == number


def test_the_first_time_something_is_kept_the_place_is_named_and_never_again(file):
    assert str(file) in save("02", "predictions", "a", RIGHT) == tell_place()
    assert save("02", "predictions", "b", RIGHT) == ""


def test_the_file_is_where_the_platform_keeps_such_files_or_where_the_environment_says(monkeypatch):
    monkeypatch.delenv("GD_PROGRESS_FILE", raising=False)
    assert find_file().parent == Path(platformdirs.user_data_dir("gradient-descent", appauthor=False))
    monkeypatch.setenv("GD_PROGRESS_FILE", "/elsewhere/progress.json")
    assert find_file() == Path("/elsewhere/progress.json")


def test_the_home_folder_is_shown_as_a_tilde(monkeypatch):
    monkeypatch.setenv("GD_PROGRESS_FILE", str(Path.home() / "data" / "progress.json"))
    assert "`~/data/progress.json`" in tell_place()


def test_a_headless_run_neither_reads_nor_writes(file, monkeypatch, capsys):
    save("02", "predictions", "a", RIGHT)
    before = file.read_bytes()
    monkeypatch.setenv("GD_HEADLESS", "1")
    assert load("02", "predictions") == {}
    assert save("02", "predictions", "b", RIGHT) == tell_course() == ""
    reset_progress("02")
    assert file.read_bytes() == before
    file.write_bytes(b"{")
    assert load("02", "predictions") == {}
    assert names_in(file.parent) == ["progress.json", "progress.json.lock"]
    assert "damaged" not in capsys.readouterr().out


def test_without_a_chapter_nothing_is_kept(file):
    assert save("", "predictions", "a", RIGHT) == ""
    assert not file.exists()


WRITER = """
from gd_helpers.lesson.progress import save
for number in range(20):
    save("02", "predictions", f"NAME{number}", {"answer": number})
"""


def test_two_kernels_that_write_at_the_same_time_lose_nothing(file):
    codes = [WRITER.replace("NAME", name) for name in ("one", "two")]
    kernels = [subprocess.Popen([sys.executable, "-c", code]) for code in codes]
    assert [kernel.wait() for kernel in kernels] == [0, 0]
    kept = load("02", "predictions")
    assert {name: entry["answer"] for name, entry in kept.items()} == {
        f"{name}{number}": number for name in ("one", "two") for number in range(20)
    }


@pytest.mark.parametrize("content", DAMAGED)
@pytest.mark.parametrize("touch", ["load", "save"])
def test_a_damaged_file_costs_one_line_and_is_set_aside(file, capsys, content, touch):
    file.parent.mkdir()
    file.write_bytes(content)
    if touch == "load":
        assert load("02", "predictions") == {}
    else:
        save("02", "predictions", "a", RIGHT)
    assert load("02", "predictions").keys() == ({"a"} if touch == "save" else set())
    aside = file.with_name("progress.damaged.json")
    (line,) = capsys.readouterr().out.splitlines()
    assert line == f"Your progress was damaged: the file is now {aside}, and a new one begins."
    assert aside.read_bytes() == content


def test_a_file_that_cannot_be_written_costs_one_line_each_time_and_nothing_else(file, capsys):
    file.parent.write_text("a file where a folder should be")
    assert save("02", "predictions", "a", RIGHT).startswith(f"Your progress can't be kept: {file}: ")
    assert tell_course() == ""
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert load("02", "predictions") == {}
    assert capsys.readouterr().out == ""


def test_a_file_that_is_locked_for_too_long_is_left_alone(file, monkeypatch):
    save("02", "predictions", "a", RIGHT)
    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    with FileLock(f"{file}.lock"):
        assert save("02", "predictions", "b", RIGHT) == f"Your progress can't be kept: {file}: another kernel has it."
    assert load("02", "predictions").keys() == {"a"}


def test_a_damaged_file_that_cannot_be_replaced_costs_one_line(file, capsys, monkeypatch):
    file.parent.mkdir()
    file.write_bytes(b"{")
    monkeypatch.setattr(progress.os, "replace", lambda *paths: (_ for _ in ()).throw(PermissionError(13, "no")))
    assert load("02", "predictions") == load("03", "exercises") == {}
    assert capsys.readouterr().out == f"Your progress is damaged, and can't be replaced: {file}: no.\n"


def test_one_chapter_can_be_forgotten(file, capsys):
    for chapter in ("02", "03"):
        save(chapter, "exercises", "a", {"state": "right"})
    reset_progress("02")
    reset_progress("04")
    assert json.loads(file.read_text(encoding="utf-8")).keys() == {"03"}
    assert capsys.readouterr().out.splitlines() == [
        "Forgotten: what you answered in 02.",
        "Nothing was kept: what you answered in 04.",
    ]


def test_the_course_s_score_counts_all_chapters(file):
    assert tell_course() == ""
    save("02", "predictions", "a", RIGHT)
    assert tell_course() == f"All chapters so far: predictions right: 1 of 1. {tell_place()}"
    save("03", "predictions", "b", {"answer": "far", "right": False})
    save("03", "predictions", "c", {"answer": "far", "right": None})
    save("03", "exercises", "d", {"state": "right"})
    save("03", "exercises", "e", {"state": "wrong"})
    counts = "predictions right: 1 of 3, exercises solved: 1"
    assert tell_course() == f"All chapters so far: {counts}. {tell_place()}"
