import html
import re
from datetime import date

import pytest
from IPython.core.formatters import DisplayFormatter

from gd_helpers.exercises import chapter, for_chapter
from gd_helpers.exercises.chapter import chapters_with_exercises, parameters_of, questions_of
from gd_helpers.exercises.feedback import Prose
from gd_helpers.lesson import predictions, progress
from gd_helpers.lesson.parameters import PUBLISHED


@pytest.fixture
def shown(monkeypatch):
    """Return the list of what is displayed, as the bundles that a notebook stores."""
    bundles = []
    monkeypatch.setattr(chapter, "display", lambda thing: bundles.append(DisplayFormatter().format(thing)[0]))
    return bundles


@pytest.fixture
def exercises():
    return for_chapter("00_introduction", n=1000)


def texts(shown):
    return [bundle["text/plain"] for bundle in shown]


def visible(markup):
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def test_an_open_exercise_says_that_it_is_not_answered_and_where_help_is(shown, exercises):
    exercises.updates_in_an_epoch.check(..., ...)
    assert texts(shown) == [
        "○ Exercise 1, not answered yet. Put your answer in place of the `...` and run the cell again. "
        "`exercises.updates_in_an_epoch.hint()` helps, `exercises.updates_in_an_epoch.solution()` shows the way."
    ]


def test_a_wrong_answer_says_what_kind_of_wrong_it_is(shown, exercises):
    exercises.updates_in_an_epoch.check((40, 16))
    (text,) = texts(shown)
    assert text == "✗ Exercise 1, not right yet. These two are the wrong way round: updates come first."


def test_a_right_answer_says_so_and_how_far_the_learner_is(shown, exercises):
    exercises.updates_in_an_epoch.check((16, 40))
    (text,) = texts(shown)
    assert text.startswith("✓ Exercise 1, right. Computed: updates in an epoch = 16, ")
    assert text.endswith(" Solved in this chapter: 1 of 4.")


def test_several_numbers_may_be_given_without_parentheses(shown, exercises):
    exercises.updates_in_an_epoch.check(16, 40)
    assert texts(shown)[0].startswith("✓")


def test_check_without_an_answer_is_a_message(shown, exercises):
    exercises.updates_in_an_epoch.check()
    assert texts(shown)[0].startswith("✗ Exercise 1, not right yet. The answer is 2 numbers")


def test_the_verdict_can_be_told_without_its_colour(shown, exercises):
    for answer in (..., (40, 16), (16, 40)):
        exercises.updates_in_an_epoch.check(answer)
    for bundle in shown:
        assert visible(bundle["text/html"]) == bundle["text/plain"].replace("`", "")


def test_what_a_learner_gives_is_shown_to_the_letter(shown, exercises):
    exercises.updates_in_an_epoch.check("<script>alert(1)</script> & more")
    assert "<script>" not in shown[0]["text/html"]
    assert "the text '<script>alert(1)</script> & more'" in visible(shown[0]["text/html"])


def test_hints_come_one_after_the_other_and_the_last_stays(shown, exercises):
    hints = exercises.updates_in_an_epoch.question.hints
    for _ in range(len(hints) + 1):
        exercises.updates_in_an_epoch.hint()
    numbers = [*range(1, len(hints) + 1), len(hints)]
    for bundle, number in zip(shown, numbers, strict=True):
        assert f"Hint {number} of {len(hints)} to exercise 1." in bundle["text/plain"]
        assert hints[number - 1] in bundle["text/markdown"]
    assert "again gives the next" in shown[0]["text/plain"]
    assert "again gives the next" not in shown[-1]["text/plain"]


def test_a_hint_can_be_asked_for_by_its_number(shown, exercises):
    exercises.updates_in_an_epoch.hint(2)
    assert "Hint 2 of 2" in texts(shown)[0]
    with pytest.raises(ValueError, match="number must be a whole number from 1 to 2, got 3"):
        exercises.updates_in_an_epoch.hint(3)


def test_the_solution_of_a_prediction_is_code_and_what_it_gives(shown, exercises):
    exercises.updates_in_an_epoch.solution()
    (bundle,) = shown
    assert "```python\ndef updates_in_an_epoch(n):\n" in bundle["text/markdown"]
    assert bundle["text/plain"].endswith("This gives (16, 40).")


def test_the_solution_of_code_is_code(shown, exercises):
    exercises.batch_gradient.solution()
    assert "```python\ndef batch_gradient(X, y, w, batch):\n" in shown[0]["text/markdown"]
    assert "This gives" not in shown[0]["text/plain"]


def test_progress_is_shown_for_each_exercise(shown, exercises):
    exercises.progress()
    exercises.updates_in_an_epoch.check(16, 40)
    exercises.times_as_many_updates.check(9)
    exercises.progress()
    before, *_, after = texts(shown)
    assert before.splitlines()[:2] == [
        "○ Solved in this chapter: 0 of 4.",
        "  ○ Exercise 1, `updates_in_an_epoch`: not answered yet",
    ]
    assert after.splitlines()[:4] == [
        "○ Solved in this chapter: 1 of 4.",
        "  ✓ Exercise 1, `updates_in_an_epoch`: solved",
        "  ✗ Exercise 2, `times_as_many_updates`: not right yet",
        "  ○ Exercise 3, `batch_gradient`: not answered yet",
    ]
    assert repr(exercises) == after


def solve(exercise):
    parameters = {"n": 1000}
    code = exercise.question.kind == "code"
    exercise.check(exercise.question.solution if code else exercise.question.solution(**parameters))


def test_a_finished_chapter_says_so(shown, exercises):
    for exercise in exercises:
        solve(exercise)
    exercises.progress()
    assert "All 4 exercises of this chapter are solved." in texts(shown)[-2]
    assert texts(shown)[-1].startswith("✓ All 4 exercises of this chapter are solved.\n")


def test_what_was_solved_stays_solved(shown, exercises):
    solve(exercises.updates_in_an_epoch)
    exercises.updates_in_an_epoch.check(1, 2)
    exercises.updates_in_an_epoch.check(...)
    assert exercises.updates_in_an_epoch.state == "right"


def test_a_solution_that_was_shown_first_is_told_beside_the_progress(shown, exercises):
    solve(exercises.updates_in_an_epoch)
    exercises.updates_in_an_epoch.solution()  # after the right answer, everybody may look
    exercises.times_as_many_updates.solution()
    solve(exercises.times_as_many_updates)
    exercises.progress()
    lines = texts(shown)[-1].splitlines()
    assert lines[0] == "○ Solved in this chapter: 2 of 4, 1 of them after the solution was shown."
    assert lines[1].endswith("solved")
    assert lines[2].endswith("solved, after the solution was shown")


def test_the_progress_of_one_setup_is_not_that_of_another(exercises, shown):
    solve(exercises.updates_in_an_epoch)
    assert for_chapter("00_introduction", n=1000).updates_in_an_epoch.state == "unanswered"


@pytest.fixture
def file(monkeypatch, tmp_path):
    """Return the file of the progress of somebody who watches."""
    path = tmp_path / "progress.json"
    monkeypatch.delenv("GD_HEADLESS")
    monkeypatch.setenv("GD_PROGRESS_FILE", str(path))
    monkeypatch.setattr(progress, "_told", set())
    return path


def restarted():
    """Return the exercises as in a new kernel."""
    return for_chapter("00_introduction", n=1000)


def test_what_was_solved_is_remembered_by_the_next_kernel(file, shown):
    exercises = restarted()
    exercises.times_as_many_updates.solution()
    for exercise in (exercises.updates_in_an_epoch, exercises.times_as_many_updates):
        solve(exercise)
    assert texts(shown)[0].endswith(f" {progress.tell_place()}")
    assert [len(text.splitlines()) for text in texts(shown)[1:]] == [1, 1]  # the place is said once
    again = restarted()
    again.progress()
    lines = texts(shown)[-1].splitlines()
    assert lines[0] == "○ Solved in this chapter: 2 of 4, 1 of them after the solution was shown."
    assert lines[-1] == f"  All chapters so far: exercises solved: 2. {progress.tell_place()}"
    again.updates_in_an_epoch.check(..., ...)
    assert texts(shown)[-1].splitlines()[1] == f"  On {date.today()}, you solved this."


def test_the_first_verdict_says_where_it_is_kept(file, shown):
    exercises = restarted()
    exercises.updates_in_an_epoch.check(40, 16)
    assert texts(shown)[0].splitlines()[1] == f"  {progress.tell_place()}"


def test_a_wrong_answer_is_remembered_as_such_until_it_is_right(file, shown):
    restarted().updates_in_an_epoch.check(40, 16)
    again = restarted()
    again.updates_in_an_epoch.check(..., ...)
    assert texts(shown)[-1].splitlines()[1] == f"  On {date.today()}, your answer was not right yet."
    solve(again.updates_in_an_epoch)
    again.updates_in_an_epoch.check(40, 16)
    assert restarted().updates_in_an_epoch.state == "right"


def test_what_is_kept_of_an_exercise_may_be_nonsense(file, shown):
    file.write_text('{"00_introduction": {"exercises": {"updates_in_an_epoch": {"state": "x", "peeked": 3}}}}')
    exercise = restarted().updates_in_an_epoch
    exercise.check(...)
    assert (exercise.state, exercise.peeked, len(texts(shown)[0].splitlines())) == ("unanswered", False, 1)


def test_a_file_that_cannot_be_written_is_said_and_the_verdict_stays(file, shown):
    file.mkdir()
    solve(restarted().updates_in_an_epoch)
    first, second = texts(shown)[0].splitlines()
    assert first.startswith("✓ Exercise 1, right.")
    assert second.startswith(f"  Your progress can't be kept: {file}: ")


def test_the_score_of_the_predictions_stands_below_the_exercises(shown, exercises):
    predictions.open_chapter("00_introduction", True)
    try:
        predictions.predict("Is it?", {"yes": "It is.", "no": "It is not."}, key="it")
        exercises.progress()
    finally:
        predictions.open_chapter("", True)
    assert texts(shown)[-1].splitlines()[-1] == "  Predictions of this chapter: 0 of 1 right, 1 open."


def test_nothing_is_computed_for_open_exercises(monkeypatch, shown):
    def compute(*_):
        raise AssertionError("computed")

    monkeypatch.setattr(chapter, "given", compute)
    exercises = for_chapter("00_introduction", n=1000)
    for exercise in exercises:
        exercise.check(...)
    exercises.progress()
    assert len(shown) == len(exercises) + 1


def test_a_chapter_without_exercises_is_refused():
    with pytest.raises(ValueError, match=r"chapter must be one of '00_introduction', .*got '99_nothing'"):
        for_chapter("99_nothing")


def test_the_parameters_that_answers_depend_on_must_be_given_and_no_others():
    assert parameters_of("00_introduction") == ["n"]
    with pytest.raises(ValueError, match="the exercises of 00_introduction need n, got none for n"):
        for_chapter("00_introduction")
    with pytest.raises(ValueError, match=r"has no parameter 'nn' .*did you mean 'n'"):
        for_chapter("00_introduction", nn=1000)


def test_the_chapters_with_exercises_are_those_that_have_a_module():
    assert "00_introduction" in chapters_with_exercises()
    assert set(chapters_with_exercises()) <= set(PUBLISHED)
    assert questions_of("00_introduction")[0].name == "updates_in_an_epoch"


def test_prose_is_shown_as_text_too():
    assert repr(Prose("Opening.", "text", "code", "result")) == "Opening. text\n\ncode\n\nresult"
