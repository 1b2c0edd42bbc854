"""A progress bar where somebody watches, and nothing where nobody does."""

import os

from tqdm import tqdm as silent_tqdm
from tqdm.auto import tqdm


def is_headless():
    """Return whether the environment says ``GD_HEADLESS=1``: no live widgets and no progress bars in outputs."""
    return os.environ.get("GD_HEADLESS") == "1"


def progress_bar(iterable=None, description=None, *, total=None, shown=True):
    """Return a progress bar over `iterable`, or one of `total` steps to be moved by ``update``.

    Headless, or where it is not to be `shown`, the bar works the same and draws nothing.

    Examples
    --------
    >>> sum(progress_bar(range(4), "adding", shown=False))
    6
    """
    if is_headless() or not shown:
        return silent_tqdm(iterable, total=total, disable=True)  # tqdm.auto would store its widget, disabled or not
    return tqdm(iterable, desc=description, total=total, leave=False)
