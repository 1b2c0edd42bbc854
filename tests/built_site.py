"""The site, built into a folder of its own: once for all processes of a run of the tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from gd_helpers.runner.chapters import NOTEBOOKS

ROOT = NOTEBOOKS.parent


def share_site(tmp_path_factory):
    """Return the folder of the site's pages, which nothing may change: of ``GD_SITE``, or built by whoever is first.

    ``GD_SITE`` names what `make site` has made of these sources, as `.ci/run` does, which makes it anew.
    """
    if made := os.environ.get("GD_SITE"):
        return Path(made).resolve(strict=True)
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with FileLock(shared / "site.lock"):
        if not (shared / "site").exists():
            pages = build(tmp_path_factory.mktemp("built"))
            pages.rename(shared / "site")
    return shared / "site"


def build(folder, builder="html"):
    """Build the site in `folder`, and return the folder of its pages; whatever Sphinx warns of is an error."""
    sources = folder / "docs"
    if not sources.exists():
        shutil.copytree(ROOT / "docs", sources, ignore=shutil.ignore_patterns("chapters", "__pycache__"))
        shutil.copy(ROOT / "CHANGELOG.md", folder)
    options = ["-b", builder, "-W", "--keep-going", "-q", "-E", "-d", str(folder / "doctrees")]
    command = [sys.executable, "-m", "sphinx", *options, str(sources), str(folder / "site")]
    ended = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, timeout=600)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    return folder / "site"
