"""Let the keyboard reach what scrolls: code, wide tables and formulas; and call nothing a heading that is none."""

import re

SCROLLING = re.compile(r'<pre>|<div class="(?:table-wrapper|math)[^"]*"')
EMPTY_HEADER = re.compile(r"<th(?: [^>]*)?>\s*(?:<p></p>)?\s*</th>")
CAPTION = '<p class="caption" role="heading">'  # a heading needs a level, which this one of the sidebar lacks


def mend_page(app, page, template, context, doctree):
    """Add a tab stop to each code block, table and displayed formula of a page; mend the sidebar."""
    if "body" in context:
        body = SCROLLING.sub(lambda found: _with_stop(found[0]), context["body"])
        context["body"] = EMPTY_HEADER.sub("<td></td>", body)
    if "furo_navigation_tree" in context:
        context["furo_navigation_tree"] = context["furo_navigation_tree"].replace(CAPTION, '<p class="caption">')


def _with_stop(tag):
    return '<pre tabindex="0">' if tag == "<pre>" else f'{tag} tabindex="0"'


def setup(app):
    """Have it done for each page; last, since the theme works on it too."""
    app.connect("html-page-context", mend_page, priority=900)
    return {"parallel_read_safe": True}
