"""Rules for the predictions of a chapter: each with a key of its own, and answered."""

import ast

from gd_helpers.runner.cells import calls, code_cells, parse


def check_answers(notebook, chapter):
    """Check that each prediction has a key of its own, and an answer: its own, or one that a later cell reveals."""
    cells, keys = code_cells(notebook), set()
    for place, cell in enumerate(cells, start=1):
        for call in calls(cell, "predict"):
            if not isinstance(call.func, ast.Name):  # a method of a model
                continue
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            key = getattr(given.get("key"), "value", None)
            if not isinstance(key, str) or key in keys:
                yield cell, f"a prediction without a key of its own, written out: {key!r}"
            keys.add(key)
            if len(call.args) < 3 and "answer" not in given and not _is_revealed(call, cell, cells[place:]):
                yield cell, "a prediction that no later cell reveals"


def _is_revealed(call, cell, later):
    """Return whether the `later` cells call ``reveal`` of what the call in `cell` is assigned to."""
    assigned = [node for node in ast.walk(parse(cell)) if isinstance(node, ast.Assign) and node.value is call]
    names = {ast.unparse(target) for node in assigned for target in node.targets}
    revealed = {ast.unparse(each.func.value) for other in later for each in calls(other, "reveal")}
    return bool(names & revealed)
