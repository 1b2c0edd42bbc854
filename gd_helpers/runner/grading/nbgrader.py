"""A course folder of nbgrader: chapters with solutions and hidden tests, and learners' notebooks that it can grade."""

import copy
import csv
import io
import json
import os
import sys
from pathlib import Path

import nbformat

from gd_helpers.runner.grading import manifest
from gd_helpers.runner.grading.hidden_tests import PARAMETERS
from gd_helpers.runner.grading.solutions import find_questions, write_solution

FOLDER = "nbgrader"  # beside the folders of the learners

CONFIG = '''\
"""The course in nbgrader, as handout made it."""

import os

os.environ["GD_HEADLESS"] = "1"  # no widgets in what is graded, and nobody's progress is kept

c = get_config()
c.CourseDirectory.course_id = "gradient-descent"
c.ClearSolutions.code_stub = {"python": "# Put your answer in place of the ..."}
c.OverwriteCells.add_missing_cells = True
c.Execute.timeout = 600  # seconds that a cell may take
c.Autograde.pre_convert_hook = "gd_helpers.runner.grading.nbgrader.pass_parameters"
'''

TEST = """\
# 1 point for exercise {number}
### BEGIN HIDDEN TESTS
from gd_helpers.runner.grading.hidden_tests import assert_right

assert_right("{stem}", "{name}", globals())
### END HIDDEN TESTS"""


def make_files(sources, made):
    """Return the files of the course, contents by path: its configuration, its students, and a source for each chapter.

    Parameters
    ----------
    sources : dict
        Notebooks without outputs, by chapter.
    made : manifest.Manifest
        What was handed out. A student's id is the name of the learner's folder.
    """
    students = io.StringIO()
    csv.writer(students, lineterminator="\n").writerows([["id"], *([each.folder] for each in made.handouts)])
    files = {f"{FOLDER}/nbgrader_config.py": CONFIG, f"{FOLDER}/students.csv": students.getvalue()}
    for stem, chapter in made.chapters.items():
        solved = _add_tests(sources[stem], stem, chapter, solved=True)
        files[f"{FOLDER}/source/{stem}/{stem}.ipynb"] = nbformat.writes(solved) + "\n"
    return {path: text.encode() for path, text in files.items()}


def prepare(notebook, stem, chapter):
    """Return the learner's `notebook` with a cell below each answer, to which nbgrader adds the hidden test."""
    return _add_tests(notebook, stem, chapter, solved=False)


def _add_tests(notebook, stem, chapter, *, solved):
    notebook, questions = copy.deepcopy(notebook), find_questions(stem, chapter)
    cells, number = [], 0
    for cell in notebook.cells:
        cells.append(cell)
        if question := questions.get(cell.id):
            number += 1
            cell.metadata["nbgrader"] = _describe(question.name, solution=True)
            if solved:
                cell.source = write_solution(cell, question, begin="### BEGIN SOLUTION", end="### END SOLUTION")
            test = TEST.format(number=number, stem=stem, name=question.name)
            cells.append(_make_test(cell.id, question.name, test if solved else test.partition("\n")[0]))
    notebook.cells = cells
    return notebook


def _describe(grade_id, **kinds):
    none = {"grade": False, "locked": False, "solution": False, "task": False}
    return {"schema_version": 3, "grade_id": grade_id, **none, **kinds}


def _make_test(cell_id, name, source):
    described = _describe(f"test-{name}", grade=True, locked=True, points=1)
    metadata = {"deletable": False, "editable": False, "nbgrader": described}
    return nbformat.v4.new_code_cell(source, metadata=metadata, id=f"{cell_id}-test")


def pass_parameters(assignment, student, notebooks):
    """Give the kernel that grades a learner's `notebooks` the parameters that were handed out; nbgrader calls this.

    `assignment` and `student` are what nbgrader was asked to grade, maybe a pattern; the paths say whom it grades.
    """
    os.environ.pop(PARAMETERS, None)  # those of the learner before
    path = Path(notebooks[0]).resolve()
    folder, course = path.parents[1].name, path.parents[3]
    handouts = manifest.read_manifest(course.parent / manifest.FILE).handouts
    found = [each.parameters for each in handouts if each.folder == folder]
    if found:
        os.environ[PARAMETERS] = json.dumps(found[0])
    else:
        print(f"{folder!r} is nobody's folder in {manifest.FILE}, and gets no points", file=sys.stderr)
