"""Read a notebook cell by cell."""

import ast
import functools
import re

from IPython.core.inputtransformer2 import TransformerManager


def code_cells(notebook):
    """Return the code cells of `notebook`, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose_cells(notebook):
    """Return the markdown cells of `notebook`, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def opening_of(notebook):
    """Return the text of the cells before the first code cell."""
    first = notebook.cells.index(code_cells(notebook)[0])
    return "\n".join(cell.source for cell in notebook.cells[:first])


def headings(cell):
    """Return the heading lines of a markdown cell; a line in a fenced block is none."""
    return re.findall(r"^#{1,6} .*$", re.sub(r"(?ms)^```.*?^```", "", cell.source), re.MULTILINE)


def sections_of(notebook):
    """Return, for each cell of `notebook`, the headings "## …" of its sections: that it is in, and those it opens."""
    sections, current = [], ""
    for cell in notebook.cells:
        opened = [line for line in headings(cell) if line.startswith("## ")] if cell.cell_type == "markdown" else []
        sections.append({current, *opened})
        current = [current, *opened][-1]
    return sections


def find_heading(notebook, heading):
    """Return the index of the cell that has this `heading`, or of the last cell where none has."""
    found = (i for i, cell in enumerate(notebook.cells) if cell.cell_type == "markdown" and heading in headings(cell))
    return next(found, len(notebook.cells) - 1)


def parse(cell):
    """Return the syntax tree of a code cell, magic commands and all.

    Raises
    ------
    SyntaxError
        If it is not Python.
    """
    return _parse(cell.source)


@functools.lru_cache(maxsize=4096)
def _parse(source):
    return ast.parse(TransformerManager().transform_cell(source))


def calls(cell, name):
    """Return the calls of `name`, a function or a method, in a code cell, as nodes of its syntax tree."""
    nodes = [node for node in ast.walk(parse(cell)) if isinstance(node, ast.Call)]
    return [node for node in nodes if getattr(node.func, "id", getattr(node.func, "attr", None)) == name]


def code_lines(cell):
    """Return the lines of a code cell without indentation, comments and blank lines."""
    lines = [line.strip() for line in cell.source.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def first_line(cell):
    """Return the first line of a cell, quoted."""
    return repr(cell.source.partition("\n")[0])


def pictures(cell):
    """Return the outputs of a code cell that hold a picture."""
    return [output for output in cell.outputs if any(mime.startswith("image/") for mime in output.get("data", {}))]
