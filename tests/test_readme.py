"""README and pages speak of what is there: chapters, numbers, targets, parameters, the picture of chapter 00."""

import base64
import re

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

from gd_helpers.lesson.fold import read_claims
from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.chapters import NOTEBOOKS

ROOT = NOTEBOOKS.parent
PATHS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PATHS}
README, ALL = TEXTS["README.md"], "\n".join(TEXTS.values())


def opening_of(chapter):
    return nbformat.read(NOTEBOOKS / f"{chapter}.ipynb", as_version=4).cells[0].source


def claims_of(number):
    """Return the statements of the claims that hold in the stored chapter with that number, as one text."""
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    claims = read_claims(nbformat.read(path, as_version=4))
    return "\n".join(claim["statement"] for claim in claims if claim["holds"])


def rows_of_results():
    """Return what is said, what running it gives, and the chapter's number, for each row of the tables of results."""
    return re.findall(r"^\| (.*) \| (.*) \| (\d\d) \|$", TEXTS["docs/results.md"], flags=re.MULTILINE)


def numbers_in(text):
    return set(re.findall(r"\d+(?:[.,]\d+)*", text))


def rows_of_chapters():
    """Return section and question by chapter from the README's table."""
    rows = re.findall(r"^\| \[.*?\]\(notebooks/(\w+)\.ipynb\) \| (\S+) \| (.*) \|$", README, flags=re.MULTILINE)
    return {chapter: (section, question) for chapter, section, question in rows}


def test_the_table_has_every_chapter_with_its_section_and_its_question():
    stated = {}
    for chapter in PUBLISHED:
        opening = opening_of(chapter)
        question = opening.splitlines()[0].partition(": ")[2]
        section = re.search(r"Mirrors section ([\d.]*\d)|beyond the source", opening)[1]
        stated[chapter] = (section or "–", question[0].upper() + question[1:])
    assert rows_of_chapters() == stated


def test_the_table_of_results_has_every_section():
    sections = [said.partition(" | ")[0] for said, _, chapter in rows_of_results() if chapter <= "10"]
    assert sections == ["5", "5.1", "5.2", *(f"5.2.{k}" for k in range(1, 9))]


@pytest.mark.parametrize(("said", "gives", "chapter"), rows_of_results())
def test_a_claim_of_the_chapter_states_each_number_of_the_tables_of_results(said, gives, chapter):
    stated = numbers_in(claims_of(chapter))
    assert numbers_in(gives)
    assert numbers_in(gives) <= stated


def test_the_tables_of_results_have_every_chapter():
    assert {chapter for _, _, chapter in rows_of_results()} == {f"{number:02}" for number in range(17)} - {"11"}


def test_the_lines_of_make_run_have_as_many_claims_as_their_chapters():
    lines = re.findall(r"^(\d\d)_\w+ +finished +[\d.]+ +(\d+)/(\d+)$", README, flags=re.MULTILINE)
    assert len(lines) == 3
    for number, held, made in lines:
        (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
        assert int(held) == int(made) == len(read_claims(nbformat.read(path, as_version=4)))


def test_every_link_leads_to_a_file():
    for name in ("README.md", "CONTRIBUTING.md"):
        links = re.findall(r"\]\(([^)#:]+)\)", TEXTS[name])
        assert links
        assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_make_target_that_it_names_exists():
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", ALL, flags=re.MULTILINE))
    assert {"run", "test", "lab", "site", "refresh", "lint"} <= named <= targets


def test_every_parameter_in_its_commands_belongs_to_the_chapters_there():
    commands = re.findall(r"^.*(?:run|papermill|CHAPTERS).* -p .*$", ALL, flags=re.MULTILINE)
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


@pytest.mark.parametrize("code", re.findall(r"^```python\n(.*?)^```$", ALL, flags=re.MULTILINE | re.DOTALL))
def test_its_code_runs_and_prints_finite_numbers(code, capsys):
    exec(code, {})
    plt.close("all")
    printed = re.findall(r"-?\d+\.\d+|nan|inf", capsys.readouterr().out)
    assert np.isfinite(np.array(printed, dtype=float)).all()
    assert len(printed) >= 4
