"""Questions with check, hint and solution.

A chapter asks its questions in its own text, and says ``exercises = for_chapter("03_batch", seed=seed, n=n)`` once.
Each question is an attribute of that: ``exercises.NAME.check(answer)``, ``.hint()``, ``.solution()``;
``exercises.progress()`` shows how far the learner is, which is kept where `gd_helpers.lesson.progress` says.

To add an exercise
------------------
1. In the chapter's file in ``questions/``, write the worked solution, whose name is the question's, and say above it
   what is asked (`Prediction`, `Choice`, `Code` and `Misconception` describe every part)::

       @prediction(
           asks=("updates in an epoch",),
           misconceptions=(
               Misconception(lambda n: n // 64, "You counted full batches only. What of the examples left over?"),
               ...
           ),
           hints=("Cut off 64 examples at a time. How often can you cut?",),
           because="Each batch makes an update, so there are $n/64$, rounded up.",
       )
       def updates_in_an_epoch(n):
           return int(np.ceil(n / 64))

   A learner's answer is compared with what the solution gives. A prediction's arguments are parameters of the chapter.
   The solution is shown to the learner, so it uses what the chapter's import cell has and nothing else. Write three
   misconceptions or more; no message gives the answer away.
2. Add it to ``QUESTIONS`` at the end of the file. A chapter has three to five questions, a prediction or choice and a
   code question among them.
3. In ``tests/exercises/oracles/``, write a function of the same name that finds the answer another way: NumPy, torch, a
   closed form, counting. The tests hold the two to each other, try every misconception, and run the solution as the
   learner sees it.
4. In the notebook, below ``## Exercises``, write a Markdown cell "**Exercise 1, prediction.** …" that says what to give
   and how exact, and a code cell::

       answer = ...  # updates in an epoch
       exercises.updates_in_an_epoch.check(answer)

   For code, the cell holds the function with ``return ...`` as its body, and hands it over. Then refresh the chapter.
"""

from gd_helpers.exercises.chapter import for_chapter
from gd_helpers.exercises.code_questions import Code, code
from gd_helpers.exercises.predictions import Choice, Prediction, choice, prediction
from gd_helpers.exercises.question import Misconception

__all__ = ["Choice", "Code", "Misconception", "Prediction", "choice", "code", "for_chapter", "prediction"]
