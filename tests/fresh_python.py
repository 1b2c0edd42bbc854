"""A Python that has what the course depends on, and not the course."""

import os
import subprocess
import sys
import venv
from pathlib import Path


def run(*command, **options):
    """Run a command, and return what it writes."""
    ended = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300, **options)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def make_python(folder):
    """Make the environment in `folder`; return the path of its Python."""
    venv.create(folder, with_pip=False)
    python = str(next((folder / ("Scripts" if os.name == "nt" else "bin")).glob("python*")))
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    others = [path for path in sys.path if path.endswith("site-packages")]
    Path(site, "others.pth").write_text("\n".join(others), encoding="utf-8")
    return python


def own_environment():
    """Return the variables of this process, less those that lead the other Python to the checkout."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
