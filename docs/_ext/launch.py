"""Where a chapter can be run: links below its title, to the repository that ``GITHUB_REPOSITORY`` names, if it does."""

import html
import os

REPOSITORY = os.environ.get("GITHUB_REPOSITORY", "")


def make_links(chapter):
    """Return the links as HTML: the chapter to download and, with a repository, where it runs at one click."""
    file = f"notebooks/{chapter}.ipynb"
    links = {"Download": f"../{file}"}
    if REPOSITORY:
        links |= {
            "Binder": f"https://mybinder.org/v2/gh/{REPOSITORY}/HEAD?labpath={file}",
            "Codespaces": f"https://codespaces.new/{REPOSITORY}",
            "Colab": f"https://colab.research.google.com/github/{REPOSITORY}/blob/main/{file}",
        }
    listed = [
        f'<a href="{html.escape(address)}"{" download" * (name == "Download")}>{name}</a>'
        for name, address in links.items()
    ]
    return f'<p class="gd-launch">Run this chapter yourself: {" · ".join(listed)}</p>'
