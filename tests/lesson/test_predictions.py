import html
import re

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

from gd_helpers.lesson import check_parameters, commitments, predictions, progress
from gd_helpers.lesson.commitments import ANSWER_MIME, PREDICTION_MIME
from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.lesson.predictions import open_chapter, predict, tell_score

CHAPTER = "02_gradient_descent"
QUESTION = "Is `a < b`?"
OPTIONS = {"yes": "So says <the sign>.", "no": "Read `a` again."}
SIDES = {"too low": "It is more.", "right": "Counted well.", "too high": "It is less."}
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
OPEN = "Predict: Is `a < b`?\n  ○ yes\n  ○ no\n  Run this cell to choose."


class Output:
    """A cell's output, as a notebook stores it, that can be replaced."""

    def __init__(self, thing):
        self.update(thing)

    def update(self, thing):
        self.bundle = DisplayFormatter().format(thing)[0]
        self.text = self.bundle["text/plain"]


@pytest.fixture
def shown(monkeypatch):
    """Return the list of the outputs."""
    outputs = []

    def display(thing, display_id=None):
        outputs.append(Output(thing))
        return outputs[-1] if display_id else None

    monkeypatch.setattr(commitments, "display", display)
    open_chapter(CHAPTER, True)
    return outputs


def ask(**changes):
    return predict(QUESTION, OPTIONS, key="sign", **changes)


def ask_number(**changes):
    return predict("How many?", SIDES, key="count", **({"absolute": 0.5} | changes))


def choose(prediction, value):
    """Do what the page does."""
    prediction._widget.chosen = value


def visible(output):
    return html.unescape(re.sub(r"<[^>]*>", "", output.bundle["text/html"]))


def test_headless_the_question_is_shown_with_its_options_and_kept_for_programs(shown):
    ask()
    (output,) = shown
    assert output.text == OPEN
    assert visible(output) == OPEN.replace("\n  ", "").replace("`", "")
    assert "a &lt; b" in output.bundle["text/html"]
    options = [{"text": text, "feedback": feedback} for text, feedback in OPTIONS.items()]
    data = {"id": f"{CHAPTER}/sign", "question": QUESTION, "options": options, "answer": None}
    assert output.bundle.keys() == {"text/plain", "text/html", PREDICTION_MIME}
    assert output.bundle[PREDICTION_MIME] == data


def test_headless_the_answer_is_given_by_the_cell_that_reveals_it(shown):
    ask().reveal("no")
    assert shown[0].text == OPEN
    assert shown[1].text == "○ The answer: “no”. Read `a` again."
    assert shown[1].bundle[ANSWER_MIME] == {"id": f"{CHAPTER}/sign", "answer": "no"}


def test_an_answer_that_needs_no_computing_is_for_programs_and_leaves_nothing_to_reveal(shown):
    assert ask(answer="yes") is None
    assert shown[0].text == OPEN
    assert shown[0].bundle[PREDICTION_MIME]["answer"] == "yes"


def test_a_number_is_asked_for_with_its_margin(shown):
    ask_number(absolute=0.5, relative=0.1).reveal(31.25049)
    assert shown[0].text == "Predict: How many? (Accepted: within 10 % + 0.5.)\n  Run this cell to choose."
    assert shown[0].bundle[PREDICTION_MIME]["margin"] == {"absolute": 0.5, "relative": 0.1}
    assert shown[1].text == "○ The answer: 31.25. Counted well."
    assert shown[1].bundle[ANSWER_MIME]["answer"] == 31.25


def test_a_whole_number_is_stored_as_one_which_json_keeps_apart(shown):
    ask_number().reveal(32.0)
    assert repr(shown[1].bundle[ANSWER_MIME]["answer"]) == "32"


@pytest.mark.parametrize(
    "options",
    [{}, {"yes": "one"}, ["yes", "no"], {"yes": "a", "no": None}, {"yes": "a", 3: "b"}, "yes", None],
    ids=repr,
)
def test_options_that_are_none_are_refused(shown, options):
    with pytest.raises(ValueError, match="options must be two texts or more, each with what to say about it, got "):
        predict(QUESTION, options, key="sign")
    assert shown == []


@pytest.mark.parametrize("key", ["first step", "", 3, None, "a/b"])
def test_a_key_that_is_no_name_is_refused(shown, key):
    with pytest.raises(ValueError, match="key must be a name such as 'first_step', got "):
        predict(QUESTION, OPTIONS, key=key)


def test_what_is_no_question_no_answer_or_no_margin_is_refused(shown):
    with pytest.raises(ValueError, match="question must be a text, got 3"):
        predict(3, OPTIONS, key="sign")
    with pytest.raises(ValueError, match="answer must be one of 'yes', 'no', got 'maybe'"):
        ask(answer="maybe")
    with pytest.raises(ValueError, match="answer must be one of 'yes', 'no', got True"):
        ask().reveal(True)
    with pytest.raises(ValueError, match="answer must be a finite number, got 'yes'"):
        ask_number(answer="yes")
    with pytest.raises(ValueError, match="options of a number must be too low, right, too high, got yes, no"):
        ask(relative=0.1)
    with pytest.raises(ValueError, match="absolute must be a finite number of at least 0, got -1"):
        ask_number(absolute=-1)


@pytest.mark.parametrize(("found", "answer"), [((True, False), "yes"), ((np.False_, np.True_), "no")])
def test_the_answer_may_be_what_holds_of_the_options_in_their_order(shown, found, answer):
    ask().reveal(*found)
    assert shown[1].bundle[ANSWER_MIME]["answer"] == answer


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ((True, True), r"one option must be right, got \['yes', 'no'\]"),
        ((False, False), r"one option must be right, got \[\]"),
        ((True, False, False), "reveal takes one answer, or True or False for each option, got "),
        ((), "reveal takes one answer, or True or False for each option, got "),
        (("yes", "no"), "yes must be True or False, got 'yes'"),
        ((1, 0), "yes must be True or False, got 1"),
    ],
)
def test_what_holds_of_the_options_must_be_one_of_them(shown, found, words):
    prediction = ask()
    with pytest.raises(ValueError, match=words):
        prediction.reveal(*found)
    assert (len(shown), prediction.answer) == (1, None)


def test_what_is_chosen_is_kept_once_and_answered_by_the_cell_below(shown, file):
    prediction = ask()
    widget = prediction._widget
    assert shown[0].bundle[WIDGET_MIME]["model_id"] == widget.model_id
    assert shown[0].text == OPEN
    choose(prediction, "yes")
    assert progress.load(CHAPTER, "predictions")["sign"]["answer"] == "yes"
    assert widget.note == progress.tell_place()
    choose(prediction, "no")
    assert prediction.chosen == widget.chosen == "yes"
    prediction.reveal("no")
    assert shown[1].text == "✗ You predicted “yes”; it is “no”. So says <the sign>. Read `a` again."
    assert "&lt;the sign&gt;" in shown[1].bundle["text/html"]
    assert progress.load(CHAPTER, "predictions")["sign"]["right"] is False


def test_a_question_that_is_answered_becomes_text(shown, file):
    prediction = ask()
    choose(prediction, "yes")
    assert WIDGET_MIME in shown[0].bundle
    prediction.reveal("no")
    assert shown[0].bundle.keys() == {"text/plain", "text/html", PREDICTION_MIME}
    assert shown[0].text == "Predict: Is `a < b`?\n  ✗ yes\n  ✓ no\n  ✗ You predicted “yes”; it is “no”."


def test_who_runs_all_before_choosing_may_still_choose(shown, file):
    prediction = ask()
    prediction.reveal("no")
    assert shown[1].text == "○ The answer: “no”. Read `a` again."
    assert prediction._widget.prediction["answer"] == "no"
    choose(prediction, "no")
    assert progress.load(CHAPTER, "predictions")["sign"]["right"] is True
    prediction.reveal("no")
    assert shown[2].text == "✓ You predicted “no”, and so it is. Read `a` again."


def test_an_answer_that_is_known_is_judged_at_once(shown, file):
    ask(answer="no")
    choose(predictions._asked["sign"], "no")
    assert progress.load(CHAPTER, "predictions")["sign"]["right"] is True


@pytest.mark.parametrize("value", ["maybe", 3, None, ["yes"]])
def test_what_no_option_says_is_not_chosen(shown, file, value):
    prediction = ask()
    choose(prediction, value)
    assert prediction.chosen is prediction._widget.chosen is None
    assert not file.exists()


@pytest.mark.parametrize(
    ("number", "margins", "side"),
    [
        (32, {"absolute": 0.5}, "right"),
        (32.5, {"absolute": 0.5}, "right"),
        (32.6, {"absolute": 0.5}, "too high"),
        (31.4, {"absolute": 0.5}, "too low"),
        (28.8, {"absolute": 0.0, "relative": 0.1}, "right"),
        (28.7, {"absolute": 0.0, "relative": 0.1}, "too low"),
        (35.7, {"absolute": 0.5, "relative": 0.1}, "right"),
        (-32, {"absolute": 0.5}, "too low"),
    ],
)
def test_a_number_is_right_within_its_margin(shown, file, number, margins, side):
    prediction = ask_number(**margins)
    choose(prediction, number)
    prediction.reveal(32)
    assert prediction.is_right() is (side == "right")
    assert SIDES[side] in shown[1].text
    assert shown[1].text.startswith("✓" if side == "right" else "✗")


def test_what_was_chosen_in_an_earlier_kernel_stays(shown, file):
    prediction = ask()
    choose(prediction, "yes")
    prediction.reveal("no")
    open_chapter(CHAPTER, True)  # as in a new kernel
    again = predict("Reworded: is a below b?", OPTIONS, key="sign")
    assert again._widget is None
    assert shown[2].text == (
        "Predict: Reworded: is a below b?\n  ● yes\n  ○ no\n  You predict “yes”. A cell below answers it."
    )
    assert again.is_right() is False  # as it was
    again.reveal("yes")
    assert shown[3].text.startswith("✓ You predicted “yes”, and so it is.")
    assert progress.load(CHAPTER, "predictions")["sign"]["right"] is True


def test_a_number_that_was_given_in_an_earlier_kernel_stays(shown, file):
    choose(ask_number(), 31)
    ask_number(answer=32)
    assert shown[1].text.splitlines()[1] == "  ✗ You predicted 31; it is 32. It is more. Counted well."


def test_an_option_that_is_no_longer_there_counts_as_no_answer(shown, file):
    prediction = ask()
    choose(prediction, "yes")
    prediction.reveal("yes")
    again = predict(QUESTION, {"aye": "So says the sign.", "nay": "Read again."}, key="sign")
    assert again.chosen is again.is_right() is None
    assert again._widget is not None
    choose(again, "nay")
    assert progress.load(CHAPTER, "predictions")["sign"]["answer"] == "nay"


def test_another_chapter_has_the_same_key_for_itself(shown, file):
    choose(ask(), "yes")
    open_chapter("03_batch", True)
    assert ask().chosen is None


def test_the_same_answer_is_written_once(shown, file):
    prediction = ask()
    choose(prediction, "yes")
    prediction.reveal("yes")
    written = file.stat().st_mtime_ns
    ask().reveal("yes")
    assert file.stat().st_mtime_ns == written


def test_a_file_that_cannot_be_written_is_said_below_the_question(shown, file):
    file.parent.write_text("a file where a folder should be")
    prediction = ask()
    choose(prediction, "yes")
    assert prediction.chosen == "yes"
    assert prediction._widget.note.startswith(f"Your progress can't be kept: {file}: ")


def test_under_other_parameters_nothing_is_said_that_was_written_for_the_published_ones(shown):
    check_parameters(CHAPTER, **{**PUBLISHED[CHAPTER], "seed": 38})
    prediction = ask()
    assert prediction.chapter == CHAPTER
    prediction.reveal("no")
    assert shown[1].text == "○ The answer: “no”."
    check_parameters(CHAPTER, **PUBLISHED[CHAPTER])
    ask().reveal("no")
    assert shown[3].text == "○ The answer: “no”. Read `a` again."


def test_the_score_counts_what_the_chapter_has_asked(shown, file):
    assert tell_score() == ""
    prediction, number = ask(), ask_number()
    assert tell_score() == "Predictions of this chapter: 0 of 2 right, 2 open."
    choose(prediction, "yes")
    assert tell_score() == "Predictions of this chapter: 0 of 2 right, 2 open."
    prediction.reveal("yes")
    assert tell_score() == "Predictions of this chapter: 1 of 2 right, 1 open."
    choose(number, 3)
    number.reveal(4)
    assert tell_score() == "Predictions of this chapter: 1 of 2 right."
    check_parameters(CHAPTER, **PUBLISHED[CHAPTER])
    assert tell_score() == ""
