"""The gate lets a good notebook through and stops it for every way in which it can be broken."""

import copy
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import nbformat
import pytest
from cells import code_cells
from gate import find_copies, find_dead_links, find_problems
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from gd_helpers.outputs import normalise
from gd_helpers.parameters import PUBLISHED

SETTINGS = Path(__file__).resolve().parent.parent / "pyproject.toml"
CHAPTER = "06_verify_with_scikit_learn"

OPENING = """# 06 · Verify: which line is the best one?

*Mirrors section 5.2.4.* · 20 minutes · Prerequisites: chapter 05

You will be able to check a fit.

[← 05](05_mini_batch.ipynb) · [07 →](07_summary.ipynb)"""
IMPORTS = """import numpy as np

from gd_helpers import figures
from gd_helpers.claims import claim
from gd_helpers.parameters import check_parameters"""
PARAMETERS = """seed: int = 37  # seed of the data
n: int = 1000  # number of points"""
FIGURE = """fig, ax = figures.subplots(height=1)
ax.plot([1, 2], [seed, n], label="line")
figures.show(fig, "A line that rises from left to right.")"""
COMPUTATION = """total = np.arange(7).sum()
print("the sum is", total)"""
LONG = "\n".join(f"value_{number} = {number}" for number in range(16))


@pytest.fixture(scope="module")
def good():
    """A chapter as it must be, executed."""
    cells = [
        new_markdown_cell(OPENING),
        new_code_cell(IMPORTS),
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        new_code_cell(f'check_parameters("{CHAPTER}", seed=seed, n=n)'),
        new_markdown_cell("**Predict:** does the line rise?"),
        new_code_cell(FIGURE),
        new_markdown_cell("It does."),
        new_code_cell(COMPUTATION),
        new_code_cell('claim("The sum is 21", bool(total == 21))'),
        new_markdown_cell("And its square?"),
        new_code_cell("int(total) ** 2"),
        new_markdown_cell("So it is.\n\n## Exercises\n\n1. What is the sum?\n\n## Sources\n\n- None."),
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


# How each of these breaks the good notebook, and what the gate then says.


def drop_title(notebook):
    notebook.cells[0].source = notebook.cells[0].source.removeprefix("# ")


def drop_question(notebook):
    notebook.cells[0].source = OPENING.replace("?", "")


def add_title(notebook):
    notebook.cells[-1].source = "# Another title\n\n" + notebook.cells[-1].source


def name_other_section(notebook):
    notebook.cells[0].source = OPENING.replace("section 5.2.4", "section 5.2.41")


def drop_minutes(notebook):
    notebook.cells[0].source = OPENING.replace("20 minutes", "some time")


def drop_prerequisites(notebook):
    notebook.cells[0].source = OPENING.replace("Prerequisites", "And")


def drop_aims(notebook):
    notebook.cells[0].source = OPENING.replace("be able to", "hear how to")


def swap_links(notebook):
    notebook.cells[0].source = OPENING.replace("05_mini_batch", "04_stochastic")


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
    cell_with(notebook, "check_parameters(").source = f'check_parameters("{CHAPTER}", seed=37, n=n)'


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
    notebook.cells[-1].source = notebook.cells[-1].source.replace("## Exercises", "## Questions")


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


BROKEN = {
    drop_title: "not a title",
    drop_question: "no question",
    add_title: "2 titles",
    name_other_section: "section 5.2.4",
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
    (tmp_path / "05_mini_batch.ipynb").touch()
    assert list(find_dead_links(notebook, tmp_path)) == ["a link that leads nowhere: 07_summary.ipynb"]


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
