"""Texts of the package, in which backticks mark code, as nodes."""

from docutils import nodes


def with_code(text):
    """Return the nodes of `text`."""
    return [nodes.literal("", part) if place % 2 else nodes.Text(part) for place, part in enumerate(text.split("`"))]
