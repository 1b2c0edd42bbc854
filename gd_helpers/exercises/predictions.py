"""Predictions: one number or several, or one of a few texts."""

import re
from dataclasses import dataclass

import numpy as np

from gd_helpers.exercises.answers import describe, is_unanswered, parse_numbers, read_numbers, show_value
from gd_helpers.exercises.feedback import Verdict
from gd_helpers.exercises.question import UNANSWERED, Question, given, names_of
from gd_helpers.formatting import format_number


def prediction(**parts):
    """Make the function below the worked solution of a `Prediction`, whose other attributes are `parts`.

    Examples
    --------
    >>> @prediction(asks=("updates",), misconceptions=(), hints=(), because="Each example makes an update.")
    ... def updates_in_an_epoch(n):
    ...     return n
    >>> updates_in_an_epoch.judge(999, {"n": 1000}).message
    '999 is too low.'
    """
    return lambda solution: Prediction(solution=solution, **parts)


def choice(**parts):
    """Make the function below the worked solution of a `Choice`, whose other attributes are `parts`."""
    return lambda solution: Choice(solution=solution, **parts)


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction(Question):
    """One number or several, predicted before they are computed.

    The solution and the misconceptions' answers are functions of the chapter's parameters, by name, and return one
    number for each of `asks`.

    Attributes
    ----------
    asks : tuple of str
        What each number is, for messages: ``("updates in an epoch",)``.
    relative, absolute : float
        How far each number may be from the solution's; the chapter's prompt says so, too. 0 and 0 mean exactly.
    """

    asks: tuple
    relative: float = 0.0
    absolute: float = 0.0

    kind = "prediction"

    @property
    def parameters(self):
        """The names of the chapter's parameters that the question depends on."""
        answers = (misconception.answer for misconception in self.misconceptions)
        return names_of(self.solution, *filter(callable, answers))

    @property
    def tolerance(self):
        """What is accepted, in words."""
        parts = [f"{format_number(100 * self.relative)} %"] if self.relative else []
        parts += [format_number(self.absolute)] if self.absolute else []
        return f"within {' + '.join(parts)}" if parts else "exactly"

    def judge(self, answer, parameters):
        """Return the verdict on `answer`: a number, or as many of them as the question asks for."""
        if is_unanswered(answer):
            return UNANSWERED
        try:
            found = self._read(answer)
        except ValueError as error:
            return Verdict("wrong", str(error))
        right = np.atleast_1d(read_numbers(given(self.solution, parameters)))
        wrong = ~self._is_near(found, right)
        if not wrong.any():
            return self._is_right(self._tell(right))
        for misconception in self.misconceptions:
            if self._fits(found, wrong, given(misconception.answer, parameters)):
                return Verdict("wrong", misconception.message)
        return Verdict("wrong", self._compare(found, right, wrong))

    def _read(self, answer):
        count = len(self.asks)
        wanted = f"{count} numbers: {', '.join(self.asks)}" if count > 1 else f"one number, {self.asks[0]}"
        try:
            found = read_numbers(parse_numbers(answer))
        except ValueError as error:
            raise ValueError(f"The answer is {wanted}. You gave {error}.") from None
        if found.size != count or max(found.shape, default=1) != count:
            raise ValueError(f"The answer is {wanted}. You gave {describe(answer)}.")
        if not np.isfinite(found).all():
            finite = "all of them finite" if count > 1 else "a finite one"
            raise ValueError(f"The answer is {wanted}, {finite}. You gave {show_value(answer)}.")
        return found.reshape(count)

    def _is_near(self, found, right):
        return np.abs(found - right) <= self.relative * np.abs(right) + self.absolute + 1e-9 * np.abs(right)

    def _fits(self, found, wrong, mistaken):
        """Return whether the numbers of `mistaken`, a misconception's answer, were given, a wrong one among them."""
        mistaken = mistaken if isinstance(mistaken, tuple | list) else (mistaken,)
        named = np.array([value is not None for value in mistaken])
        values = np.array([0.0 if value is None else float(value) for value in mistaken])
        reach = min(self.relative, 0.02) * np.abs(values) + min(self.absolute, 0.02) + 1e-9 * np.abs(values)
        return bool((named & wrong).any() and (np.abs(found - values) <= reach)[named].all())

    def _tell(self, right):
        listed = ", ".join(f"{name} = {format_number(value)}" for name, value in zip(self.asks, right, strict=True))
        accepted = f" (accepted: {self.tolerance})" if self.relative or self.absolute else ""
        return f"Computed: {listed}{accepted}."

    def _compare(self, found, right, wrong):
        """Return which numbers are too high or too low."""
        parts = [
            "right" if not bad else "too high" if value > target else "too low"
            for value, target, bad in zip(found, right, wrong, strict=True)
        ]
        if len(parts) == 1:
            return f"{format_number(found[0])} is {parts[0]}."
        return "; ".join(f"{name}: {part}" for name, part in zip(self.asks, parts, strict=True)) + "."


@dataclass(frozen=True, kw_only=True, eq=False)
class Choice(Question):
    """A prediction that is one of a few texts.

    The solution is a function of the chapter's parameters, by name, that returns one of the texts. Each wrong text has
    its misconception.

    Attributes
    ----------
    options : tuple of str
        The texts, as the prompt lists them.
    """

    options: tuple

    kind = "prediction"

    @property
    def parameters(self):
        """The names of the chapter's parameters that the question depends on."""
        return names_of(self.solution)

    def judge(self, answer, parameters):
        """Return the verdict on `answer`, one of the texts; capitals, hyphens, full stops and articles don't matter."""
        if is_unanswered(answer):
            return UNANSWERED
        chosen = simplify(answer) if isinstance(answer, str) else ""
        if chosen not in map(simplify, self.options):
            listed = ", ".join(map(repr, self.options))
            return Verdict("wrong", f"The answer is one of {listed}. You gave {describe(answer)}.")
        if chosen == simplify(given(self.solution, parameters)):
            return self._is_right("That is what the computation gives.")
        for misconception in self.misconceptions:
            if chosen == simplify(misconception.answer):
                return Verdict("wrong", misconception.message)
        return Verdict("wrong", "The computation gives another one.")


def simplify(text):
    """Return what tells the options of a choice apart: the letters and digits of `text`, without articles.

    Examples
    --------
    >>> simplify("A third."), simplify("third"), simplify("Mini-batch")
    ('third', 'third', 'minibatch')
    """
    words = re.findall(r"[^\W_]+", text.casefold())
    return "".join(word for word in words if word not in ("a", "an", "the"))
