"""What every question has, and what a typical wrong answer is."""

import ast
import functools
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from gd_helpers.exercises.feedback import Verdict
from gd_helpers.exercises.plain import decode, encode

UNANSWERED = Verdict("unanswered")


@dataclass(frozen=True)
class Misconception:
    """A typical wrong answer, and what to say to it.

    Attributes
    ----------
    answer
        For a prediction, the wrong value, or a function of the chapter's parameters that gives it; in a tuple, None
        stands for any number. For a choice, the wrong option. For code, a function with that mistake in it.
    message : str
        What kind of mistake it is, without the right answer.
    """

    answer: object
    message: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    """A question with its worked solution; the prompt is in the chapter. Calling it calls the solution.

    Attributes
    ----------
    solution : function
        What an answer is compared with. Its name is the question's, and its source is what the learner is shown, so it
        uses only what the chapter's import cell has.
    misconceptions : tuple of Misconception
        At least three; the message of the first that fits is the one that is given.
    hints : tuple of str
        From a nudge to nearly the whole way; Markdown.
    because : str
        The reasoning behind the solution; Markdown.
    then : str
        What to say after a right answer, if anything.
    """

    solution: Callable
    misconceptions: tuple
    hints: tuple
    because: str
    then: str = ""

    def __call__(self, *arguments, **parameters):
        """Return what the solution gives."""
        return self.solution(*arguments, **parameters)

    @property
    def name(self):
        """The question's name: that of its solution."""
        return self.solution.__name__

    @property
    def source(self):
        """The code of the solution, without its decorator."""
        source = textwrap.dedent(inspect.getsource(self.solution))
        return "\n".join(source.splitlines()[ast.parse(source).body[0].lineno - 1 :])

    @property
    def parameters(self):
        """The names of the chapter's parameters that the question depends on."""
        return ()

    def record(self, answer):
        """Return `answer` as plain data, which can be judged in another process by `judge_record`."""
        return {"answer": encode(answer)}

    def judge_record(self, record, parameters):
        """Return the verdict on the answer that `record` has written.

        Raises
        ------
        ValueError
            If it is nothing that `record` has written.
        """
        return self.judge(decode(record["answer"]), parameters)

    def _is_right(self, detail):
        return Verdict("right", f"{detail} {self.then}".strip())


def given(function, parameters):
    """Return `function` of those of the dict `parameters` that it takes, computed once; a constant is returned as is.

    Examples
    --------
    >>> given(lambda n: n / 2, {"n": 1000, "seed": 37}), given(12, {"n": 1000})
    (500.0, 12)
    """
    if not callable(function):
        return function
    return _compute(function, tuple((name, parameters[name]) for name in names_of(function)))


@functools.cache
def _compute(function, parameters):
    return function(**dict(parameters))


def names_of(*functions):
    """Return the names of the arguments that `functions` need, each once; one with a default is not needed."""
    found = [argument for each in functions for argument in inspect.signature(each).parameters.values()]
    return tuple(dict.fromkeys(argument.name for argument in found if argument.default is argument.empty))
