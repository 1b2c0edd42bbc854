"""Every explorer without a mouse, and for who does not see it."""

import re

from explorer import MENUS, PLAY, SHOWN, SLIDERS, STOP

# In reading order; a seed and an epoch can be typed as well.
CONTROLS = [
    ("slider", SLIDERS["learning_rate"]),
    ("combobox", MENUS["optimizer"]),
    ("slider", SLIDERS["batch_size"]),
    ("combobox", MENUS["against"]),
    ("slider", SLIDERS["epochs"]),
    ("slider", SLIDERS["seed"]),
    ("textbox", f"{SLIDERS['seed']}, as a number"),
    ("button", PLAY),
    ("button", STOP),
    ("slider", SHOWN),
    ("textbox", f"{SHOWN}, as a number"),
]
IN_FOCUS = "(root) => root.contains(document.activeElement)"
IS_IN_FOCUS = "(element) => element === document.activeElement"


def find(explorer, role, name):
    return explorer.root.get_by_role(role, name=explorer.name_here(name), exact=True)


def test_tab_leads_from_the_cell_to_every_control_in_reading_order(explorer):
    explorer.leave_the_editor()
    for _ in range(5):  # the cell's own buttons come first
        explorer.page.keyboard.press("Tab")
        if explorer.root.evaluate(IN_FOCUS):
            break
    for role, name in CONTROLS:
        assert find(explorer, role, name).evaluate(IS_IN_FOCUS), f"{role} {name}"
        explorer.page.keyboard.press("Tab")
    assert not explorer.root.evaluate(IN_FOCUS)


def test_every_control_has_a_name_and_there_are_no_others(explorer):
    roles = "slider|combobox|button|textbox|spinbutton|checkbox|radio|link"
    found = re.findall(rf"^\s*- '?({roles})(?: \"([^\"]*)\")?", explorer.root.aria_snapshot(), re.MULTILINE)
    assert found == [(role, explorer.name_here(name)) for role, name in CONTROLS]


def test_the_picture_has_a_text_and_the_state_is_announced(explorer):
    explorer.settle()
    picture = explorer.root.get_by_role("img")
    assert picture.count() == 1
    assert "Left: " in picture.get_attribute("alt")
    assert explorer.root.get_by_role("status").inner_text().startswith("After epoch ")


def test_a_seed_can_be_typed(explorer):
    box = find(explorer, "textbox", f"{SLIDERS['seed']}, as a number")
    box.click()
    explorer.page.keyboard.press("ControlOrMeta+a")
    explorer.page.keyboard.type("61")
    explorer.page.keyboard.press("Enter")
    explorer.wait_for_alt("seed 61,")
    assert explorer.values()["seed"] == 61
