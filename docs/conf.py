"""How Sphinx builds the site: ``make site``, or ``python -m sphinx -W docs build/site``."""

import os
import sys
import tomllib
from importlib.metadata import files
from pathlib import Path

import gd_helpers

sys.path.insert(0, str(Path(__file__).resolve().parent / "_ext"))
PACKAGE = Path(gd_helpers.__file__).parent
os.environ["GD_HEADLESS"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")

project = "Gradient descent"
author = "The authors of the course"
copyright = "MIT License"
version = release = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
language = "en_GB"

extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "myst_nb",
    "assets",
    "launch",
    "downloads",
    "chapters",
    "renderer",
    "docstrings",
    "claims_page",
    "slides",
    "teaching",
    "hook",
    "accessibility",
    "formulas",
    "punctuation",
]
exclude_patterns = ["_ext", "_slides", "_static", "_templates"]
templates_path = ["_templates"]

# Chapters are shown as they are stored.
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 3
myst_heading_slug_func = "gd_helpers.runner.rules.text.make_anchor"
myst_dmath_double_inline = True

default_role = "code"  # of a docstring's single backticks
autodoc_member_order = "bysource"
autodoc_typehints = "none"
numpydoc_show_class_members = False

html_theme = "furo"
html_title = "Gradient descent"
html_favicon = "_static/favicon.svg"
html_show_copyright = False
pygments_dark_style = "a11y-high-contrast-dark"
html_theme_options = {"navigation_with_keys": False, "top_of_page_buttons": []}
html_copy_source = False
html_scaled_image_link = False
html_show_sphinx = False
html_css_files = ["explorer.css", "prediction.css", "course.css"]
html_js_files = [("course.mjs", {"type": "module"})]
# The modules that notebooks run in the page, and MathJax, which is never asked of another machine.
html_static_path = [
    "_static",
    *(str(PACKAGE / "explore" / name) for name in ("explorer.mjs", "explorer.css")),
    *(str(PACKAGE / "lesson" / name) for name in ("prediction.mjs", "prediction.css")),
    *(str(path.locate()) for path in files("sphinx-mathjax-offline") if path.name == "tex-svg.js"),
]
mathjax_path = "tex-svg.js"

epub_language = "en-GB"
epub_show_urls = "no"
epub_exclude_files = ["search.html"]
suppress_warnings = ["epub.unknown_project_files"]  # an EPUB has no modules, which it does not need
