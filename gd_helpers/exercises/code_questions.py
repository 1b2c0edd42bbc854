"""Code questions: a function that is judged by what it returns; its text is never looked at."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gd_helpers.exercises import calls
from gd_helpers.exercises.answers import describe, find_difference, is_finite, is_unanswered, show_value
from gd_helpers.exercises.feedback import Verdict
from gd_helpers.exercises.question import UNANSWERED, Question


def code(**parts):
    """Make the function below the worked solution of a `Code` question, whose other attributes are `parts`.

    Examples
    --------
    >>> @code(cases=lambda: [(2.0,), (3.0,)], misconceptions=(), hints=(), because="A square is a product.")
    ... def square(x):
    ...     return x * x
    >>> square.judge(lambda x: 2 * x, {}).message
    'For x = 3, your function returned 6, where 9 is right.'
    """
    return lambda solution: Code(solution=solution, **parts)


@dataclass(frozen=True, kw_only=True, eq=False)
class Code(Question):
    """A function that is called with inputs that the chapter does not show.

    The misconceptions' answers take the same arguments as the solution, and return what `find_difference` compares.

    Attributes
    ----------
    cases : function
        Returns a list of inputs, each a tuple of arguments; the first is best a small one, since messages show it. In
        the first case that a misconception gets wrong, it must differ from all other misconceptions, too.
    relative : float
        How far each number may be from the solution's, relative to the largest.
    strict : bool
        Whether tensors have to be tensors, of the right dtype.
    changes : tuple of str
        The arguments that the function is asked to change.
    seconds : float, optional
        How long one call may compute, where `calls.TIME_LIMIT` is not enough.
    endless : str
        What to say when time is up: the usual reason for which this function never returns.
    unsteady : str
        What to say of a function that returns something else when it is called again with the same arguments.
    """

    cases: Callable
    relative: float = 1e-6
    strict: bool = False
    changes: tuple = ()
    seconds: float | None = None
    endless: str = "Does each of its loops end?"
    unsteady: str = "Called again with the same arguments, it returns something else: what in it changes by itself?"

    kind = "code"

    @property
    def arguments(self):
        """The names of the function's arguments."""
        return tuple(inspect.signature(self.solution).parameters)

    def judge(self, answer, parameters):
        """Return the verdict on the function `answer`; `parameters` are there for the sake of other questions."""
        if is_unanswered(answer):
            return UNANSWERED
        if complaint := self._find_misfit(answer):
            return Verdict("wrong", complaint)
        for case, right in self._cases_with_results:
            if verdict := self._try(answer, case, right):
                return verdict
        count = len(self._cases_with_results)
        return self._is_right(f"It gives the right result for all {count} inputs that it was tried on.")

    @functools.cached_property
    def _cases_with_results(self):
        """The cases, each with the solution's result; so what these need is loaded before an answer's clock starts."""
        with np.errstate(all="ignore"):
            return [(case, self.solution(*map(calls.copy_of, case))) for case in self.cases()]

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

    def _try(self, answer, case, right):
        """Return the verdict on one call, or None where all is well."""
        arguments = [calls.copy_of(argument) for argument in case]
        try:
            result = calls.call(answer, *arguments, seconds=self.seconds)
        except calls.NeverReturnsError as error:
            return Verdict("wrong", self._tell_endless(error))
        except calls.RaisedError as error:
            return Verdict("wrong", f"{self._tell_input(case)} your function raised {error}.")
        if is_unanswered(result):
            return UNANSWERED
        for name, value, before in zip(self.arguments, arguments, case, strict=True):
            if name not in self.changes and not calls.is_unchanged(value, before):
                text = f"Your function changes its argument `{name}`, which its caller may still need."
                return Verdict("wrong", f"{text} Make a new array, as `a = a + b` does, in place of `a += b`.")
        difference = self._find_difference(result, right)
        if difference is None:
            return None
        for misconception in self.misconceptions:
            if self._is_made_by(misconception.answer, case, result):
                return Verdict("wrong", misconception.message)
        told = f"{self._tell_input(case)} your function {difference}."
        return Verdict("wrong", f"{told} {self._find_advice(answer, case, right, result)}".strip())

    def _find_difference(self, result, right):
        return find_difference(result, right, rtol=self.relative, strict=self.strict)

    def _is_same(self, result, other):
        """Return whether two results agree; where types matter, either way round."""
        try:
            pairs = [(result, other), (other, result)] if self.strict else [(result, other)]
            return all(self._find_difference(*pair) is None for pair in pairs)
        except ValueError:  # `other` is nothing that a result could be compared with
            return False

    def _is_made_by(self, mistaken, case, result):
        """Return whether the function `mistaken` gives `result`; one that fails on this case gives nothing."""
        try:
            with np.errstate(all="ignore"):
                return self._is_same(result, mistaken(*map(calls.copy_of, case)))
        except Exception:
            return False

    def _find_advice(self, answer, case, right, result):
        """Return what else can be said of a wrong `result`: that it varies by itself, or never; or nothing."""
        if not is_finite(result):
            return ""
        if not self._returns(answer, case, result):
            return self.unsteady
        others = [other for other, wanted in self._cases_with_results if find_difference(wanted, right)]
        if others and all(self._returns(answer, other, result) for other in others):
            return "It returns the same for other arguments: does it use nothing but its arguments?"
        return ""

    def _returns(self, answer, case, result):
        """Return whether the function `answer` gives `result` for this case."""
        try:
            return self._is_same(result, calls.call(answer, *map(calls.copy_of, case), seconds=self.seconds))
        except (calls.NeverReturnsError, calls.RaisedError):
            return False

    def _tell_input(self, case):
        shown = [
            f"{name} = {show_value(value)}"
            for name, value in zip(self.arguments, case, strict=True)
            if not callable(value)
        ]
        return f"For {', '.join(shown)}," if shown else "There"

    def _tell_endless(self, error):
        text = f"Your function did not return within {error.seconds:g} seconds. {self.endless}"
        return text if error.stopped else f"{text} It could not be stopped: restart the kernel to be rid of it."
