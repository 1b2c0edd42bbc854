"""What teachers project, in a browser: each link's explorer has the link's settings, and each slide fits its frame."""

import re
from urllib.parse import parse_qsl, unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from built_site import ROOT
from shown import RACE, Shown

from gd_helpers.lesson.parameters import PUBLISHED

NAMES = {"α": "learning_rate", "B": "batch_size"}
LINKS = sorted({
    link
    for path in (ROOT / "docs" / "teach").glob("*.md")
    for link in re.findall(r"\]\(\.\./(chapters/\w+\.html#[^)]*)\)", path.read_text(encoding="utf-8"))
})  # fmt: skip
IS_SET = "Reveal.isReady() && MathJax.startup?.promise && MathJax.startup.promise.then(() => true)"
# Of each slide, what is outside the frame, in small type, behind the heading above it, or a picture that says nothing.
LOOK = """() => Reveal.getSlides().flatMap((slide, place) => {
  Reveal.slide(place);
  const shown = [...slide.querySelectorAll('*')].filter((each) => !each.closest('aside, svg *, mjx-assistive-mml'));
  const above = slide.querySelector('.over')?.getBoundingClientRect();
  const faults = shown.flatMap((each) => {
    const { left, top, right, bottom, width } = each.getBoundingClientRect(), found = [];
    const isText = [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!width || left < 0 || top < 0 || right > 1280 || bottom > 720) found.push('out of the frame');
    if (isText && parseFloat(getComputedStyle(each).fontSize) < 24) found.push('small type');
    if (above && top < above.bottom - 1 && !each.closest('.over')) found.push('behind the heading');
    if (each.matches('img') && !(each.alt.trim() && each.naturalWidth)) found.push('a picture without words');
    return found.map((fault) => [place + 1, fault, each.outerHTML.slice(0, 120)]);
  });
  return faults;
})"""
FIRST_OF_EACH_KIND = """() => Reveal.getSlides().map((slide) => slide.dataset.kind)
  .flatMap((kind, place, kinds) => (kinds.indexOf(kind) === place ? [place] : []))"""


@pytest.mark.parametrize("link", LINKS)
def test_a_link_to_an_explorer_shows_it_with_the_settings_of_the_link(page, address, link):
    page.goto(f"{address}{link}")
    explorer = Shown(page.locator(".gdx").first)
    settings = {NAMES.get(name, name): value for name, value in parse_qsl(unquote(link.partition("#")[2]))}
    values = explorer.values()
    if settings.pop("race", None):
        assert explorer.root.get_by_role("checkbox", name=RACE).is_checked()
    if against := settings.pop("against", None):
        assert explorer.menu("loss against").input_value() == against
    assert {name: type(values[name])(text) for name, text in settings.items()} == {
        name: values[name] for name in settings
    }
    page.wait_for_function("document.querySelector('.gdx').getBoundingClientRect().top < innerHeight / 2")
    assert page.evaluate("document.querySelector('.gdx').getBoundingClientRect().bottom > innerHeight / 2")
    assert page.traffic.outside() == page.traffic.errors == page.said == []


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_every_slide_fits_its_frame_in_large_type_and_asks_no_other_machine(page, address, chapter):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{address}slides/{chapter}.html")
    page.wait_for_function(IS_SET)
    assert page.evaluate("Reveal.getTotalSlides()") > 15
    assert page.evaluate(LOOK) == []
    assert page.traffic.outside() == page.traffic.failed == page.traffic.errors == page.said == []


@pytest.mark.parametrize("name", ["02_gradient_descent", "index"])
def test_slides_are_accessible(page, address, name):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{address}slides/{name}.html")
    places = [0]
    if name != "index":
        page.wait_for_function(IS_SET)
        places = page.evaluate(FIRST_OF_EACH_KIND)
        assert len(places) == 9
    found = {}
    for place in places:
        if name != "index":
            page.evaluate(f"Reveal.slide({place})")
        for rule in Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]:
            found[place, rule["id"]] = [node["html"][:150] for node in rule["nodes"]]
    assert found == {}
