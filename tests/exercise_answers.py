"""Answers to exercises, right, wrong and odd, as a reader types them."""

import sys

from built_site import ROOT

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.exercises.question import given
from gd_helpers.lesson.parameters import PUBLISHED

sys.path.append(str(ROOT / "docs" / "_ext"))
from question_data import describe_exercise

ODD = ("many", "12,000", "1/3", "-2e-3", "−7", "1e400", "nan", "0", "it's", "1_000")


def as_python(answer):
    """Return what a reader of the notebook gives: an option, a number as a text, or as many texts as are asked for."""
    return answer if isinstance(answer, str) else answer[0] if len(answer) == 1 else tuple(answer)


def questions_with_answers(chapter):
    """Return each question of a chapter that is a prediction or a choice, its data in the page, and answers to it."""
    found = [question for question in questions_of(chapter) if question.kind == "prediction"]
    return [(each, describe_exercise(chapter, each.name), list(_answers(each, chapter))) for each in found]


def _answers(question, chapter):
    if hasattr(question, "options"):
        yield from question.options
        return
    parameters = PUBLISHED[chapter]
    right = [repr(float(value)) for value in _tuple(given(question.solution, parameters))]
    yield right
    reach = question.relative
    for factor in (1 + 0.99 * reach, 1 + 1.01 * reach, 1 - 0.99 * reach, 1 - 1.01 * reach, 1.5, 0.1, -1):
        yield [repr(float(value) * factor) for value in right]
    for misconception in question.misconceptions:
        values = _tuple(given(misconception.answer, parameters))
        yield [own if value is None else repr(float(value)) for own, value in zip(right, values, strict=True)]
        yield ["123456.789" if value is None else repr(float(value)) for value in values]
    for odd in ODD:
        yield [odd, *right[1:]]


def _tuple(values):
    return tuple(values) if isinstance(values, tuple | list) else (values,)
