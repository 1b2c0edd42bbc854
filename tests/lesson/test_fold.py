import html
import re

import nbformat
import pytest
from IPython.core.formatters import DisplayFormatter
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from gd_helpers.lesson import check, fold, less_than
from gd_helpers.lesson.claims import CLAIM_MIME, ClaimFailedError, report_failures
from gd_helpers.lesson.fold import CHECKS_MIME, read_claims

CELLS = {
    "setup": "from gd_helpers.lesson import check, claim\nfrom gd_helpers.lesson.claims import report_failures",
    "mixed": (
        'check("One is 1", 1)\nclaim("Two are 2", 2)\nprint("said")\ncheck("So it is", True)\n'
        'def below():\n    check("Three are less than 4", 3 < 4, 4)\nbelow()'
    ),
    "none": '"nothing to check"',
    "one": 'check("One is 1", 1)',
    "failing": 'check("One is 1", 1)\ncheck("One is 2", 1)\ncheck("One is 3", 1)',
    "raising": 'check("One is 1", 1)\n1 / 0',
    "after": 'check("One is 1", 1)',
    "others": 'report_failures()\ncheck("One is 2", 1)\ncheck("One is 1", 1)\nreport_failures(False)',
}


@pytest.fixture(scope="module")
def outputs():
    """Return the outputs of the cells, by their names, as a kernel gives them."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in CELLS.values()])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True, coalesce_streams=True).execute()
    return dict(zip(CELLS, (cell.outputs for cell in notebook.cells), strict=True))


def texts(outputs):
    return [output.get("text") or output.get("ename") or output.data["text/plain"] for output in outputs]


def visible(markup):
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def test_the_checks_of_a_cell_are_one_line_at_its_end_wherever_they_are_made(outputs):
    claimed, said, folded = outputs["mixed"]
    assert texts([claimed, said]) == ["✓ holds: Two are 2", "said\n"]
    assert folded.data["text/plain"].splitlines() == [
        "✓ 3 more checks",
        "  ✓ holds: One is 1",
        "  ✓ holds: So it is",
        "  ✓ holds: Three are less than 4",
    ]
    assert folded.data[CHECKS_MIME] == [
        {"statement": "One is 1", "holds": True, "found": [1]},
        {"statement": "So it is", "holds": True},
        {"statement": "Three are less than 4", "holds": True, "found": [4]},
    ]


def test_the_reader_sees_one_line_that_opens(outputs):
    markup = outputs["mixed"][2].data["text/html"]
    parts = re.fullmatch(r"<div[^>]*><details><summary>(.*)</summary><ul[^>]*>(.*)</ul></details></div>", markup)
    summary, items = parts.groups()
    assert visible(summary).strip() == "✓ 3 more checks"
    assert visible(items) == "✓ holds: One is 1✓ holds: So it is✓ holds: Three are less than 4"


def test_each_cell_has_its_own_and_one_without_checks_has_none(outputs):
    assert texts(outputs["none"]) == ["'nothing to check'"]
    assert texts(outputs["one"]) == ["✓ 1 more check\n  ✓ holds: One is 1"]


def test_a_check_that_fails_fails_the_cell_and_is_not_folded_away(outputs):
    shown, error = outputs["failing"]
    assert (error.ename, error.evalue) == ("ClaimFailedError", "One is 2\n2 is written, 1 is found")
    assert shown.data["text/plain"].splitlines() == [
        "✗ 1 of 2 more checks fails",
        "  ✓ holds: One is 1",
        "  ✗ does not hold: One is 2",
        "    2 is written, 1 is found",
    ]
    assert "<details>" not in shown.data["text/html"]


def test_what_was_checked_before_an_error_is_shown_and_not_again_by_the_next_cell(outputs):
    assert sorted(texts(outputs["raising"])) == ["ZeroDivisionError", "✓ 1 more check\n  ✓ holds: One is 1"]
    assert texts(outputs["after"]) == ["✓ 1 more check\n  ✓ holds: One is 1"]


def test_under_other_parameters_a_check_that_fails_is_shown_open_and_the_cell_goes_on(outputs):
    (shown,) = outputs["others"]
    assert shown.data["text/plain"].splitlines() == [
        "✗ 1 of 2 more checks fails",
        "  ✗ does not hold with these parameters: One is 2",
        "    2 is written, 1 is found",
        "  ✓ holds: One is 1",
    ]
    assert "<details>" not in shown.data["text/html"]
    assert [each["holds"] for each in shown.data[CHECKS_MIME]] == [False, True]


def test_claims_and_checks_are_read_in_their_order(outputs):
    notebook = new_notebook(cells=[new_code_cell(outputs=outputs[name]) for name in ("mixed", "none", "others")])
    notebook = nbformat.from_dict(notebook)
    statements = ["Two are 2", "One is 1", "So it is", "Three are less than 4", "One is 2", "One is 1"]
    assert [each["statement"] for each in read_claims(notebook)] == statements
    assert notebook.cells[0].outputs[0].data[CLAIM_MIME]["holds"]


@pytest.fixture
def shown(monkeypatch):
    """Return the list of what is displayed where there is no notebook, as text."""
    shown = []
    monkeypatch.setattr(fold, "display", lambda thing: shown.append(DisplayFormatter().format(thing)[0]["text/plain"]))
    return shown


def test_without_a_notebook_a_check_is_shown_at_once(shown):
    check("A tenth is less than 3 %", less_than(0.02))
    check("Two are 2", 2)
    assert shown == [
        "✓ 1 more check\n  ✓ holds: A tenth is less than 3 %",
        "✓ 1 more check\n  ✓ holds: Two are 2",
    ]


@pytest.mark.parametrize("report", [True, False])
def test_a_check_is_as_strict_as_a_claim(shown, report):
    report_failures(report)
    with pytest.raises(TypeError, match="a claim takes numbers, bounds, and a single True or False"):
        check("two and two are four", "yes")
    with pytest.raises(ValueError, match="values must be one for each number of the statement"):
        check("two and two are 4", 2, 2)
    with pytest.raises(TypeError, match="got none"):
        check("two and two are four")
    assert shown == []


def test_a_check_that_does_not_hold_raises(shown):
    with pytest.raises(ClaimFailedError, match=r"^two and two are five$"):
        check("two and two are five", False)
    assert shown == ["✗ 1 of 1 more checks fails\n  ✗ does not hold: two and two are five"]
