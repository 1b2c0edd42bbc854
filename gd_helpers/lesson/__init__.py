"""What the cells of a chapter call: parameters are checked, claims are tested, results are recorded."""

from gd_helpers.lesson.claims import claim
from gd_helpers.lesson.parameters import check_parameters
from gd_helpers.lesson.results import record
from gd_helpers.training.progress import is_headless, progress_bar

__all__ = ["check_parameters", "claim", "is_headless", "progress_bar", "record"]
