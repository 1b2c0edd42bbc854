"""Training: `train` turns a recipe into a run; `replicate` repeats it over seeds, and `intervals` summarises."""

from gd_helpers.training import intervals
from gd_helpers.training.recipes import Recipe
from gd_helpers.training.replicates import replicate
from gd_helpers.training.runs import Run
from gd_helpers.training.trainer import train

__all__ = ["Recipe", "Run", "intervals", "replicate", "train"]
