"""The kinds of questions: a prediction in numbers, a prediction by choice, and code that is judged by what it does."""

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gd_helpers.exercises import calls
from gd_helpers.exercises.answers import (
    describe,
    find_difference,
    is_finite,
    is_unanswered,
    read_numbers,
    show_number,
    show_value,
)
from gd_helpers.exercises.feedback import Verdict

UNANSWERED = Verdict("unanswered")


@dataclass(frozen=True)
class Misconception:
    """A typical wrong answer, and what to say to it.

    Attributes
    ----------
    answer
        For a prediction, the wrong value, or a function of the chapter's parameters that gives it; in a tuple, None
        stands for whatever number. For code, a function with that mistake in it.
    message : str
        What kind of wrong it is, without the right answer.
    """

    answer: object
    message: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """What all questions have; the prompt is in the chapter.

    Attributes
    ----------
    solution : function
        A worked solution. Its name is the question's, and its source is what the learner is shown, so it uses only
        what the chapter's import cell has.
    expected : function
        Gives what is right, by another way than `solution`.
    misconceptions : sequence of Misconception
        At least three; the first that fits an answer is the one whose message is given.
    hints : sequence of str
        From a nudge to nearly all; Markdown.
    because : str
        The reasoning of the solution; Markdown.
    then : str
        What to say after a right answer, if anything.
    """

    solution: Callable
    expected: Callable
    misconceptions: tuple
    hints: tuple
    because: str
    then: str = ""

    @property
    def name(self):
        """What the question is called."""
        return self.solution.__name__

    @property
    def source(self):
        """The code of the worked solution."""
        return textwrap.dedent(inspect.getsource(self.solution)).strip()

    @property
    def parameters(self):
        """The names of the chapter's parameters that the right answer depends on."""
        return ()

    def _is_right(self, detail):
        return Verdict("right", f"{detail} {self.then}".strip())


def given(function, parameters):
    """Call `function` with those of the dict `parameters` that it needs; what is no function is returned as it is."""
    if not callable(function):
        return function
    return function(**{name: parameters[name] for name in names_of(function)})


def names_of(*functions):
    """Return the names of the arguments that the `functions` need, each once; one with a default is not needed."""
    found = [argument for each in functions for argument in inspect.signature(each).parameters.values()]
    return tuple(dict.fromkeys(argument.name for argument in found if argument.default is argument.empty))


@dataclass(frozen=True, kw_only=True)
class Prediction(Question):
    """One number or several, predicted before they are computed.

    `solution`, `expected` and the misconceptions' answers are functions of the chapter's parameters, by their names, and return
    one number for each of `asks`.

    Attributes
    ----------
    asks : tuple of str
        What each number is, for messages: ``("updates in an epoch",)``.
    relative, absolute : float
        How far each number may be from the computed one. The chapter's prompt says so, too. 0 and 0 mean exactly.
    """

    asks: tuple
    relative: float = 0.0
    absolute: float = 0.0

    kind = "prediction"

    @property
    def parameters(self):
        """The names of the chapter's parameters that the right answer depends on."""
        return names_of(
            self.solution,
            self.expected,
            *(misconception.answer for misconception in self.misconceptions if callable(misconception.answer)),
        )

    @property
    def tolerance(self):
        """What is accepted, in words."""
        parts = [f"{self.relative:.0%}".replace("%", " %")] if self.relative else []
        parts += [show_number(self.absolute)] if self.absolute else []
        return f"within {' + '.join(parts)}" if parts else "exactly"

    def judge(self, answer, parameters):
        """Return the verdict on `answer`, a number, or as many of them as the question asks for."""
        if is_unanswered(answer):
            return UNANSWERED
        try:
            found = self._read(answer)
        except ValueError as error:
            return Verdict("wrong", str(error))
        right = np.atleast_1d(read_numbers(given(self.expected, parameters)))
        wrong = ~self._is_near(found, right)
        if not wrong.any():
            return self._is_right(self._tell(right))
        for misconception in self.misconceptions:
            if self._fits(found, wrong, given(misconception.answer, parameters)):
                return Verdict("wrong", misconception.message)
        return Verdict("wrong", self._compare(found, right, wrong))

    def _read(self, answer):
        count = len(self.asks)
        wanted = f"{count} numbers, {', '.join(self.asks)}" if count > 1 else f"one number, {self.asks[0]}"
        try:
            found = read_numbers(answer)
        except ValueError as error:
            raise ValueError(f"The answer is {wanted}. You gave {error}.") from None
        if found.size != count or found.ndim > 1:
            raise ValueError(f"The answer is {wanted}. You gave {describe(answer)}.")
        if not np.isfinite(found).all():
            raise ValueError(f"The answer is {wanted}, and finite. You gave {show_value(answer)}.")
        return found.reshape(count)

    def _is_near(self, found, right):
        return np.abs(found - right) <= self.relative * np.abs(right) + self.absolute + 1e-9 * np.abs(right)

    def _fits(self, found, wrong, misconception):
        """Return whether the numbers that `misconception` names were given, and a wrong one is among them."""
        misconception = misconception if isinstance(misconception, tuple | list) else (misconception,)
        named = np.array([value is not None for value in misconception])
        values = np.array([0.0 if value is None else float(value) for value in misconception])
        reach = min(self.relative, 0.02) * np.abs(values) + min(self.absolute, 0.02) + 1e-9 * np.abs(values)
        return bool((named & wrong).any() and (np.abs(found - values) <= reach)[named].all())

    def _tell(self, right):
        listed = ", ".join(f"{name} = {show_number(value)}" for name, value in zip(self.asks, right, strict=True))
        accepted = f" (accepted: {self.tolerance})" if self.relative or self.absolute else ""
        return f"Computed: {listed}{accepted}."

    def _compare(self, found, right, wrong):
        """Return which numbers are too high or too low."""
        parts = [
            "right" if not bad else "too high" if value > target else "too low"
            for value, target, bad in zip(found, right, wrong, strict=True)
        ]
        if len(parts) == 1:
            return f"{show_number(found[0])} is {parts[0]}."
        return "; ".join(f"{name}: {part}" for name, part in zip(self.asks, parts, strict=True)) + "."


@dataclass(frozen=True, kw_only=True)
class Choice(Question):
    """A prediction that is one of a few texts.

    `solution` and `expected` are functions of the chapter's parameters, by their names, and return one of the texts.
    Each wrong text has its misconception.

    Attributes
    ----------
    options : tuple of str
        The texts, as the prompt lists them.
    """

    options: tuple

    kind = "prediction"

    @property
    def parameters(self):
        """The names of the chapter's parameters that the right answer depends on."""
        return names_of(self.solution, self.expected)

    def judge(self, answer, parameters):
        """Return the verdict on `answer`, one of the texts, in capitals or not."""
        if is_unanswered(answer):
            return UNANSWERED
        chosen = " ".join(answer.split()).casefold() if isinstance(answer, str) else None
        if chosen not in [option.casefold() for option in self.options]:
            listed = ", ".join(map(repr, self.options))
            return Verdict("wrong", f"The answer is one of {listed}. You gave {describe(answer)}.")
        if chosen == given(self.expected, parameters).casefold():
            return self._is_right("That is what the computation gives.")
        for misconception in self.misconceptions:
            if chosen == misconception.answer.casefold():
                return Verdict("wrong", misconception.message)
        return Verdict("wrong", "The computation gives another.")


@dataclass(frozen=True, kw_only=True)
class Code(Question):
    """A function that is called with inputs that the chapter does not show; its text is never looked at.

    `solution`, `expected` and the misconceptions' answers take the same arguments, and return what `find_difference` compares.

    Attributes
    ----------
    cases : function
        Returns a list of inputs, each a tuple of arguments; the first is best a small one, since messages show it.
        Every misconception must differ from what is right, and from the other misconceptions, in the first case that it gets wrong.
    relative : float
        How far each number may be from the right one, relative to the largest.
    strict : bool
        Whether tensors have to be tensors, of the right dtype.
    changes : tuple of str
        The arguments that the function is asked to change.
    seconds : float, optional
        What one call may take, where `calls.TIME_LIMIT` is not enough.
    endless : str
        What to say beside the time limit: the usual reason here why a function never returns.
    unsteady : str
        What to say of a function that returns something else when it is called again with the same arguments.
    """

    cases: Callable
    relative: float = 1e-6
    strict: bool = False
    changes: tuple = field(default=())
    seconds: float | None = None
    endless: str = "Does each of its loops end?"
    unsteady: str = "Called again with the same arguments, it returns something else: what in it changes by itself?"

    kind = "code"

    @property
    def arguments(self):
        """The names of the function's arguments."""
        return tuple(inspect.signature(self.solution).parameters)

    def judge(self, answer, parameters):
        """Return the verdict on the function `answer`."""
        if is_unanswered(answer):
            return UNANSWERED
        if complaint := self._find_misfit(answer):
            return Verdict("wrong", complaint)
        cases = self.cases()
        for case in cases:
            if verdict := self._try(answer, case):
                return verdict
        return self._is_right(f"It gives the right result for all {len(cases)} inputs that it was tried on.")

    def _find_misfit(self, answer):
        wanted = f"The answer is a function of {', '.join(f'`{name}`' for name in self.arguments)}"
        if isinstance(answer, type) or not callable(answer):
            return f"{wanted}. You gave {describe(answer)}. Hand over the function itself, without calling it."
        try:
            inspect.signature(answer).bind(*self.arguments)
        except TypeError:
            return f"{wanted}, in this order. Yours takes other arguments."
        except ValueError:
            pass  # a built-in function without a signature
        return None

    def _try(self, answer, case):
        """Return the verdict on one call, or None where all is well."""
        arguments = [calls.copy_of(argument) for argument in case]
        try:
            result = calls.call(answer, *arguments, seconds=self.seconds)
        except calls.NeverReturnsError as error:
            return Verdict("wrong", self._tell_endless(stopped=error.args[0]))
        except calls.RaisedError as error:
            return Verdict("wrong", f"{self._tell_input(case)} your function raised {error}.")
        if is_unanswered(result):
            return UNANSWERED
        for name, value, before in zip(self.arguments, arguments, case, strict=True):
            if name not in self.changes and not calls.is_unchanged(value, before):
                text = f"Your function changes its argument `{name}`, which whoever calls it may still need."
                return Verdict("wrong", f"{text} Make a new array, as `a = a + b` does, in place of `a += b`.")
        right = self.expected(*map(calls.copy_of, case))
        difference = find_difference(result, right, rtol=self.relative, strict=self.strict)
        if difference is None:
            return None
        for misconception in self.misconceptions:
            if self._is_same(result, misconception.answer, case):
                return Verdict("wrong", misconception.message)
        told = f"{self._tell_input(case)} your function {difference}."
        return Verdict("wrong", f"{told} {self._find_advice(answer, case, result)}".strip())

    def _find_advice(self, answer, case, result):
        """Return what else is to be seen in a wrong `result`: that it varies by itself, or not at all; or nothing."""
        if not is_finite(result):
            return ""
        if not self._is_same(result, answer, case):
            return self.unsteady
        others = [other for other in self.cases() if find_difference(self.expected(*other), self.expected(*case))]
        if others and all(self._is_same(result, answer, other) for other in others):
            return "It returns the same for other arguments: does it use its arguments alone?"
        return ""

    def _is_same(self, result, misconception, case):
        """Return whether `result` is what the mistake `misconception` gives; a misconception that fails on this case gives nothing."""
        try:
            mistaken = calls.call(misconception, *map(calls.copy_of, case), seconds=self.seconds)
            pairs = [(result, mistaken), (mistaken, result)] if self.strict else [(result, mistaken)]
            return all(find_difference(*pair, rtol=self.relative, strict=self.strict) is None for pair in pairs)
        except (calls.NeverReturnsError, calls.RaisedError, ValueError):
            return False

    def _tell_input(self, case):
        shown = [
            f"{name} = {show_value(value)}"
            for name, value in zip(self.arguments, case, strict=True)
            if not callable(value)
        ]
        return f"For {', '.join(shown)}," if shown else "There"

    def _tell_endless(self, stopped):
        seconds = calls.TIME_LIMIT if self.seconds is None else self.seconds
        text = f"Your function did not return within {seconds:g} seconds. {self.endless}"
        return text if stopped else f"{text} It could not be stopped: restart the kernel to be rid of it."
