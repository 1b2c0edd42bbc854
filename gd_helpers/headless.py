"""Whether anybody is there to see widgets and progress bars."""

import os


def is_headless():
    """Return whether ``GD_HEADLESS=1`` is set: no live widgets and no progress bars in outputs."""
    return os.environ.get("GD_HEADLESS") == "1"
