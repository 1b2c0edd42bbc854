"""Judge the answers that a notebook handed over: here, where no code of the learner's runs."""

import json

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.exercises.feedback import Verdict
from gd_helpers.runner.grading.capture import MIME

COLUMNS = ["learner", "folder", "chapter", "number", "exercise", "kind", "state", "points"]
COLUMNS += ["misconception", "message", "reason"]
NOT_RUN = "not run"  # beside the states of a verdict
LONGEST = 500  # characters of a message


def judge_notebook(stem, parameters, prepared, cells, reason=""):
    """Return a row of the table for each exercise of the chapter `stem`.

    Parameters
    ----------
    parameters : dict
        The learner's, as they were handed out.
    prepared : Prepared or None
        None if there was nothing to run.
    cells : dict
        The executed cells by id.
    reason : str
        Why the notebook was not run to its end, or "".
    """
    rows = []
    for number, question in enumerate(questions_of(stem), start=1):
        if prepared is None:
            verdict = Verdict(NOT_RUN)
        elif question.name in prepared.problems:
            verdict = Verdict("unanswered", prepared.problems[question.name])
        else:
            places = prepared.answers[question.name]
            verdicts = [_judge(question, parameters, cells.get(key), cells.get(captured)) for key, captured in places]
            verdict = next((each for each in verdicts if each.state in ("right", "wrong")), verdicts[0])
        message = _make_line(verdict.message)
        rows.append(
            {
                "chapter": stem,
                "number": number,
                "exercise": question.name,
                "kind": question.kind,
                "state": verdict.state,
                "points": int(verdict.state == "right"),
                "misconception": find_misconception(question, message),
                "message": message,
                "reason": _make_line(reason),
            }
        )
    return rows


def _judge(question, parameters, cell, captured):
    """Return the verdict on what one executed cell has checked, by the output of the cell that captured it."""
    record = _read_record(captured)
    if record is None:
        return Verdict(NOT_RUN)
    raised = [output for output in cell.outputs if output.output_type == "error"]
    try:
        verdict = None if "failed" in record else question.judge_record(record, parameters)
    except Exception as error:  # the data are the learner's, who may have written anything
        return Verdict("wrong", f"What was handed over cannot be judged: {type(error).__name__}.")
    if verdict and (verdict.state == "unanswered" or not raised):
        return verdict
    said = f"{raised[0].ename}: {raised[0].evalue}" if raised else str(record.get("failed"))
    return Verdict("wrong", f"Its cell raised {said}.")


def _read_record(captured):
    """Return the last record in the outputs of a cell, or None."""
    found = [output.data[MIME] for output in captured.outputs if MIME in output.get("data", {})] if captured else []
    try:
        record = json.loads("".join(found[-1]))
    except (IndexError, TypeError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def find_misconception(question, message):
    """Return the number, from 1 on, of the misconception of `question` whose message is `message`, or None."""
    messages = [_make_line(misconception.message) for misconception in question.misconceptions]
    return messages.index(message) + 1 if message in messages else None


def _make_line(text):
    """Return `text` as one line that can be printed, and not too long a one."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} …"
