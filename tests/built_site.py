"""The site, built into a folder of its own."""

import shutil
import subprocess
import sys

from gd_helpers.runner.chapters import NOTEBOOKS

ROOT = NOTEBOOKS.parent


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
