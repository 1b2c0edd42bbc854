"""Write the notebook that a learner gets back: theirs, executed, with the verdicts in it."""

import nbformat

from gd_helpers.exercises.feedback import COLOURS, SIGNS
from gd_helpers.lesson.box import GREY, Box

SHOWN = ("text/plain", "text/latex", "image/png", "image/jpeg")  # what can run nothing where it is opened
WORDS = {"right": "right", "wrong": "not right", "unanswered": "not answered"}


def make_feedback(learner, stem, parameters, rows, executed=None, prepared=None):
    """Return the feedback on one notebook: a summary, and below each answer its verdict.

    Of the outputs, pictures and plain texts are kept. `rows` are those of `judge_notebook`; `executed` is the notebook
    as far as it was executed, or None.
    """
    cells, verdicts = [_summarise(learner, stem, parameters, rows)], _place_verdicts(rows, prepared)
    captures = {key for places in (prepared.answers.values() if prepared else ()) for _, key in places}
    for cell in executed.cells if executed else ():
        if cell.id not in captures and "papermill-error-cell-tag" not in cell.metadata.get("tags", ()):
            cells.append(_clean(cell))
        cells += [_show(row) for row in verdicts.get(cell.id, ())]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def _place_verdicts(rows, prepared):
    """Return the rows by the id of the cell that they are shown below."""
    placed = {}
    for row in rows if prepared else ():
        for _, key in prepared.answers.get(row["exercise"], ())[:1]:
            placed.setdefault(key, []).append(row)
    return placed


def _summarise(learner, stem, parameters, rows):
    solved = sum(row["points"] for row in rows)
    values = ", ".join(f"{name} = {value}" for name, value in parameters.items())
    lines = [f"{_head(row)} {'' if row['state'] == 'right' else row['message']}".strip() for row in rows]
    trouble = f"The notebook was not run to its end: {rows[0]['reason']}." if rows[0]["reason"] else ""
    heading = f"{stem}, {learner}: {solved} of {len(rows)} exercises right."
    return _make_cell(Box(heading, f"{trouble} Judged for {values}.".strip(), GREY, lines), "graded-summary")


def _show(row):
    return _make_cell(Box(_head(row), row["message"], COLOURS.get(row["state"], GREY)), f"graded-{row['number']}")


def _head(row):
    words = WORDS.get(row["state"], row["state"])
    return f"{SIGNS.get(row['state'], '○')} Exercise {row['number']}, `{row['exercise']}`: {words}."


def _make_cell(box, key):
    return nbformat.v4.new_markdown_cell(box._repr_html_(), id=key)


def _clean(cell):
    """Return a copy of a cell without metadata, and without outputs that run something where they are opened."""
    if cell.cell_type != "code":
        return nbformat.from_dict({**cell, "metadata": {}})
    outputs = []
    for output in cell.outputs:
        if output.output_type in ("stream", "error"):
            outputs.append(output)
        elif data := {mime: content for mime, content in output.get("data", {}).items() if mime in SHOWN}:
            outputs.append(nbformat.v4.new_output("display_data", data))
    return nbformat.v4.new_code_cell(cell.source, id=cell.id, outputs=outputs, execution_count=cell.execution_count)
