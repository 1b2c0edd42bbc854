"""Answers to exercises and predictions, right, wrong and odd, as a reader gives them."""

import nbformat
from built_site import ROOT
from question_data import describe_exercise

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.exercises.question import given
from gd_helpers.lesson.commitments import ANSWER_MIME, PREDICTION_MIME, Choice, Number
from gd_helpers.lesson.parameters import PUBLISHED

ODD = ("many", "12,000", "1/3", "-2e-3", "−7", "1e400", "nan", "0", "it's", "1_000")


def as_python(answer):
    """Return what a reader of the notebook gives: an option, a number as a text, or as many texts as are asked for."""
    return answer if isinstance(answer, str) else answer[0] if len(answer) == 1 else tuple(answer)


def questions_with_answers(chapter):
    """Return each question of a chapter that is a prediction or a choice, its data in the page, and answers to it."""
    found = [question for question in questions_of(chapter) if question.kind == "prediction"]
    return [(each, describe_exercise(chapter, each.name), list(_answers(each, chapter))) for each in found]


def predictions_with_options(chapter):
    """Give each stored prediction of a chapter with its answer, what can be chosen, and what Python then tells."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{chapter}.ipynb", as_version=4)
    datas = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    answers = {data[ANSWER_MIME]["id"]: data[ANSWER_MIME]["answer"] for data in datas if ANSWER_MIME in data}
    for stored in (data[PREDICTION_MIME] for data in datas if PREDICTION_MIME in data):
        prediction = {**stored, "answer": answers.get(stored["id"], stored["answer"])}
        for chosen in _choices(prediction):
            yield prediction, chosen, _tell(prediction, chosen)


def _choices(prediction):
    if not prediction.get("margin"):
        return [option["text"] for option in prediction["options"]]
    return [prediction["answer"] * factor for factor in (1, 0.3, 1.7, -1)]


def _tell(prediction, chosen):
    options = {option["text"]: option["feedback"] for option in prediction["options"]}
    chapter, key = prediction["id"].split("/")
    margin = prediction.get("margin") or {"absolute": 0.0, "relative": 0.0}
    choice = (Number if prediction.get("margin") else Choice)(chapter, key, prediction["question"], options, margin)
    choice.set_answer(prediction["answer"])
    choice.chosen = chosen
    box = choice._verdict()
    return f"{box.heading} {box.text}".replace("`", "").strip()


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
