"""What the cells of a chapter call: its checked parameters, its claims, and the results that it records."""

from gd_helpers.lesson.claims import claim
from gd_helpers.lesson.parameters import check_parameters
from gd_helpers.lesson.results import record
from gd_helpers.training.progress import is_headless, progress_bar

__all__ = ["check_parameters", "claim", "is_headless", "progress_bar", "record"]
