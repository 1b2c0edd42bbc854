"""The EPUB: pages that a reader of books, which is strict, can read; with formulas, and with links that stay in it."""

import re
import xml.etree.ElementTree as ET
from urllib.parse import unquote, urlsplit

import pytest
from built_site import build
from html_page import Page

from gd_helpers.lesson.parameters import PUBLISHED


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return build(tmp_path_factory.mktemp("built"), "epub")


def test_every_page_is_xml_and_shows_its_formulas_as_mathml(book):
    count = 0
    for path in book.rglob("*.xhtml"):
        text = path.read_text(encoding="utf-8")
        ET.fromstring(re.sub("<!DOCTYPE[^>]*>", "", text))
        assert not re.search(r"\\\(|<noscript|gd-launch", text), path.name
        count += text.count("<math ")
    assert count > 300
    assert {path.stem for path in (book / "chapters").glob("*.xhtml")} >= set(PUBLISHED)


def test_every_link_leads_to_a_page_of_the_book(book):
    pages = {path: Page(path) for path in book.rglob("*.xhtml")}
    lost = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not parts.scheme and (
                target not in pages or (parts.fragment and parts.fragment not in pages[target].ids)
            ):
                lost.append((path.name, link))
    assert lost == []
