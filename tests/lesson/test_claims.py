import html
import re

import numpy as np
import pytest
import torch
from IPython.core.formatters import DisplayFormatter

from gd_helpers.lesson import claims
from gd_helpers.lesson.claims import CLAIM_MIME, ClaimFailedError, claim, report_failures


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


NO_ANSWERS = [
    (True,),
    (),
    [True],
    np.array([True]),
    np.array([True, False]),
    torch.tensor(True),
    None,
    0,
    1,
    "yes",
    float("nan"),
]


@pytest.mark.parametrize("holds", NO_ANSWERS, ids=repr)
@pytest.mark.parametrize("report", [True, False])
def test_what_is_not_a_single_truth_value_is_no_answer_under_any_parameters(shown, report, holds):
    report_failures(report)
    with pytest.raises(TypeError, match=r"^holds must be a single True or False, got "):
        claim("two and two are four", holds)
    assert shown == []


@pytest.mark.parametrize("holds", [True, False])
def test_the_verdict_can_be_told_without_its_colour(shown, holds):
    report_failures()
    claim("the sky is blue", holds)
    visible = re.sub(r"<[^>]*>", "", shown[0]["text/html"])
    assert visible == f"{'✓ holds' if holds else '✗ does not hold with these parameters'}: the sky is blue"


def test_a_statement_with_html_in_it_is_shown_to_the_letter(shown):
    statement = 'n < 5 & m > 3 <script>alert("x")</script>'
    claim(statement, True)
    assert "<script>" not in shown[0]["text/html"]
    assert html.unescape(re.sub(r"<[^>]*>", "", shown[0]["text/html"])) == f"✓ holds: {statement}"
    assert shown[0]["text/plain"] == f"✓ holds: {statement}"


def test_a_failed_claim_is_an_assertion_that_failed():
    assert issubclass(ClaimFailedError, AssertionError)
