"""The plane of intercept and slope: contours of the loss, and the paths that runs take across them."""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from gd_helpers import metrics
from gd_helpers.plotting.records import path_of, runs_by_name
from gd_helpers.plotting.style import (
    B0_LABEL,
    NEUTRAL,
    W1_LABEL,
    add_legend,
    explain_mark,
    free_colour,
    in_course_style,
)

_CONTOURS = "#8FA3B5"
_EXIT = {"marker": "s", "markersize": 5, "linestyle": "none"}
_SHADES = LinearSegmentedColormap.from_list("shades", ["#D3E2EF", "#FFFFFF"])


@in_course_style
def plot_loss_surface(data, ax, *, around=None, limits=None):
    """Draw contours of a linear model's mean squared error over intercept and slope, labelled by their excess over OLS.

    The loss is a quadratic: MSE(w) = MSE(ŵ) + ½ (w − ŵ)ᵀ H (w − ŵ), with the OLS weights ŵ and the Hessian H.

    Parameters
    ----------
    data : Line
    ax : matplotlib.axes.Axes
        Its limits are set here, and paths drawn later do not change them.
    around : Run or array, or dict of them by name, optional
        Runs, paths or single weights that must be in view, as OLS always is; the origin if not given.
    limits : ((float, float), (float, float)), optional
        The limits of b0 and of w1, which override `around`.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from gd_helpers import plotting
    >>> from gd_helpers.data import simulate_line
    >>> fig, ax = plotting.subplots()
    >>> plot_loss_surface(simulate_line(), ax, limits=((-1, 8), (-1, 5))).get_xlabel()
    'intercept b0 (L/s)'
    """
    fit = metrics.ols(data)
    b0_limits, w1_limits = _limits_around(fit.weights, around) if limits is None else limits
    b0, w1 = np.meshgrid(np.linspace(*b0_limits, 121), np.linspace(*w1_limits, 121))
    away, hessian = np.stack([b0 - fit.weights[0], w1 - fit.weights[1]]), metrics.hessian(data)
    above = np.einsum("iab,ij,jab->ab", away, hessian, away) / 2

    levels = _one_two_five(above.max())
    shades = _SHADES(np.linspace(0, 1, len(levels) + 1))
    ax.contourf(b0, w1, above, levels=[0, *levels, 10 * levels[-1]], colors=shades)
    ax.set(xlabel=B0_LABEL, ylabel=W1_LABEL, xlim=b0_limits, ylim=w1_limits)
    lines = ax.contour(b0, w1, above, levels=levels, colors=_CONTOURS, linewidths=0.8)
    ax.clabel(lines, fmt=_as_excess, fontsize=8, colors="#4A5B6B")
    explain_mark(ax, "loss above OLS", color=_CONTOURS, linestyle="-", linewidth=0.8)
    ax.plot(*fit.weights, "*", color=NEUTRAL, markersize=13, zorder=4, label="OLS")
    ax.grid(False)
    add_legend(ax)
    return ax


@in_course_style
def plot_path(runs, ax):
    """Draw the path of the weights of one or several linear runs, usually on a loss surface.

    Parameters
    ----------
    runs : Run or array of shape (steps, 2), or dict of them by name
        The path of a run that diverged is drawn as far as its weights fit into pixels.
    ax : matplotlib.axes.Axes
        The limits that `plot_loss_surface` has set stay as they are; a square marks where a path leaves them.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the weights are not an intercept and a slope.
    """
    for name, run in runs_by_name(runs).items():
        path, colour = path_of(run), free_colour(ax, name)
        ax.plot(*path.T, color=colour, linewidth=1.3, label=name)
        ax.plot(*path[0], "o", color=colour, markerfacecolor="white", zorder=3)
        ax.plot(*path[-1], "o", color=colour, zorder=3)
        exits = _exits(path, ax)
        if len(exits):
            ax.plot(*exits.T, color=colour, clip_on=False, label="_exits", **_EXIT)
            explain_mark(ax, "leaves the picture", **_EXIT)
    explain_mark(ax, "start", marker="o", markerfacecolor="white")
    explain_mark(ax, "end", marker="o")
    add_legend(ax)
    return ax


def _exits(path, ax):
    """Return where a path of shape (steps, 2) leaves the limits of `ax`, in the order of its steps."""
    low, high = np.sort([ax.get_xlim(), ax.get_ylim()]).T
    inside = ((path >= low) & (path <= high)).all(axis=1)
    leaves = inside[:-1] & ~inside[1:]
    start, step = path[:-1][leaves], np.diff(path, axis=0)[leaves]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(step == 0, np.inf, (np.where(step > 0, high, low) - start) / step).min(axis=1)
    return start + share[:, None] * step


def _limits_around(ols_weights, around):
    points = np.vstack([[0, 0], 2 * ols_weights] if around is None else _points_of(around))
    points = np.vstack([points, ols_weights])
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.25 * np.where(high > low, high - low, 1)
    return tuple(zip(low - margin, high + margin, strict=True))


def _points_of(around):
    return np.vstack([path_of(run) for run in runs_by_name(around).values()])


def _as_excess(level):
    return f"+{np.format_float_positional(level, precision=1, fractional=False, trim='-')}"


def _one_two_five(largest):
    """Return the eight largest levels of the series 1, 2, 5, 10, 20, … below `largest`."""
    top = int(np.floor(np.log10(largest)))
    levels = np.array([step * 10.0**power for power in range(top - 3, top + 1) for step in (1, 2, 5)])
    return levels[levels < largest][-8:]
