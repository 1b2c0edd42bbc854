"""Predictions: the reader commits to one before a cell shows what happens, and is told what is wrong about it."""

from gd_helpers.lesson.commitments import Choice, Number

_chapter, _published, _asked = "", True, {}


def open_chapter(chapter, published):
    """Have the predictions from here on be those of `chapter`, which runs with its published parameters or others.

    What is said about options was written for the published ones, and is left out where others decide what is right.
    """
    global _chapter, _published, _asked
    _chapter, _published, _asked = chapter, published, {}


def predict(question, options, answer=None, *, key, absolute=0.0, relative=0.0):
    """Ask the reader to choose an option, or to give a number, before what happens is shown.

    What is chosen stays. It is answered at once if `answer` is given, and otherwise by the cell that computes it and
    calls `Choice.reveal`.

    Parameters
    ----------
    question : str
        Backticks mark code, here and in the options.
    options : dict
        By what can be chosen, what is right or wrong about it, in a sentence that does not say which. For a number, the
        options are ``"too low"``, ``"right"`` and ``"too high"``.
    answer : str or float, optional
        The right option or number, where nothing has to be computed.
    key : str
        What the reader's answer is kept under, with the name of the chapter: it stays when the question is reworded, or
        the notebook renamed. An answer to an option that is no longer there counts as none.
    absolute, relative : float
        How far a number may be off, by itself and in units of the right one. Whoever gives either asks for a number.

    Returns
    -------
    Choice, Number or None
        What to `reveal` the answer with; None where it is given.

    Raises
    ------
    ValueError
        If key, options or answer are not as above.

    Examples
    --------
    >>> coin = predict(
    ...     "Heads ten times. Which is more likely next?",
    ...     {"tails": "The coin remembers nothing.", "both alike": "Each throw is a throw of its own."},
    ...     key="coin",
    ... )
    Predict: Heads ten times. Which is more likely next?
      ○ tails
      ○ both alike
      Run this cell to choose.
    >>> heads, tails = 0.5, 0.5
    >>> coin.reveal(tails > heads, tails == heads)
    ○ The answer: “both alike”. Each throw is a throw of its own.
    """
    kind = Number if absolute or relative else Choice
    prediction = kind(_chapter, key, question, options, {"absolute": absolute, "relative": relative}, _published)
    if answer is not None:
        prediction.set_answer(answer)
    prediction.restore()
    prediction.show()
    _asked[key] = prediction
    return prediction if answer is None else None


def tell_score():
    """Return how many of the chapter's predictions, as far as they were asked, are right; or "" if none was asked."""
    if not _asked:
        return ""
    right, left = (sum(each.is_right() is state for each in _asked.values()) for state in (True, None))
    return f"Predictions of this chapter: {right} of {len(_asked)} right{f', {left} open' if left else ''}."
