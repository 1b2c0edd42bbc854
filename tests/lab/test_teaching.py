"""What teachers project, in a browser: each link's explorer has the link's settings, and each slide fits its frame."""

import re
from urllib.parse import parse_qsl

import pytest
from axe_playwright_python.sync_playwright import Axe
from built_site import ROOT
from shown import AGAINST, RACE, Shown

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
FIRST_OF_A_KIND = "(kind) => Reveal.getSlides().findIndex((slide) => slide.dataset.kind === kind)"


@pytest.mark.parametrize("chapter", sorted({link.partition("#")[0] for link in LINKS}))
def test_the_links_to_an_explorer_show_it_with_their_settings(page, address, chapter):
    for link in [link for link in LINKS if link.startswith(chapter)]:
        page.goto(f"{address}{link}")
        explorer = Shown(page.locator(".gdx").first)
        settings = {NAMES.get(name, name): value for name, value in parse_qsl(link.partition("#")[2])}
        values = explorer.values()
        if settings.pop("race", None):
            assert explorer.root.get_by_role("checkbox", name=RACE).is_checked()
        if against := settings.pop("against", None):
            assert explorer.menu(AGAINST).input_value() == against
        shown = {name: values[name] for name in settings}
        assert {name: type(shown[name])(text) for name, text in settings.items()} == shown
        assert explorer.root.evaluate("(box) => Math.abs(box.getBoundingClientRect().top)") < 100
    assert page.traffic.outside() == page.traffic.errors == page.said == []


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_every_slide_fits_its_frame_in_large_type_and_asks_no_other_machine(visitor, address, chapter):
    visitor.set_viewport_size({"width": 1280, "height": 720})
    visitor.goto(f"{address}slides/{chapter}.html")
    visitor.wait_for_function(IS_SET)
    assert visitor.evaluate("Reveal.getTotalSlides()") > 15
    assert visitor.evaluate(LOOK) == []
    assert visitor.traffic.outside() == visitor.traffic.failed == visitor.traffic.errors == visitor.said == []


def test_slides_and_their_list_are_accessible(page, address):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{address}slides/index.html")
    found = {"list": find_violations(page)}
    page.goto(f"{address}slides/02_gradient_descent.html")
    page.wait_for_function(IS_SET)
    for kind in ("title", "earlier", "formula", "explorer"):
        page.evaluate("(place) => Reveal.slide(place)", page.evaluate(FIRST_OF_A_KIND, kind))
        found[kind] = find_violations(page)
    assert {place: rules for place, rules in found.items() if rules} == {}


def find_violations(page):
    """Return the rules of axe that a page breaks, with the elements."""
    rules = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return {rule["id"]: [node["html"][:150] for node in rule["nodes"]] for rule in rules}
