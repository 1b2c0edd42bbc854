"""A number that is off by one in its last place is noticed: in a claim always, in prose nearly always.

What is not noticed in the prose of all chapters is shown with ``pytest -s``: a 1 that might be a 2 or a 0 for all that
stands around it.
"""

from collections import Counter

import nbformat
from wrong_numbers import wrong_texts

from gd_helpers.lesson.bounds import Bound
from gd_helpers.lesson.claims import find_faults
from gd_helpers.lesson.fold import read_claims
from gd_helpers.lesson.numbers import read_numbers
from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.chapters import NOTEBOOKS
from gd_helpers.runner.rules.numbers import check_numbers, find_fault, read_prose

WORST = {"less than": float("-inf"), "at most": float("-inf"), "more than": float("inf"), "at least": float("inf")}
NOTICED = 0.95  # the share of the wrong numbers in prose, at least


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


def test_nearly_all_wrong_numbers_in_prose_are_noticed():
    noticed, tried, rest = Counter(), Counter(), []
    for chapter, notebook in chapters().items():
        assert list(check_numbers(notebook, chapter)) == []
        for _, text, shown in read_prose(notebook, chapter):
            for number, wrong in wrong_texts(text):
                (changed_number,) = (each for each in read_numbers(wrong) if each.start == number.start)
                digits = min(3, len("".join(filter(str.isdigit, number.text)).strip("0")) or 1)
                tried[digits] += 1
                if find_fault(changed_number, wrong, shown):
                    noticed[digits] += 1
                else:
                    around = text[max(0, number.start - 30) :][:60]
                    rest.append(f"{chapter[:2]}: {changed_number.text} for {number.text} in {around!r}")
    print("\nnot noticed:", *rest, sep="\n")
    for digits, count in sorted(tried.items()):
        print(f"{digits} digits: {noticed[digits]} of {count} noticed, {noticed[digits] / count:.0%}")
    print(f"all: {noticed.total()} of {tried.total()}, {noticed.total() / tried.total():.1%}")
    assert tried.total() > 500
    assert noticed.total() / tried.total() >= NOTICED
