"""Grading in real kernels: whoever means harm harms nobody else, and each verdict is the package's own."""

import subprocess
import sys

import nbformat
import pytest
from graded import add_cell, answer_right, answer_wrong, fill_in, write_course

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.exercises.question import given
from gd_helpers.runner import cli
from gd_helpers.runner.grading import grade
from gd_helpers.runner.grading.handout import hand_out
from gd_helpers.runner.limits import Limits

STEM = "00_introduction"
QUESTIONS = questions_of(STEM)
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are ended in another way")

EVERYTHING_IS_RIGHT = """
import builtins, gd_helpers.exercises.question, gd_helpers.exercises.predictions as predictions
from gd_helpers.exercises.chapter import Exercise
from gd_helpers.exercises.code_questions import Code
from gd_helpers.exercises.feedback import Verdict
for kind in (predictions.Prediction, Code):
    kind.judge = kind.judge_record = lambda self, *given: Verdict("right", "All is well.")
Exercise.check = lambda self, *answer: print("✓ right")
builtins.abs = builtins.all = lambda *values: True
"""
CHILDREN = "import subprocess, time\nfor _ in range(50): subprocess.Popen(['sleep', '678'], start_new_session=True)\n"

# What each does, beside answering: cells by place, which are inserted.
TRICKS = {
    "Zoë": {100: "n = 2000"},
    "edits the parameters": {},
    "redefines check": {1: EVERYTHING_IS_RIGHT},
    "leaves": {5: "import os; os._exit(0)"},
    "has children": {0: f"{CHILDREN}time.sleep(600)"},
    "prints": {0: "while True: print('x' * 10000)"},
    "is a link": {},
    "is none": {},
    "is huge": {},
    "is missing": {},
}


def answer_all(path, write):
    fill_in(path, {question.name: write(question) for question in QUESTIONS})


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """Hand the chapter out, have each learner do what `TRICKS` says, and return the folder."""
    place = tmp_path_factory.mktemp("handed in")
    (place / "roster.csv").write_text("\n".join(["name,n", *(f"{name},60" for name in TRICKS)]), encoding="utf-8")
    course = write_course(place / "notebooks", STEM)
    manifest = hand_out(place / "roster.csv", [STEM], out=place / "back", notebooks=course)
    values = manifest.handouts[0].parameters[STEM]
    for name, cells in TRICKS.items():
        path = place / "back" / name / f"{STEM}.ipynb"
        write = answer_wrong if name == "redefines check" else answer_right
        parameters = values | {"n": 2000} if name == "edits the parameters" else values
        answer_all(
            path, lambda question, w=write, p=parameters: w(question, 0, p) if w is answer_wrong else w(question, p)
        )
        for index, source in cells.items():
            add_cell(path, source, index)
    return spoil(place / "back")


def spoil(folder):
    """Do to the files what no notebook can do."""
    paths = {name: folder / name / f"{STEM}.ipynb" for name in TRICKS}
    edited = paths["edits the parameters"]
    edited.write_text(edited.read_text(encoding="utf-8").replace("n: int = 60", "n: int = 2000"), encoding="utf-8")
    for name in ("is a link", "is missing"):
        paths[name].unlink()
    paths["is a link"].symlink_to(paths["Zoë"])
    paths["is none"].write_text("This is not a notebook.")
    with paths["is huge"].open("wb") as file:
        file.truncate(60_000_000)
    return folder


@pytest.fixture(scope="module")
def grades(handed_in, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    limits = Limits(seconds=600, processes=30, output=0.5)
    return grade.grade(handed_in, out=out, jobs=2, limits=limits)


def states_of(grades, name):
    return grades.table.state[grades.table.learner == name].tolist()


def reason_of(grades, name):
    (reason,) = set(grades.table.reason[grades.table.learner == name])
    return reason


def test_who_means_no_harm_is_right_whatever_the_others_do(grades):
    assert states_of(grades, "Zoë") == ["right"] * 4
    assert reason_of(grades, "Zoë") == ""


def test_what_is_judged_are_the_parameters_that_were_handed_out(grades):
    depends = [bool(question.parameters) for question in QUESTIONS]
    assert depends == [True, True, False, False]
    assert states_of(grades, "edits the parameters") == ["wrong", "wrong", "right", "right"]


def test_a_check_that_says_all_is_right_changes_no_verdict(grades):
    assert states_of(grades, "redefines check") == ["wrong"] * 4
    found = grades.table[grades.table.learner == "redefines check"]
    messages = [question.misconceptions[0].message for question in QUESTIONS]
    assert found.message.tolist()[:2] == messages[:2]


def test_what_was_answered_before_the_end_counts(grades):
    assert states_of(grades, "leaves") == ["right", "right", "not run", "not run"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("leaves", "kernel died"),
        ("has children", "started more than 30 processes"),
        ("prints", "OutputLimitError: printed or showed more than 0.5 MB"),
        ("is a link", "a link, which is not followed"),
        ("is none", "not a notebook: JSONDecodeError"),
        ("is huge", "larger than 50 MB"),
        ("is missing", "not handed in"),
    ],
)
def test_what_went_wrong_is_one_line(grades, name, reason):
    assert reason_of(grades, name) == reason
    assert [line for line in str(grades).splitlines() if line.startswith(name)] == [f"{name}/{STEM}: {reason}"]
    assert "right" not in states_of(grades, name)[2:]


def test_no_process_is_left(grades):
    found = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "sleep 678" not in found


def test_each_gets_feedback_with_the_verdicts_and_nothing_that_can_run(grades):
    for name in TRICKS:
        notebook = nbformat.read(grades.out / "feedback" / name / f"{STEM}.ipynb", as_version=4)
        nbformat.validate(notebook)
        assert f"{STEM}, {name}: " in notebook.cells[0].source
    path = grades.out / "feedback" / "Zoë" / f"{STEM}.ipynb"
    shown = [cell for cell in nbformat.read(path, as_version=4).cells if cell.id.startswith("graded-")]
    assert [cell.source.count("✓") for cell in shown] == [4, 1, 1, 1, 1]
    outputs = [output for cell in nbformat.read(path, as_version=4).cells for output in cell.get("outputs", ())]
    assert {mime for output in outputs for mime in output.get("data", ())} == {"text/plain"}
    assert path.stat().st_size < 50_000


def test_what_was_graded_is_not_run_again(handed_in, grades, monkeypatch):
    monkeypatch.setattr(grade, "run_jobs", lambda jobs, *rest: ((job, 1 / 0) for job in jobs))
    again = grade.grade(handed_in, out=grades.out, limits=Limits(seconds=600, processes=30, output=0.5))
    assert again.before == len(TRICKS)
    assert again.table.equals(grades.table)


def test_an_endless_loop_ends_with_its_time(tmp_path, capsys):
    (tmp_path / "roster.csv").write_text("name\nAnna\n")
    course = write_course(tmp_path / "notebooks", STEM)
    hand_out(tmp_path / "roster.csv", [STEM], out=tmp_path / "back", notebooks=course)
    (tmp_path / "back" / "Stranger").mkdir()
    add_cell(tmp_path / "back" / "Anna" / f"{STEM}.ipynb", "import time\nwhile True: time.sleep(1)", 0)
    words = ["grade", str(tmp_path / "back"), "--out", str(tmp_path / "out"), "--seconds", "5", "--report"]
    assert cli.main(words) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"Anna/{STEM}: took more than 5 s",
        "note: nobody in the manifest has the folders Stranger",
        "graded 1 notebook; 0 of 4 exercises right",
        f"table: {tmp_path / 'out' / 'grades.csv'}, and the same in grades.parquet",
    ]
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8").count("<p>1 not run</p>") == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("nowhere --out out", "what came back must be in a folder, got 'nowhere'"),
        (". --out ../out", "grading needs the manifest.json of the handout, got 'manifest.json': No such file"),
        (". --out .", "--out must be a folder apart"),
        (". --out sub", "--out must be a folder apart"),
        (". --out ../out --user nobody-at-all --manifest good.json", "--user"),
        (". --out ../out --user root --manifest good.json", "--user"),
        (". --out ../out --seconds 0", "0 is not in the range"),
    ],
)
def test_what_is_not_allowed_is_refused_in_one_line_and_nothing_is_run(tmp_path, monkeypatch, capsys, words, message):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "good.json").write_text('{"format": 1, "chapters": {}, "handouts": []}')
    monkeypatch.chdir(tmp_path / "in")
    assert cli.main(["grade", *words.split()]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (tmp_path / "out").exists()


def test_right_answers_depend_on_the_parameters():
    assert given(QUESTIONS[0].solution, {"n": 60}) != given(QUESTIONS[0].solution, {"n": 2000})
