"""Every explorer in a bare page, moved: pictures and numbers follow, and are those of the run that is asked for."""

import re

import oracles
import pytest
from axe_playwright_python.sync_playwright import Axe
from bare import CALLS, bundle_of, write_file
from browser import Traffic
from shown import AGAINST, BEGIN, OPTIMIZER, PAUSE, PLAY, RACE, SHOWN, SLIDERS, Shown

KINDS = [name for name in CALLS if name not in ("stochastic", "network")]
RUNS = [name for name in KINDS if name != "by_hand"]
CONTROLS = r"^\s*- '?(slider|combobox|button|textbox|spinbutton|checkbox|radio|link)(?: \"([^\"]*)\")?"
TOO_FAST = {  # addresses of runs that diverge
    None: "#optimizer=sgd&α=1&B=1000&epochs=1000",
    "learning_rate": "#α=0.3&epochs=1000",
    "estimates": "#α=1&epochs=1000&n=100",
    "held_out": "#optimizer=momentum&α=1&epochs=300",
}
DRAGGED = """async (slider) => {
  const end = performance.now() + 1000;
  let value = Number(slider.value), way = 1;
  while (performance.now() < end) {
    if (value + way > Number(slider.max) - 10 || value + way < 10) way = -way;
    slider.value = value += way;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((resolve) => setTimeout(resolve, 4)); // more than one in a frame
  }
}"""

LENGTHS = """async (slider) => {
  const frame = () => new Promise(requestAnimationFrame), lengths = [];
  for (slider.value = 0; lengths.length <= Number(slider.max); slider.value = lengths.length) {
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    await frame();
    await frame();
    lengths.push(slider.getBoundingClientRect().width);
  }
  return lengths;
}"""


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def page(browser, site, kind):
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.traffic = Traffic(page)
    yield page
    page.close()


@pytest.fixture
def explorer(page, site, kind):
    page.goto("about:blank")  # so that the address is read anew
    page.goto(f"{site}{kind}.html")
    return Shown(page.locator(".gdx"))


def holds(explorer, kind):
    """Check that the numbers are those of the run that the controls ask for."""
    values = explorer.values()
    values["epochs"] = explorer.epoch()
    expected = getattr(oracles, kind)(**values)
    assert explorer.numbers() == pytest.approx(
        expected, rel=2e-3 if max(map(abs, expected)) > 1e4 else 2e-5, abs=5.1e-5
    )


def test_at_first_it_shows_the_run_of_its_defaults(explorer, kind):
    holds(explorer, kind)
    assert explorer.warnings() == 0


def test_the_axes_are_those_of_the_stored_picture(explorer, kind):
    for words, frame in zip(explorer.axes(), bundle_of(kind)["frames"], strict=True):
        expected = [*frame["x"]["texts"].split("|"), *frame["y"]["texts"].split("|")]
        assert words == [*expected, frame["x"]["label"], frame["y"]["label"]]


@pytest.mark.parametrize("name", SLIDERS.values())
def test_arrow_keys_move_a_slider_and_back_and_pictures_and_numbers_follow(explorer, kind, name):
    slider = explorer.slider(name)
    if not slider.count():
        pytest.skip("it has no such slider")
    before = explorer.pictures(), explorer.numbers(), explorer.text(name)
    forth, back = ("ArrowLeft", "ArrowRight") if int(slider.input_value()) else ("ArrowRight", "ArrowLeft")
    explorer.press(slider, forth)
    assert explorer.text(name) != before[2]
    if kind != "by_hand" or name != SLIDERS["learning_rate"]:  # it shows the rate once it rolls
        assert explorer.pictures() != before[0]
    holds(explorer, kind)
    explorer.press(slider, back)
    assert (explorer.pictures(), explorer.numbers(), explorer.text(name)) == before


def test_keys_change_the_optimizer_and_a_seed_is_typed(explorer, kind):
    if kind == "by_hand":
        pytest.skip("it has neither")
    before = explorer.pictures()
    explorer.press(explorer.menu(OPTIMIZER), "ArrowDown")
    holds(explorer, kind)
    explorer.seed.fill("61")
    explorer.settle()
    assert explorer.values()["seed"] == 61
    assert explorer.pictures() != before
    holds(explorer, kind)


def test_the_loss_is_drawn_against_what_the_menu_says(explorer):
    menu = explorer.menu(AGAINST)
    if not menu.count():
        pytest.skip("updates and examples are the same there")
    before, numbers = explorer.pictures(), explorer.numbers()
    explorer.press(menu, "ArrowDown")
    assert explorer.pictures()[0] == before[0]
    assert explorer.pictures()[1] != before[1]
    assert explorer.numbers() == numbers
    assert "against examples" in explorer.descriptions()[1]
    assert "examples seen" in explorer.pictures()[1]


def test_play_walks_the_path_and_is_stopped_by_keyboard(explorer, kind):
    play, last = (
        explorer.button("▶ let it roll" if kind == "by_hand" else PLAY),
        int(explorer.slider(SHOWN).get_attribute("max")),
    )
    play.press("Enter")
    explorer.page.wait_for_function(
        "([slider, last]) => Number(slider.value) > 0 && Number(slider.value) < last",
        arg=[explorer.slider(SHOWN).element_handle(), last],
    )
    explorer.button(PAUSE).press("Enter")
    explorer.settle()
    assert 0 < explorer.epoch() < last
    holds(explorer, kind)
    explorer.button(BEGIN).press("Enter")
    explorer.press(explorer.slider(SHOWN), "ArrowRight", "ArrowRight")
    assert explorer.epoch() == 2
    holds(explorer, kind)


def test_a_drag_ends_with_the_picture_of_its_last_value(explorer, kind):
    slider = explorer.slider(SLIDERS["learning_rate"])
    slider.evaluate(DRAGGED)
    explorer.settle()
    holds(explorer, kind)
    pictures = explorer.pictures()
    explorer.press(slider, "ArrowLeft", "ArrowRight")
    assert explorer.pictures() == pictures


def test_a_slider_keeps_its_length_whatever_its_value(explorer):
    assert len(set(explorer.slider(SLIDERS["learning_rate"]).evaluate(LENGTHS))) == 1


@pytest.mark.parametrize("kind", ["learning_rate"], indirect=True)
def test_at_the_limit_an_update_leaves_the_distance_as_it_is(page, site):
    page.goto("about:blank")
    page.goto(f"{site}learning_rate.html")
    explorer = Shown(page.locator(".gdx"))
    slider = explorer.slider(SLIDERS["learning_rate"])
    for _ in range(60):
        if "= 1 × limit" in slider.get_attribute("aria-valuetext"):
            break
        explorer.press(
            slider, "ArrowRight" if "0." in slider.get_attribute("aria-valuetext").split("=")[1] else "ArrowLeft"
        )
    assert "leaves the distance across the valley as it is" in explorer.status()
    explorer.press(slider, "ArrowRight")
    assert "makes the distance across the valley 1.00" in explorer.status()


def test_a_run_that_diverges_says_so_in_the_pictures_and_in_words(page, site, kind):
    if kind == "fitted_curve":
        pytest.skip("its units saturate, and then nothing moves")
    page.goto("about:blank")
    page.goto(f"{site}{kind}.html{TOO_FAST.get(kind, TOO_FAST[None])}")
    explorer = Shown(page.locator(".gdx"))
    if kind == "by_hand":
        explorer.press(explorer.slider(SHOWN), "End")
    assert explorer.status().startswith("Diverged") or "Diverged:" in explorer.status()
    assert explorer.announced() == explorer.status()
    assert explorer.warnings() or kind == "estimates"
    assert "diverged" in " ".join(explorer.root.locator(".gdx-warning").all_text_contents())
    assert all(description.endswith("; the run diverged.") for description in explorer.descriptions())


@pytest.mark.parametrize("kind", ["descent"], indirect=True)
def test_the_axis_follows_epochs_and_batch_size_and_stays_while_the_rate_moves(page, site):
    page.goto("about:blank")
    page.goto(f"{site}descent.html#epochs=10")
    explorer = Shown(page.locator(".gdx"))
    for slider, keys, ticks in (
        ("learning_rate", ["ArrowRight"], ["0", "10", "100", "1,000"]),  # 320 updates, from 32 on
        ("batch_size", ["End"], ["0", "1", "10"]),  # 10 updates
        ("batch_size", ["Home"], ["0", "1,000", "10,000"]),
        ("epochs", ["End"], ["0", "1,000", "10,000", "10⁵", "10⁶"]),
        ("learning_rate", ["ArrowLeft"], ["0", "1,000", "10,000", "10⁵", "10⁶"]),
    ):
        explorer.press(explorer.slider(SLIDERS[slider]), *keys)
        assert explorer.axes()[1][: len(ticks) + 1][:-1] == ticks
    explorer.press(explorer.slider(SLIDERS["batch_size"]), "End")
    explorer.press(explorer.menu(AGAINST), "ArrowDown")
    assert explorer.axes()[1][:5] == ["0", "1,000", "10,000", "10⁵", "10⁶"]


@pytest.mark.parametrize("kind", ["descent"], indirect=True)
def test_a_square_on_the_edge_marks_where_a_path_leaves(page, site):
    page.goto("about:blank")
    page.goto(f"{site}descent.html#optimizer=momentum&α=0.1&B=1000&epochs=50")
    explorer = Shown(page.locator(".gdx"))
    assert "leaves the picture" in explorer.descriptions()[0]
    assert "leaves the picture" not in explorer.descriptions()[1]
    squares = explorer.squares()
    assert squares
    assert all(v == pytest.approx(0, abs=0.1) for _, v in squares)  # the top
    assert explorer.warnings() == 0


@pytest.mark.parametrize("kind", ["descent"], indirect=True)
def test_the_three_methods_race_by_examples(page, site):
    page.goto("about:blank")
    page.goto(f"{site}descent.html#α=0.01&epochs=10")
    explorer = Shown(page.locator(".gdx"))
    explorer.root.get_by_role("checkbox", name=RACE).press("Space")
    explorer.settle()
    values = explorer.values()
    for row, size in enumerate((1000, 1, 32)):
        assert explorer.numbers(row) == pytest.approx(oracles.descent(**values | {"batch_size": size}), abs=5.1e-5)
    assert explorer.text(SHOWN) == "10,000 examples"
    explorer.press(explorer.slider(SHOWN), "Home", *["ArrowRight"] * 10)
    assert explorer.text(SHOWN) == "250 examples"
    assert explorer.numbers(0)[2] > explorer.numbers(2)[2] > explorer.numbers(1)[2]  # who updates more often is ahead


# without a mouse, and for who does not see it


def test_every_control_has_a_name_and_tab_leads_to_them_in_order(explorer, page):
    controls = re.findall(CONTROLS, explorer.root.aria_snapshot(), re.MULTILINE)
    assert len(controls) >= 7
    assert all(name for _, name in controls)
    page.locator("h1").click()
    for role, name in controls:
        page.keyboard.press("Tab")
        control = explorer.root.get_by_role(role, name=name, exact=True)
        assert control.evaluate("(element) => element === document.activeElement"), f"{role} {name}"
        assert control.evaluate("(element) => getComputedStyle(element).outlineStyle") == "solid"


def test_both_pictures_have_texts_and_the_state_is_announced(explorer):
    first, second = explorer.descriptions()
    assert first != second
    assert min(len(first.split()), len(second.split())) > 10
    assert explorer.announced() == explorer.status() != ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 390])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(explorer, page, kind, scheme, width, screenshots):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function(
        "(dark) => document.querySelector('.gdx').classList.contains('gdx-dark') === dark", arg=scheme == "dark"
    )
    if screenshots:
        page.screenshot(path=screenshots / f"{kind}-{scheme}-{width}.png", full_page=True)
    found = Axe().run(page).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1000, "height": 900})
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []
    assert wide <= width


def test_who_wants_no_motion_is_taken_to_the_end_at_once(explorer, page, kind):
    page.emulate_media(reduced_motion="reduce")
    explorer.press(explorer.slider(SHOWN), "Home")
    explorer.button("▶ let it roll" if kind == "by_hand" else PLAY).press("Enter")
    explorer.page.wait_for_function(
        "(slider) => slider.value === slider.max", arg=explorer.slider(SHOWN).element_handle()
    )
    page.emulate_media(reduced_motion="no-preference")
    explorer.settle()
    assert explorer.button(PAUSE).count() == 0


# anywhere


def test_what_is_moved_is_in_the_address_and_taken_from_it(explorer, page, site, kind):
    explorer.press(explorer.slider(SLIDERS["learning_rate"]), "ArrowLeft")
    values = explorer.values()
    page.wait_for_function("decodeURIComponent(location.hash).includes('α=')")
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    assert Shown(page.locator(".gdx")).values() == values


@pytest.mark.parametrize("address", ["#α=-1&B=0&optimizer=newton&seed=x", "#nothing=3", "#%", "#α=1e400"])
def test_an_address_that_makes_no_sense_is_left_alone(explorer, page, site, kind, address):
    values = explorer.values()
    page.goto("about:blank")
    page.goto(f"{site}{kind}.html{address}")
    assert Shown(page.locator(".gdx")).values() == values


@pytest.mark.parametrize("kind", ["descent"], indirect=True)
def test_an_address_of_a_section_stays_and_a_link_to_settings_is_followed(page, site):
    page.goto("about:blank")
    page.goto(f"{site}descent.html#what-is-fitted")
    explorer = Shown(page.locator(".gdx"))
    assert page.url.endswith("#what-is-fitted")
    page.evaluate("location.hash = '#α=0.01&B=1'")
    page.wait_for_function("document.querySelector('.gdx [role=status]').textContent.includes('stochastic')")
    assert explorer.values()["learning_rate"] == 0.01


def test_without_a_worker_it_is_the_same(page, site, kind):
    page.add_init_script("if (location.hash.includes('alone')) delete window.Worker")
    page.goto("about:blank")
    page.goto(f"{site}{kind}.html#alone")
    holds(Shown(page.locator(".gdx")), kind)


def test_it_asks_nobody_but_for_its_own_two_files(page, site):
    assert {url.removeprefix(site).partition("#")[0] for url in page.traffic.requests} <= {
        "explorer.mjs", "explorer.css", "favicon.ico", "about:blank", *(f"{name}.html" for name in CALLS),
    }  # fmt: skip
    assert page.traffic.outside() == []
    assert page.traffic.errors == []


def test_in_one_file_it_is_opened_without_a_server(browser, tmp_path):
    page = browser.new_page()
    page.traffic = Traffic(page)
    page.goto(write_file(tmp_path, "descent").as_uri())
    explorer = Shown(page.locator(".gdx"))
    explorer.press(explorer.slider(SLIDERS["batch_size"]), "Home")  # takes longer than a frame, and has no worker
    holds(explorer, "descent")
    assert all(url.startswith("file:") for url in page.traffic.requests)
    page.close()


def test_a_line_is_dragged_by_its_end_and_by_its_dot(browser, site):
    page = browser.new_page()
    page.goto(f"{site}by_hand.html")
    explorer = Shown(page.locator(".gdx"))
    left, right = (picture.bounding_box() for picture in explorer.root.locator(".gdx-picture").all())
    for box, x, y in ((left, 0.8, 0.3), (right, 0.5, 0.5)):
        before = explorer.numbers()
        page.mouse.move(box["x"] + x * box["width"], box["y"] + (y + 0.2) * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=5)
        page.mouse.up()
        explorer.settle()
        assert explorer.numbers() != before
        b0, w1, loss = explorer.numbers()
        assert loss == pytest.approx(oracles.by_hand(b0, w1, 0.02)[2], rel=1e-3)
    page.close()
