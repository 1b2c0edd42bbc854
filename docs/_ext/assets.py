"""Files of the site that are not pages: the chapters to download, and the style of myst-nb."""

import shutil
from pathlib import Path

from myst_nb.sphinx_ext import add_global_html_resources

from gd_helpers.runner.chapters import find_chapters


def copy_style(app):
    """Copy the style before the pages are written, or its address in them changes from the first build to the next."""
    if app.builder.format == "html":
        (Path(app.outdir) / "_static").mkdir(exist_ok=True)
        add_global_html_resources(app, None)


def copy_chapters(app, exception):
    """Copy the chapters as they are stored."""
    if app.builder.format != "html" or exception:
        return
    folder = Path(app.outdir) / "notebooks"
    folder.mkdir(exist_ok=True)
    for path in find_chapters().values():
        shutil.copyfile(path, folder / path.name)


def setup(app):
    """Have both done at their time."""
    app.connect("builder-inited", copy_style)
    app.connect("build-finished", copy_chapters)
    return {"parallel_read_safe": True}
