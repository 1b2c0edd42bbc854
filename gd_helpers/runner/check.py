"""Check that notebooks are as chapters must be, without running them: a line for each problem.

Whether stored outputs are what the code gives is what ``make test`` finds out, by running it.
"""

import functools

import nbformat
import nbformat.reader

from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.cells import code_cells, first_line, parse
from gd_helpers.runner.chapters import select_chapters
from gd_helpers.runner.outputs import normalise
from gd_helpers.runner.rules import code, exercises, numbers, outputs, predictions, reading, text

RULES = (
    text.check_title,
    text.check_opening,
    text.check_neighbours,
    code.check_setup,
    outputs.check_execution,
    outputs.check_stored,
    code.check_lengths,
    outputs.check_pictures,
    code.check_words,
    text.check_prose,
    text.check_sections,
    numbers.check_numbers,
    predictions.check_answers,
    reading.check_size,
    reading.check_claims,
    reading.check_predictions,
    reading.check_close,
    exercises.check_exercises,
)


def find_problems_of(names=()):
    """Return what keeps notebooks from being chapters, a line for each problem; nothing is run.

    Parameters
    ----------
    names : sequence of str
        Chapters, by name ("03_batch"), number or path of the notebook, wherever it lies; none means all chapters.

    Returns
    -------
    list of str
        "03_batch, cell 12: what is wrong, in 'first line of the cell'"; all cells count, from 1 on.

    Raises
    ------
    ValueError
        If there is no such chapter or file.
    """
    read, course = functools.cache(_read), {path.stem: path for path in select_chapters()}
    lines = []
    for path in select_chapters([str(name) for name in names]):
        notebook, reason = read(path)
        if reason:
            lines.append(f"{path.stem}: {reason}")
            continue
        others = {stem: read(other)[0] for stem, other in course.items() if stem != path.stem and read(other)[0]}
        check_file = functools.partial(_check_file, path=path, others=others)
        lines += [_line(path.stem, notebook, *problem) for problem in find_problems(notebook, path.stem, check_file)]
    return lines


def find_problems(notebook, chapter, *more):
    """Return the problems of one `notebook` as pairs of a cell, or None, and a sentence.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        A notebook of format 4.
    chapter : str
        Its name.
    *more : callable
        Rules beyond `RULES`.
    """
    if problems := list(_check_format(notebook, chapter)):
        return problems
    return [problem for rule in (*RULES, *more) for problem in rule(notebook, chapter)]


def _read(path):
    """Return the notebook in the file `path`, as it is, and "", or None and why it can't be read."""
    try:
        notebook = nbformat.reader.reads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return None, f"a file that can't be read: {error.strerror}"
    except Exception as error:  # nbformat trusts that all keys are there, with values of their types
        return None, f"no notebook: {' '.join(str(error).split())[:80]}"
    if notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        return None, "no notebook of format 4"
    return notebook, ""


def _check_format(notebook, chapter):
    """Check what all rules need: a valid notebook whose code cells can be parsed, and published parameters."""
    ids = [cell.get("id") for cell in notebook.cells]
    if len(set(ids)) < len(ids) or None in ids:
        yield None, "cell ids are missing or not unique"
        return  # validation would mend them
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        yield None, f"not a valid notebook: {str(error).splitlines()[0]}"
        return
    if not code_cells(notebook):
        yield None, "no code cell"
    for cell in code_cells(notebook):
        try:
            parse(cell)
        except SyntaxError as error:
            yield cell, f"code that is not Python: {error.msg}"
    if chapter not in PUBLISHED:
        yield None, "no chapter that PUBLISHED in gd_helpers/lesson/parameters.py names, with its parameters"


def _check_file(notebook, chapter, *, path, others):
    """Check what one notebook alone does not show: its file, its links, and code that is in another chapter, too."""
    normal = normalise(notebook)
    if notebook == normal and path.read_bytes() != (nbformat.writes(normal) + "\n").encode():
        yield None, "the file is not written as refresh writes it"
    yield from text.find_dead_links(notebook, path.parent)
    yield from code.find_copies(notebook, others)


def _line(chapter, notebook, cell, problem):
    """Return the line that reports a problem."""
    if cell is None:
        return f"{chapter}: {problem}"
    number = next(number for number, each in enumerate(notebook.cells, start=1) if each is cell)
    where = f", in {first_line(cell)}" if cell.cell_type == "code" else ""
    return f"{chapter}, cell {number}: {problem}{where}"
