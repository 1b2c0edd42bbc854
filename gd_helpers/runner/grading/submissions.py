"""Read what came back, which may be anything, and get it ready to be run."""

import hashlib
import json
import os
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import nbformat

from gd_helpers.runner.cells import code_cells
from gd_helpers.runner.grading.capture import write_call
from gd_helpers.runner.grading.cells import find_check, find_parameters

LARGEST = 50  # MB of a notebook
MOST_CELLS = 2000
LONGEST_CELL = 20_000  # characters of one that can hand over an answer: longer ones take minutes to parse
KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


class SubmissionError(Exception):
    """What came back cannot be run; the message says why in a few words."""


def list_folders(root):
    """Return the folders in `root` by what their names are called, however these are written."""
    return {fold_name(path.name): path for path in sorted(Path(root).iterdir())}


def fold_name(name):
    """Return what all ways to write the `name` of a folder have in common: systems differ in accents and case."""
    return unicodedata.normalize("NFC", name).casefold()


def read_file(folder, name):
    """Return the bytes of the file called `name` in the folder at the path `folder`, which is None if there is none.

    Raises
    ------
    SubmissionError
        If it is not there, a link, anything else that is no file, or larger than `LARGEST`.
    """
    try:
        if folder is None or not os.path.lexists(folder / name):
            raise SubmissionError("not handed in")
        for path, is_right in ((folder, stat.S_ISDIR), (folder / name, stat.S_ISREG)):
            mode = path.lstat().st_mode
            if not is_right(mode):
                raise SubmissionError("a link, which is not followed" if stat.S_ISLNK(mode) else "not a file")
        with open(folder / name, "rb", opener=_open_itself) as file:
            content = file.read(LARGEST * 10**6 + 1)
    except OSError as error:
        raise SubmissionError(f"cannot be read: {error.strerror}") from None
    if len(content) > LARGEST * 10**6:
        raise SubmissionError(f"larger than {LARGEST} MB")
    return content


def _open_itself(path, flags):
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


@dataclass(frozen=True)
class Prepared:
    """A notebook that can be run: its text, and the ids of cells by exercise.

    Attributes
    ----------
    text : str
    answers : dict
        By exercise, pairs of ids: of a cell that checks an answer, and of the one that captures it; the first counts
        before the others.
    problems : dict
        By exercise without an answer, why there is none.
    """

    text: str
    answers: dict
    problems: dict


def prepare(content, stem, chapter, values):
    """Return the notebook whose file has the bytes `content` as it is run: `Prepared`.

    Its outputs are gone, the cell with the parameters is the one that was handed out, with `values`, and below each
    cell that checks an answer is one that captures it.

    Raises
    ------
    SubmissionError
        If it is no notebook.
    """
    try:
        notebook = _read_notebook(content)
        _clean(notebook, hashlib.sha256(content).hexdigest()[:8])
        nbformat.validate(notebook)
        _set_parameters(notebook, chapter, values)
        found = {name: _find_cells(notebook, name, key) for name, key in chapter.answers.items()}
        problems = {name: cells for name, cells in found.items() if isinstance(cells, str)}
        answers = {}
        for name in found.keys() - problems:
            answers[name] = [(cell.id, _add_capture(notebook, cell, stem, name)) for cell in found[name]]
        return Prepared(nbformat.writes(notebook), answers, problems)
    except Exception as error:  # whatever reading such a file raises, it is the learner's
        raise SubmissionError(f"not a notebook: {type(error).__name__}") from None


def _read_notebook(content):
    """Return the notebook without its outputs; what is slow to read is left out before nbformat sees it.

    Raises
    ------
    ValueError
        If it has too many cells.
    """
    raw = json.loads(content)
    if len(raw["cells"]) > MOST_CELLS:
        raise ValueError(f"a notebook may have {MOST_CELLS} cells, got {len(raw['cells'])}")
    for cell in raw["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return nbformat.reads(json.dumps(raw), as_version=4)


def _clean(notebook, digest):
    """Leave of a notebook what is to be run, without tags, and give each cell an id of its own."""
    notebook.nbformat_minor = 5
    notebook.metadata = nbformat.from_dict(KERNEL)
    place = find_parameters(notebook)
    seen = set()
    for number, cell in enumerate(notebook.cells):
        if cell.get("id") in {None, *seen} or str(cell.id).startswith("graded"):
            cell.id = f"cell-{digest}-{number}"
        seen.add(cell.id)
        cell.metadata = nbformat.from_dict({"tags": ["parameters"]} if number == place else {})


def _set_parameters(notebook, chapter, values):
    source = chapter.write_parameters(values)
    ids = {cell.id: cell for cell in code_cells(notebook)}
    tagged = [cell for cell in code_cells(notebook) if cell.metadata.pop("tags", ())]
    if cell := ids.get(chapter.parameters_id, tagged[0] if tagged else None):
        cell.source = source
    else:
        cell = nbformat.v4.new_code_cell(source, id=chapter.parameters_id)
        notebook.cells.insert(chapter.parameters_place, cell)


def _find_cells(notebook, name, key):
    """Return the cells that check an answer to the exercise `name`, the one with the id `key` first, then from the end.

    If there is none, return in a sentence why.
    """
    found, problem = [], "No cell of the notebook checks an answer to it."
    for cell in code_cells(notebook):
        if len(cell.source) > LONGEST_CELL:
            continue
        try:
            if find_check(cell, name):
                found.append(cell)
        except (SyntaxError, ValueError, RuntimeError, MemoryError) as error:
            if cell.id == key:
                problem = f"Its cell is not Python: {' '.join(str(error).split())[:200]}."
    found.reverse()
    return sorted(found, key=lambda cell: cell.id != key) or problem


def _add_capture(notebook, cell, stem, name):
    """Add a cell that captures what `cell` checks, and return its id."""
    place = next(i for i, each in enumerate(notebook.cells) if each is cell)
    key = f"graded-{len(notebook.cells)}"
    source = write_call(stem, name, find_check(cell, name))
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(source, id=key))
    return key
