import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gd_helpers.lesson.box import BLUE, GREY, RED, Box, mark_code


def visible(box):
    return html.unescape(re.sub(r"<[^>]*>", "", box._repr_html_()))


def test_a_box_reads_the_same_as_text_and_as_html():
    box = Box("✗ Not yet:", "it returned 3.", RED, lines=("Hint 1: square it.", "Hint 2: twice."))
    assert repr(box) == "✗ Not yet: it returned 3.\n  Hint 1: square it.\n  Hint 2: twice."
    assert visible(box) == "✗ Not yet: it returned 3.Hint 1: square it.Hint 2: twice."


def test_a_box_without_text_is_its_heading():
    assert repr(Box("Done.")) == "Done."


@pytest.mark.parametrize("colour", [RED, BLUE])
def test_the_bar_has_the_colour_of_the_box(colour):
    assert f"solid {colour};" in Box("a", colour=colour)._repr_html_()
    assert f"solid {GREY};" in Box("a")._repr_html_()


def test_backticks_mark_code_in_every_text():
    page = Box("`a`", "is `b < c`", lines=("`d`",))._repr_html_()
    assert re.findall("<code>(.*?)</code>", page) == ["a", "b &lt; c", "d"]


@given(st.text())
def test_no_text_becomes_html(text):
    marked = mark_code(text).replace("<code>", "`").replace("</code>", "`")
    assert "<" not in marked
    assert html.unescape(marked) == html.unescape(html.escape(text))


def test_lines_that_are_folded_open_below_the_heading():
    box = Box("✓ 2 more checks", colour=BLUE, lines=("`a`", "b"), folded=True)
    assert repr(box) == "✓ 2 more checks\n  `a`\n  b"
    assert visible(box) == "✓ 2 more checks ab"
    summary = re.search("<details><summary>(.*)</summary>(.*)</details>", box._repr_html_())
    assert "✓ 2 more checks" in summary[1]
    assert "<li><code>a</code></li>" in summary[2]
