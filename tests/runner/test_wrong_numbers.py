"""A number that is off by one in its last place is noticed: in a claim always, in prose by far not always.

What is noticed in the prose of all chapters is counted, and shown with ``pytest -s``: a number of one digit (1, 0.1,
300) is shown by so much code that another is seldom noticed, and where 31 and 32 are both numbers of batches, one is
not told from the other.
"""

from collections import Counter

import nbformat
import pytest
from wrong_numbers import changed, wrong_texts

from gd_helpers.lesson.bounds import Bound
from gd_helpers.lesson.claims import find_faults
from gd_helpers.lesson.fold import read_claims
from gd_helpers.lesson.numbers import read_numbers
from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.chapters import NOTEBOOKS
from gd_helpers.runner.rules.numbers import check_numbers, read_prose

WORST = {"less than": float("-inf"), "at most": float("-inf"), "more than": float("inf"), "at least": float("inf")}
# By significant digits, the share of the wrong numbers in prose that is noticed, at least.
NOTICED = {1: 0.7, 2: 0.85, 3: 0.93}


@pytest.mark.parametrize(
    ("number", "more", "less"),
    [
        ("9", "10", "8"),
        ("9,999", "10,000", "9,998"),
        ("−0.84", "−0.85", "−0.83"),
        ("0.16", "0.17", "0.15"),
        ("0", "1", "−1"),
        ("2/3", "3/3", "1/3"),
        ("10¹⁵", "10¹⁶", "10¹⁴"),
        ("10⁻⁷", "10⁻⁶", "10⁻⁸"),
        ("5.2 × 10⁷", "5.3 × 10⁷", "5.1 × 10⁷"),
        ("3 %", "4 %", "2 %"),
    ],
)
def test_a_number_is_changed_in_its_last_place(number, more, less):
    assert (changed(number, 1), changed(number, -1)) == (more, less)


def chapters():
    return {chapter: nbformat.read(NOTEBOOKS / f"{chapter}.ipynb", as_version=4) for chapter in PUBLISHED}


def stored_claims():
    """Return chapter, statement and what was found, for each claim and check that a stored chapter has."""
    claims = ((chapter, claim) for chapter, notebook in chapters().items() for claim in read_claims(notebook))
    return [
        (chapter, claim["statement"], [found(each) for each in claim.get("found", [])]) for chapter, claim in claims
    ]


def found(entry):
    """Return the value or the bound that an entry of a stored claim stands for."""
    if not isinstance(entry, dict):
        return float(entry)
    ((relation, bound),) = entry.items()
    return Bound(relation, WORST.get(relation, (0.0, 0.0)), bound)


def test_each_number_of_each_statement_is_held_to_what_was_found():
    claims = stored_claims()
    assert [each for each in claims if len(read_numbers(each[1])) != len(each[2])] == []
    assert [(chapter, statement) for chapter, statement, values in claims if find_faults(statement, values)] == []
    wrong = [(text, values) for _, statement, values in claims for _, text in wrong_texts(statement)]
    unnoticed = [text for text, values in wrong if not find_faults(text, values)]
    print(
        f"\n{len(claims)} claims, {len(wrong)} wrong numbers in their statements, {len(wrong) - len(unnoticed)} noticed"
    )
    assert len(wrong) > 1000
    assert unnoticed == []


def test_wrong_numbers_in_prose_are_noticed_as_far_as_they_can_be():
    noticed, all_of_them, rest = Counter(), Counter(), []
    for chapter, notebook in chapters().items():
        assert list(check_numbers(notebook, chapter)) == []
        for _, text, shown in read_prose(notebook, chapter):
            for number, wrong in wrong_texts(text):
                (changed_number,) = (each for each in read_numbers(wrong) if each.start == number.start)
                digits = min(3, len("".join(filter(str.isdigit, number.text)).strip("0")) or 1)
                all_of_them[digits] += 1
                if not shown.show(changed_number, wrong):
                    noticed[digits] += 1
                else:
                    around = text[max(0, number.start - 30) :][:60]
                    rest.append(f"{chapter[:2]}: {changed_number.text} for {number.text} in {around!r}")
    print("\nnot noticed:", *rest, sep="\n")
    for digits, number in sorted(all_of_them.items()):
        print(f"{digits} digits: {noticed[digits]} of {number} noticed, {noticed[digits] / number:.0%}")
    assert {
        digits: noticed[digits] / all_of_them[digits] >= least for digits, least in NOTICED.items()
    } == dict.fromkeys(NOTICED, True)
