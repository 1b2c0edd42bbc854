"""Formulas for who has no JavaScript: MathML by docutils, beside what MathJax renders, and alone in an EPUB."""

import contextlib
import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.ext import mathjax

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


def setup(app):
    """Put it in the place of what MathJax alone would show."""
    app.setup_extension("sphinx.ext.mathjax")
    app.registry.html_inline_math_renderers["mathjax"] = _visitor(mathjax.html_visit_math, False)
    app.registry.html_block_math_renderers["mathjax"] = _visitor(mathjax.html_visit_displaymath, True)
    return {"parallel_read_safe": True}
