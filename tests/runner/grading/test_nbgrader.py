"""nbgrader's own commands, from the handout to the grades: full marks for what is right, none for anything else."""

import csv
import json
import os

import handed_in
import pytest

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.runner.grading import nbgrader
from gd_helpers.runner.grading.handout import hand_out
from gd_helpers.runner.grading.hidden_tests import PARAMETERS

FIRST, SECOND = "00_introduction", "01_simulate_data"
ROSTER = "name,n\nZoë Müller,1000\nsly,1100\nblank,1200\n"
HANDED_IN = [(FIRST, "Zoë Müller"), (FIRST, "sly"), *((SECOND, name) for name in ("Zoë Müller", "sly", "blank"))]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Hand out two chapters, hand in what the learners make of them, and have nbgrader grade it."""
    home, out = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("course") / "out"
    (home / "roster.csv").write_text(ROSTER, encoding="utf-8")
    made = hand_out(home / "roster.csv", [FIRST, SECOND], out=out, autograders=[nbgrader])
    folder = out / "nbgrader"
    for stem, learner in HANDED_IN:
        notebook = handed_in.read(out / learner / f"{stem}.ipynb")
        MADE_BY[learner](notebook, stem, made.chapters[stem])
        handed_in.write(folder / "submitted" / learner / stem / f"{stem}.ipynb", notebook)
    handed_in.call("nbgrader", "db", "student", "import", "students.csv", home=home, cwd=folder)
    for stem in (FIRST, SECOND):
        handed_in.call("nbgrader", "generate_assignment", stem, home=home, cwd=folder)
        handed_in.call("nbgrader", "autograde", stem, home=home, cwd=folder)
    handed_in.call("nbgrader", "generate_feedback", SECOND, home=home, cwd=folder)
    handed_in.call("nbgrader", "export", home=home, cwd=folder)
    assert not (home / "GD_PROGRESS_FILE").exists()
    return folder


def be_right(notebook, stem, chapter):
    handed_in.answer(notebook, stem, chapter, handed_in.write_right)


def be_sly(notebook, stem, chapter):
    """Change the parameters to those of somebody else, with that one's answers; or make typical mistakes."""
    if stem == FIRST:
        handed_in.set_parameters(notebook, n=320)
        handed_in.answer(notebook, stem, chapter, handed_in.write_right_elsewhere({"n": 320}))
    else:
        handed_in.answer(notebook, stem, chapter, handed_in.write_wrong({"n": 1100, "seed": 37}))


def be_blank(notebook, stem, chapter):
    """Answer nothing, and remove the cells that are graded."""
    notebook.cells = [cell for cell in notebook.cells if not cell.id.endswith("-test")]


MADE_BY = {"Zoë Müller": be_right, "sly": be_sly, "blank": be_blank}


def test_solutions_get_full_marks_and_nothing_else_gets_any(course):
    with (course / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scores = {(row["assignment"], row["student_id"]): float(row["score"]) for row in rows}
    full = {stem: len(questions_of(stem)) for stem in (FIRST, SECOND)}
    assert {row["assignment"]: float(row["max_score"]) for row in rows} == full
    assert scores == {(stem, name): full[stem] * (name == "Zoë Müller") for stem in full for name in MADE_BY}


def test_feedback_says_what_kind_of_mistake_it_was(course):
    feedback = (course / "feedback" / "sly" / SECOND / f"{SECOND}.html").read_text(encoding="utf-8")
    messages = [question.misconceptions[0].message for question in questions_of(SECOND)]
    plain = feedback.replace("&#39;", "'").replace("&quot;", '"')
    assert [message for message in messages if f"AssertionError</span>: {message}" not in plain] == []
    blank = (course / "feedback" / "blank" / SECOND / f"{SECOND}.html").read_text(encoding="utf-8")
    assert blank.count("This exercise was not answered.") >= len(messages)


def test_what_learners_get_has_neither_solutions_nor_hidden_tests(course):
    released = [*course.glob("release/*/*.ipynb"), *course.parent.glob("*/*.ipynb")]
    assert len(released) == 2 + 3 * 2
    texts = {path: path.read_text(encoding="utf-8") for path in released}
    assert [path for path, text in texts.items() if "assert_right" in text or "SOLUTION" in text] == []
    assert [path for path, text in texts.items() if "# 1 point for exercise 1" not in text] == []


@pytest.fixture
def handed_out(tmp_path, monkeypatch):
    monkeypatch.setenv(PARAMETERS, '{"of": "the learner before"}')
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    hand_out(tmp_path / "roster.csv", [FIRST], out=tmp_path / "out", autograders=[nbgrader])
    return tmp_path / "out" / "nbgrader" / "submitted"


def test_the_kernel_gets_the_parameters_of_the_learner_who_is_graded(handed_out):
    nbgrader.pass_parameters(FIRST, "*", [str(handed_out / "sly" / FIRST / f"{FIRST}.ipynb")])
    assert json.loads(os.environ[PARAMETERS])[FIRST]["n"] == 1100


def test_whoever_got_no_handout_gets_nobody_elses_parameters(handed_out, capsys):
    nbgrader.pass_parameters(FIRST, "*", [str(handed_out / "mallory" / FIRST / f"{FIRST}.ipynb")])
    assert PARAMETERS not in os.environ
    assert capsys.readouterr().err == "'mallory' is nobody's folder in manifest.json, and gets no points\n"
