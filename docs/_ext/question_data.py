"""The data with which a page judges an exercise as Python does, at the published parameters."""

import functools

import numpy as np

from gd_helpers.exercises.answers import show_value
from gd_helpers.exercises.chapter import questions_of
from gd_helpers.exercises.question import given
from gd_helpers.lesson.parameters import PUBLISHED


@functools.cache
def _questions(chapter):
    return {question.name: (number, question) for number, question in enumerate(questions_of(chapter), 1)}


def describe_exercise(chapter, name):
    """Return the JSON of the exercise `name` of `chapter`; that of ``progress`` has nothing but its place."""
    if name == "progress":
        return {"kind": "progress", "chapter": chapter, "count": len(_questions(chapter))}
    number, question = _questions(chapter)[name]
    data = {
        "kind": "code",
        "chapter": chapter,
        "name": name,
        "number": number,
        "count": len(_questions(chapter)),
        "hints": list(question.hints),
        "because": question.because,
        "source": question.source,
    }
    if question.kind != "prediction":
        return data
    right = given(question.solution, PUBLISHED[chapter])
    data |= {"then": question.then, "result": show_value(right)}
    if hasattr(question, "options"):
        return data | {"kind": "choice", "options": list(question.options), "right": right, **_wrong_options(question)}
    return data | {
        "kind": "numbers",
        "asks": list(question.asks),
        "right": np.atleast_1d(np.asarray(right, dtype=np.float64)).tolist(),
        "relative": question.relative,
        "absolute": question.absolute,
        "tolerance": question.tolerance,
        "misconceptions": [_misconception(each, PUBLISHED[chapter]) for each in question.misconceptions],
    }


def _wrong_options(question):
    return {"misconceptions": [{"answer": each.answer, "message": each.message} for each in question.misconceptions]}


def _misconception(misconception, parameters):
    """Return the numbers of a wrong answer, None where any will do, and what to say about it."""
    values = given(misconception.answer, parameters)
    values = values if isinstance(values, tuple | list) else (values,)
    return {"answer": [None if value is None else float(value) for value in values], "message": misconception.message}
