"""Predictions, committed to by mouse and by keyboard, wrong and right; and what is still known when all was closed."""

from datetime import date

from test_exercises import CHAPTER, QUESTIONS

from gd_helpers.exercises.question import given
from gd_helpers.lesson.parameters import PUBLISHED

BY_MOUSE, BY_KEYBOARD, SOLVED = "lowest_point", "first_step", "limit_for_centred_x"
WRONG, RIGHT = "far away", "near (1.8, 4)"
TABS = 10  # the cell's own buttons come first


def asked(notebook, key):
    """Run the cell that asks for the prediction with that `key`, and return it and the group of its options."""
    cell = notebook.run(notebook.find(f'key="{key}"'))
    return cell, cell.get_by_role("group", name="Predict:")


def text_of(cell, words):
    """Return the text of the output that has these `words`, once it is there."""
    output = cell.locator(".jp-OutputArea-output").filter(has_text=words)
    output.first.wait_for()
    return output.first.inner_text()


def test_an_option_that_is_clicked_stays_and_is_answered_by_the_cell_below(desk):
    notebook = desk.take(CHAPTER)
    cell, group = asked(notebook, BY_MOUSE)
    group.get_by_role("button", name=WRONG).click()
    status = group.get_by_role("status").filter(has_text="You predict")
    status.wait_for()
    assert status.inner_text() == f"You predict “{WRONG}”. A cell below answers it."
    group.get_by_role("button", name="at (5, 2)").click(force=True)  # which is too late
    assert group.get_by_role("button", pressed=True).inner_text() == f"● {WRONG}"
    below = notebook.run(notebook.find(f"{BY_MOUSE}.reveal"))
    told = text_of(below, f"✗ You predicted “{WRONG}”; it is “near it”.")
    assert "One point may be far off. Are all of them off to the same side?" in told
    assert text_of(cell, f"✗ {WRONG}").splitlines()[1:4] == ["○ at (5, 2)", "✓ near it", f"✗ {WRONG}"]
    assert cell.get_by_role("button", name=WRONG).count() == 0


def test_an_option_is_found_and_chosen_by_keyboard(desk):
    notebook = desk.take(CHAPTER)
    _, group = asked(notebook, BY_KEYBOARD)
    option = group.get_by_role("button", name=RIGHT)
    option.wait_for()
    group.click(position={"x": 2, "y": 2})  # which selects the cell; its code is folded
    notebook.page.keyboard.press("Escape")
    for _ in range(TABS):
        notebook.page.keyboard.press("Tab")
        if option.evaluate("(element) => element === document.activeElement"):
            break
    notebook.page.keyboard.press("Enter")
    group.get_by_role("status").filter(has_text=f"You predict “{RIGHT}”.").wait_for()
    assert option.evaluate("(element) => element === document.activeElement")  # whoever tabs on goes on from here
    below = notebook.run(notebook.find(f"{BY_KEYBOARD}.reveal"))
    assert f"✓ You predicted “{RIGHT}”, and so it is." in text_of(below, "✓ You predicted")


def test_who_closes_and_opens_the_chapter_finds_predictions_score_and_solved_exercises(desk):
    notebook, question = desk.take(CHAPTER), QUESTIONS[SOLVED]
    check, answer = f"exercises.{SOLVED}.check(answer)", given(question.solution, PUBLISHED[CHAPTER])
    solved = f"Exercise {list(QUESTIONS).index(SOLVED) + 1}"
    text_of(notebook.write_and_run(notebook.find(check), f"answer = {answer}\n{check}"), f"✓ {solved}, right.")
    notebook = desk.reopen(CHAPTER)
    for text in ("import numpy", "seed: int", "check_parameters("):
        notebook.run(notebook.find(text))
    for key, chosen in ((BY_MOUSE, WRONG), (BY_KEYBOARD, RIGHT)):
        cell, _ = asked(notebook, key)
        assert f"● {chosen}" in text_of(cell, f"You predict “{chosen}”.")
    for text in ("for_chapter(", check, "exercises.progress()"):
        cell = notebook.run(notebook.find(text))
        if text == check:
            text_of(cell, f"On {date.today()}, you solved this.")
    score = text_of(cell, "Predictions of this chapter")
    assert f"✓ {solved}, {SOLVED}: solved" in score
    assert "Predictions of this chapter: 1 of 2 right.\nAll chapters so far: predictions right: 1 of 2," in score
