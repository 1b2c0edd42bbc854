"""The style of myst-nb."""

from pathlib import Path

from myst_nb.sphinx_ext import add_global_html_resources


def copy_style(app):
    """Copy the style before the pages are written, or its address in them changes from the first build to the next."""
    if app.builder.format == "html":
        (Path(app.outdir) / "_static").mkdir(exist_ok=True)
        add_global_html_resources(app, None)


def setup(app):
    """Have it done before the pages are read."""
    app.connect("builder-inited", copy_style)
    return {"parallel_read_safe": True}
