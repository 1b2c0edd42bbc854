"""Bring the stored notebooks and pages of `notebooks/` into the site, prepared for a page without a kernel."""

import hashlib
from pathlib import Path

import launch
import nbformat
import prepare
from sphinx.util import logging

from gd_helpers.files import atomic_write
from gd_helpers.runner.chapters import NOTEBOOKS, find_chapters
from gd_helpers.runner.files import PACKAGE, hash_package

logger = logging.getLogger(__name__)
MARK = "site_source"  # the notebook metadata that tells what a prepared chapter was made from


def bring_chapters(app):
    """Write ``chapters/NN_name.ipynb`` for each chapter, and copy Markdown pages beside them, where they are new."""
    folder = Path(app.srcdir) / "chapters"
    folder.mkdir(exist_ok=True)
    code = hash_package(PACKAGE) + hash_package(Path(__file__).parent) + launch.REPOSITORY
    wanted = set()
    for chapter, path in find_chapters().items():
        wanted.add(f"{chapter}.ipynb")
        _bring(chapter, path, folder / f"{chapter}.ipynb", code)
    for path in sorted(NOTEBOOKS.glob("*.md")):
        wanted.add(path.name)
        if not (folder / path.name).exists() or (folder / path.name).read_bytes() != path.read_bytes():
            atomic_write(folder / path.name, path.read_bytes())
    for path in folder.iterdir():
        if path.name not in wanted:
            path.unlink()


def _bring(chapter, path, target, code):
    source = path.read_bytes()
    mark = hashlib.sha256(source + code.encode()).hexdigest()
    if target.exists() and nbformat.read(target, as_version=4).metadata.get(MARK) == mark:
        return
    logger.info("preparing %s", chapter)
    notebook = prepare.prepare_chapter(chapter, nbformat.reads(source.decode(), as_version=4))
    notebook.metadata[MARK] = mark
    atomic_write(target, nbformat.writes(notebook).encode())


def setup(app):
    """Have it done before Sphinx looks for pages."""
    app.connect("builder-inited", bring_chapters)
    return {"parallel_read_safe": True}
