"""Otter's own commands, from the assignment to the results: full marks for what is right, none for anything else."""

import json

import handed_in
import pytest

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.runner.grading import otter
from gd_helpers.runner.grading.handout import hand_out

FIRST, SECOND = "00_introduction", "01_simulate_data"
ROSTER = "name,n\nZoë Müller,1000\nsly,1100\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Hand out two chapters and make two assignments: Otter runs their solutions, and stops if a mark is missing."""
    home, out = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("course") / "out"
    (home / "roster.csv").write_text(ROSTER, encoding="utf-8")
    made = hand_out(home / "roster.csv", [FIRST, SECOND], out=out, autograders=[otter])
    for learner, stem in (("Zoë Müller", SECOND), ("sly", FIRST)):
        words = ("assign", f"{stem}.ipynb", stem)
        said = handed_in.call("otter", *words, "-v", home=home, cwd=out / "otter" / learner)
        assert "All autograder tests passed." in said
    return home, out, made


@pytest.fixture
def grade(course, tmp_path):
    """Return a function that has Otter grade what ``change(notebook, chapter)`` makes of a handout."""
    home, out, made = course

    def run(learner, stem, change):
        notebook = handed_in.read(out / learner / f"{stem}.ipynb")
        change(notebook, made.chapters[stem])
        handed_in.write(tmp_path / "in" / f"{stem}.ipynb", notebook)
        (archive,) = (out / "otter" / learner / stem / "autograder").glob("*.zip")
        handed_in.call("otter", "run", "-a", archive, "-o", tmp_path, f"in/{stem}.ipynb", home=home, cwd=tmp_path)
        tests = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["tests"]
        return {test["name"]: test for test in tests if "score" in test}

    return run


def scores(results):
    return {name: (test["score"], test["max_score"]) for name, test in results.items()}


def test_a_learners_own_right_answers_get_full_marks(grade):
    results = grade(
        "Zoë Müller", SECOND, lambda *copy: handed_in.answer(copy[0], SECOND, copy[1], handed_in.write_right)
    )
    assert scores(results) == {question.name: (1, 1) for question in questions_of(SECOND)}


def test_typical_mistakes_get_no_marks_and_are_told_what_they_are(grade):
    write_mistake = handed_in.write_wrong({"n": 1000, "seed": 37})
    results = grade("Zoë Müller", SECOND, lambda *copy: handed_in.answer(copy[0], SECOND, copy[1], write_mistake))
    assert scores(results) == {question.name: (0, 1) for question in questions_of(SECOND)}
    told = {question.name: question.misconceptions[0].message for question in questions_of(SECOND)}
    assert [name for name, message in told.items() if message not in results[name]["output"]] == []


def test_somebody_elses_parameters_and_answers_get_no_marks(grade):
    def change(notebook, chapter):
        handed_in.set_parameters(notebook, n=320)
        handed_in.answer(notebook, FIRST, chapter, handed_in.write_right_elsewhere({"n": 320}))

    assert scores(grade("sly", FIRST, change)) == {question.name: (0, 1) for question in questions_of(FIRST)}


def test_what_otter_would_hand_out_is_what_was_handed_out(course):
    _, out, _ = course
    for learner, stem in (("Zoë Müller", SECOND), ("sly", FIRST)):
        ours = handed_in.read(out / learner / f"{stem}.ipynb")
        theirs = handed_in.read(out / "otter" / learner / stem / "student" / f"{stem}.ipynb")
        assert [cell.source for cell in ours.cells] == [cell.source for cell in theirs.cells]
        tests = [cell.metadata.otter.tests for cell in theirs.cells if "otter" in cell.metadata]
        assert [cell.metadata.otter.tests for cell in ours.cells if "otter" in cell.metadata] == tests
        assert tests == [[question.name] for question in questions_of(stem)]
