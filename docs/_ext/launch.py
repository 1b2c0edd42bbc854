"""Where a chapter can be run: links to the repository that ``GITHUB_REPOSITORY`` names, as it does in a workflow."""

import html
import os
import re

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

REPOSITORY = os.environ.get("GITHUB_REPOSITORY", "")
BRANCH = "gh-pages"  # where the workflow puts the built site
FOLDER = "notebooks"  # of the repository, and of the site


def address_in_colab(name):
    """Return where Colab opens the copy of a chapter that the site has."""
    return f"https://colab.research.google.com/github/{REPOSITORY}/blob/{BRANCH}/{FOLDER}/{name}"


def address_of_file(name):
    """Return where a file lies that the site has beside the chapters."""
    return f"https://raw.githubusercontent.com/{REPOSITORY}/{BRANCH}/{FOLDER}/{name}"


def make_links(chapter, top):
    """Return the links as HTML: the chapter to download from the site's `top` and, with a repository, where it runs."""
    file = f"{FOLDER}/{chapter}.ipynb"
    links = {"Download": f"{top}{file}"}
    if REPOSITORY:
        links |= {
            "Binder": f"https://mybinder.org/v2/gh/{REPOSITORY}/HEAD?labpath={file}",
            "Codespaces": f"https://codespaces.new/{REPOSITORY}",
            "Colab": address_in_colab(f"{chapter}.ipynb"),
        }
    listed = [
        f'<a href="{html.escape(address)}"{" download" * (name == "Download")}>{name}</a>'
        for name, address in links.items()
    ]
    return f'<p class="gd-launch">Run this chapter yourself: {" ".join(listed)}</p>'


class Launch(SphinxDirective):
    """The links of a chapter, on a page at the top of the site."""

    required_arguments = 1

    def run(self):
        """Return the paragraph."""
        return [nodes.raw("", make_links(self.arguments[0], ""), format="html")]


def leave_out(app, page, template, context, doctree):
    """Leave the links out of a book."""
    if app.builder.name != "html" and "body" in context:
        context["body"] = re.sub('<p class="gd-launch">.*?</p>', "", context["body"])


def setup(app):
    """Add the directive."""
    app.add_directive("launch", Launch)
    app.connect("html-page-context", leave_out)
    return {"parallel_read_safe": True}
