"""What every chapter must be: checks that take a notebook and its chapter's name and yield problems in plain words."""

import ast
import difflib
import json
import re
from itertools import combinations

import nbformat
from cells import (
    calls,
    code_cells,
    code_lines,
    first_code,
    first_line,
    headings,
    parse,
    pictures,
    prose_cells,
    without_pictures,
)
from gate_exercises import check_exercises

from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.outputs import WIDGET_MIME, check_portable, normalise

# The section of the source that a chapter mirrors; the chapters from 12 on go beyond the source, and say so.
SECTIONS = {
    "00_introduction": "5",
    "01_simulate_data": "5.1",
    "02_gradient_descent": "5.2",
    "03_batch": "5.2.1",
    "04_stochastic": "5.2.2",
    "05_mini_batch": "5.2.3",
    "06_verify_with_scikit_learn": "5.2.4",
    "07_summary": "5.2.5",
    "08_dataloader": "5.2.6",
    "09_three_layers": "5.2.7",
    "10_five_layers": "5.2.8",
}
FIRST_BEYOND, BEYOND = "12", "Part II: beyond the source chapter."
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
LOOSENING_TAGS = {"nbval-ignore-output", "nbval-raises-exception", "nbval-skip", "raises-exception", "skip-execution"}
MACHINE_PATH = re.compile(r"(?<![\w./:])/(home|root|Users|tmp|private|var|opt|mnt|usr)/[\w.]|\b[A-Za-z]:\\\w")


def find_problems(notebook, chapter):
    """Return all problems of one `notebook` as a list of sentences; empty where it is as a chapter must be."""
    if problems := list(check_format(notebook, chapter)):
        return problems
    return [problem for check in CHECKS for problem in check(notebook, chapter)]


def check_format(notebook, chapter):
    ids = [cell.get("id") for cell in notebook.cells]
    if len(set(ids)) < len(ids) or None in ids:
        yield "cell ids are missing or not unique"
        return  # validation would mend them
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        yield f"not a valid notebook: {str(error).splitlines()[0]}"
    if not any(cell.cell_type == "code" for cell in notebook.cells):
        yield "no code cell"


def check_opening(notebook, chapter):
    first = notebook.cells[0]
    if first.cell_type != "markdown" or not first.source.startswith("# "):
        yield "the first cell is not a title"
        return
    titles = [line for cell in prose_cells(notebook) for line in headings(cell) if line.startswith("# ")]
    if len(titles) != 1:
        yield f"{len(titles)} titles, not one: {titles}"
    if "?" not in first.source.partition("\n")[0]:
        yield "the title asks no question"
    opening = "\n".join(cell.source for cell in notebook.cells[: first_code(notebook)])
    section = SECTIONS.get(chapter)
    if section and not re.search(rf"(?i)\bsection {re.escape(section)}(?!\.?\d)", opening):
        yield f"the opening does not name section {section}, which the chapter mirrors"
    if chapter[:2] >= FIRST_BEYOND and f"*{BEYOND}*" not in opening:
        yield f"the opening does not say *{BEYOND}*"
    for part, pattern in {
        "what the reader will be able to do": r"(?i)able to",
        "the minutes it takes": r"(?i)\b\d+ minutes",
        "the prerequisites": r"(?i)prerequisites",
    }.items():
        if not re.search(pattern, opening):
            yield f"the opening does not say {part}"


def check_neighbours(notebook, chapter):
    chapters = sorted(PUBLISHED)
    position = chapters.index(chapter)
    opening = "\n".join(cell.source for cell in notebook.cells[: first_code(notebook)])
    linked = re.findall(r"\]\((\d\d_\w+)\.ipynb\)", opening)
    expected = chapters[max(position - 1, 0) : position] + chapters[position + 1 : position + 2]
    if linked != expected:
        yield f"the opening links to {linked}, not to the previous and next chapters {expected}"


def check_setup(notebook, chapter):
    code = code_cells(notebook)
    tagged = [index for index, cell in enumerate(code) if "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        yield f"{len(tagged)} cells tagged 'parameters', not one"
        return
    if tagged != [1] or not all(isinstance(node, ast.Import | ast.ImportFrom) for node in parse(code[0]).body):
        yield "the cell before the parameters is not the first code cell, with imports alone"
    for cell in code[1:]:
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(parse(cell))):
            yield f"imports outside the import cell: {first_line(cell)}"
    yield from check_parameters_cell(code[tagged[0]], chapter)
    yield from check_call(code[tagged[0] + 1 : tagged[0] + 2], chapter)


def check_parameters_cell(cell, chapter):
    found = {}
    for line in cell.source.splitlines():
        match = re.fullmatch(r"(\w+): (\w+) = (\S.*?)  # (\S.*)", line)
        if not match:
            yield f"a line of the parameters is not 'name: type = value  # comment': {line!r}"
            return
        name, kind, value = match.group(1, 2, 3)
        found[name] = ast.literal_eval(value)
        if type(found[name]).__name__ != kind:
            yield f"the parameter {name} = {value} is not of type {kind}"
    if found != PUBLISHED[chapter] or list(found) != list(PUBLISHED[chapter]):
        yield f"the parameters {found} are not the published ones {PUBLISHED[chapter]}"


def check_call(cells, chapter):
    wanted = {name: name for name in PUBLISHED[chapter]}
    for call in calls(cells[0], "check_parameters") if cells else ():
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        if [ast.unparse(argument) for argument in call.args] == [repr(chapter)] and given == wanted:
            return
    yield "the cell after the parameters does not check all of them with check_parameters"


def check_execution(notebook, chapter):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"code cells were not executed once each and in order: {counts}"
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"a stored error: {output.ename} in {first_line(cell)}"
            if output.get("name") == "stderr":
                yield f"a stored warning or other text on stderr: {output.text.strip()[:80]!r}"
            if WIDGET_MIME in output.get("data", {}):
                yield f"a stored widget in {first_line(cell)}"
        if tags := LOOSENING_TAGS & set(cell.metadata.get("tags", [])):
            yield f"a tag that loosens the comparison of outputs: {', '.join(tags)}"


def check_stored(notebook, chapter):
    if normalise(notebook) != notebook:
        yield "the notebook is not normalised"
    try:
        check_portable(notebook)
    except ValueError as error:
        yield str(error)
    for cell in code_cells(notebook):
        text = "".join(json.dumps(output, ensure_ascii=False) for output in without_pictures(cell))
        if found := MACHINE_PATH.search(text.replace("\\\\", "\\")):
            yield f"an output shows a path of a machine, {found.group()!r}, in {first_line(cell)}"


def check_lengths(notebook, chapter):
    for cell in code_cells(notebook):
        length = sum(bool(line.strip()) and not line.strip().startswith("#") for line in cell.source.splitlines())
        body = parse(cell).body
        defined = [isinstance(node, ast.FunctionDef | ast.ClassDef) for node in body]
        rest = [node for node, is_definition in zip(body, defined, strict=True) if not is_definition]
        one_definition = sum(defined) == 1 and len(rest) <= 1 and all(node.lineno == node.end_lineno for node in rest)
        if length > MOST_LINES and not one_definition:
            yield f"a cell of {length} lines, more than {MOST_LINES}: {first_line(cell)}"


def check_pictures(notebook, chapter):
    code = code_cells(notebook)
    if not any(list(pictures(cell)) for cell in code[:5]):
        yield "no figure within the first five code cells"
    for cell in code:
        for output in pictures(cell):
            mimes = [mime for mime in output.data if mime.startswith("image/")]
            if any(len(output.metadata.get(mime, {}).get("alt", "").split()) < 3 for mime in mimes):
                yield f"a picture without alt text in {first_line(cell)}"
            if re.match(r"<|$", output.data.get("text/plain", "")):
                yield f"a picture without the numbers behind it, for a comparison, in {first_line(cell)}"


def check_code(notebook, chapter):
    for cell in code_cells(notebook):
        for pattern, what in FORBIDDEN.items():
            if re.search(pattern, cell.source, re.MULTILINE):
                yield f"{what} in {first_line(cell)}"
    if not any(calls(cell, "claim") for cell in code_cells(notebook)):
        yield "no claim"


def check_prose(notebook, chapter):
    """Prose before and after: at most two code cells in a row, once imports and parameters are done."""
    code = code_cells(notebook)
    run = 0
    for cell in notebook.cells:
        run = run + 1 if cell.cell_type == "code" and cell not in code[:3] else 0
        if run == 3:
            yield f"three code cells in a row, the last {first_line(cell)}"
    sections = [line for cell in prose_cells(notebook) for line in headings(cell) if line.startswith("## ")]
    if [line.lower() for line in sections[-2:]] != ["## exercises", "## sources"]:
        yield f"the last two sections are not '## Exercises' and '## Sources': {sections[-2:]}"
    if notebook.cells[-1].cell_type != "markdown":
        yield "the last cell is not prose"


CHECKS = (
    check_opening,
    check_neighbours,
    check_setup,
    check_execution,
    check_stored,
    check_lengths,
    check_pictures,
    check_code,
    check_prose,
    check_exercises,
)


def find_copies(notebooks):
    """Yield where two of `notebooks`, a dict by chapter, share five lines of code in a row."""
    for (one, first), (other, second) in combinations(notebooks.items(), 2):
        for cell in code_cells(first)[3:]:
            for twin in code_cells(second)[3:]:
                lines, others = code_lines(cell), code_lines(twin)
                same = difflib.SequenceMatcher(None, lines, others, autojunk=False).find_longest_match()
                if same.size >= COPIED_LINES:
                    yield f"{one} and {other} share {same.size} lines of code from {lines[same.a]!r} on"


def find_dead_links(notebook, folder):
    """Yield the relative links in the prose of `notebook`, a file in `folder`, that lead nowhere."""
    for cell in prose_cells(notebook):
        for target in re.findall(r"\]\((?!https?:|#|attachment:)([^)#\s]+)", cell.source):
            if not (folder / target).exists():
                yield f"a link that leads nowhere: {target}"
