"""A chapter as it must be, and how tests break it and read what the rules say."""

from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.runner.cells import code_cells
from gd_helpers.runner.check import find_problems
from gd_helpers.runner.outputs import normalise

CHAPTER = "02_gradient_descent"

OPENING = """# 02 · Descent: which way is down?

*Mirrors section 5.2.* · 20 minutes · Prerequisites: chapter 01

You will be able to go down.

[← 01](01_simulate_data.ipynb) · [03 →](03_batch.ipynb)"""
IMPORTS = """import numpy as np

from gd_helpers import plotting
from gd_helpers.exercises import for_chapter
from gd_helpers.lesson import check_parameters, claim, predict"""
PARAMETERS = """seed: int = 37  # seed of the data
n: int = 1000  # number of points
learning_rate: float = 0.1  # length of a step
updates: int = 100  # steps"""
CALL = f'check_parameters("{CHAPTER}", seed=seed, n=n, learning_rate=learning_rate, updates=updates)'
FIGURE = """fig, ax = plotting.subplots(height=1)
ax.plot([1, 2], [seed, n], label="line")
plotting.show(fig, "A line that rises from left to right.", caption="Look at both ends.")"""
COMPUTATION = """total = np.arange(7).sum()
print("the sum is", total)"""
CLAIM = """claim("The sum is 21", total)
claim("Its square is 441", total**2)
claim("Its half is 10.5", total / 2)"""
SQUARE = "int(total) ** 2"
ASKED = [
    f'predict("Is {number} even?", {{"yes": "Half of it is whole.", "no": "Half of it is not."}}, "yes", key="{key}")'
    for number, key in ((2, "two"), (4, "four"), (6, "six"))
]
RECAP = "## What you can do now\n\n" + "\n".join(f"- tell {each}" for each in "abcde")
EARLIER = "## Three questions on earlier chapters"
FOLDED = {"jupyter": {"source_hidden": True}}
EXERCISES = "So it is.\n\n## Exercises\n\nNow you."
SETUP = f'exercises = for_chapter("{CHAPTER}", seed=seed, n=n)'
PROGRESS = "exercises.progress()"
SOURCES = "## Sources\n\n- None."
LONG = "\n".join(f"value_{number} = {number}" for number in range(16))


def make_chapter():
    """Return the good chapter, executed."""
    cells = [
        new_markdown_cell(OPENING),
        new_code_cell(IMPORTS),
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        new_code_cell(CALL),
        new_markdown_cell("Does the line rise?"),
        new_code_cell(FIGURE),
        new_markdown_cell("It does."),
        new_code_cell(COMPUTATION),
        new_code_cell(CLAIM),
        new_markdown_cell("And its square?"),
        new_code_cell(SQUARE),
        new_markdown_cell("Which numbers are even?"),
        new_code_cell("\n".join(ASKED), metadata=FOLDED),
        new_markdown_cell(RECAP),
        new_markdown_cell(EARLIER),
        new_code_cell("\n".join(ASKED).replace('key="', 'key="earlier_'), metadata=FOLDED),
        new_markdown_cell(EXERCISES),
        new_code_cell(SETUP),
    ]
    for number, question in enumerate(questions_of(CHAPTER), 1):
        tolerance = getattr(question, "tolerance", "exactly")
        accepted = "" if tolerance == "exactly" else f" Accepted: {tolerance}."
        cells.append(new_markdown_cell(f"**Exercise {number}, {question.kind}.** What is it?{accepted}"))
        cells.append(new_code_cell(f"exercises.{question.name}.check(...)"))
    cells += [new_markdown_cell("How far are you?"), new_code_cell(PROGRESS), new_markdown_cell(SOURCES)]
    notebook = new_notebook(cells=cells)
    NotebookClient(notebook, kernel_name="python3", coalesce_streams=True).execute()
    return normalise(notebook)


def cell_with(notebook, text):
    return next(cell for cell in notebook.cells if text in cell.source)


def add_code(notebook, source, position=-1):
    """Put an executed code cell, with prose before it, before the last cell, and count the cells anew."""
    cell = new_code_cell(source)
    notebook.cells[position:position] = [new_markdown_cell("And now this."), cell]
    for number, other in enumerate(code_cells(notebook), 1):
        other.execution_count = number
        for output in other.outputs:
            if "execution_count" in output:
                output.execution_count = number
    return cell


def sentences(notebook, chapter=CHAPTER):
    """Return what the rules say of `notebook`, a sentence a line."""
    return "\n".join(sentence for _, sentence in find_problems(notebook, chapter))


def replaced(notebook, text, old, new):
    """Replace `old` by `new` in the cell that has `text`; return the cell."""
    cell = cell_with(notebook, text)
    assert old in cell.source
    cell.source = cell.source.replace(old, new)
    return cell


def says(notebook, cell, words):
    """Return whether a problem of `notebook`, of this `cell` or of none, has these `words`."""
    problems = find_problems(notebook, CHAPTER)
    return any(words in sentence and (each is None or each is cell) for each, sentence in problems)
