"""The exercises of one chapter, as a learner uses them."""

import importlib
import importlib.util

from IPython.display import display

from gd_helpers.checks import check_choice, check_int
from gd_helpers.exercises import questions
from gd_helpers.exercises.answers import show_value
from gd_helpers.exercises.feedback import COLOURS, SIGNS, Prose
from gd_helpers.exercises.question import given
from gd_helpers.lesson import progress
from gd_helpers.lesson.box import Box
from gd_helpers.lesson.parameters import PUBLISHED, check_names
from gd_helpers.lesson.predictions import tell_score

STATES = {"right": "solved", "wrong": "not right yet", "unanswered": "not answered yet"}


class Exercise:
    """One question with its number in the chapter, the chapter's parameters, and what the learner has done so far.

    Attributes
    ----------
    question : Prediction, Choice or Code
    number : int
        From 1 on.
    state : {"unanswered", "wrong", "right"}
        The best reached.
    peeked : bool
        Whether the solution was shown before the right answer was given.
    """

    def __init__(self, question, number, parameters, exercises):
        self.question, self.number, self._parameters, self._exercises = question, number, parameters, exercises
        self._kept = progress.load(exercises.chapter, "exercises").get(question.name, {})
        self.state = self._kept["state"] if self._kept.get("state") in STATES else "unanswered"
        self.peeked, self._hints_given = self._kept.get("peeked") is True, 0

    @property
    def name(self):
        """What the question is called, as an attribute of the chapter's exercises."""
        return self.question.name

    def check(self, *answer):
        """Show whether `answer`, one value or several, is right and, if not, what kind of wrong it is."""
        verdict = self.question.judge(answer[0] if len(answer) == 1 else answer, self._parameters)
        self.state = max(self.state, verdict.state, key=["unanswered", "wrong", "right"].index)
        note = self._keep() if verdict.state != "unanswered" else ""
        display(self._show(verdict, note))

    def _keep(self):
        """Keep state and peeking if they are new, and return what the reader has to know of that, or ""."""
        now = {"state": self.state, "peeked": self.peeked}
        if now.items() <= self._kept.items():
            return ""
        self._kept = now
        return progress.save(self._exercises.chapter, "exercises", self.name, now)

    def _show(self, verdict, note):
        message = verdict.message
        if verdict.state == "unanswered":
            message = (
                "Put your answer in place of the `...` and run the cell again. "
                f"`exercises.{self.name}.hint()` helps, `exercises.{self.name}.solution()` shows the way."
            )
            note = self._recall()
        if verdict.state == "right":
            message = f"{message} {self._exercises.count()}"
        words = {**STATES, "right": "right"}[verdict.state]
        heading = f"{SIGNS[verdict.state]} Exercise {self.number}, {words}."
        return Box(heading, message, COLOURS[verdict.state], lines=(note,) if note else ())

    def _recall(self):
        """Return what the last answer was that is kept, and when, or ""."""
        if self.state == "unanswered" or "on" not in self._kept:
            return ""
        ended = "you solved this" if self.state == "right" else "your answer was not right yet"
        return f"On {self._kept['on']}, {ended}."

    def hint(self, number=None):
        """Show the next hint, or hint `number`; after the last one, the last one again."""
        hints = self.question.hints
        if number is None:
            number = min(self._hints_given + 1, len(hints))
        number = check_int("number", number, 1, len(hints))
        self._hints_given = number
        rest = f" (`exercises.{self.name}.hint()` again gives the next.)" if number < len(hints) else ""
        display(Prose(f"Hint {number} of {len(hints)} to exercise {self.number}.", hints[number - 1] + rest))

    def solution(self):
        """Show the reasoning, a worked solution as code, and for a prediction what it gives."""
        self.peeked = self.peeked or self.state != "right"
        ending = [self._keep()]
        if self.question.kind == "prediction":
            ending.insert(0, f"This gives {show_value(given(self.question.solution, self._parameters))}.")
        opening = f"Solution of exercise {self.number}."
        display(Prose(opening, self.question.because, self.question.source, " ".join(filter(None, ending))))

    def __repr__(self):
        seen = ", after the solution was shown" if self.peeked and self.state == "right" else ""
        return f"{SIGNS[self.state]} Exercise {self.number}, `{self.name}`: {STATES[self.state]}{seen}"


class Exercises:
    """The exercises of `chapter`, each an attribute by its name; what was reached in earlier kernels is remembered."""

    def __init__(self, chapter, questions, parameters):
        self.chapter = chapter
        self._all = [Exercise(each, number, parameters, self) for number, each in enumerate(questions, 1)]
        for exercise in self._all:
            setattr(self, exercise.name, exercise)

    def __iter__(self):
        return iter(self._all)

    def __len__(self):
        return len(self._all)

    def count(self):
        """Return how many exercises are solved, in a sentence."""
        solved, peeked = self._solved(), sum(each.peeked and each.state == "right" for each in self._all)
        after = f", {peeked} of them after the solution was shown" if peeked else ""
        if solved == len(self):
            return f"All {solved} exercises of this chapter are solved{after}."
        return f"Solved in this chapter: {solved} of {len(self)}{after}."

    def _solved(self):
        return sum(each.state == "right" for each in self._all)

    def progress(self):
        """Show how many exercises are solved, the state of each, and how the reader's predictions went."""
        display(self._show())

    def _show(self):
        done = "right" if self._solved() == len(self) else "unanswered"
        lines = (*map(repr, self._all), *filter(None, (tell_score(), progress.tell_course())))
        return Box(f"{SIGNS[done]} {self.count()}", "", COLOURS[done], lines)

    def __repr__(self):
        return repr(self._show())


def chapters_with_exercises():
    """Return the names of the chapters that have a module of exercises, in order."""
    package = questions.__name__
    return [name for name in sorted(PUBLISHED) if importlib.util.find_spec(f"{package}.{name[3:]}")]


def questions_of(chapter):
    """Return the questions of `chapter`, in order.

    Raises
    ------
    ValueError
        If it has none.
    """
    check_choice("chapter", chapter, chapters_with_exercises())
    return importlib.import_module(f"{questions.__name__}.{chapter[3:]}").QUESTIONS


def parameters_of(chapter):
    """Return the names of the parameters that the answers in `chapter` depend on, in the chapter's order."""
    needed = {name for question in questions_of(chapter) for name in question.parameters}
    return [name for name in PUBLISHED[chapter] if name in needed]


def for_chapter(chapter, **parameters):
    """Return the exercises of `chapter`; nothing is computed before an answer is checked.

    Parameters
    ----------
    chapter : str
        The chapter's name, "00_introduction".
    **parameters
        Those of the chapter's parameters that its answers depend on (`parameters_of`), and no others.

    Returns
    -------
    Exercises

    Raises
    ------
    ValueError
        Naming the chapter or the parameter that does not fit.

    Examples
    --------
    >>> exercises = for_chapter("00_introduction", n=1000)
    >>> exercises.updates_in_an_epoch.check(...)
    ○ Exercise 1, not answered yet. Put your answer in place of the `...` and run the cell again.
    `exercises.updates_in_an_epoch.hint()` helps, `exercises.updates_in_an_epoch.solution()` shows the way.
    >>> exercises.updates_in_an_epoch.check((40, 16))
    ✗ Exercise 1, not right yet. These two are the wrong way round: updates come first.
    """
    questions, needed = questions_of(chapter), parameters_of(chapter)
    check_names(chapter, parameters, needed)
    if missing := [name for name in needed if name not in parameters]:
        raise ValueError(f"the exercises of {chapter} need {', '.join(needed)}, got none for {', '.join(missing)}")
    return Exercises(chapter, questions, parameters)
