"""What the cells of a chapter call: parameters are checked, predictions asked, claims tested, results recorded.

A name is loaded when it is first used: the command line reads this package's claims and results, and needs no PyTorch.
"""

from importlib import import_module

MODULES = {
    "at_least": "gd_helpers.lesson.bounds",
    "at_most": "gd_helpers.lesson.bounds",
    "between": "gd_helpers.lesson.bounds",
    "check": "gd_helpers.lesson.fold",
    "check_parameters": "gd_helpers.lesson.parameters",
    "claim": "gd_helpers.lesson.claims",
    "is_headless": "gd_helpers.headless",
    "less_than": "gd_helpers.lesson.bounds",
    "more_than": "gd_helpers.lesson.bounds",
    "predict": "gd_helpers.lesson.predictions",
    "progress_bar": "gd_helpers.training.progress",
    "record": "gd_helpers.lesson.results",
    "reset_progress": "gd_helpers.lesson.progress",
    "shared_digits": "gd_helpers.lesson.bounds",
    "within": "gd_helpers.lesson.bounds",
}

__all__ = list(MODULES)


def __getattr__(name):
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(MODULES[name]), name)
