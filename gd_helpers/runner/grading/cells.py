"""Find the cells of a chapter that a handout sets or asks for: the one with the parameters, and one for each answer."""

import ast

from gd_helpers.runner.cells import calls, code_cells


def find_parameters(notebook):
    """Return the index of the cell that is tagged ``parameters``, or None."""
    found = (i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", ()))
    return next(found, None)


def write_parameters(source, values):
    """Return the `source` of a cell with parameters with the `values` by name in place of its own.

    Examples
    --------
    >>> write_parameters("seed: int = 37  # of the data", {"seed": 7})
    'seed: int = 7  # of the data'
    """
    lines = [line.encode() for line in source.splitlines()]  # the columns of a syntax tree count bytes
    for node in reversed(ast.parse(source).body):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if getattr(target, "id", None) in values:
            old = node.value
            before, after = lines[old.lineno - 1][: old.col_offset], lines[old.end_lineno - 1][old.end_col_offset :]
            lines[old.lineno - 1 : old.end_lineno] = [before + repr(values[target.id]).encode() + after]
    return b"\n".join(lines).decode()


def find_check(cell, name):
    """Return the last call ``exercises.NAME.check(…)`` in a code cell, as a node of its syntax tree, or None.

    Raises
    ------
    SyntaxError
        If the cell is not Python.
    """
    found = [call for call in calls(cell, "check") if ast.unparse(call.func) == f"exercises.{name}.check"]
    return found[-1] if found else None


def find_answers(notebook, names):
    """Return the id of the first cell that checks it, for each of the exercises `names` that some cell checks."""
    found = {name: [cell.id for cell in code_cells(notebook) if find_check(cell, name)] for name in names}
    return {name: ids[0] for name, ids in found.items() if ids}
