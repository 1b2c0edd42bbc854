"""A course of short chapters for tests of grading, and learners who fill in its exercises."""

import nbformat

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.exercises.question import given
from gd_helpers.runner.cells import calls, code_cells
from gd_helpers.runner.chapters import NOTEBOOKS
from gd_helpers.runner.grading.cells import find_answers, find_check

IMPORTS = """\
import numpy as np
import pandas as pd
import torch
from scipy import stats

from gd_helpers.data import simulate_line
from gd_helpers.exercises import for_chapter
"""


def write_course(folder, *stems):
    """Write chapters of these names, each with the parameters and the exercises of the real one, and nothing else."""
    folder.mkdir(exist_ok=True)
    for stem in stems:
        notebook = nbformat.read(NOTEBOOKS / f"{stem}.ipynb", as_version=4)
        names = [question.name for question in questions_of(stem)]
        kept = [cell for cell in code_cells(notebook) if is_kept(cell, names)]
        notebook.cells = [nbformat.v4.new_code_cell(IMPORTS, id="imports"), *kept]
        nbformat.write(notebook, folder / f"{stem}.ipynb")
    return folder


def is_kept(cell, names):
    """Return whether a code cell of a chapter is needed for its exercises `names`."""
    tagged = "parameters" in cell.metadata.get("tags", ())
    return tagged or calls(cell, "for_chapter") or any(find_check(cell, name) for name in names)


def fill_in(path, sources):
    """Put `sources` of cells by exercise into the notebook `path`, in place of those that check them."""
    notebook = nbformat.read(path, as_version=4)
    for name, key in find_answers(notebook, sources).items():
        (cell,) = [each for each in notebook.cells if each.id == key]
        cell.source = sources[name]
    nbformat.write(notebook, path)


def add_cell(path, source, place=1, **parts):
    """Insert a code cell into the notebook `path`."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(place, nbformat.v4.new_code_cell(source, **parts))
    nbformat.write(notebook, path)


def answer_right(question, parameters):
    """Return the source of a cell with the right answer."""
    check = f"exercises.{question.name}.check"
    if question.kind == "code":
        module = question.solution.__module__
        return f"from {module} import {question.name} as solution\n{check}(solution.solution)"
    return f"answer = {to_source(given(question.solution, parameters))}\n{check}(answer)"


def answer_wrong(question, number, parameters):
    """Return the source of a cell with the misconception `number` of a question, counted from 0."""
    check, misconception = f"exercises.{question.name}.check", question.misconceptions[number]
    if question.kind == "code":
        module = question.solution.__module__
        wrong = f"question.misconceptions[{number}].answer"
        return f"from {module} import {question.name} as question\n{check}({wrong})"
    return f"answer = {to_source(given(misconception.answer, parameters))}\n{check}(answer)"


def to_source(value):
    """Return `value` as Python; in place of None, which stands for any number, is a wrong one."""
    if isinstance(value, str):
        return repr(value)
    parts = value if isinstance(value, tuple | list) else [value]
    return ", ".join("123456.789" if part is None else repr(float(part)) for part in parts)
