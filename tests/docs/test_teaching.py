"""The guide for teachers: what it says of a chapter is what the chapter says."""

import re

import nbformat
import pytest
from built_site import ROOT

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.lesson.commitments import PREDICTION_MIME
from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.chapters import find_chapters


def sections():
    """Return the text on each chapter, by the chapter's number and name."""
    text = "".join((ROOT / "docs" / "teach" / f"{part}.md").read_text(encoding="utf-8") for part in ("part1", "part2"))
    return {title: " ".join(body.split()) for title, body in re.findall(r"(?ms)^## ([^\n]*)\n(.*?)(?=^#|\Z)", text)}


def read_chapter(chapter):
    """Return a chapter's title, its minutes, and the predictions that it asks."""
    notebook = nbformat.read(find_chapters()[chapter], as_version=4)
    first = notebook.cells[0].source
    outputs = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    title = re.match(r"# (\d\d) · (.*?):", first)
    minutes = re.search(r"·\s+(\d+ minutes[^·]*?)\s*·", first)
    return " ".join(title.groups()), minutes[1], [data[PREDICTION_MIME] for data in outputs if PREDICTION_MIME in data]


def test_each_chapter_has_its_section_in_order():
    assert list(sections()) == [read_chapter(chapter)[0] for chapter in PUBLISHED]


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_a_section_has_the_minutes_of_its_chapter_and_leads_to_its_deck(chapter):
    title, minutes, _ = read_chapter(chapter)
    assert sections()[title].startswith(
        f"{minutes} · [chapter](../chapters/{chapter}.ipynb) · [slides](../slides/{chapter}.html) · "
        f"[all wrong answers](answers.md#answers-{chapter.replace('_', '-')})"
    )


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_a_vote_quotes_a_prediction_of_the_chapter_with_a_wrong_option_and_what_is_said_to_it(chapter):
    title, _, predictions = read_chapter(chapter)
    votes = re.findall(r"- “([^”]*)” Whoever takes “([^”]*)” reads: “([^”]*)”", sections()[title])
    assert len(votes) >= 2
    assert sections()[title].count("Whoever takes") == len(votes)
    for question, wrong, feedback in votes:
        (options,) = [each["options"] for each in predictions if each["question"] == question]
        assert {"text": wrong, "feedback": feedback} in options


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_what_is_met_in_an_exercise_is_a_misconception_of_that_exercise(chapter):
    title, *_ = read_chapter(chapter)
    met = re.findall(r"Exercise (\d): “([^”]*)”", sections()[title])
    assert met
    for number, message in met:
        question = questions_of(chapter)[int(number) - 1]
        assert message in [" ".join(each.message.split()) for each in question.misconceptions]


def rows_of(plan):
    """Return the rows of the table under a heading of the guide's first page, as lists of cells."""
    text = (ROOT / "docs" / "teach" / "index.md").read_text(encoding="utf-8")
    table = re.search(rf"(?ms)^## {plan}\n.*?^\|[-:|]+\n(.*?)^$", text)[1]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_the_minutes_of_a_plan_are_those_of_its_chapters():
    assert sum(int(minutes) for minutes, *_ in rows_of("One lecture")) == 90
    length = {title[:2]: int(minutes.split()[0]) for title, minutes, _ in map(read_chapter, PUBLISHED)}
    for _, chapters, minutes, _ in rows_of("One week"):
        assert sum(length[number] for number in re.findall(r"\[(\d\d)\]", chapters)) == int(minutes) <= 150
    assert max(length["00"] + length["01"], *list(length.values())[2:]) <= 90
