"""Assignments for Otter: chapters as ``otter assign`` takes them, with solutions and hidden tests, for each learner."""

import copy

import nbformat

from gd_helpers.runner.grading.solutions import find_questions, write_solution

FOLDER = "otter"  # beside the folders of the learners

# Learners need no Otter: the exercises tell them what they may know before they hand in.
CONFIG = """\
# ASSIGNMENT CONFIG
init_cell: false
export_cell: false
tests:
  ok_format: false
generate:
  show_hidden: true"""

QUESTION = """\
# BEGIN QUESTION
name: {name}
points: 1
check_cell: false"""

TEST = '''\
""" # BEGIN TEST CONFIG
hidden: true
points: 1
""" # END TEST CONFIG
def test_{name}(env):
    from gd_helpers.runner.grading.hidden_tests import assert_right

    assert_right("{stem}", "{name}", env, {parameters})'''


def make_files(sources, made):
    """Return an assignment for each learner and chapter of the manifest `made`, contents by path.

    `sources` are the notebooks without outputs, by chapter.
    """
    files = {}
    for handout in made.handouts:
        for stem, values in handout.parameters.items():
            notebook = made.chapters[stem].set_parameters(sources[stem], values)
            assignment = _make_assignment(notebook, stem, made.chapters[stem], values)
            files[f"{FOLDER}/{handout.folder}/{stem}.ipynb"] = (nbformat.writes(assignment) + "\n").encode()
    return files


def prepare(notebook, stem, chapter):
    """Return the learner's `notebook` with what tells Otter to test each answer below its cell."""
    notebook, questions = copy.deepcopy(notebook), find_questions(stem, chapter)
    for cell in notebook.cells:
        if question := questions.get(cell.id):
            cell.metadata["otter"] = {"tests": [question.name]}
    return notebook


def _make_assignment(notebook, stem, chapter, parameters):
    questions, cells = find_questions(stem, chapter), [_raw("otter", CONFIG)]
    for cell in notebook.cells:
        question = questions.get(cell.id)
        cells += _make_question(cell, stem, question, parameters) if question else [cell]
    notebook.cells = cells
    return notebook


def _make_question(cell, stem, question, parameters):
    """Return the cells of a question: what bounds its parts, the answer with its solution, and the test."""
    cell.source = write_solution(cell, question, begin="# BEGIN SOLUTION NO PROMPT", end="# END SOLUTION")
    test = TEST.format(stem=stem, name=question.name, parameters=parameters)
    return [
        _raw(f"{cell.id}-question", QUESTION.format(name=question.name)),
        _raw(f"{cell.id}-solution", "# BEGIN SOLUTION"),
        cell,
        _raw(f"{cell.id}-solved", "# END SOLUTION"),
        _raw(f"{cell.id}-tests", "# BEGIN TESTS"),
        nbformat.v4.new_code_cell(test, id=f"{cell.id}-test"),
        _raw(f"{cell.id}-tested", "# END TESTS"),
        _raw(f"{cell.id}-end", "# END QUESTION"),
    ]


def _raw(cell_id, source):
    return nbformat.v4.new_raw_cell(source, id=cell_id)
