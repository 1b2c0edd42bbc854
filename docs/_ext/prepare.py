"""Prepare a stored chapter for a page: each output is left in the one form that the page shows.

The forms of the page's own, by MIME type, are JSON that `renderer` makes HTML of:

- ``CLAIM``: a list of claims, each with the code that checked it; ``folded`` if they do not stand out;
- ``EXPLORER``, ``PREDICTION``, ``ANSWER``: as the notebook stores them, a prediction with its answer;
- ``EXERCISE``: the data of one exercise, from the question bank.
"""

import ast
import re

import evidence
import launch
import question_data
from nbformat.v4 import new_output

from gd_helpers.lesson.claims import CLAIM_MIME
from gd_helpers.lesson.commitments import ANSWER_MIME, PREDICTION_MIME
from gd_helpers.lesson.fold import CHECKS_MIME
from gd_helpers.lesson.results import RESULTS_MIME
from gd_helpers.mime import EXPLORER_MIME
from gd_helpers.plotting.figures import VISUALLY_HIDDEN

CLAIM, EXERCISE = "application/vnd.gd-site.claims+json", "application/vnd.gd-site.exercise+json"
EXPLORER, PREDICTION, ANSWER = EXPLORER_MIME, PREDICTION_MIME, ANSWER_MIME
PICTURES = ("image/png", "image/svg+xml")


def prepare_chapter(chapter, notebook):
    """Return `notebook` with the outputs that its page shows, and without the code that these repeat."""
    answers = _find_answers(notebook)
    counter = evidence.Counter(chapter)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            _add_tag(cell, "hide-input")
        _prepare_cell(chapter, cell, answers, counter)
    notebook.metadata.pop("widgets", None)
    notebook.cells[0].source += f"\n\n{launch.make_links(chapter, '../')}"
    return notebook


def _add_tag(cell, tag):
    cell.metadata["tags"] = [*cell.metadata.get("tags", []), tag]


def _is_only(source, names):
    """Return whether each statement of a cell calls one of the functions `names`, whose output says as much."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic command
        return False
    calls = [getattr(node, "value", None) for node in body]
    return bool(calls) and all(isinstance(call, ast.Call) and ast.unparse(call.func) in names for call in calls)


def _find_answers(notebook):
    """Return the stored answers by the id of their prediction."""
    datas = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    return {data[ANSWER]["id"]: data[ANSWER]["answer"] for data in datas if ANSWER in data}


def _prepare_cell(chapter, cell, answers, counter):
    exercise = re.search(r"^exercises\.(\w+)(?:\.check)?\(", cell.source, re.MULTILINE)
    if exercise and cell.outputs:
        data = question_data.describe_exercise(chapter, exercise[1])
        cell.outputs = [_output(EXERCISE, data)]
        if data["kind"] != "code":
            _add_tag(cell, "remove-input")
        return
    if _is_only(cell.source, ("predict", "claim", "check")):
        _add_tag(cell, "remove-input")
    cell.outputs = [each for output in cell.outputs for each in _convert(output, cell, answers, counter)]


def _convert(output, cell, answers, counter):
    """Return the outputs that the page shows in place of `output`."""
    data = output.get("data", {})
    if CLAIM_MIME in data or CHECKS_MIME in data:
        stored = [data[CLAIM_MIME]] if CLAIM_MIME in data else data[CHECKS_MIME]
        claims = [counter.with_evidence(claim, cell.source) for claim in stored]
        return [_output(CLAIM, {"chapter": counter.chapter, "folded": CHECKS_MIME in data, "claims": claims})]
    if PREDICTION in data:
        prediction = data[PREDICTION]
        later = prediction["answer"] is None
        answer = answers.get(prediction["id"]) if later else prediction["answer"]
        return [_output(PREDICTION, {**prediction, "answer": answer, "later": later})]
    if ANSWER in data:
        return [_output(ANSWER, {**data[ANSWER], "html": data["text/html"]})]
    if RESULTS_MIME in data or is_description(output):
        return [] if is_description(output) else [_only(output, "text/html")]
    if picture := next((kind for kind in PICTURES if kind in data), None):
        bundles = [data[EXPLORER]] if EXPLORER in data else []
        return [_only(output, picture), *(_output(EXPLORER, bundle) for bundle in bundles)]
    if "text/html" in data:  # a table of pandas, whose style an EPUB can't read and the page has one for
        data["text/html"] = re.sub("<style scoped>.*?</style>", "", data["text/html"], flags=re.DOTALL)
    return [output]


def is_description(output):
    """Return whether `output` repeats the texts of the picture above it, as JupyterLab needs them."""
    return f'<p style="{VISUALLY_HIDDEN}">' in output.get("data", {}).get("text/html", "")


def _only(output, mime):
    return new_output("display_data", {mime: output.data[mime]}, metadata=output.metadata)


def _output(mime, data):
    return new_output("display_data", {mime: data})
