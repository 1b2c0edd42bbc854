"""The gate lets a good notebook through and stops it for every way in which it can be broken."""

import copy
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import gate_exercises
import nbformat
import pytest
from cells import code_cells
from gate import check_opening, find_copies, find_dead_links, find_problems
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.outputs import normalise

SETTINGS = Path(__file__).resolve().parents[2] / "pyproject.toml"
CHAPTER = "02_gradient_descent"

OPENING = """# 02 · Descent: which way is down?

*Mirrors section 5.2.* · 20 minutes · Prerequisites: chapter 01

You will be able to go down.

[← 01](01_simulate_data.ipynb) · [03 →](03_batch.ipynb)"""
IMPORTS = """import numpy as np

from gd_helpers.plotting import figures
from gd_helpers.lesson.claims import claim
from gd_helpers.exercises import for_chapter
from gd_helpers.lesson.parameters import check_parameters"""
PARAMETERS = """seed: int = 37  # seed of the data
n: int = 1000  # number of points
learning_rate: float = 0.1  # length of a step
updates: int = 100  # steps"""
CALL = "seed=seed, n=n, learning_rate=learning_rate, updates=updates"
FIGURE = """fig, ax = figures.subplots(height=1)
ax.plot([1, 2], [seed, n], label="line")
figures.show(fig, "A line that rises from left to right.")"""
COMPUTATION = """total = np.arange(7).sum()
print("the sum is", total)"""
LONG = "\n".join(f"value_{number} = {number}" for number in range(16))


SETUP = f'exercises = for_chapter("{CHAPTER}", seed=seed, n=n)'


def ask(questions):
    """Return the cells that ask for each exercise, and leave it open."""
    for number, question in enumerate(questions, 1):
        yield new_markdown_cell(f"**Exercise {number}, {question.kind}.** What is it?")
        yield new_code_cell(f"exercises.{question.name}.check(...)")


@pytest.fixture(scope="module")
def good():
    """A chapter as it must be, executed."""
    cells = [
        new_markdown_cell(OPENING),
        new_code_cell(IMPORTS),
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        new_code_cell(f'check_parameters("{CHAPTER}", {CALL})'),
        new_markdown_cell("**Predict:** does the line rise?"),
        new_code_cell(FIGURE),
        new_markdown_cell("It does."),
        new_code_cell(COMPUTATION),
        new_code_cell('claim("The sum is 21", bool(total == 21))'),
        new_markdown_cell("And its square?"),
        new_code_cell("int(total) ** 2"),
        new_markdown_cell("So it is.\n\n## Exercises\n\nNow you."),
        new_code_cell(SETUP),
        *ask(questions_of(CHAPTER)),
        new_markdown_cell("How far are you?"),
        new_code_cell("exercises.progress()"),
        new_markdown_cell("## Sources\n\n- None."),
    ]
    notebook = new_notebook(cells=cells)
    NotebookClient(notebook, kernel_name="python3", coalesce_streams=True).execute()
    return normalise(notebook)


@pytest.fixture
def notebook(good):
    return copy.deepcopy(good)


def cell_with(notebook, text):
    return next(cell for cell in notebook.cells if text in cell.source)


def problems(notebook):
    return "\n".join(find_problems(notebook, CHAPTER))


def add_code(notebook, source, position=-1):
    """Put an executed code cell, with prose before it, before the last cell, and count the cells anew."""
    cell = new_code_cell(source)
    notebook.cells[position:position] = [new_markdown_cell("And now this."), cell]
    for count, other in enumerate(code_cells(notebook), 1):
        other.execution_count = count
    return cell


def test_a_good_notebook_passes(notebook):
    assert find_problems(notebook, CHAPTER) == []


def test_a_chapter_beyond_the_source_says_so(notebook):
    said = OPENING.replace("Mirrors section 5.2.", "Part II: beyond the source chapter.")
    missing = "the opening does not say *Part II: beyond the source chapter.*"
    assert missing in list(check_opening(notebook, "12_learning_rate"))
    notebook.cells[0].source = said
    assert missing not in list(check_opening(notebook, "12_learning_rate"))


# How each of these breaks the good notebook, and what the gate then says.


def drop_title(notebook):
    notebook.cells[0].source = notebook.cells[0].source.removeprefix("# ")


def drop_question(notebook):
    notebook.cells[0].source = OPENING.replace("?", "")


def add_title(notebook):
    notebook.cells[-1].source = "# Another title\n\n" + notebook.cells[-1].source


def name_other_section(notebook):
    notebook.cells[0].source = OPENING.replace("section 5.2", "section 5.2.1")


def drop_minutes(notebook):
    notebook.cells[0].source = OPENING.replace("20 minutes", "some time")


def drop_prerequisites(notebook):
    notebook.cells[0].source = OPENING.replace("Prerequisites", "And")


def drop_aims(notebook):
    notebook.cells[0].source = OPENING.replace("be able to", "hear how to")


def swap_links(notebook):
    notebook.cells[0].source = OPENING.replace("01_simulate_data", "00_introduction")


def drop_parameters(notebook):
    notebook.cells.remove(cell_with(notebook, PARAMETERS))


def untag_parameters(notebook):
    cell_with(notebook, PARAMETERS).metadata = {}


def tag_twice(notebook):
    cell_with(notebook, COMPUTATION).metadata = {"tags": ["parameters"]}


def change_parameter(notebook):
    cell_with(notebook, PARAMETERS).source = PARAMETERS.replace("1000", "1001")


def drop_type(notebook):
    cell_with(notebook, PARAMETERS).source = PARAMETERS.replace("n: int", "n")


def drop_comment(notebook):
    cell_with(notebook, PARAMETERS).source = PARAMETERS.partition("  # number")[0]


def mistake_type(notebook):
    cell_with(notebook, PARAMETERS).source = PARAMETERS.replace("n: int", "n: float")


def check_one_parameter_only(notebook):
    cell_with(notebook, "check_parameters(").source = f'check_parameters("{CHAPTER}", seed=seed)'


def check_constant(notebook):
    cell_with(notebook, "check_parameters(").source = f'check_parameters("{CHAPTER}", {CALL.replace("=seed", "=37")})'


def import_late(notebook):
    cell_with(notebook, COMPUTATION).source = "import scipy\n" + COMPUTATION


def compute_among_imports(notebook):
    cell_with(notebook, IMPORTS).source = IMPORTS + "\nrng = np.random.default_rng(1)"


def swap_cells(notebook):
    one, other = (notebook.cells.index(cell_with(notebook, text)) for text in (FIGURE, COMPUTATION))
    notebook.cells[one], notebook.cells[other] = notebook.cells[other], notebook.cells[one]


def drop_count(notebook):
    code_cells(notebook)[-1].execution_count = None


def store_error(notebook):
    code_cells(notebook)[-1].outputs = [new_output("error", ename="ValueError", evalue="no", traceback=[])]


def store_warning(notebook):
    code_cells(notebook)[-1].outputs.append(new_output("stream", name="stderr", text="UserWarning: beware"))


def store_widget(notebook):
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "IntSlider()"}
    code_cells(notebook)[-1].outputs.append(new_output("display_data", view))


def loosen_by_tag(notebook):
    code_cells(notebook)[-1].metadata = {"tags": ["nbval-ignore-output"]}


def loosen_by_comment(notebook):
    cell_with(notebook, COMPUTATION).source = "# NBVAL_IGNORE_OUTPUT\n" + COMPUTATION


def keep_timing(notebook):
    code_cells(notebook)[-1].metadata = {"execution": {"shell.execute_reply": "2026-01-01T00:00:00"}}


def show_path(notebook):
    cell_with(notebook, COMPUTATION).outputs[0].text = "saved in /home/ann/course/figure.png\n"


def show_windows_path(notebook):
    cell_with(notebook, COMPUTATION).outputs[0].text = "saved in C:\\course\\figure.png\n"


def show_address(notebook):
    cell_with(notebook, COMPUTATION).outputs[0].text = "<function f at 0x7f1ff5366190>\n"


def lengthen(notebook):
    add_code(notebook, LONG)


def lengthen_beside_a_function(notebook):
    add_code(notebook, "def f():\n    " + LONG.replace("\n", "\n    ") + "\n\n\nf()\nprint(1)")


def drop_figure(notebook):
    cell_with(notebook, FIGURE).outputs = []


def drop_alt(notebook):
    del cell_with(notebook, FIGURE).outputs[0].metadata["image/png"]["alt"]


def drop_numbers(notebook):
    cell_with(notebook, FIGURE).outputs[0].data["text/plain"] = "<Figure size 640x480 with 1 Axes>"


def drop_claim(notebook):
    cell_with(notebook, "claim(").source = "print(total)"


def drop_exercises(notebook):
    cell = cell_with(notebook, "## Exercises")
    cell.source = cell.source.replace("## Exercises", "## Questions")


def drop_sources(notebook):
    notebook.cells[-1].source = notebook.cells[-1].source.replace("## Sources", "```\n## Sources\n```")


def end_with_code(notebook):
    notebook.cells.append(new_code_cell("1", execution_count=8))


def drop_prose(notebook):
    notebook.cells.remove(cell_with(notebook, "It does."))


def repeat_id(notebook):
    notebook.cells[1].id = notebook.cells[2].id


def misname_type(notebook):
    notebook.cells[-1].cell_type = "prose"


def star(notebook):
    cell_with(notebook, IMPORTS).source += "\nfrom numpy import *"


def use_sys_path(notebook):
    cell_with(notebook, COMPUTATION).source += '\nsys.path.append("..")'


def use_plt_show(notebook):
    cell_with(notebook, COMPUTATION).source += "\nplt.show()"


def install(notebook):
    cell_with(notebook, COMPUTATION).source = "%pip install torch\n" + COMPUTATION


def install_by_shell(notebook):
    cell_with(notebook, COMPUTATION).source = "!pip install torch\n" + COMPUTATION


def download(notebook):
    cell_with(notebook, COMPUTATION).source += '\nurllib.request.urlopen("data.csv")'


def download_data_set(notebook):
    cell_with(notebook, COMPUTATION).source += "\ndata = fetch_california_housing()"


def set_up_with_a_constant(notebook):
    cell_with(notebook, "for_chapter(").source = SETUP.replace("n=n", "n=1000")


def set_up_twice(notebook):
    cell_with(notebook, COMPUTATION).source += f"\n{SETUP}"


def first_check(notebook):
    return next(index for index, cell in enumerate(notebook.cells) if "exercises." in cell.source)


def drop_exercise(notebook):
    del notebook.cells[first_check(notebook)]


def swap_exercises(notebook):
    first = first_check(notebook)
    one, other = notebook.cells[first], notebook.cells[first + 2]
    one.source, other.source = other.source, one.source


def ask_above_the_heading(notebook):
    first = first_check(notebook)
    cells = notebook.cells[first - 1 : first + 1]
    del notebook.cells[first - 1 : first + 1]
    position = notebook.cells.index(cell_with(notebook, "## Exercises"))
    notebook.cells[position:position] = cells


def misname_exercise(notebook):
    cell = notebook.cells[first_check(notebook) - 1]
    cell.source = cell.source.replace("prediction", "code")


def miscount_exercise(notebook):
    cell = notebook.cells[first_check(notebook) - 1]
    cell.source = cell.source.replace("Exercise 1", "Exercise 2")


def answer_exercise(notebook):
    data = notebook.cells[first_check(notebook)].outputs[0].data
    data["text/plain"] = data["text/plain"].replace("○ Exercise 1, not answered yet.", "✓ Exercise 1, right.")


def drop_progress(notebook):
    notebook.cells.remove(cell_with(notebook, "exercises.progress()"))


BROKEN = {
    drop_title: "not a title",
    drop_question: "no question",
    add_title: "2 titles",
    name_other_section: "section 5.2,",
    drop_minutes: "minutes",
    drop_prerequisites: "prerequisites",
    drop_aims: "able to do",
    swap_links: "links to",
    drop_parameters: "0 cells tagged",
    untag_parameters: "0 cells tagged",
    tag_twice: "2 cells tagged",
    change_parameter: "not the published ones",
    drop_type: "name: type = value",
    drop_comment: "name: type = value",
    mistake_type: "not of type float",
    check_one_parameter_only: "does not check all",
    check_constant: "does not check all",
    import_late: "imports outside",
    compute_among_imports: "imports alone",
    swap_cells: "in order",
    drop_count: "in order",
    store_error: "stored error: ValueError",
    store_warning: "stderr",
    store_widget: "widget",
    loosen_by_tag: "loosens",
    loosen_by_comment: "loosens",
    keep_timing: "not normalised",
    show_path: "path of a machine, '/home/",
    show_windows_path: "path of a machine, 'C:",
    show_address: "same on every machine",
    lengthen: "16 lines",
    lengthen_beside_a_function: "19 lines",
    drop_figure: "no figure",
    drop_alt: "without alt text",
    drop_numbers: "without the numbers",
    drop_claim: "no claim",
    drop_exercises: "last two sections",
    drop_sources: "last two sections",
    end_with_code: "last cell is not prose",
    drop_prose: "three code cells in a row",
    repeat_id: "ids",
    misname_type: "not a valid notebook",
    star: "star import",
    use_sys_path: "sys.path",
    use_plt_show: "plt.show",
    install: "installation",
    install_by_shell: "installation",
    download: "download",
    download_data_set: "download",
    set_up_with_a_constant: "not set up once",
    set_up_twice: "not set up once",
    drop_exercise: "not asked for once each",
    swap_exercises: "not asked for once each",
    ask_above_the_heading: "not asked for once each",
    misname_exercise: "no prompt that begins with '**Exercise 1, prediction.**",
    miscount_exercise: "no prompt that begins with '**Exercise 1, prediction.**",
    answer_exercise: "not open",
    drop_progress: "not asked for once each",
}


@pytest.mark.parametrize(("break_it", "words"), BROKEN.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_broken_notebook_is_stopped_with_the_reason(notebook, break_it, words):
    break_it(notebook)
    assert words in problems(notebook)


def test_a_long_cell_may_be_one_function(notebook):
    add_code(notebook, "def f():\n    " + LONG.replace("\n", "\n    ") + "\n\n\nf()")
    assert problems(notebook) == ""


def test_comments_and_blank_lines_do_not_make_a_cell_long(notebook):
    add_code(notebook, "# a reason\n\n" * 20 + "total + 1")
    assert problems(notebook) == ""


def test_a_figure_in_the_sixth_cell_is_too_late(notebook):
    figure = cell_with(notebook, FIGURE)
    position = notebook.cells.index(figure)
    add_code(notebook, "total = 1", position)
    assert "no figure" not in problems(notebook)
    add_code(notebook, "total = 2", position)
    assert "no figure" in problems(notebook)


def test_the_first_chapter_needs_no_previous_one(notebook):
    first = min(PUBLISHED)
    notebook.cells[0].source = "# One?\n\n[next](01_simulate_data.ipynb)"
    assert "links to" not in "\n".join(find_problems(notebook, first))


@pytest.mark.parametrize("chosen", [[0, 4], [0, 1, 2], [3, 4, 3], [0, 1, 2, 3, 4, 4]], ids=str)
def test_three_to_five_exercises_with_a_prediction_and_code_are_wanted(notebook, monkeypatch, chosen):
    questions = questions_of(CHAPTER)
    monkeypatch.setattr(gate_exercises, "questions_of", lambda _: [questions[place] for place in chosen])
    assert f"{len(chosen)} exercises, not three to five with" in problems(notebook)


def test_a_chapter_without_exercises_is_stopped(notebook, monkeypatch):
    monkeypatch.setattr(gate_exercises, "chapters_with_exercises", list)
    assert "no exercises: gd_helpers/exercises/gradient_descent.py is missing" in problems(notebook)


def test_five_lines_that_two_notebooks_share_are_found(notebook):
    other = copy.deepcopy(notebook)
    add_code(notebook, "a = 0\n" + "\n".join(LONG.splitlines()[:5]))
    add_code(other, "\n\n# elsewhere\n".join(LONG.splitlines()[:5]) + "\nb = 0")
    assert len(list(find_copies({"one": notebook, "other": other}))) == 1


def test_four_lines_that_two_notebooks_share_are_no_copy(notebook):
    other = copy.deepcopy(notebook)
    for each in (notebook, other):
        add_code(each, "\n".join(LONG.splitlines()[:4]))
    assert list(find_copies({"one": notebook, "other": other})) == []


def test_links_are_followed(notebook, tmp_path):
    (tmp_path / "01_simulate_data.ipynb").touch()
    assert list(find_dead_links(notebook, tmp_path)) == ["a link that leads nowhere: 03_batch.ipynb"]


# What nbval says of stored outputs, with the settings that the chapters are tested with.


def change_digit(notebook):
    cell_with(notebook, COMPUTATION).outputs[0].text = "the sum is 22\n"


def change_figure(notebook):
    data = cell_with(notebook, FIGURE).outputs[0].data
    data["text/plain"] = data["text/plain"].replace("1000", "1001")


def change_claim(notebook):
    data = cell_with(notebook, "claim(").outputs[0].data
    data["application/vnd.gd-helpers.claim+json"]["holds"] = False


def drop_output(notebook):
    cell_with(notebook, "** 2").outputs = []


STORED = {change_digit: COMPUTATION, change_figure: FIGURE, change_claim: "claim(", drop_output: "** 2"}


@pytest.fixture(scope="module")
def stopped(good, tmp_path_factory):
    """The code cells that nbval stops in the good notebook and in one that is broken in each way of `STORED`."""
    folder = tmp_path_factory.mktemp("notebooks")
    broken = copy.deepcopy(good)
    for break_it in STORED:
        break_it(broken)
    nbformat.write(good, folder / "good.ipynb")
    nbformat.write(broken, folder / "broken.ipynb")
    options = ["-c", SETTINGS, "--rootdir=.", "-p", "no:cacheprovider", "--junitxml=report.xml", "."]
    run = subprocess.run([sys.executable, "-m", "pytest", *options], cwd=folder, capture_output=True, text=True)
    assert run.returncode == 1, run.stdout + run.stderr
    stopped = {"good": [], "broken": []}
    for case in ET.parse(folder / "report.xml").iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            stopped[case.get("classname").split(".")[0]].append(int(case.get("name").split()[-1]))
    return {name: [code_cells(good)[number].source for number in numbers] for name, numbers in stopped.items()}


def test_no_output_of_a_good_notebook_is_stopped(stopped):
    assert stopped["good"] == []


@pytest.mark.parametrize("break_it", STORED, ids=lambda value: value.__name__)
def test_a_changed_output_is_stopped(stopped, break_it):
    assert any(STORED[break_it] in source for source in stopped["broken"])


def test_no_unchanged_output_of_a_broken_notebook_is_stopped(stopped):
    assert len(stopped["broken"]) == len(STORED)
