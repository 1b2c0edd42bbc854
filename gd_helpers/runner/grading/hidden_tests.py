"""What a hidden test of nbgrader or Otter calls, in the kernel in which the learner's answers lie."""

import json
import os

from gd_helpers.exercises.chapter import questions_of

PARAMETERS = "GD_HANDOUT_PARAMETERS"  # the environment variable with the values of one learner, by chapter, as JSON


def assert_right(chapter, name, namespace, parameters=None):
    """Check the answer to the exercise `name` that lies in the dict `namespace`, as the exercise itself checks it.

    A number or a text is called ``answer`` in every chapter. It is taken away, so that it cannot pass for the answer to
    the next exercise, whose cell may fail.

    Parameters
    ----------
    chapter : str
        "00_introduction".
    name : str
        The name of the exercise, and of the function that a code question asks for.
    namespace : dict
        The learner's variables by name.
    parameters : dict, optional
        The values by name that the learner was handed out; by default those that `PARAMETERS` holds.

    Raises
    ------
    AssertionError
        If the answer is not right; it says what the exercise would say.
    KeyError
        If nothing is known to be handed out.

    Examples
    --------
    >>> assert_right("00_introduction", "updates_in_an_epoch", {"answer": (16, 40)}, {"n": 1000})
    >>> assert_right("00_introduction", "updates_in_an_epoch", {"answer": (40, 16)}, {"n": 1000})
    Traceback (most recent call last):
    AssertionError: These two are the wrong way round: updates come first.
    """
    (question,) = (each for each in questions_of(chapter) if each.name == name)
    if parameters is None:
        parameters = json.loads(os.environ[PARAMETERS])[chapter]
    answer = namespace.get(name, ...) if question.kind == "code" else namespace.pop("answer", ...)
    verdict = question.judge(answer, parameters)
    if verdict.state != "right":
        raise AssertionError(verdict.message or "This exercise was not answered.")
