"""What a reader commits to: an option, or a number within a margin, with what is said about it."""

import contextlib

from IPython.display import display

from gd_helpers.checks import check_bool, check_choice, check_float
from gd_helpers.formatting import format_number
from gd_helpers.headless import is_headless
from gd_helpers.lesson import progress
from gd_helpers.lesson.box import GREEN, GREY, RED, Box

PREDICTION_MIME = "application/vnd.gd-helpers.prediction+json"
ANSWER_MIME = "application/vnd.gd-helpers.answer+json"
SIDES = ("too low", "right", "too high")  # the options of a number
DIGITS = 4  # of an answer that is a number, which are the same on every machine


class Shown:
    """A box for the reader, with a MIME type of its own for programs, and a widget in its place where there is one."""

    def __init__(self, box, mime, data, widget=None):
        self.box, self.mime, self.data, self.widget = box, mime, data, widget

    def __repr__(self):
        return repr(self.box)

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle = {"text/plain": repr(self), "text/html": self.box._repr_html_(), self.mime: self.data}
        if self.widget is not None:
            bundle["application/vnd.jupyter.widget-view+json"] = self.widget.get_view_spec()
        return bundle


class Choice:
    """A question with options, one of which the reader commits to.

    Attributes
    ----------
    chosen, answer : str, float or None
        What the reader has committed to, and what is right; None as long as there is none.
    published : bool
        Whether the chapter runs with the parameters for which it was written what is to be said about the options.
    """

    def __init__(self, chapter, key, question, options, margin, published=True):
        if not isinstance(key, str) or not key.isidentifier():
            raise ValueError(f"key must be a name such as 'first_step', got {key!r}")
        self.chapter, self.key, self.question, self.options, self.margin = chapter, key, question, options, margin
        self.published, self.chosen, self.answer, self._kept = published, None, None, {}
        self._revealed = False  # by a cell below, which says what is to be said about it
        self._widget = self._output = None  # where somebody is there
        self._check_options()

    def _check_options(self):
        if not isinstance(self.question, str):
            raise ValueError(f"question must be a text, got {self.question!r}")
        pairs = self.options.items() if isinstance(self.options, dict) else ()
        if len(pairs) < 2 or not all(isinstance(text, str) for pair in pairs for text in pair):
            raise ValueError(f"options must be two texts or more, each with what to say about it, got {self.options!r}")

    def check(self, name, value):
        """Return `value`, which must be something that can be chosen; else raise a ``ValueError``."""
        return check_choice(name, value, self.options)

    def set_answer(self, answer):
        """Have `answer` be what is right."""
        self.answer = self.check("answer", answer)

    def is_right(self):
        """Return whether the reader's choice is right, or was in an earlier kernel; None if that can't be said yet."""
        if self.chosen is None or self.answer is None:
            return self._kept.get("right")
        return self.find_option() == self.option_of_answer()

    def option_of_answer(self):
        """Return the option that is right."""
        return self.answer

    def find_option(self):
        """Return the option that the reader's choice belongs to."""
        return self.chosen

    def reveal(self, *found):
        """Say what is right, and what the reader's prediction gets wrong.

        Parameters
        ----------
        *found
            The right option or number, as it was computed; or, for each option in their order, whether it is right.

        Raises
        ------
        ValueError
            If it is no option, or no number; or if not exactly one option is right.
        """
        self.set_answer(*found if len(found) == 1 else self._find_right(found))
        self._revealed = True
        if not self.published:
            self.options = dict.fromkeys(self.options, "")
        if self._widget is not None:
            self._update()
        if self.is_right() is not self._kept.get("right"):
            self._keep()
        display(Shown(self._verdict(), ANSWER_MIME, {"id": self.id, "answer": self.answer}))

    def _find_right(self, conditions):
        if len(conditions) != len(self.options):
            raise ValueError(f"reveal takes one answer, or True or False for each option, got {conditions!r}")
        right = [option for option, holds in zip(self.options, conditions, strict=True) if check_bool(option, holds)]
        if len(right) != 1:
            raise ValueError(f"one option must be right, got {right}")
        return right

    def _verdict(self):
        because = self.options[self.option_of_answer()]
        if self.chosen is None:
            return Box("○ The answer:", f"{self.write(self.answer)}. {because}".strip(), GREY)
        if self.is_right():
            return Box(f"✓ You predicted {self.write(self.chosen)}, and so it is.", because, GREEN)
        heading = f"✗ You predicted {self.write(self.chosen)}; it is {self.write(self.answer)}."
        return Box(heading, f"{self.options[self.find_option()]} {because}".strip(), RED)

    @property
    def id(self):
        """The chapter's name and the key."""
        return f"{self.chapter}/{self.key}"

    def as_json(self):
        """Return all of it but the reader's choice, for programs."""
        options = [{"text": text, "feedback": feedback} for text, feedback in self.options.items()]
        return {"id": self.id, "question": self.question, "options": options, "answer": self.answer}

    def restore(self):
        """Take up what the reader has chosen in an earlier kernel, if it can still be chosen."""
        kept = progress.load(self.chapter, "predictions").get(self.key, {})
        with contextlib.suppress(ValueError):
            self.chosen, self._kept = self.check("answer", kept.get("answer")), kept

    def show(self):
        """Show the question, to choose from where somebody is there who has not chosen yet."""
        if is_headless() or self.chosen is not None:
            display(Shown(self._box(), PREDICTION_MIME, self.as_json()))
            return
        from gd_helpers.lesson.prediction_widget import PredictionWidget  # needs time to load

        self._widget = PredictionWidget(prediction=self.as_json())
        self._widget.observe(self._commit, "chosen")
        self._output = display(Shown(self._box(), PREDICTION_MIME, self.as_json(), self._widget), display_id=True)

    def _update(self):
        """Tell the page the answer; what is answered becomes text, which a notebook keeps when it is closed."""
        self._widget.prediction = self.as_json()
        if self.chosen is not None:
            self._widget.close()
            self._output.update(Shown(self._box(), PREDICTION_MIME, self.as_json()))
            self._widget = None

    def _box(self):
        """Return the question with what was chosen; feedback only where no later cell gives it."""
        colour = {True: GREEN, False: RED, None: GREY}[None if self.answer is None else self.is_right()]
        if self.chosen is None:
            ending = "Run this cell to choose."
        elif self.answer is None:
            ending = f"You predict {self.write(self.chosen)}. A cell below answers it."
        else:
            ending = self._verdict().heading if self._revealed else repr(self._verdict())
        return Box("Predict:", self.question, colour, lines=(*self._list_options(), ending))

    def _list_options(self):
        return [f"{self._sign(option)} {option}" for option in self.options]

    def _sign(self, option):
        if option == self.chosen:
            return {True: "✓", False: "✗", None: "●"}[None if self.answer is None else self.is_right()]
        return "✓" if option == self.answer and self.chosen is not None else "○"

    def _commit(self, change):
        """Keep what was chosen in the page, once."""
        if self.chosen is None:
            with contextlib.suppress(ValueError):
                self.chosen = self.check("answer", change.new)
                self._widget.note = self._keep()
        self._widget.chosen = self.chosen

    def _keep(self):
        self._kept = {"answer": self.chosen, "right": self.is_right()}
        return progress.save(self.chapter, "predictions", self.key, self._kept)

    def write(self, value):
        """Return an option or a number as it stands in a sentence."""
        return f"“{value}”"


class Number(Choice):
    """A question for a number, which may be off by a margin."""

    def _check_options(self):
        super()._check_options()
        if tuple(self.options) != SIDES:
            raise ValueError(f"options of a number must be {', '.join(SIDES)}, got {', '.join(self.options)}")
        absolute, relative = (check_float(name, value, at_least=0) for name, value in self.margin.items())
        parts = [f"{relative:.0%}".replace("%", " %")] * (relative > 0) + [format_number(absolute)] * (absolute > 0)
        self.question = f"{self.question} (Accepted: within {' + '.join(parts)}.)"

    def check(self, name, value):
        """Return `value`, which must be a finite number; else raise a ``ValueError``."""
        return check_float(name, value)

    def set_answer(self, answer):
        """Have `answer` be what is right, rounded to four significant digits."""
        rounded = float(f"{self.check('answer', answer):.{DIGITS}g}")
        self.answer = int(rounded) if rounded.is_integer() else rounded

    def option_of_answer(self):
        """Return the option that is right."""
        return "right"

    def find_option(self):
        """Return on which side of the answer the reader's number is, or that it is within the margin."""
        off = self.chosen - self.answer
        size = abs(self.answer)
        if abs(off) <= self.margin["absolute"] + (self.margin["relative"] + 1e-9) * size:
            return "right"
        return "too low" if off < 0 else "too high"

    def as_json(self):
        """Return all of it but the reader's number, for programs."""
        return {**super().as_json(), "margin": self.margin}

    def _list_options(self):
        return []

    def write(self, value):
        """Return a number as it stands in a sentence."""
        return format_number(value)
