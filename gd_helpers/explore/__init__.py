"""Explorers: sliders and menus that train anew on every move, beside the picture and the numbers of the run."""

from gd_helpers.explore.explorers import (
    by_hand,
    descent,
    estimates,
    fitted_curve,
    held_out,
    learning_rate,
    noise_ball,
)

__all__ = ["by_hand", "descent", "estimates", "fitted_curve", "held_out", "learning_rate", "noise_ball"]
