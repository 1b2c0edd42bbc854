"""Progress bars, which are not drawn in headless runs."""

from tqdm import tqdm as silent_tqdm

from gd_helpers.headless import is_headless


def progress_bar(iterable=None, description=None, *, total=None, shown=True):
    """Return a progress bar over `iterable`, or one of `total` steps that ``update`` advances.

    In a headless run, or if `shown` is False, the bar works the same but draws nothing.

    Examples
    --------
    >>> sum(progress_bar(range(4), "adding", shown=False))
    6
    """
    if is_headless() or not shown:
        return silent_tqdm(iterable, total=total, disable=True)  # tqdm.auto stores its widget even if disabled
    from tqdm.auto import tqdm  # loads the widgets

    return tqdm(iterable, desc=description, total=total, leave=False)
