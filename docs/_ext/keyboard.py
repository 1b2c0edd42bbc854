"""Let the keyboard reach what scrolls: code, wide tables and formulas."""

import re

SCROLLING = re.compile(r'<pre>|<div class="(?:table-wrapper|math)[^"]*"')


def make_focusable(app, page, template, context, doctree):
    """Add a tab stop to each code block, table and displayed formula of a page."""
    if "body" in context:
        context["body"] = SCROLLING.sub(lambda found: _with_stop(found[0]), context["body"])


def _with_stop(tag):
    return '<pre tabindex="0">' if tag == "<pre>" else f'{tag} tabindex="0"'


def setup(app):
    """Have it done for each page; last, since the theme wraps tables too."""
    app.connect("html-page-context", make_focusable, priority=900)
    return {"parallel_read_safe": True}
