"""The look of the course's figures: its style file, colours, labels with units, legends and ticks."""

from contextlib import contextmanager
from functools import wraps
from importlib.resources import as_file, files

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.colors import to_hex
from matplotlib.ticker import FuncFormatter, MaxNLocator

from gd_helpers.training.recipes import METHODS

X_LABEL = "air temperature x (°C)"
Y_LABEL = "flow y (L/s)"
B0_LABEL = "intercept b0 (L/s)"
W1_LABEL = "slope w1 (L/s per °C)"
EFFORT_LABELS = {"updates": "updates", "examples": "examples seen", "epoch": "epochs"}
LOSS_LABELS = {
    "loss": "mean squared error ((L/s)²)",
    "batch_loss": "loss of the last batch ((L/s)²)",
}

with as_file(files("gd_helpers.plotting") / "course.mplstyle") as _path:
    _STYLE = matplotlib.rc_params_from_file(_path, use_default_template=False)

COLOURS = [to_hex(colour).upper() for colour in _STYLE["axes.prop_cycle"].by_key()["color"]]
METHOD_COLOURS = dict(zip(METHODS, COLOURS, strict=False))  # a method keeps its colour throughout the course
NEUTRAL = "#222222"  # of OLS and of theory
OTHER = "#999999"  # where no colour is left
DRAWN_DPI = _STYLE["savefig.dpi"]  # three pixels are drawn for every two that are shown

_applied = False


@contextmanager
def course_style():
    """Apply matplotlib's defaults and the course's style file, and neither before nor after.

    What the reader has set, in a matplotlibrc or with ``plt.style.use``, has no effect inside the context and is as it
    was after it.

    Examples
    --------
    >>> with course_style():
    ...     matplotlib.rcParams["axes.grid"]
    True
    """
    global _applied
    if _applied:  # by a caller; applying the style takes milliseconds
        yield
        return
    with matplotlib.style.context(_STYLE, after_reset=True):
        _applied = True
        try:
            yield
        finally:
            _applied = False


def in_course_style(draw):
    """Return the function `draw` so that each call runs in the style of the course."""

    @wraps(draw)
    def draw_in_style(*args, **kwargs):
        with course_style():
            return draw(*args, **kwargs)

    return draw_in_style


def free_colour(ax, label):
    """Return the colour of the method called `label`, or else the first colour that no line on `ax` has."""
    if label in METHOD_COLOURS:
        return METHOD_COLOURS[label]
    used = {to_hex(line.get_color()).upper() for line in ax.get_lines()}
    return next((colour for colour in COLOURS if colour not in used), OTHER)


def explain_mark(ax, label, **look):
    """Add `label` to the legend, once and in a neutral colour, for a mark that is drawn in several colours."""
    if label not in ax.get_legend_handles_labels()[1]:
        look = {"color": NEUTRAL, "linestyle": "none", **look}
        ax.plot([], [], label=label, **look)


def add_legend(ax):
    """Give `ax` a legend of everything labelled so far, in place of any earlier one."""
    if ax.get_legend_handles_labels()[1]:
        ax.legend()


def count_in_whole_numbers(axis):
    """Label the linear `axis` of a count with whole numbers and thousands separators."""
    if axis.get_scale() == "linear":
        axis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10], integer=True))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.12g}"))


def scale_by_powers(ax):
    """Make y logarithmic, and label ticks between the powers of ten where few powers are in view."""

    def between(value, _):
        low, high = ax.get_ylim()
        leading = round(value / 10 ** np.floor(np.log10(value)))
        return f"{value:g}" if high < 5 * low or (high < 1000 * low and leading in (2, 5)) else ""

    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(FuncFormatter(label_power))
    ax.yaxis.set_minor_formatter(FuncFormatter(between))


def label_power(value, _=None):
    """Return 0 or a power of ten as the text of a tick."""
    return f"{value:,g}" if value == 0 or 1e-3 <= value <= 1e4 else f"$10^{{{np.log10(value):.0f}}}$"
