"""A class of thirty with three chapters: each cell of the table is as what was answered says, also after a stop.

Chapters are cut down to their exercises, and executed in this process. With ``GD_CLASS=kernels`` (`make test-grading`)
each is executed in a kernel, as `grade` does; with ``GD_CLASS=chapters`` they are the real chapters, too.
"""

import contextlib
import os
import subprocess
import sys

import nbformat
import pandas as pd
import psutil
import pytest
from graded import answer_right, answer_wrong, fill_in, write_course
from waiting import wait_until

from gd_helpers.exercises import chapter as exercises_module
from gd_helpers.exercises.chapter import questions_of
from gd_helpers.runner.chapters import NOTEBOOKS
from gd_helpers.runner.grading import capture, grade
from gd_helpers.runner.grading.handout import hand_out
from gd_helpers.runner.scheduler import Outcome, run_jobs

HOW = os.environ.get("GD_CLASS", "")
CHAPTERS = ["00_introduction", "11_published_results", "17_speed"]
KINDS = ["right", "wrong", "none", "crash", "exit", "missing", "rubbish"]  # of learners, in turn
NAMES = [f"Zoë {kind} {number}" for number in range(30) for kind in [KINDS[number % len(KINDS)]]]


def execute(job, displayed):
    """Execute the cells of a job here, which takes a hundredth of the time that a kernel needs to start."""
    notebook, namespace = nbformat.reads(job.text, as_version=4), {}
    for number, cell in enumerate(notebook.cells, start=1):
        if "os._exit" in cell.source:
            return Outcome("kernel died", nbformat.writes(notebook))
        try:
            exec(cell.source, namespace)
        except ZeroDivisionError as error:
            cell.outputs.append(nbformat.v4.new_output("error", ename="ZeroDivisionError", evalue=str(error)))
        cell.outputs += [nbformat.v4.new_output("display_data", data) for data in displayed]
        cell.execution_count = number
        displayed.clear()
    return Outcome("", nbformat.writes(notebook))


@pytest.fixture
def executed(monkeypatch):
    """Return the list of keys of the notebooks that were executed, and a function that stops at ``stop_at`` of them."""
    keys, displayed = [], []
    if not HOW:
        monkeypatch.setattr(exercises_module, "display", lambda box: None)
        monkeypatch.setattr(capture, "display", lambda data, raw: displayed.append(data))

    def run_until_stopped(jobs, *options):
        outcomes = run_jobs(jobs, *options) if HOW else ((job, execute(job, displayed)) for job in jobs)
        with contextlib.closing(outcomes):
            for job, outcome in outcomes:
                if len(keys) == run_until_stopped.stop_at:
                    raise KeyboardInterrupt
                keys.append(job.key)
                yield job, outcome

    run_until_stopped.stop_at = None
    monkeypatch.setattr(grade, "run_jobs", run_until_stopped)
    return keys, run_until_stopped


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """Hand three chapters out to thirty learners, have them answered, and return the folder and the manifest."""
    place = tmp_path_factory.mktemp("class")
    (place / "roster.csv").write_text("\n".join(["name", *NAMES]), encoding="utf-8")
    course = NOTEBOOKS if HOW == "chapters" else write_course(place / "notebooks", *CHAPTERS)
    manifest = hand_out(place / "roster.csv", CHAPTERS, out=place / "handed", notebooks=course)
    for number, handout in enumerate(manifest.handouts):
        for stem in CHAPTERS:
            path = place / "handed" / handout.folder / f"{stem}.ipynb"
            answer(path, KINDS[number % len(KINDS)], number, questions_of(stem), handout.parameters[stem])
    return place / "handed", manifest


def answer(path, kind, number, questions, parameters):
    if kind == "missing":
        path.unlink()
    elif kind == "rubbish":
        path.write_bytes(b"no notebook")
    elif kind != "none":
        fill_in(path, {question.name: write_answer(kind, number, question, parameters) for question in questions})


def write_answer(kind, number, question, parameters):
    if kind == "wrong":
        return answer_wrong(question, number % len(question.misconceptions), parameters)
    right = answer_right(question, parameters)
    return {"right": right, "crash": f"1 / 0\n{right}", "exit": f"import os; os._exit(0)\n{right}"}[kind]


def expect(kind, number, question):
    """Return the state, the misconception and the reason that a row must have."""
    if kind == "wrong":
        return "wrong", number % len(question.misconceptions) + 1, ""
    return {
        "right": ("right", None, ""),
        "none": ("unanswered", None, ""),
        "crash": ("wrong", None, ""),
        "exit": ("not run", None, "kernel died"),
        "missing": ("not run", None, "not handed in"),
        "rubbish": ("not run", None, "not a notebook: JSONDecodeError"),
    }[kind]


def test_every_cell_of_the_table_is_as_it_must_be(handed_in, executed, tmp_path):
    folder, _ = handed_in
    grade.grade(folder, out=tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "grades.csv", keep_default_na=False, dtype=str)
    expected = []
    for number, name in enumerate(NAMES):
        for stem in CHAPTERS:
            for place, question in enumerate(questions_of(stem), start=1):
                state, misconception, reason = expect(KINDS[number % len(KINDS)], number, question)
                points, found = str(int(state == "right")), "" if misconception is None else str(misconception)
                row = [name, name, stem, str(place), question.name, question.kind, state, points, found, reason]
                expected.append(row)
    assert table.drop(columns="message").to_numpy().tolist() == expected
    assert set(table.message[table.state == "wrong"]) >= {"Its cell raised ZeroDivisionError: division by zero."}
    kept = pd.read_parquet(tmp_path / "out" / "grades.parquet").astype(object)
    assert kept.where(kept.notna(), "").astype(str).equals(table.astype(object).astype(str))


def test_stopped_in_the_middle_and_started_again_it_gives_the_same_and_does_nothing_twice(
    handed_in, executed, tmp_path
):
    folder, _ = handed_in
    keys, run = executed
    grade.grade(folder, out=tmp_path / "at once")
    at_once, run.stop_at = keys.copy(), 20
    keys.clear()
    with pytest.raises(KeyboardInterrupt):
        grade.grade(folder, out=tmp_path / "in two")
    run.stop_at = None
    grades = grade.grade(folder, out=tmp_path / "in two")
    assert sorted(keys) == sorted(at_once)
    assert 20 <= grades.before < 90
    for path in [path for path in (tmp_path / "at once").rglob("*") if path.is_file()]:
        assert path.read_bytes() == (tmp_path / "in two" / path.relative_to(tmp_path / "at once")).read_bytes()


def test_only_what_was_changed_is_graded_again(handed_in, executed, tmp_path):
    folder, manifest = handed_in
    keys, _ = executed
    grade.grade(folder, out=tmp_path / "out")
    keys.clear()
    path = folder / manifest.handouts[0].folder / f"{CHAPTERS[0]}.ipynb"
    before = path.read_bytes()
    fill_in(path, {"times_as_many_updates": "exercises.times_as_many_updates.check(7)"})
    grades = grade.grade(folder, out=tmp_path / "out")
    path.write_bytes(before)
    assert len(keys) == 1
    assert grades.table.state[1] == "wrong"


@pytest.mark.skipif(not HOW, reason="takes minutes; make test-grading does it")
@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed in another way")
def test_killed_and_started_again_it_leaves_no_process_and_does_nothing_twice(handed_in, tmp_path):
    folder, _ = handed_in
    command = [sys.executable, "-m", "gd_helpers", "grade", str(folder), "--out", str(tmp_path / "out")]
    feedback, kernels = tmp_path / "out" / "feedback", set()
    ran = "*right*/*.ipynb"  # those of no use are dealt with first, and at once
    with subprocess.Popen(command, start_new_session=True) as grading:
        wait_until(lambda: len(list(feedback.glob(ran))) >= 2 or grading.poll() is not None)
        kernels = set(psutil.Process(grading.pid).children(recursive=True))
        grading.kill()
    assert kernels
    wait_until(lambda: not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in kernels))
    before = {path: path.stat().st_mtime_ns for path in feedback.rglob("*.ipynb")}
    assert len(before) < len(NAMES) * len(CHAPTERS)
    subprocess.run(command, check=True)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(list(feedback.rglob("*.ipynb"))) == len(NAMES) * len(CHAPTERS)
