"""Keep a formula and the punctuation behind it on one line."""

import re

INLINE = re.compile(r'(<span class="math[^"]*">[^<]*</span>(?:<noscript>.*?</noscript>)?)([.,;:!?)\]’”-][^\s<]*)')


def keep_together(app, page, template, context, doctree):
    """Wrap each inline formula of a page with what touches it."""
    if "body" in context:
        context["body"] = INLINE.sub(r'<span class="gd-together">\1\2</span>', context["body"])


def setup(app):
    """Have it done for each page."""
    app.connect("html-page-context", keep_together)
    return {"parallel_read_safe": True}
