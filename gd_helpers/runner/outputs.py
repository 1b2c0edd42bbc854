"""Stored outputs of notebooks: what is kept, what may not be stored, and how many claims hold."""

import functools
import json
import os
import re
import sysconfig
from pathlib import Path

import nbformat

from gd_helpers.files import atomic_write
from gd_helpers.lesson.fold import read_claims
from gd_helpers.lesson.results import round_results
from gd_helpers.mime import WIDGET_MIME
from gd_helpers.runner.comparison import find_differences

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE_KEYS = ("file_extension", "mimetype", "name", "nbconvert_exporter", "pygments_lexer")
PAPERMILL_TAGS = ("injected-parameters", "papermill-error-cell-tag")


def normalise(notebook):
    """Return a copy of `notebook` without what differs from run to run, or between machines of the same packages.

    Cells keep their tags, whether their code is folded, and no other metadata. The notebook keeps one kernel name and
    what holds for every Python 3. Streams that follow one another become one text a stream, "stdout" first, with lines
    that were overwritten by a carriage return left out. Recorded results are rounded to the digits that are shown.
    Widgets are dropped. Figures and their alt texts, ids and execution counts stay.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        A notebook of format 4.

    Returns
    -------
    nbformat.NotebookNode
        Normalising it again changes nothing.

    Examples
    --------
    >>> cell = nbformat.v4.new_code_cell("1", metadata={"execution": {"shell.execute_reply": "12:00"}})
    >>> normalise(nbformat.v4.new_notebook(cells=[cell])).cells[0].metadata
    {}
    """
    notebook = nbformat.from_dict(notebook)
    language = {"name": "python"} | notebook.metadata.get("language_info", {})
    language = {key: language[key] for key in LANGUAGE_KEYS if key in language}
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": language})
    for cell in notebook.cells:
        tags = [tag for tag in cell.metadata.get("tags", []) if tag not in PAPERMILL_TAGS]
        folded = cell.metadata.get("jupyter", {}).get("source_hidden") is True
        kept = {"jupyter": {"source_hidden": True}} if folded else {}
        cell.metadata = nbformat.from_dict({**kept, "tags": tags} if tags else kept)
        if cell.cell_type == "code":
            cell.outputs = join_streams(output for output in cell.outputs if WIDGET_MIME not in output.get("data", {}))
            for output in cell.outputs:
                if "data" in output:
                    output.data = nbformat.from_dict(round_results(output.data))
    return notebook


def join_streams(outputs):
    """Return `outputs` with the streams between two others joined: how a kernel chunks and interleaves them is chance.

    Lines that were overwritten by a carriage return are left out.
    """
    joined, streams = [], {}
    for output in [*outputs, None]:
        if output is not None and output.output_type == "stream":
            streams[output.name] = streams.get(output.name, "") + output.text
            continue
        for name in sorted(streams, reverse=True):
            text = re.sub(r".*\r(?=[^\n])", "", streams[name])
            joined.append(nbformat.v4.new_output("stream", name=name, text=text))
        streams = {}
        if output is not None:
            joined.append(output)
    return joined


def check_portable(notebook):
    """Check that no output of `notebook` holds a path of this machine or an address in its memory.

    Raises
    ------
    ValueError
        Naming the cell by its number among all cells, and what it holds.
    """
    for number, cell in enumerate(notebook.cells, start=1):
        if found := find_local_text(cell):
            raise ValueError(
                f"outputs must be the same on every machine, but cell {number} shows {found!r}: "
                f"{cell.source.partition(chr(10))[0]!r}"
            )


def find_local_text(cell):
    """Return the first path of this machine or address in its memory that the outputs of `cell` show, or ""."""
    found = (_local_pattern().search(text) for text in texts_of(cell))
    return next((match.group() for match in found if match), "")


@functools.cache
def _local_pattern():
    root, packages = Path(__file__).resolve().parents[2], sysconfig.get_paths()
    folders = {str(root), os.path.expanduser("~"), packages["stdlib"], packages["purelib"]}
    folders = "|".join(re.escape(folder) for folder in folders if os.path.isabs(folder) and folder != os.path.sep)
    return re.compile(rf"(?<![\w.-])(?:{folders})(?![\w.-])|[\w/\\]*ipykernel_\d+|\bat 0x[0-9a-fA-F]{{6,}}")


def texts_of(cell):
    """Yield the texts of a cell's outputs; a bitmap is none."""
    for output in cell.get("outputs", []):
        yield from (output[key] for key in ("text", "ename", "evalue") if key in output)
        yield from output.get("traceback", [])
        for mime, value in output.get("data", {}).items():
            if not re.fullmatch(r"image/(?!svg).*", mime):
                yield value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def count_claims(notebook):
    """Return how many claims, checks among them, the outputs of `notebook` show as holding, and how many there are."""
    verdicts = [claim["holds"] for claim in read_claims(notebook)]
    return sum(verdicts), len(verdicts)


def replace_notebook(path, notebook):
    """Write `notebook` to the file `path`, which is whole at any time, and return whether that changed it.

    A cell whose outputs agree with those stored there (`find_differences`), as they do on another processor, keeps the
    stored ones. These are always compared with a new execution, so that what is stored does not drift.
    """
    notebook = _keep_stored(normalise(nbformat.read(path, as_version=4)), notebook)
    nbformat.validate(notebook)
    text = nbformat.writes(notebook) + "\n"
    if path.read_text(encoding="utf-8") == text:
        return False
    atomic_write(path, text.encode())
    return True


def _keep_stored(stored, fresh):
    """Return the notebook `fresh` with the outputs of `stored`, cell by cell, where the two agree."""
    before = {cell.get("id"): cell.outputs for cell in stored.cells if cell.cell_type == "code"}
    fresh = nbformat.from_dict(fresh)
    for cell in fresh.cells:
        if cell.cell_type == "code" and not find_differences(before.get(cell.get("id"), []), cell.outputs):
            counts = [output.get("execution_count") for output in cell.outputs]
            cell.outputs = before.get(cell.get("id"), [])
            for output, count in zip(cell.outputs, counts, strict=True):
                if output.output_type == "execute_result":
                    output.execution_count = count
    return fresh
