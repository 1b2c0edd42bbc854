"""Every explorer, moved: picture and numbers follow, and are those of the run that the controls ask for."""

import pytest
from explorer import MENUS, PLAY, SHOWN, SLIDERS, STOP


def shown(explorer):
    """Return controls, picture and numbers, all of one state: a step of the player may still have been under way."""
    while True:
        controls = explorer.values(), explorer.epoch()
        explorer.settle()
        picture, numbers = explorer.picture(), explorer.numbers()
        if controls == (explorer.values(), explorer.epoch()):
            return controls, picture, numbers


def holds(explorer, twin):
    """Check that the explorer shows the picture and the numbers of what its controls show."""
    _, picture, numbers = shown(explorer)
    assert picture == twin.picture(explorer)
    assert numbers == pytest.approx(twin.numbers(explorer), rel=1e-4 if twin.is_curve else 0, abs=5.1e-5)


def there_and_back(explorer, twin, control, there, back):
    """Check that the key `there` on a control changes what is shown to what it asks for, and `back` undoes it."""
    before = shown(explorer)
    control.press(there)
    holds(explorer, twin)
    assert all(new != old for new, old in zip(shown(explorer)[:2], before[:2], strict=True))
    control.press(back)
    assert shown(explorer) == before


def test_at_first_it_shows_the_run_of_its_defaults(explorer, twin):
    holds(explorer, twin)


@pytest.mark.parametrize("name", SLIDERS.values())
def test_arrow_keys_move_a_slider_and_back_and_picture_and_numbers_follow(explorer, twin, name):
    there_and_back(explorer, twin, explorer.slider(name), *explorer.keys(name))


def test_arrow_keys_change_the_optimizer_and_back_and_picture_and_numbers_follow(explorer, twin):
    there_and_back(explorer, twin, explorer.menu(MENUS["optimizer"]), "ArrowDown", "ArrowUp")


def test_the_loss_is_drawn_against_what_the_menu_says(explorer, twin):
    numbers, picture = explorer.numbers(), explorer.picture()
    explorer.menu(MENUS["against"]).press("ArrowDown")
    explorer.wait_for_alt("against examples")
    assert explorer.picture() != picture
    assert explorer.numbers() == numbers
    holds(explorer, twin)
    explorer.menu(MENUS["against"]).press("ArrowUp")
    explorer.wait_for_alt("against updates")
    assert explorer.picture() == picture


def test_play_walks_the_path_and_is_stopped_by_keyboard(explorer, twin):
    end = explorer.epoch()
    explorer.button(PLAY).press("Enter")
    explorer.button("pause").wait_for()
    explorer.wait_for_epoch(f"0 < epoch && epoch < {end}")
    explorer.button("pause").press("Enter")
    explorer.button(PLAY).wait_for()
    holds(explorer, twin)
    assert 0 < explorer.epoch() < end


def test_the_player_goes_back_to_the_start_and_the_slider_on_from_there(explorer, twin):
    explorer.button(STOP).click()
    explorer.wait_for_epoch("epoch === 0")
    explorer.slider(SHOWN).press("ArrowRight")
    explorer.wait_for_epoch("epoch === 1")
    holds(explorer, twin)


def test_a_click_on_its_track_moves_a_slider_and_picture_and_numbers_follow(explorer, twin):
    values, picture = explorer.values(), explorer.picture()
    explorer.click_far_away(SLIDERS["learning_rate"])
    holds(explorer, twin)
    assert explorer.values() != values
    assert explorer.picture() != picture


def test_a_drag_ends_with_the_picture_of_its_last_value_and_none_wait_in_a_queue(explorer, twin):
    after_letting_go = explorer.drag(SLIDERS["learning_rate"])
    holds(explorer, twin)
    assert after_letting_go <= 2  # the one under way and the last
