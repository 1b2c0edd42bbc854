"""Explorers: sliders and menus that retrain on every move, beside the picture and the numbers of the run."""

from gd_helpers.explore.estimates_explorer import estimates
from gd_helpers.explore.explorers import descent, fitted_curve, learning_rate, noise_ball
from gd_helpers.explore.held_out_explorer import held_out

__all__ = ["descent", "estimates", "fitted_curve", "held_out", "learning_rate", "noise_ball"]
