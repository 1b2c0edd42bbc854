"""The rules for code cells stop every way in which these can be wrong."""

import copy

import pytest
from good_chapter import (
    CALL,
    CLAIM,
    COMPUTATION,
    IMPORTS,
    LONG,
    PARAMETERS,
    add_code,
    cell_with,
    replaced,
    says,
    sentences,
)

from gd_helpers.runner.rules.code import find_copies

FUNCTION = "def f():\n    " + LONG.replace("\n", "\n    ")

# The text of a cell, what in it is replaced, by what, and what the rules say then.
EDITS = {
    "another value": (PARAMETERS, "1000", "1001", "not the published ones"),
    "another order": (PARAMETERS, PARAMETERS, "\n".join(PARAMETERS.splitlines()[::-1]), "not the published ones"),
    "no type": (PARAMETERS, "n: int", "n", "name: type = value"),
    "no comment": (PARAMETERS, "  # number of points", "", "name: type = value"),
    "no plain value": (PARAMETERS, "1000", "10 * 100", "name: type = value"),
    "another type": (PARAMETERS, "n: int", "n: float", "not of type float"),
    "one parameter unchecked": (CALL, ", n=n", "", "does not check all"),
    "a constant checked": (CALL, "seed=seed", "seed=37", "does not check all"),
    "a late import": (COMPUTATION, COMPUTATION, f"import scipy\n{COMPUTATION}", "imports outside"),
    "more than imports": (IMPORTS, IMPORTS, f"{IMPORTS}\nrng = np.random.default_rng(1)", "imports alone"),
    "a star import": (IMPORTS, "import check_parameters, claim, predict", "import *", "star import"),
    "sys.path": (COMPUTATION, "print", "sys.path.append", "sys.path"),
    "plt.show": (COMPUTATION, "print", "plt.show", "plt.show"),
    "an installation": (COMPUTATION, "total =", "%pip install torch\ntotal =", "installation"),
    "an installation by the shell": (COMPUTATION, "total =", "!pip install torch\ntotal =", "installation"),
    "a download": (COMPUTATION, "print", "urllib.request.urlopen", "download"),
    "a data set that is downloaded": (COMPUTATION, "print", "fetch_california_housing", "download"),
    "a mark for nbval": (COMPUTATION, "total =", "# NBVAL_IGNORE_OUTPUT\ntotal =", "loosens"),
    "no claim": (CLAIM, CLAIM, "print(total)", "no claim"),
}


@pytest.mark.parametrize(("text", "old", "new", "words"), EDITS.values(), ids=EDITS)
def test_code_that_is_not_as_it_must_be_is_stopped(notebook, text, old, new, words):
    cell = replaced(notebook, text, old, new)
    assert says(notebook, cell, words)


def test_a_chapter_without_parameters_is_stopped(notebook):
    notebook.cells.remove(cell_with(notebook, PARAMETERS))
    assert "0 cells tagged" in sentences(notebook)


def test_a_chapter_with_two_cells_of_parameters_is_stopped(notebook):
    cell_with(notebook, COMPUTATION).metadata = {"tags": ["parameters"]}
    assert "2 cells tagged" in sentences(notebook)


@pytest.mark.parametrize(("source", "length"), [(LONG, 16), (f"{FUNCTION}\n\n\nf()\nprint(1)", 19)])
def test_a_long_cell_is_stopped(notebook, source, length):
    cell = add_code(notebook, source)
    assert says(notebook, cell, f"a cell of {length} lines")


def test_a_long_cell_may_be_one_function(notebook):
    add_code(notebook, f"{FUNCTION}\n\n\nf()")
    assert sentences(notebook) == ""


def test_a_long_cell_may_be_predictions_and_nothing_else(notebook):
    options = "".join(f"    'option {number}': 'feedback',\n" for number in range(16))
    asked = f"one = predict('Which?', {{\n{options}}}, key='one')"
    cell, other = add_code(notebook, asked), add_code(notebook, asked.replace("one", "two") + "\na = 0")
    several = add_code(notebook, "\n".join(asked.replace("one =", "").replace("one", name).strip() for name in "abc"))
    assert not says(notebook, cell, "a cell of 18 lines")
    assert not says(notebook, several, "a cell of 54 lines")
    assert says(notebook, other, "a cell of 19 lines")


def test_comments_and_blank_lines_do_not_make_a_cell_long(notebook):
    add_code(notebook, "# a reason\n\n" * 20 + "total + 1")
    assert sentences(notebook) == ""


def test_five_lines_that_two_notebooks_share_are_found(notebook):
    other = copy.deepcopy(notebook)
    cell = add_code(notebook, "a = 0\n" + "\n".join(LONG.splitlines()[:5]))
    add_code(other, "\n\n# elsewhere\n".join(LONG.splitlines()[:5]) + "\nb = 0")
    place = f"03_batch, cell {len(other.cells) - 1}"
    assert list(find_copies(notebook, {"03_batch": other})) == [
        (cell, f"5 lines or more are those of {place}, from 'value_0 = 0' on")
    ]


def test_four_lines_that_two_notebooks_share_are_no_copy(notebook):
    other = copy.deepcopy(notebook)
    for each in (notebook, other):
        add_code(each, "\n".join(LONG.splitlines()[:4]))
    assert list(find_copies(notebook, {"03_batch": other})) == []
