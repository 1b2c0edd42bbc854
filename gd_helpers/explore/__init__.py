"""Explorers: sliders and menus that retrain on every move, beside the picture and the numbers of the run."""

from gd_helpers.explore.explorers import descent, fitted_curve, noise_ball

__all__ = ["descent", "fitted_curve", "noise_ball"]
