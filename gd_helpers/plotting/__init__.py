"""Figures in the style of the course: make one, draw records of training on its axes, show it with a description."""

from gd_helpers.plotting.curves import plot_band, plot_data, plot_intervals, plot_line, plot_loss, plot_weights
from gd_helpers.plotting.figures import show, subplots
from gd_helpers.plotting.style import B0_LABEL, COLOURS, METHOD_COLOURS, NEUTRAL, W1_LABEL, X_LABEL, Y_LABEL
from gd_helpers.plotting.weight_space import plot_loss_surface, plot_path

__all__ = [
    "B0_LABEL",
    "COLOURS",
    "METHOD_COLOURS",
    "NEUTRAL",
    "W1_LABEL",
    "X_LABEL",
    "Y_LABEL",
    "plot_band",
    "plot_data",
    "plot_intervals",
    "plot_line",
    "plot_loss",
    "plot_loss_surface",
    "plot_path",
    "plot_weights",
    "show",
    "subplots",
]
