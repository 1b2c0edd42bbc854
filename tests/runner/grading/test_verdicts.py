"""Verdicts on what cells handed over, whatever that is; feedback and report in which nothing of it can run."""

import json

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.runner.grading.capture import MIME
from gd_helpers.runner.grading.feedback import make_feedback
from gd_helpers.runner.grading.report import write_report
from gd_helpers.runner.grading.submissions import Prepared
from gd_helpers.runner.grading.verdicts import COLUMNS, judge_notebook

STEM, NAME = "00_introduction", "times_as_many_updates"
QUESTION = questions_of(STEM)[1]
VALUES = {"n": 900}  # 100 is right
ERROR = new_output("error", ename="NameError", evalue="name <b>x</b>\nis not defined")


def judge(*handed_over, raised=False, reason=""):
    """Return the row of an exercise for which cells handed over these records, the first as the one that counts."""
    prepared = Prepared("", {NAME: [(f"cell-{i}", f"graded-{i}") for i, _ in enumerate(handed_over)]}, {})
    cells = {}
    for i, record in enumerate(handed_over):
        outputs = [] if record is None else [new_output("display_data", {MIME: json.dumps(record)})]
        cells[f"cell-{i}"] = new_code_cell("", id=f"cell-{i}", outputs=[ERROR] if raised else [])
        cells[f"graded-{i}"] = new_code_cell("", id=f"graded-{i}", outputs=outputs)
    problems = {question.name: "No cell." for question in questions_of(STEM) if question.name != NAME}
    rows = judge_notebook(STEM, VALUES, Prepared("", prepared.answers, problems), cells, reason)
    return rows[1]


def given(answer):
    return QUESTION.record(answer)


def test_an_answer_is_judged():
    assert judge(given(100))["state"] == "right"
    assert judge(given(100))["points"] == 1
    assert judge(given(7))["state"] == "wrong"


def test_an_answer_left_over_from_the_cell_before_one_that_raised_does_not_count():
    row = judge(given(100), raised=True)
    assert (row["state"], row["message"]) == ("wrong", "Its cell raised NameError: name <b>x</b> is not defined.")


def test_a_cell_left_open_is_unanswered_whatever_it_raised():
    assert judge(given(...), raised=True)["state"] == "unanswered"


def test_where_the_cell_that_counts_is_left_open_the_next_one_does():
    assert judge(given(...), given(100), given(7))["state"] == "right"
    assert judge(given(7), given(100))["state"] == "wrong"


def test_what_was_not_run_says_why():
    row = judge(None, reason="kernel died")
    assert (row["state"], row["reason"]) == ("not run", "kernel died")


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"answer": 100},
        {"answer": {"eval": "100"}},
        {"state": "right", "message": "All is well."},
        {"calls": "many"},
    ],
)
def test_what_no_question_has_recorded_is_wrong(record):
    row = judge(record)
    assert row["state"] == "wrong"
    assert row["message"].startswith("What was handed over cannot be judged: ")


@pytest.mark.parametrize("record", [[], "right", 7])
def test_what_is_no_record_is_none(record):
    assert judge(record)["state"] == "not run"


def test_a_misconception_is_told_by_its_number():
    row = judge(given(QUESTION.misconceptions[0].answer))
    assert (row["misconception"], row["message"]) == (1, QUESTION.misconceptions[0].message)


def test_a_message_is_one_line_that_can_be_printed():
    row = judge({"failed": "Error: \x1b[2J\u202e" + "x\n" * 1000})
    assert row["message"].isprintable()
    assert len(row["message"]) < 600


def test_feedback_keeps_nothing_that_can_run():
    outputs = [
        new_output("display_data", {"text/html": "<script>1</script>", "text/plain": "shown"}),
        new_output("display_data", {"application/javascript": "1", "image/svg+xml": "<svg/>"}),
        new_output("stream", text="printed"),
    ]
    executed = new_notebook(cells=[new_code_cell("1", id="cell", outputs=outputs), new_code_cell("", id="graded")])
    row = judge({"failed": "<script>"}) | {"learner": "<Anna>"}
    prepared = Prepared("", {NAME: [("cell", "graded")]}, {})
    summary, cell, verdict = make_feedback("<Anna>", STEM, VALUES, [row], executed, prepared).cells
    assert [output.get("data", output.get("text")) for output in cell.outputs] == [{"text/plain": "shown"}, "printed"]
    assert "&lt;Anna&gt;: 0 of 1 exercises right" in summary.source
    assert "Its cell raised &lt;script&gt;." in verdict.source


def test_the_report_counts_each_misconception(tmp_path):
    answers = [100, 100, 7, ..., *[QUESTION.misconceptions[1].answer] * 3]
    rows = []
    for number, answer in enumerate(answers):
        row = {"learner": f"<{number}>", "folder": "", **judge(given(answer))}
        rows += [row | {"exercise": question.name} for question in questions_of(STEM)]
    table = pd.DataFrame(rows, columns=COLUMNS).astype({"misconception": "Int64"})
    write_report(tmp_path / "report.html", table)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    part = page.partition(f"<code>{NAME}</code>")[2].partition("<h3>")[0]
    assert "<p>2 right, 4 wrong, 1 unanswered</p>" in part
    meter = '<meter max="7" value="3" aria-label="3 of 7"></meter>'
    assert f"<td>3</td><td>{meter}</td><td>{QUESTION.misconceptions[1].message}</td>" in part
    assert "<td>1</td>" in part
    assert "<script" not in page
