"""Take the signs of a docstring's formulas for what they are, not for reStructuredText: |1 − αλ|, n_iter_."""

import re

MARKUP = re.compile(r"(``.*?``|`[^`]*`)|\||(?<=\w)_(?=[\s.,;:)]|$)")


def escape_formulas(app, what, name, obj, options, lines):
    """Escape what would be a substitution or a link in the `lines` of prose."""
    for place, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...", ".. ")):
            lines[place] = MARKUP.sub(lambda found: found[1] or "\\" + found[0], line)


def setup(app):
    """Have it done after numpydoc, which reads sections and escapes the names in them."""
    app.connect("autodoc-process-docstring", escape_formulas, priority=900)
    return {"parallel_read_safe": True}
