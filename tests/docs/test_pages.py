"""The pages of the site: whole without JavaScript, with nothing from another machine, and true to the notebooks."""

import ast
import functools
import html
import re
import shutil
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from built_site import build, share_site
from html_page import Page

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.formatting import mark_code
from gd_helpers.lesson.commitments import PREDICTION_MIME
from gd_helpers.lesson.fold import read_claims
from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.mime import EXPLORER_MIME
from gd_helpers.plotting.figures import VISUALLY_HIDDEN
from gd_helpers.runner.chapters import NOTEBOOKS

EXERCISE_MIME = "application/vnd.gd-site.exercise+json"
LARGEST = 60e6  # bytes


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return share_site(tmp_path_factory)


@pytest.fixture(scope="module")
def pages(site):
    return {path.relative_to(site).as_posix(): Page(path) for path in sorted(site.rglob("*.html"))}


@functools.cache
def notebook_of(chapter):
    return nbformat.read(NOTEBOOKS / f"{chapter}.ipynb", as_version=4)


def outputs_of(chapter):
    return [output for cell in notebook_of(chapter).cells for output in cell.get("outputs", [])]


def page_of(pages, chapter):
    return pages[f"chapters/{chapter}.html"]


def words_of(text):
    return " ".join(re.findall(r"[^\W_]+", text))


def without_markup(source):
    """Return what is read of a Markdown cell, without its formulas."""
    plain = re.sub(r"\$\$.*?\$\$|(?<![`\w])\$[^$`]+\$", " ", source, flags=re.DOTALL)
    return re.sub(r"\]\([^)]*\)|<[^>`]*>", " ", plain)


def is_read(text, page):
    """Return whether the words of a text stand in those of a page, where the numbers of a list's items are no text."""
    texts = (html.unescape(text), re.sub(r"(?m)^\d+\. ", "", html.unescape(text)))
    return any(words_of(each) in page for each in texts)


def leads_somewhere(link, page, site, pages):
    """Return whether a file of the site is there, with the anchor if the link has one."""
    parts = urlsplit(link)
    target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
    if not target.exists() or not parts.fragment:
        return target.exists()
    found = pages[target.relative_to(site).as_posix()]
    if "=" in parts.fragment:  # settings of the page's explorer
        return EXPLORER_MIME in [mime for mime, _ in found.data]
    return unquote(parts.fragment) in found.ids


def test_every_link_and_every_anchor_leads_somewhere(site, pages):
    lost = []
    for name, page in pages.items():
        for link in page.links + page.sources:
            if urlsplit(link).scheme not in ("http", "https", "data", "mailto") and not leads_somewhere(
                link, page, site, pages
            ):
                lost.append((name, link))
    assert lost == []


def test_no_page_and_no_style_loads_anything_from_another_machine(site, pages):
    loaded = [(name, source) for name, page in pages.items() for source in page.sources]
    for path in [*site.rglob("*.css"), *site.rglob("*.mjs")]:
        text = path.read_text(encoding="utf-8")
        loaded += [(path.name, source) for source in re.findall(r"url\(\W?(https?:[^)]*)\)|from '(https?:.*)'", text)]
    assert [found for found in loaded if re.match("https?:|//", str(found[1]))] == []


def test_no_id_occurs_twice_in_a_page(pages):
    twice = {name: {each for each in page.ids if page.ids.count(each) > 1} for name, page in pages.items()}
    assert {name: found for name, found in twice.items() if found} == {}


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_the_pictures_of_a_chapter_have_the_descriptions_and_captions_of_its_notebook(pages, chapter):
    page = page_of(pages, chapter)
    stored = [output.metadata["image/png"] for output in outputs_of(chapter) if "image/png" in output.get("data", {})]
    assert [alt for alt, _ in page.images] == [texts["alt"] for texts in stored]
    for texts in stored:
        assert texts.get("caption", "").replace("`", "") in page.text.replace("’", "'") or "'" in texts["caption"]
    assert VISUALLY_HIDDEN not in page.path.read_text(encoding="utf-8")


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_a_chapter_reads_whole_without_javascript(pages, chapter):
    page = words_of(page_of(pages, chapter).text)
    cells = [without_markup(cell.source) for cell in notebook_of(chapter).cells if cell.cell_type == "markdown"]
    printed = [output.text for output in outputs_of(chapter) if output.output_type == "stream"]
    tables = [
        re.sub("<[^>]*>", " ", re.sub("<style.*?</style>", "", output.data["text/html"], flags=re.DOTALL))
        for output in outputs_of(chapter)
        if "<table" in output.get("data", {}).get("text/html", "")
    ]
    assert [text for text in cells + printed + tables if not is_read(text, page)] == []


def test_every_formula_is_read_without_javascript(pages):
    assert {name: page.formulas for name, page in pages.items()} == {n: page.in_mathml for n, page in pages.items()}
    assert sum(page.formulas for page in pages.values()) > 300


def test_the_picture_of_the_front_page_is_described(pages):
    ((alt, source),) = pages["index.html"].images
    assert len(alt.split()) > 10
    assert source.startswith("data:image/png")
    assert [mime for mime, _ in pages["index.html"].data] == [EXPLORER_MIME]


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_every_claim_is_in_the_page_with_the_code_that_checks_it_and_in_the_index(pages, chapter):
    page, index = page_of(pages, chapter), pages["claims.html"]
    claims = read_claims(notebook_of(chapter))
    assert [each for each in page.ids if each.startswith("claim-")] == [f"claim-{k + 1}" for k in range(len(claims))]
    source = page.path.read_text(encoding="utf-8")
    found = re.findall(r'<details class="gd-claim" id="[^"]*" data-holds="(\w+)"><summary>(.*?)</summary>', source)
    assert found == [
        (str(claim["holds"]).lower(), f"<strong>✓ holds:</strong> {mark_code(claim['statement'])}") for claim in claims
    ]
    links = [link for link in index.links if link.startswith(f"chapters/{chapter}.html#claim-")]
    assert len(set(links)) == len(claims)
    assert all(claim["statement"].replace("`", "") in index.text for claim in claims if "'" not in claim["statement"])
    assert page.text.count(f"python -m gd_helpers run {chapter} -p seed 1") >= len(claims)


def test_the_index_of_claims_says_how_many_hold(pages):
    count = sum(len(read_claims(notebook_of(chapter))) for chapter in PUBLISHED)
    assert f"All {count} hold with the published parameters." in pages["claims.html"].text


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_the_code_beside_a_claim_is_of_the_cell_that_makes_it(pages, chapter):
    source = page_of(pages, chapter).path.read_text(encoding="utf-8")
    cells = [cell.source for cell in notebook_of(chapter).cells if cell.cell_type == "code"]
    blocks = re.findall(r"The code that checked it:</p>\s*<div.*?<pre[^>]*>(.*?)</pre>", source, re.DOTALL)
    assert blocks
    for block in blocks:
        code = html.unescape(re.sub("<[^>]*>", "", block)).rstrip("\n")
        lines = [line for line in code.splitlines() if line.strip()]
        assert any(all(line in cell.splitlines() for line in lines) for cell in cells), code
        assert re.search(r"\b(claim|check)\(", code)
        ast.parse(code)


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_every_prediction_and_every_explorer_of_a_notebook_is_in_its_page(pages, chapter):
    data = page_of(pages, chapter).data
    stored = [output.get("data", {}) for output in outputs_of(chapter)]
    asked = [each[PREDICTION_MIME] for each in stored if PREDICTION_MIME in each]
    shown = [content for mime, content in data if mime == PREDICTION_MIME]
    assert [each["id"] for each in shown] == [each["id"] for each in asked]
    for each in shown:
        texts = [option["text"] for option in each["options"]]
        assert each["answer"] in texts or (each.get("margin") and isinstance(each["answer"], int | float))
    bundles = [each[EXPLORER_MIME] for each in stored if EXPLORER_MIME in each]
    assert [content for mime, content in data if mime == EXPLORER_MIME] == bundles


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_every_exercise_is_in_the_page_with_its_hints_and_its_solution(pages, chapter):
    page = page_of(pages, chapter)
    asked = re.findall(r"^exercises\.(\w+)\.check\(", "\n".join(c.source for c in notebook_of(chapter).cells), re.M)
    exercises = [data for mime, data in page.data if mime == EXERCISE_MIME and data["kind"] != "progress"]
    assert [data["name"] for data in exercises] == asked
    source = page.path.read_text(encoding="utf-8")
    assert page.text.count("Hint 1 of") == source.count("<summary>Solution</summary>") == len(asked)


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_every_misconception_of_an_exercise_is_among_the_usual_wrong_answers(pages, chapter):
    text = read_plain(pages["teach/answers.html"].text)
    messages = [each.message for question in questions_of(chapter) for each in question.misconceptions]
    assert [message for message in messages if read_plain(message) not in text] == []


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_every_wrong_option_of_a_prediction_is_among_the_usual_wrong_answers_and_no_right_one(pages, chapter):
    text = read_plain(pages["teach/answers.html"].text)
    for _, prediction in (found for found in page_of(pages, chapter).data if found[0] == PREDICTION_MIME):
        for option in prediction["options"]:
            is_wrong = option["text"] != ("right" if prediction.get("margin") else prediction["answer"])
            line = f"{read_plain(option['text'])}: {read_plain(option['feedback'])}"
            assert (line in text) is is_wrong, line


def read_plain(text):
    """Return a text without marks of code, and with plain quotes."""
    return text.replace("`", "").translate(str.maketrans("“”’", '""\'')).replace("\N{LEFT SINGLE QUOTATION MARK}", "'")


def test_the_sidebar_has_every_chapter_in_order_and_the_chapters_can_be_downloaded_with_their_package(site, pages):
    links = [re.fullmatch(r"chapters/(\d\d_\w+)\.html", link) for link in pages["index.html"].links]
    assert list(dict.fromkeys(found[1] for found in links if found)) == list(PUBLISHED)
    (wheel,) = (site / "notebooks").glob("*.whl")
    for chapter in PUBLISHED:
        copy = nbformat.read(site / "notebooks" / f"{chapter}.ipynb", as_version=4)
        assert wheel.name in copy.cells[1].source
        assert f"../notebooks/{chapter}.ipynb" in page_of(pages, chapter).links


def test_the_site_is_small(site):
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < LARGEST


def test_a_second_build_changes_nothing(site, tmp_path):
    site = shutil.copytree(site, tmp_path / "site")
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    build(tmp_path)
    after = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert [path.name for path in before.keys() | after.keys() if before.get(path) != after.get(path)] == []
