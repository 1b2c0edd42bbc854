"""Figures in the style of the course: make one, draw records of training on its axes, show it with its description."""

from gd_helpers.plotting.figures import show, subplots
from gd_helpers.plotting.plots import (
    plot_band,
    plot_data,
    plot_intervals,
    plot_line,
    plot_loss,
    plot_loss_surface,
    plot_path,
    plot_weights,
)
from gd_helpers.plotting.style import COLOURS, NEUTRAL

__all__ = [
    "COLOURS",
    "NEUTRAL",
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
