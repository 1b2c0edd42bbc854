"""Rules for the exercises of a chapter: each asked for once, in order, and left open."""

import ast
import re
from itertools import pairwise

from gd_helpers.exercises.chapter import chapters_with_exercises, parameters_of, questions_of
from gd_helpers.runner.cells import calls, code_cells, find_heading


def check_exercises(notebook, chapter):
    """Check that the chapter asks for each exercise of its module, in order, and leaves it open."""
    if chapter not in chapters_with_exercises():
        yield None, f"no exercises: gd_helpers/exercises/questions/{chapter[3:]}.py is missing"
        return
    questions = questions_of(chapter)
    if not 3 <= len(questions) <= 5 or {question.kind for question in questions} != {"prediction", "code"}:
        yield None, f"{len(questions)} exercises, not three to five with at least one prediction and one piece of code"
    yield from _check_asking(notebook, chapter, questions)


def _check_asking(notebook, chapter, questions):
    """Check the call of for_chapter; then that each exercise is checked once, in order, and the progress comes last."""
    setups = [(cell, ast.unparse(call)) for cell in code_cells(notebook) for call in calls(cell, "for_chapter")]
    wanted = f"for_chapter({', '.join([repr(chapter), *(f'{name}={name}' for name in parameters_of(chapter))])})"
    if [call for _, call in setups] != [wanted]:
        yield (setups[-1][0] if setups else None), f"the exercises are not set up once, by exercises = {wanted}"
    below = notebook.cells[find_heading(notebook, "## Exercises") :]
    asked = [(name, *pair) for pair in pairwise(below) for name in _find_asked(pair[1])]
    names = [name for name, _, _ in asked]
    if names != [*(f"exercises.{question.name}.check" for question in questions), "exercises.progress"]:
        yield None, f"the exercises are not asked for once each, in order, and the progress last: {names}"
        return
    for number, (question, (_, prompt, cell)) in enumerate(zip(questions, asked, strict=False), 1):
        opening = f"**Exercise {number}, {question.kind}.** "
        if prompt.cell_type != "markdown" or not prompt.source.startswith(opening):
            yield cell, f"no prompt that begins with {opening!r} before an exercise"
        else:
            yield from _check_accepted(prompt, getattr(question, "tolerance", "exactly"))
        texts = [output.get("data", {}).get("text/plain", "") for output in cell.outputs]
        if len(texts) != 1 or not texts[0].startswith(f"○ Exercise {number}, not answered yet."):
            yield cell, "an exercise that is not open"


def _check_accepted(prompt, tolerance):
    """Check that a prompt says how far an answer may be off, as it is judged: `tolerance`, or nothing if "exactly"."""
    said = re.findall(r"Accepted: (within \S+(?: %)?)(?=[ .,])", " ".join(prompt.source.replace("\u00a0", " ").split()))
    said = [text.rstrip(".,") for text in said]
    if said != [tolerance][: tolerance != "exactly"]:
        yield prompt, f"the prompt says that {said} is accepted, and it is judged {tolerance}"


def _find_asked(cell):
    """Return what is called of the exercises in a cell: "exercises.NAME.check" or "exercises.progress"."""
    made = [call for name in ("check", "progress") for call in calls(cell, name)] if cell.cell_type == "code" else []
    return [name for name in (ast.unparse(call.func) for call in made) if name.startswith("exercises.")]
