"""Code questions: a function that is judged by what it returns; its text is never looked at."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gd_helpers.exercises import calls
from gd_helpers.exercises.answers import describe, find_difference, is_finite, is_unanswered, show_value
from gd_helpers.exercises.feedback import Verdict
from gd_helpers.exercises.plain import LONGEST, decode, encode
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


@dataclass(frozen=True)
class Call:
    """What one call of a learner's function came to."""

    result: object = None
    changed: str = ""  # the argument that it changed and ought not to have changed
    raised: str = ""  # what it raised, and where
    endless: float | None = None  # the seconds in which it did not return
    stopped: bool = True  # whether it could be stopped then

    def is_plain(self):
        """Return whether it returned something, and did nothing else."""
        return self.endless is None and not self.raised and not self.changed and not is_unanswered(self.result)

    def encode(self):
        """Return it as plain data."""
        return {**vars(self), "result": encode(self.result)}

    @classmethod
    def decode(cls, data):
        """Return the call that is written as `data`.

        Raises
        ------
        ValueError
            If none is.
        """
        endless, texts = data["endless"], [str(data[name])[:LONGEST] for name in ("changed", "raised")]
        return cls(decode(data["result"]), *texts, None if endless is None else float(endless), bool(data["stopped"]))


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
        if (misfit := self._find_misfit(answer)) is not None:
            return self._tell_misfit(misfit)
        return self._judge_calls(functools.cache(lambda place, again=False: self._call(answer, place)))

    def record(self, answer):
        """Call the function `answer`, and return what its calls came to as plain data, for `judge_record`.

        After a call that did not end well no other is made: none could change the verdict.
        """
        if is_unanswered(answer):
            return {"answer": encode(answer)}
        if (misfit := self._find_misfit(answer)) is not None:
            return {"misfit": misfit}
        made = []
        for place, (_, right) in enumerate(self._cases_with_results):
            made.append([self._call(answer, place)])
            if not made[-1][0].is_plain():
                break
            if self._find_difference(made[-1][0].result, right):
                made[-1].append(self._call(answer, place))
        return {"calls": [[call.encode() for call in calls_of_case] for calls_of_case in made]}

    def judge_record(self, record, parameters):
        """Return the verdict on what `record` has written; the functions that are called here are the question's own.

        Raises
        ------
        ValueError
            If it is nothing that `record` has written.
        """
        if "answer" in record:
            return self.judge(decode(record["answer"]), parameters)
        if "misfit" in record:
            return self._tell_misfit(str(record["misfit"])[:LONGEST])
        made = [[Call.decode(call) for call in calls_of_case] for calls_of_case in record["calls"]]

        def recall(place, again=False):
            found = made[place] if place < len(made) else []
            return found[again] if again < len(found) else Call(raised="nothing that was written down")

        return self._judge_calls(recall)

    def _judge_calls(self, call):
        """Return the verdict on a function; ``call(place, again)`` is what it made of that case, or made again."""
        for place, (case, right) in enumerate(self._cases_with_results):
            if verdict := self._judge_call(call, place, case, right):
                return verdict
        count = len(self._cases_with_results)
        return self._is_right(f"It gives the right result for all {count} inputs that it was tried on.")

    @functools.cached_property
    def _cases_with_results(self):
        """The cases, each with the solution's result; so what these need is loaded before an answer's clock starts."""
        with np.errstate(all="ignore"):
            return [(case, self.solution(*map(calls.copy_of, case))) for case in self.cases()]

    def _find_misfit(self, answer):
        """Return in a few words what `answer` is, if it is no function; "" if it takes other arguments; or None."""
        if isinstance(answer, type) or not callable(answer):
            return describe(answer)
        try:
            inspect.signature(answer).bind(*self.arguments)
        except TypeError:
            return ""
        except ValueError:
            pass  # a built-in function without a signature
        return None

    def _tell_misfit(self, misfit):
        wanted = f"The answer is a function of {', '.join(f'`{name}`' for name in self.arguments)}"
        if not misfit:
            return Verdict("wrong", f"{wanted}, in this order. Yours takes other arguments.")
        return Verdict("wrong", f"{wanted}. You gave {misfit}. Hand over the function itself, without calling it.")

    def _call(self, answer, place):
        """Return what a call of the function `answer` with the case number `place` came to."""
        case, _ = self._cases_with_results[place]
        arguments = [calls.copy_of(argument) for argument in case]
        try:
            result = calls.call(answer, *arguments, seconds=self.seconds)
        except calls.NeverReturnsError as error:
            return Call(endless=error.seconds, stopped=error.stopped)
        except calls.RaisedError as error:
            return Call(raised=str(error))
        judged = zip(self.arguments, arguments, case, strict=True)
        changed = (
            name for name, now, before in judged if name not in self.changes and not calls.is_unchanged(now, before)
        )
        return Call(result, changed=next(changed, ""))

    def _judge_call(self, call, place, case, right):
        """Return the verdict on the call with the case number `place`, or None where all is well."""
        made = call(place)
        if made.endless is not None:
            return Verdict("wrong", self._tell_endless(made))
        if made.raised:
            return Verdict("wrong", f"{self._tell_input(case)} your function raised {made.raised}.")
        if is_unanswered(made.result):
            return UNANSWERED
        if made.changed:
            text = f"Your function changes its argument `{made.changed}`, which its caller may still need."
            return Verdict("wrong", f"{text} Make a new array, as `a = a + b` does, in place of `a += b`.")
        difference = self._find_difference(made.result, right)
        if difference is None:
            return None
        for misconception in self.misconceptions:
            if self._is_made_by(misconception.answer, case, made.result):
                return Verdict("wrong", misconception.message)
        told = f"{self._tell_input(case)} your function {difference}."
        return Verdict("wrong", f"{told} {self._find_advice(call, place, made.result)}".strip())

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

    def _find_advice(self, call, place, result):
        """Return what else can be said of a wrong `result`: that it varies by itself, or never; or nothing."""
        if not is_finite(result):
            return ""
        if not self._is_result(call(place, again=True), result):
            return self.unsteady
        right = self._cases_with_results[place][1]
        others = [other for other, (_, wanted) in enumerate(self._cases_with_results) if find_difference(wanted, right)]
        if others and all(self._is_result(call(other), result) for other in others):
            return "It returns the same for other arguments: does it use nothing but its arguments?"
        return ""

    def _is_result(self, made, result):
        """Return whether a call returned `result`."""
        return not made.raised and made.endless is None and self._is_same(result, made.result)

    def _tell_input(self, case):
        shown = [
            f"{name} = {show_value(value)}"
            for name, value in zip(self.arguments, case, strict=True)
            if not callable(value)
        ]
        return f"For {', '.join(shown)}," if shown else "There"

    def _tell_endless(self, made):
        text = f"Your function did not return within {made.endless:g} seconds. {self.endless}"
        return text if made.stopped else f"{text} It could not be stopped: restart the kernel to be rid of it."
