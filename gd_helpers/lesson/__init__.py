"""What the cells of a chapter call: parameters are checked, predictions asked, claims tested, results recorded."""

from gd_helpers.headless import is_headless
from gd_helpers.lesson.bounds import at_least, at_most, between, less_than, more_than, shared_digits, within
from gd_helpers.lesson.claims import claim
from gd_helpers.lesson.fold import check
from gd_helpers.lesson.parameters import check_parameters
from gd_helpers.lesson.predictions import predict
from gd_helpers.lesson.progress import reset_progress
from gd_helpers.lesson.results import record
from gd_helpers.training.progress import progress_bar

__all__ = [
    "at_least",
    "at_most",
    "between",
    "check",
    "check_parameters",
    "claim",
    "is_headless",
    "less_than",
    "more_than",
    "predict",
    "progress_bar",
    "record",
    "reset_progress",
    "shared_digits",
    "within",
]
