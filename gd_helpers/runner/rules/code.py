"""Rules for code cells: imports and parameters first, short cells, nothing that needs the network, a claim."""

import ast
import re

from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.cells import calls, code_cells, code_lines, parse

MOST_LINES = 15
COPIED_LINES = 5
FORBIDDEN = {
    r"^\s*from\s+\S+\s+import\s+\*": "a star import",
    r"\bsys\.path\b": "sys.path",
    r"\bplt\.show\b|\bpyplot\.show\b": "plt.show",
    r"\b(urllib|requests|httpx|wget|curl)\b|https?://|\bfetch_\w+\(": "a download",
    r"^\s*[!%]+\s*(pip|conda|mamba|uv)\b": "an installation",
    r"(?i)#\s*(NBVAL_\w+|PYTEST_VALIDATE_IGNORE_OUTPUT)": "a mark that loosens the comparison of outputs",
}


def check_setup(notebook, chapter):
    """Check that imports come first, then the parameters, then the call that checks these."""
    code = code_cells(notebook)
    tagged = [index for index, cell in enumerate(code) if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        yield None, f"{len(tagged)} cells tagged 'parameters', not one"
        return
    if tagged != [1] or not all(isinstance(node, ast.Import | ast.ImportFrom) for node in parse(code[0]).body):
        yield code[0], "the cell before the parameters is not the first code cell, with imports alone"
    for cell in code[1:]:
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(parse(cell))):
            yield cell, "imports outside the import cell"
    yield from _check_parameters(code[tagged[0]], chapter)
    yield from _check_call(code[tagged[0] + 1 : tagged[0] + 2], chapter)


def _check_parameters(cell, chapter):
    """Check that each parameter has a type, its published value, and a comment, on one line, which papermill reads."""
    found = {}
    for line in cell.source.splitlines():
        match = re.fullmatch(r"(\w+): (\w+) = (\S.*?)  # (\S.*)", line)
        try:
            name, kind, value = match.group(1, 2, 3)
            found[name] = ast.literal_eval(value)
        except (AttributeError, ValueError):
            yield cell, f"a line of the parameters is not 'name: type = value  # comment': {line!r}"
            return
        if type(found[name]).__name__ != kind:
            yield cell, f"the parameter {name} = {value} is not of type {kind}"
    if list(found.items()) != list(PUBLISHED[chapter].items()):
        yield cell, f"the parameters {found} are not the published ones {PUBLISHED[chapter]}"


def _check_call(cells, chapter):
    wanted = {name: name for name in PUBLISHED[chapter]}
    for call in calls(cells[0], "check_parameters") if cells else ():
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        if [ast.unparse(argument) for argument in call.args] == [repr(chapter)] and given == wanted:
            return
    yield (*cells, None)[0], "the cell after the parameters does not check all of them with check_parameters"


def check_lengths(notebook, chapter):
    """Check that a cell is short, or one definition with at most one line after it, or predictions alone."""
    for cell in code_cells(notebook):
        length, body = len(code_lines(cell)), parse(cell).body
        defined = [isinstance(node, ast.FunctionDef | ast.ClassDef) for node in body]
        rest = [node for node, is_definition in zip(body, defined, strict=True) if not is_definition]
        one_definition = sum(defined) == 1 and len(rest) <= 1 and all(node.lineno == node.end_lineno for node in rest)
        # their options stand with what is said about them
        only_predictions = all(_called(node) == "predict" for node in body)
        if length > MOST_LINES and not one_definition and not only_predictions:
            yield cell, f"a cell of {length} lines, more than {MOST_LINES}"


def _called(statement):
    """Return the name of the function that a statement calls, whether it keeps the result or not, or None."""
    call = getattr(statement, "value", None)
    return getattr(call.func, "id", None) if isinstance(call, ast.Call) else None


def check_words(notebook, chapter):
    """Check that no cell has what is `FORBIDDEN`, and that one makes a claim."""
    for cell in code_cells(notebook):
        for pattern, what in FORBIDDEN.items():
            if re.search(pattern, cell.source, re.MULTILINE):
                yield cell, what
    if not any(calls(cell, "claim") for cell in code_cells(notebook)):
        yield None, "no claim"


def find_copies(notebook, others):
    """Yield the cells of `notebook` that share five lines of code in a row with one of `others`, a dict by chapter.

    The first three code cells, imports and parameters, are alike in all chapters.
    """
    places = {}
    for other, twin in others.items():
        for cell in code_cells(twin)[3:]:
            for lines in _runs(cell):
                places.setdefault(lines, f"{other}, cell {twin.cells.index(cell) + 1}")
    for cell in code_cells(notebook)[3:]:
        if found := next((lines for lines in _runs(cell) if lines in places), None):
            yield cell, f"{COPIED_LINES} lines or more are those of {places[found]}, from {found[0]!r} on"


def _runs(cell):
    """Return each five successive lines of a code cell."""
    lines = code_lines(cell)
    return [tuple(lines[first : first + COPIED_LINES]) for first in range(len(lines) - COPIED_LINES + 1)]
