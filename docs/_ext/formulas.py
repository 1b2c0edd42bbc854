"""Formulas for who has no JavaScript: MathML by docutils, beside what MathJax renders, and alone in an EPUB."""

import contextlib
import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

OTHER_NAMES = {"…": r"\ldots ", r"\dots": r"\ldots"}  # docutils knows one name of three dots


def to_mathml(tex, as_block=False):
    r"""Return a formula as MathML, on one line.

    Examples
    --------
    >>> to_mathml(r"\alpha")
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>α</mi></math>'
    """
    for name, known in OTHER_NAMES.items():
        tex = tex.replace(name, known)
    mathml = tex2mathml(tex, as_block=as_block).replace("&ApplyFunction;", "\N{FUNCTION APPLICATION}")
    return re.sub(r"\s*\n\s*", "", mathml)


def _visitor(visit_for_mathjax, as_block):
    def visit(translator, node):
        mathml = to_mathml(node.astext(), as_block)
        if translator.builder.name == "epub":
            translator.body.append(mathml)
        else:
            with contextlib.suppress(nodes.SkipNode):
                visit_for_mathjax(translator, node)
            translator.body.append(f"<noscript>{mathml}</noscript>")
        raise nodes.SkipNode

    return visit, None


def _wrap(app):
    """Wrap the visitors that are registered by now: myst-parser puts one of its own in the place of Sphinx's."""
    inline, block = app.registry.html_inline_math_renderers, app.registry.html_block_math_renderers
    for renderers, as_block in ((inline, False), (block, True)):
        renderers["mathjax"] = _visitor(renderers["mathjax"][0], as_block)


def setup(app):
    """Put it in the place of what MathJax alone would show."""
    app.setup_extension("sphinx.ext.mathjax")
    app.connect("builder-inited", _wrap, priority=900)
    return {"parallel_read_safe": True}
