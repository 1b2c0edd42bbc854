"""Questions with check, hint and solution.

A chapter asks its questions in its own text, and says ``exercises = for_chapter("03_batch", seed=seed, n=n)`` once.
Each question is an attribute of that: ``exercises.NAME.check(answer)``, ``.hint()``, ``.solution()``;
``exercises.progress()`` shows how far the learner is. That is kept in the kernel's memory alone.

To add exercises to a chapter
-----------------------------
1. Write ``gd_helpers/exercises/questions/<the chapter's name without its number>.py`` with a tuple ``QUESTIONS`` of three to
   five, at least one of them a `Prediction` (numbers) or `Choice` (one of a few texts), and at least one `Code` (a
   function). Read ``introduction.py`` first, and the docstrings of `Prediction`, `Choice`, `Code` and `Misconception`,
   which name every part.

   - The *solution* is a function whose name is the question's and whose source the learner is shown, so it uses what
     the chapter's import cell has and nothing else. For a prediction its arguments are the chapter's parameters that
     it depends on, such as ``n``; for code they are the arguments that the prompt names.
   - *expected* gets the same arguments and finds what is right by another way: NumPy, torch, a closed form, counting.
   - Three *misconceptions* or more, each a wrong answer with the message for its kind of wrong. For a prediction a value or a
     function of the parameters; for code a function with the mistake in it, which always returns: an answer that
     returns the same is told so. No message gives the right answer away.
   - The *cases* of code are data that the chapter does not have, a small one first, on which all misconceptions differ.

2. In the notebook, import `for_chapter`, and write below ``## Exercises`` a cell that calls it, with the parameters
   that `parameters_of` lists; then for each question, in order, a Markdown cell "**Exercise 1, prediction.** …" that
   says what to give and how exact, and a code cell::

       answer = ..., ...  # updates in an epoch, examples in the last batch
       exercises.updates_in_an_epoch.check(answer)

   For code, the cell holds the function with ``return ...`` as its body, and hands it over. Last comes a cell
   ``exercises.progress()``, then ``## Sources``.

3. Refresh the chapter, and run ``tests/test_exercises_chapters.py``, which finds the new questions by itself: every
   solution passes, in the chapter's own namespace and under other parameters; every misconception is refused with its own
   message; whatever is no answer gets a message.
"""

from gd_helpers.exercises.chapter import for_chapter
from gd_helpers.exercises.question_types import Choice, Code, Misconception, Prediction

__all__ = ["Choice", "Code", "Misconception", "Prediction", "for_chapter"]
