"""How the tests read a notebook, cell by cell."""

import ast
import re

from IPython.core.inputtransformer2 import TransformerManager


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def first_code(notebook):
    return next(index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code")


def headings(cell):
    """Return the heading lines of a markdown cell; a line in a fenced block is none."""
    return re.findall(r"^#{1,6} .*$", re.sub(r"(?ms)^```.*?^```", "", cell.source), re.MULTILINE)


def find_heading(notebook, heading):
    """Return the place of the cell that has this `heading`, or of the last cell where none has."""
    found = (i for i, cell in enumerate(notebook.cells) if cell.cell_type == "markdown" and heading in headings(cell))
    return next(found, len(notebook.cells) - 1)


def parse(cell):
    """Return the syntax tree of a code cell, magic commands and all."""
    return ast.parse(TransformerManager().transform_cell(cell.source))


def calls(cell, name):
    nodes = [node for node in ast.walk(parse(cell)) if isinstance(node, ast.Call)]
    return [node for node in nodes if ast.unparse(node.func).rpartition(".")[2] == name]


def code_lines(cell):
    lines = [line.strip() for line in cell.source.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def first_line(cell):
    return repr(cell.source.partition("\n")[0])


def pictures(cell):
    return [output for output in cell.outputs if any(mime.startswith("image/") for mime in output.get("data", {}))]


def without_pictures(cell):
    for output in cell.outputs:
        kept = {mime: value for mime, value in output.get("data", {}).items() if not mime.startswith("image/")}
        yield {**output, "data": kept}
