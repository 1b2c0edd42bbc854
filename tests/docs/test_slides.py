"""The decks of slides, as ``make slides`` writes them: what they show of each chapter, and what they load."""

import base64
import re
import subprocess
import sys

import nbformat
import pytest
from built_site import ROOT
from html_page import Page

from gd_helpers.formatting import mark_code
from gd_helpers.lesson.claims import CLAIM_MIME
from gd_helpers.lesson.commitments import ANSWER_MIME, PREDICTION_MIME
from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.runner.chapters import find_chapters


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "slides"
    command = [sys.executable, str(ROOT / "docs" / "_ext" / "slides.py"), str(folder)]
    subprocess.run(command, check=True, timeout=600, cwd=ROOT)
    return folder


def stored_in(chapter):
    """Return the outputs of a chapter down to its exercises."""
    found = []
    for cell in nbformat.read(find_chapters()[chapter], as_version=4).cells:
        if re.search(r"^## Exercises", cell.source, re.MULTILINE):
            return found
        found += cell.get("outputs", [])
    raise AssertionError(f"{chapter} has no exercises")


def slides_of(decks, chapter):
    """Return kind and HTML of each slide."""
    source = (decks / f"{chapter}.html").read_text(encoding="utf-8")
    return re.findall(r'<section data-kind="(\w+)">\n(.*?)\n</section>', source, re.DOTALL)


def plain(text):
    return text.replace("&#34;", '"').replace("&#39;", "'").replace("&quot;", '"').replace("&#x27;", "'")


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_the_claims_of_a_deck_are_those_that_stand_out_in_its_chapter(decks, chapter):
    datas = [output.get("data", {}) for output in stored_in(chapter)]
    claims = [data[CLAIM_MIME]["statement"] for data in datas if CLAIM_MIME in data]
    shown = [text for kind, text in slides_of(decks, chapter) if kind == "claim"]
    assert len(shown) == len(claims) >= 3
    for text, statement in zip(shown, claims, strict=True):
        assert f"<span>✓</span> {plain(mark_code(statement))}</h2>" in plain(text).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_the_figures_of_a_deck_have_the_pictures_descriptions_and_captions_of_its_chapter(decks, chapter):
    stored = [output for output in stored_in(chapter) if "image/png" in output.get("data", {})]
    page = Page(decks / f"{chapter}.html")
    assert [alt for alt, _ in page.images] == [output.metadata["image/png"]["alt"] for output in stored]
    for (_, name), output in zip(page.images, stored, strict=True):
        assert (decks / name).read_bytes() == base64.b64decode(output.data["image/png"])
        caption = output.metadata["image/png"].get("caption") or ""
        assert caption.replace("`", "") in page.text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("chapter", PUBLISHED)
def test_each_prediction_of_a_deck_is_asked_without_its_answer_and_answered_later(decks, chapter):
    datas = [output.get("data", {}) for output in stored_in(chapter)]
    answers = {data[ANSWER_MIME]["id"]: data[ANSWER_MIME]["answer"] for data in datas if ANSWER_MIME in data}
    slides = slides_of(decks, chapter)
    asked = [data[PREDICTION_MIME] for data in datas if PREDICTION_MIME in data]
    assert sum(kind in ("question", "earlier") for kind, _ in slides) == len(asked)
    for prediction in asked:
        question = plain(mark_code(prediction["question"]))
        places = [k for k, (_, text) in enumerate(slides) if question in plain(text).replace("\N{NO-BREAK SPACE}", " ")]
        first, *later = [slides[k][0] for k in places]
        assert (first, later) == (("question", ["answer"]) if prediction["answer"] is None else ("earlier", []))
        right = plain(mark_code(str(answers.get(prediction["id"], prediction["answer"]))))
        before_notes = slides[places[0]][1].partition("<aside")[0]
        assert ("✓" in before_notes) is (first == "earlier")
        assert f"✓ {right}<" in plain(slides[places[-1]][1]).replace("\N{NO-BREAK SPACE}", " ")


def test_a_deck_is_whole_without_a_network(decks):
    for path in decks.glob("*.html"):
        page = Page(path)
        assert [source for source in page.sources if not (decks / source).is_file()] == []
    assert [path.stem for path in sorted(decks.glob("*.html"))] == [*PUBLISHED, "index"]


def test_the_list_of_decks_leads_to_all_of_them(decks):
    links = [link for link in Page(decks / "index.html").links if not link.startswith("..")]
    assert links == [f"{chapter}.html" for chapter in PUBLISHED]
