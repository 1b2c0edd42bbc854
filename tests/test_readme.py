"""The README speaks of what is there: chapters, targets, parameters, and the picture of chapter 00."""

import base64
import re

import nbformat

from gd_helpers.chapters import NOTEBOOKS
from gd_helpers.parameters import PUBLISHED

ROOT = NOTEBOOKS.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def opening_of(chapter):
    return nbformat.read(NOTEBOOKS / f"{chapter}.ipynb", as_version=4).cells[0].source


def rows_of_chapters():
    """Return section and question by chapter from the README's table."""
    rows = re.findall(r"^\| \[.*?\]\(notebooks/(\w+)\.ipynb\) \| (\S+) \| (.*) \|$", README, flags=re.MULTILINE)
    return {chapter: (section, question) for chapter, section, question in rows}


def test_the_table_has_every_chapter_with_its_section_and_its_question():
    stated = {}
    for chapter in PUBLISHED:
        opening = opening_of(chapter)
        question = opening.splitlines()[0].partition(": ")[2]
        section = re.search(r"Mirrors section ([\d.]*\d)", opening)[1]
        stated[chapter] = (section, question[0].upper() + question[1:])
    assert rows_of_chapters() == stated


def test_every_link_leads_to_a_file():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_make_target_that_it_names_exists():
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", README, flags=re.MULTILINE))
    assert {"run", "test", "lab", "refresh", "lint"} <= named <= targets


def test_every_parameter_in_its_commands_belongs_to_the_chapters_there():
    commands = re.findall(r"^.*(?:run|papermill|CHAPTERS).* -p .*$", README, flags=re.MULTILINE)
    assert commands
    for command in commands:
        chapters = re.findall(r"\d\d_\w+", command)
        for name in re.findall(r"-p (\w+)", command):
            assert all(name in PUBLISHED[chapter] for chapter in chapters), command


def test_the_picture_is_the_one_that_chapter_00_shows():
    chapter = nbformat.read(NOTEBOOKS / "00_introduction.ipynb", as_version=4)
    pictures = [
        base64.b64decode(output.data["image/png"])
        for cell in chapter.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    assert (ROOT / ".github/three-paths.png").read_bytes() in pictures
