"""Training: a recipe in, a run out; replicates over seeds, and the intervals that they allow."""

from gd_helpers.training import intervals
from gd_helpers.training.recipes import Recipe
from gd_helpers.training.replicates import replicate
from gd_helpers.training.runs import Run
from gd_helpers.training.trainer import train

__all__ = ["Recipe", "Run", "intervals", "replicate", "train"]
