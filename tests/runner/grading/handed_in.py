"""Chapters as learners hand them in, right and typically wrong, and the commands of the programs that grade them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from built_site import ROOT
from graded import answer_right, answer_wrong

from gd_helpers.runner.grading.cells import find_parameters
from gd_helpers.runner.grading.solutions import find_questions, write_solution

AUTOGRADERS = Path(sys.prefix, "autograders")
SCRIPTS = AUTOGRADERS / ("Scripts" if os.name == "nt" else "bin")
INSTALL = f"pip install --no-deps --target {AUTOGRADERS} -r requirements-autograders.txt"


def call(*words, home, cwd):
    """Call nbgrader or Otter as a shell would, with a home of its own, and return what it says."""
    environment = {name: value for name, value in os.environ.items() if name not in ("GD_HEADLESS", "MPLBACKEND")}
    environment |= {name: str(home / name) for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "GD_PROGRESS_FILE")}
    environment |= {"OMP_NUM_THREADS": "1"} | ({"GD_HEADLESS": "1"} if words[0] == "otter" else {})
    for name, folders in {"PATH": [SCRIPTS], "PYTHONPATH": [AUTOGRADERS, ROOT]}.items():
        environment[name] = os.pathsep.join([*map(str, folders), environment.get(name, "")])
    command = shutil.which(words[0], path=SCRIPTS)
    assert command, f"{words[0]} is missing: make test installs it, and so does {INSTALL}"
    options = {"text": True, "encoding": "utf-8", "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run([command, *map(str, words[1:])], cwd=cwd, env=environment, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def answer(notebook, stem, chapter, write):
    """Put into each cell of `notebook` that asks for an answer what ``write(question, cell)`` returns."""
    questions = find_questions(stem, chapter)
    for cell in notebook.cells:
        if cell.id in questions:
            cell.source = write(questions[cell.id], cell)


def write_right(question, cell):
    """Return the source of the cell with the worked solution in it."""
    return write_solution(cell, question, begin="# mine", end="# end of mine")


def write_wrong(parameters):
    """Return a function that writes the first misconception of a question, as a learner with `parameters` gives it."""

    def write(question, cell):
        if question.kind == "prediction":
            return answer_wrong(question, 0, parameters)
        mistake = f"import {question.name}\n\n{question.name} = {question.name}.misconceptions[0].answer"
        return f"from {question.solution.__module__} {mistake}\n{cell.source.splitlines()[-1]}"

    return write


def write_right_elsewhere(parameters):
    """Return a function that writes what would be right with other `parameters`; a function is a misconception."""

    def write(question, cell):
        if question.kind == "prediction":
            return answer_right(question, parameters)
        return write_wrong(parameters)(question, cell)

    return write


def set_parameters(notebook, **values):
    """Append `values` to the cell with the parameters, as a learner might who wants other ones."""
    cell = notebook.cells[find_parameters(notebook)]
    cell.source += "".join(f"\n{name} = {value!r}" for name, value in values.items())


def read(path):
    """Return the notebook `path`."""
    return nbformat.read(path, as_version=4)


def write(path, notebook):
    """Write `notebook` to `path`, whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
