"""Write the worked solution of an exercise into the cell that asks for the answer."""

import ast

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.exercises.question import names_of
from gd_helpers.runner.cells import parse


def find_questions(stem, chapter):
    """Return each question of the chapter `stem` by the id of the cell that checks its answer, in order.

    `chapter` is what the manifest says of it.
    """
    return {chapter.answers[question.name]: question for question in questions_of(stem)}


def write_solution(cell, question, *, begin, end):
    """Return the source of the code cell `cell` with the solution of `question` between the lines `begin` and `end`.

    What a learner is to replace, a ``...``, stays: without the lines from `begin` to `end` the cell is what it was.
    """
    lines = cell.source.splitlines()
    asked = parse(cell).body[0]
    if question.kind == "code":
        place, indent, solution = asked.body[0].lineno - 1, "    ", _read_body(question)
    else:
        call = f"answer = {question.name}({', '.join(names_of(question.solution))})"
        place, indent, solution = asked.end_lineno, "", [*question.source.splitlines(), "", "", call]
    lines[place:place] = [indent + begin, *solution, indent + end]
    return "\n".join(lines)


def _read_body(question):
    """Return the lines of a solution below its first; at their end is a return, for a ``return ...`` follows."""
    function = ast.parse(question.source).body[0]
    lines = question.source.splitlines()[function.body[0].lineno - 1 :]
    return lines if isinstance(function.body[-1], ast.Return) else [*lines, "    return None"]
