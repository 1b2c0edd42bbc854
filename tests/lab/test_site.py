"""The site in a browser: every page alone on the machine, accessible, and live with Python's verdicts."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from built_site import ROOT
from exercise_answers import as_python, predictions_with_options, questions_with_answers
from server import CHAPTERS

from gd_helpers.lesson.parameters import PUBLISHED

PAGES = [
    *(
        path.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
        for path in sorted((ROOT / "docs").rglob("*.md"))
        if path.parent.name != "chapters"  # which a build brings there
    ),
    *(f"chapters/{chapter}.html" for chapter in CHAPTERS),
    *(f"chapters/{path.stem}.html" for path in sorted((ROOT / "notebooks").glob("*.md"))),
    "genindex.html",
    "search.html",
]
TERMS = {
    "learning rate": "12_learning_rate",
    "condition number": "glossary",
    "bias correction": "glossary",
    "noise floor": "13_noise_and_batch_size",
    "simulate_line": "data",
    "maximum likelihood": "00_introduction",
    "sharpness": "12_learning_rate",
    "DataLoader": "08_dataloader",
    "diabetes": "16_real_data",
    "DistributedSampler": "18_scaling_out",
}
PLACES = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 390)]
# Of 14,000 elements of a chapter 10,000 are words of its code. A block whose kinds of words have all been seen, on the
# same ground, becomes plain text before the rules are applied, which takes them a third of the time.
SHOW_EACH_COLOUR_OF_CODE_ONCE = """() => {
  const seen = new Set();
  const groundOf = (element) => {
    const { backgroundColor } = getComputedStyle(element);
    const isClear = backgroundColor === 'rgba(0, 0, 0, 0)' && element.parentElement;
    return isClear ? groundOf(element.parentElement) : backgroundColor;
  };
  for (const block of document.querySelectorAll('pre')) {
    const ground = groundOf(block);
    const kinds = [...block.querySelectorAll('span')].map((word) => `${ground} ${word.className}`);
    if (kinds.every((kind) => seen.has(kind))) block.textContent = block.textContent;
    kinds.forEach((kind) => seen.add(kind));
  }
}"""
# What is not shown once the reader has opened each box, which takes no script. Of a box's two labels one is shown.
NOT_SHOWN = """() => {
  const article = document.querySelector('article');
  article.querySelectorAll('details').forEach((box) => { box.open = true; });
  const all = (selector) => [...article.querySelectorAll(selector)];
  const isShown = (element) => element.checkVisibility();
  const isText = (element) =>
    !element.children.length && element.textContent.trim() && !element.closest('script, summary, .math');
  return {
    pictures: all('img').filter((picture) => !picture.naturalWidth || !isShown(picture)).map(({ alt }) => alt),
    texts: all('*').filter((element) => isText(element) && !isShown(element)).map((element) => element.outerHTML),
    formulas: all('math').filter((formula) => !isShown(formula)).length,
    tex: all('.math.notranslate').filter(isShown).length,
  };
}"""
ALL_IS_RENDERED = """() => [...document.querySelectorAll('.math')].every((each) => each.querySelector('mjx-container'))
  && [...document.querySelectorAll('.gd-explorer')].every((each) => each.querySelector('.gdx svg'))"""
JUDGE = """async ([module, cases]) => {
  const { judge } = await import(module);
  return cases.map(([question, given]) => judge(question, given));
}"""

TOLD = """async ([module, cases]) => {
  const { default: { render } } = await import(module);
  return cases.map(([prediction, chosen]) => {
    const values = { prediction, chosen, note: '' }, el = document.createElement('div');
    render({ model: { get: (name) => values[name], on: () => {} }, el });
    return [...el.querySelectorAll('.gd-status p')].map((each) => each.textContent).join(' ');
  });
}"""


@pytest.fixture(scope="module")
def static_page(browser):
    """Return a page without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


def look_for_faults(page):
    """Return what axe finds in the page as it is, and by how much it is wider than the window."""
    # To the rule of empty headers a formula, as those of a table of chapter 02, is no text.
    options = {"rules": {"empty-table-header": {"enabled": False}}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [(rule["id"], [node["html"][:200] for node in rule["nodes"]][:3]) for rule in found], max(wider, 0)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_in_light_and_dark_on_desk_and_phone_and_asks_no_other_machine(visitor, address, name):
    visitor.goto(f"{address}{name}")
    visitor.wait_for_function(ALL_IS_RENDERED)
    faults = {}
    visitor.evaluate(SHOW_EACH_COLOUR_OF_CODE_ONCE)
    for scheme, width in PLACES:
        visitor.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        visitor.set_viewport_size({"width": width, "height": 900})
        visitor.wait_for_timeout(100)
        faults[scheme, width] = look_for_faults(visitor)
    assert {place: found for place, found in faults.items() if found != ([], 0)} == {}
    assert visitor.traffic.outside() == visitor.traffic.failed == visitor.traffic.errors == visitor.said == []


@pytest.mark.parametrize("term", TERMS)
def test_the_search_finds_terms(page, address, term):
    page.goto(f"{address}search.html?q={term}")
    page.wait_for_function("document.querySelectorAll('#search-results li').length > 0")
    page.wait_for_function("!/searching/i.test(document.querySelector('#search-results h2').textContent)")
    found = page.locator("#search-results li a").evaluate_all("(links) => links.map((link) => link.href)")
    assert any(f"/{TERMS[term]}.html" in link for link in found[:10])


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_exercises_are_judged_as_python_judges_them(visitor, address, chapter):
    cases = questions_with_answers(chapter)
    visitor.goto(f"{address}search.html")
    given = [[data, answer] for _, data, answers in cases for answer in answers]
    found = visitor.evaluate(JUDGE, [f"{address}_static/judge.mjs", given])
    expected = [
        {"state": verdict.state, "message": verdict.message}
        for question, _, answers in cases
        for answer in answers
        for verdict in [question.judge(as_python(answer), PUBLISHED[chapter])]
    ]
    assert found == expected
    assert {"right", "wrong"} <= {verdict["state"] for verdict in found}


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_each_option_of_a_prediction_is_told_what_python_tells(visitor, address, chapter):
    visitor.goto(f"{address}chapters/{chapter}.html")
    shown = visitor.locator(".gd-exercise, .gd-predict").count()
    cases = list(predictions_with_options(chapter))
    found = visitor.evaluate(TOLD, [f"{address}_static/prediction.mjs", [case[:2] for case in cases]])
    assert found == [told for *_, told in cases]
    assert shown >= len({prediction["id"] for prediction, *_ in cases})


def test_an_exercise_is_answered_kept_and_forgotten(page, address):
    page.goto(f"{address}chapters/00_introduction.html")
    exercise = page.locator(".gd-exercise").first
    for answer, words in ((("40", "16"), "These two are the wrong way round"), (("16", "40"), "✓ Exercise 1, right.")):
        for field, text in zip(exercise.locator("input").all(), answer, strict=True):
            field.fill(text)
        exercise.locator("input").last.press("Enter")
        assert words in exercise.get_by_role("status").inner_text()
    assert "Solved in this chapter: 1 of" in page.locator(".gd-exercise[data-kind=progress]").inner_text()
    page.reload()
    assert "✓ Exercise 1, right." in exercise.get_by_role("status").inner_text()
    page.goto(f"{address}progress.html")
    assert "00_introduction" in page.locator(".gd-course-progress table").inner_text()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save to a file").click()
    assert '"updates_in_an_epoch"' in download.value.path().read_text(encoding="utf-8")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Forget everything").click()
    assert "Nothing is kept yet." in page.locator(".gd-course-progress").inner_text()
    page.locator("input[type=file]").set_input_files(download.value.path())
    page.locator(".gd-course-progress table").wait_for()
    assert page.traffic.errors == page.said == []


def test_a_prediction_is_answered_once_and_kept(page, address):
    page.goto(f"{address}chapters/02_gradient_descent.html")
    prediction = page.locator(".gd-prediction").first
    answer = page.locator(".gd-answer").first
    assert not answer.evaluate("(box) => box.open")
    prediction.locator(".gd-option").last.click()
    told = prediction.get_by_role("status").inner_text()
    assert told.startswith(("✓ You predicted", "✗ You predicted"))
    assert answer.evaluate("(box) => box.open")
    page.reload()
    assert prediction.get_by_role("status").inner_text() == told
    assert answer.evaluate("(box) => box.open")


def test_a_link_to_a_claim_opens_it(page, address):
    page.goto(f"{address}claims.html")
    link = page.locator("a[href*='02_gradient_descent.html#claim-']").last
    statement = link.inner_text()
    link.click()
    claim = page.locator(".gd-claim:target")
    assert claim.evaluate("(box) => box.open")
    assert statement in claim.locator("summary").inner_text()
    assert claim.locator("pre").first.is_visible()
    assert "python -m gd_helpers run 02_gradient_descent" in claim.inner_text()


def test_the_line_of_the_front_page_is_dragged_and_rolls(page, address):
    page.goto(address)
    loss = page.locator(".gdx p").last
    before = loss.inner_text()
    page.locator(".gdx input[type=range]").first.press("ArrowRight")
    page.wait_for_function(
        "(before) => [...document.querySelectorAll('.gdx p')].at(-1).textContent !== before", arg=before
    )
    assert not page.locator("article img").first.is_visible()


@pytest.mark.parametrize("name", PAGES)
def test_without_javascript_a_page_shows_all_that_it_has_pictures_and_formulas_included(static_page, address, name):
    static_page.goto(f"{address}{name}")
    assert static_page.evaluate(NOT_SHOWN) == {"pictures": [], "texts": [], "formulas": 0, "tex": 0}


def test_without_javascript_a_claim_opens(static_page, address):
    static_page.goto(f"{address}chapters/02_gradient_descent.html")
    for summary in static_page.locator(".gd-claims > summary, .gd-claim > summary").all()[:3]:
        summary.click()
    opened = static_page.locator(".gd-claim[open] pre").all()
    assert opened
    assert all(code.is_visible() for code in opened)
