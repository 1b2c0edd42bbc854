import html
import re

import numpy as np
import pandas as pd
import pytest
import torch
from IPython.core.formatters import DisplayFormatter

from gd_helpers.lesson import between, claims, less_than, within
from gd_helpers.lesson.claims import CLAIM_MIME, ClaimFailedError, claim, report_failures
from gd_helpers.lesson.numbers import read_numbers


@pytest.fixture
def shown(monkeypatch):
    """Return the list of what is displayed, as the bundles that a notebook stores."""
    bundles = []
    monkeypatch.setattr(claims, "display", lambda result: bundles.append(DisplayFormatter().format(result)[0]))
    return bundles


@pytest.mark.parametrize("holds", [True, np.True_, np.array([1.0])[0] == 1.0], ids=repr)
def test_a_claim_that_holds_is_shown_and_the_chapter_goes_on(shown, holds):
    assert claim("two and two are four", holds) is None
    (bundle,) = shown
    assert bundle["text/plain"] == "✓ holds: two and two are four"
    assert bundle[CLAIM_MIME] == {"statement": "two and two are four", "holds": True}
    assert type(bundle[CLAIM_MIME]["holds"]) is bool


@pytest.mark.parametrize("holds", [False, np.False_], ids=repr)
def test_a_claim_that_does_not_hold_is_shown_and_fails_the_chapter(shown, holds):
    with pytest.raises(ClaimFailedError, match=r"^two and two are five$"):
        claim("two and two are five", holds)
    (bundle,) = shown
    assert bundle["text/plain"] == "✗ does not hold: two and two are five"
    assert bundle[CLAIM_MIME] == {"statement": "two and two are five", "holds": False}


def test_under_other_parameters_a_claim_that_does_not_hold_is_shown_as_not_holding_there(shown):
    report_failures()
    claim("two and two are five", False)
    (bundle,) = shown
    assert bundle["text/plain"] == "✗ does not hold with these parameters: two and two are five"
    assert bundle[CLAIM_MIME]["holds"] is False


def test_under_other_parameters_a_claim_that_holds_is_shown_as_ever(shown):
    report_failures()
    claim("two and two are four", True)
    assert shown[0]["text/plain"] == "✓ holds: two and two are four"


def test_failures_can_be_raised_again(shown):
    report_failures()
    report_failures(False)
    with pytest.raises(ClaimFailedError):
        claim("two and two are five", False)


NO_ANSWERS = [(True,), (), [True], np.array([True]), np.array([True, False]), torch.tensor(True), None, "yes", {}]


@pytest.mark.parametrize("found", NO_ANSWERS, ids=repr)
@pytest.mark.parametrize("statement", ["two and two are four", "2 and two are four"])
@pytest.mark.parametrize("report", [True, False])
def test_what_is_no_number_and_no_single_truth_value_is_no_answer_under_any_parameters(shown, report, statement, found):
    report_failures(report)
    with pytest.raises(TypeError, match=r"^a claim takes numbers, bounds, and a single True or False, got "):
        claim(statement, found)
    assert shown == []


def test_a_claim_without_an_answer_is_none(shown):
    with pytest.raises(TypeError, match="got none"):
        claim("two and two are four")


# A statement, and values that are too few or too many for its numbers.
COUNTS = [
    ("two and two are four", [0]),
    ("two and two are four", [float("nan")]),
    ("two and two are 4", [True]),
    ("two and 2 are 4", [4]),
    ("two and 2 are 4", [less_than(4, 5)]),
    ("two and two are 4", [4, 4]),
    ("two and two are 4", [[4, 4], True]),
    ("R² of chapter 04 has a 95 % interval", [4]),
]


@pytest.mark.parametrize(("statement", "found"), COUNTS, ids=str)
@pytest.mark.parametrize("report", [True, False])
def test_each_number_has_a_value_and_each_value_a_number_under_any_parameters(shown, report, statement, found):
    report_failures(report)
    with pytest.raises(ValueError, match=r"^values must be one for each number of the statement "):
        claim(statement, *found)
    assert shown == []


HELD = [
    ("The loss goes from 86.62 to 52.57", [86.6154, 52.5658]),
    ("The loss goes from 86.62 to 52.57", [np.array([86.6154, 52.5658])]),
    ("The loss goes from 86.62 to 52.57", [torch.tensor([[86.6154], [52.5658]])]),
    ("The loss goes from 86.62 to 52.57", [pd.Series([86.6154, 52.5658]), np.True_]),
    ("After 9,600 updates 36 % are left, less than 0.5", [9600, 0.3571, less_than(0.3571, 0.5), True]),
    ("Of 3 %, 1 and 2, 4 is 5", [[less_than(0.021, 0.03), (1, [2])], [4, np.array([5])]]),
    ("It is 22 to 28 %, within 3 % of 0.25", [between([0.22, 0.28], 0.22, 0.28), within(0.2551, 0.25), 0.25]),
]


@pytest.mark.parametrize(("statement", "found"), HELD, ids=str)
def test_numbers_are_held_to_values_and_bounds_in_their_order(shown, statement, found):
    claim(statement, *found)
    assert shown[0][CLAIM_MIME]["holds"] is True


@pytest.mark.parametrize(("statement", "found"), HELD, ids=str)
def test_one_unit_more_in_any_number_fails(shown, statement, found):
    for number in read_numbers(statement):
        end = number.start + len(number.text.split()[0])
        last = statement[end - 1]
        wrong = statement[: end - 1] + str((int(last) + 1) % 10) + statement[end:]
        with pytest.raises(ClaimFailedError, match="is written"):
            claim(wrong, *found)


def test_a_failed_claim_names_number_and_value(shown):
    with pytest.raises(ClaimFailedError, match=r"^It falls from 86.62 to 52.57\n52.57 is written, 52.61 is found$"):
        claim("It falls from 86.62 to 52.57", 86.6154, 52.61)
    assert shown[0]["text/plain"].endswith("to 52.57\n  52.57 is written, 52.61 is found")


def test_a_condition_counts_beside_right_numbers(shown):
    with pytest.raises(ClaimFailedError):
        claim("The best of 3 is 4", 3, 4, False)


def test_what_was_found_is_stored_to_the_digits_written(shown):
    report_failures()
    claim("36 %, 52.57, 10¹⁵, 2/3, less than 3 %, 7", 0.3571, 52.61, 2e15, 2 / 3, less_than(0.021), float("inf"))
    assert shown[0][CLAIM_MIME]["found"] == [0.36, 52.61, 1e15, 0.666666667, {"less than": 0.03}, "inf"]


@pytest.mark.parametrize("holds", [True, False])
def test_the_verdict_can_be_told_without_its_colour(shown, holds):
    report_failures()
    claim("the sky is blue", holds)
    visible = re.sub(r"<[^>]*>", "", shown[0]["text/html"])
    assert visible == f"{'✓ holds' if holds else '✗ does not hold with these parameters'}: the sky is blue"


def test_a_statement_with_html_in_it_is_shown_to_the_letter(shown):
    statement = 'n < m & m > k <script>alert("x")</script>'
    claim(statement, True)
    assert "<script>" not in shown[0]["text/html"]
    assert html.unescape(re.sub(r"<[^>]*>", "", shown[0]["text/html"])) == f"✓ holds: {statement}"
    assert shown[0]["text/plain"] == f"✓ holds: {statement}"


def test_a_failed_claim_is_an_assertion_that_failed():
    assert issubclass(ClaimFailedError, AssertionError)
