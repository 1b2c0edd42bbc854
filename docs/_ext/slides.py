"""Write a deck of slides for each chapter, with reveal.js and MathJax beside them, so that they need no network."""

import base64
import shutil
import sys
from importlib.metadata import files
from pathlib import Path

import deck
import jinja2
import nbformat

from gd_helpers.formatting import mark_code
from gd_helpers.runner.chapters import find_chapters

SOURCES = Path(__file__).resolve().parent.parent / "_slides"
LARGE, MEDIUM = 70, 120  # characters up to which a text is set in the two larger sizes
BESIDE = {
    "sphinx-revealjs": ("revealjs/dist/reset.css", "revealjs/dist/reveal.css", "revealjs/dist/reveal.js",
                        "revealjs/plugin/notes/notes.js", "revealjs/LICENSE"),
    "sphinx-mathjax-offline": ("tex-svg.js",),
}  # fmt: skip


def write_decks(folder, site):
    """Write ``NN_name.html`` for each chapter and ``index.html`` into `folder`; `site` is the way to the pages."""
    folder = Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "deck").mkdir(parents=True)
    _copy_beside(folder / "deck")
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(SOURCES), autoescape=True, trim_blocks=True)
    environment.filters |= {"code": mark_text, "size": size_of}
    titles = {}
    for chapter, path in find_chapters().items():
        notebook = nbformat.read(path, as_version=4)
        slides = deck.make_slides(notebook)
        titles[chapter] = slides[0]
        for number, slide in enumerate(slides):
            if "png" in slide:
                slide["file"] = f"{chapter}-{number}.png"
                (folder / slide["file"]).write_bytes(base64.b64decode(slide["png"]))
        page = environment.get_template("deck.html").render(chapter=chapter, slides=slides, site=site)
        (folder / f"{chapter}.html").write_text(page, encoding="utf-8")
    index = environment.get_template("index.html").render(titles=titles, site=site)
    (folder / "index.html").write_text(index, encoding="utf-8")


def mark_text(text):
    """Return a text as HTML, its code marked, and no line broken before a per cent sign."""
    return mark_code(text).replace(" %", "\N{NO-BREAK SPACE}%")


def size_of(text):
    """Return the class of the size in which a text is set, by its length.

    Examples
    --------
    >>> size_of("Is it done?")
    'large'
    """
    return "large" if len(text) <= LARGE else "medium" if len(text) <= MEDIUM else "small"


def _copy_beside(folder):
    for package, names in BESIDE.items():
        for name in names:
            source = next(path.locate() for path in files(package) if path.as_posix().endswith(name))
            shutil.copyfile(source, folder / Path(name).name)
    for path in (SOURCES / "deck.css", SOURCES / "deck.js", SOURCES.parent / "_static" / "favicon.svg"):
        shutil.copyfile(path, folder / path.name)


def write_into_site(app, exception):
    """Write the decks beside the pages of a site."""
    if app.builder.name == "html" and not exception:
        write_decks(Path(app.outdir) / "slides", "../")


def setup(app):
    """Have it done when the pages are there."""
    app.connect("build-finished", write_into_site)
    return {"parallel_read_safe": True}


if __name__ == "__main__":  # pragma: no cover
    write_decks(sys.argv[1], "../site/")
