"""Drawing records on axes: each function takes what was computed elsewhere, draws it on `ax`, and returns `ax`."""

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap

from gd_helpers import metrics
from gd_helpers.checks import check_choice
from gd_helpers.plotting.style import (
    B0_LABEL,
    COLOURS,
    EFFORT_LABELS,
    LOSS_LABELS,
    NEUTRAL,
    W1_LABEL,
    X_LABEL,
    Y_LABEL,
    add_legend,
    count_in_whole_numbers,
    explain_mark,
    free_colour,
    in_course_style,
    scale_by_powers,
)

_CONTOURS = "#8FA3B5"
_SHADES = LinearSegmentedColormap.from_list("shades", ["#D3E2EF", "#FFFFFF"])


@in_course_style
def plot_data(data, ax):
    """Draw the points of `data`, the line they were drawn around, and the band of ±2σ around it.

    Parameters
    ----------
    data : Line
    ax : matplotlib.axes.Axes

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from gd_helpers.plotting import figures
    >>> from gd_helpers.data import simulate_line
    >>> fig, ax = figures.subplots()
    >>> plot_data(simulate_line(n=100), ax).get_xlabel()
    'x (units of x)'
    """
    x, y = data.x.cpu().numpy(), data.y[:, 0].cpu().numpy()
    ends = np.array([x.min(), x.max()])
    on_line = data.truth[0] + data.truth[1] * ends
    reach = 2 * np.sqrt(data.noise_variance)
    ax.scatter(x, y, s=11, color="#56B4E9", alpha=0.55, linewidth=0, label=f"data, n = {len(x):,}")
    # on top and dashed, so that a fitted line below it still shows
    ax.plot(ends, on_line, "--", color=NEUTRAL, zorder=4, label="true line")
    band = {"color": "#999999", "alpha": 0.2, "linewidth": 0, "zorder": 0.5}
    ax.fill_between(ends, on_line - reach, on_line + reach, label="true line ± 2σ", **band)
    ax.set(xlabel=X_LABEL, ylabel=Y_LABEL)
    ax.legend()
    return ax


@in_course_style
def plot_line(weights, data, ax, *, label):
    """Draw the line b0 + w1 · x over the range of x in `data`.

    Parameters
    ----------
    weights : array, shape (2,)
        b0 and w1.
    data : Line
    ax : matplotlib.axes.Axes
    label : str
        Its name in the legend; that of a method gives it the method's colour.

    Returns
    -------
    matplotlib.axes.Axes
    """
    intercept, slope = np.asarray(weights, dtype=np.float64)
    ends = np.array([float(data.x.min()), float(data.x.max())])
    ax.plot(ends, intercept + slope * ends, color=free_colour(ax, label), linewidth=2, label=label)
    ax.set(xlabel=X_LABEL, ylabel=Y_LABEL)
    ax.legend()
    return ax


@in_course_style
def plot_loss(runs, ax, *, against="updates", column="loss", log_y=True, ols_mse=None):
    """Draw the loss of one run or of several against their effort.

    Parameters
    ----------
    runs : Run, DataFrame or array, or dict of them by name
        A run, a trace such as ``Run.trace``, or the losses after 0, 1, 2, … updates. One that diverged ends in a cross
        at its last finite loss.
    ax : matplotlib.axes.Axes
    against : {"updates", "examples", "epoch"}
        What the losses are drawn against.
    column : {"loss", "batch_loss"}
        The loss over all data after each epoch, or that of the epoch's last batch before its update.
    log_y : bool
        Whether the loss is drawn on a logarithmic scale.
    ols_mse : float, optional
        The least mean squared error, drawn as a level.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `against` or `column` is another one, or a trace lacks it.
    """
    check_choice("against", against, EFFORT_LABELS)
    check_choice("column", column, LOSS_LABELS)
    for name, run in _by_name(runs).items():
        trace = _trace_of(run, against, column)
        effort, loss = trace[against].to_numpy(), trace[column].to_numpy(dtype=np.float64)
        finite = np.isfinite(loss)
        loss = np.where(finite, loss, np.nan)
        colour = free_colour(ax, name)
        # a single loss makes no line, so it is drawn as a point
        ax.plot(effort, loss, color=colour, label=name, marker="o" if finite.sum() == 1 else None)
        if finite.any() and not finite.all():
            last = np.flatnonzero(finite)[-1]
            ax.plot(effort[last], loss[last], "X", color=colour, markersize=9)
            explain_mark(ax, "diverged", marker="X", markersize=9)
    if ols_mse is not None:
        ax.axhline(ols_mse, color=NEUTRAL, linestyle="--", linewidth=1.2, label="OLS")
    if log_y:
        scale_by_powers(ax)
    ax.set(xlabel=EFFORT_LABELS[against], ylabel=LOSS_LABELS[column])
    count_in_whole_numbers(ax.xaxis)
    add_legend(ax)
    return ax


@in_course_style
def plot_weights(run, ax, *, against="updates", ols_weights=None):
    """Draw the intercept and the slope of a linear run against its effort, from the start on.

    Parameters
    ----------
    run : Run
    ax : matplotlib.axes.Axes
    against : {"updates", "examples", "epoch"}
    ols_weights : array, shape (2,), optional
        The least squares weights, drawn as levels, each in the colour of its weight.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `against` is another one, or the run's weights are not an intercept and a slope.
    """
    check_choice("against", against, EFFORT_LABELS)
    path = _path_of(run)
    effort = np.concatenate([[0], run.trace[against]])
    for values, label, colour in zip(path.T, (B0_LABEL, W1_LABEL), COLOURS[3:5], strict=True):
        ax.plot(effort[: len(values)], values, color=colour, label=label)
    for level, colour in zip([] if ols_weights is None else ols_weights, COLOURS[3:5], strict=False):
        ax.axhline(level, color=colour, linestyle="--", linewidth=1.2)
        explain_mark(ax, "OLS", linestyle="--", linewidth=1.2)
    ax.set(xlabel=EFFORT_LABELS[against], ylabel="weight")
    count_in_whole_numbers(ax.xaxis)
    ax.legend()
    return ax


@in_course_style
def plot_loss_surface(data, ax, *, around=None, limits=None):
    """Draw contours of a linear model's mean squared error over intercept and slope, labelled by how far above OLS.

    The loss is a quadratic: MSE(w) = MSE(ŵ) + ½ (w − ŵ)ᵀ H (w − ŵ), with the OLS weights ŵ and the Hessian H.

    Parameters
    ----------
    data : Line
    ax : matplotlib.axes.Axes
        Its limits are fixed, so that paths drawn later do not move them.
    around : Run or array, or dict of them by name, optional
        Runs, paths or single weights that the picture must hold beside OLS; without it, OLS and the origin.
    limits : ((float, float), (float, float)), optional
        First and last b0, first and last w1, in place of what `around` gives.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from gd_helpers.plotting import figures
    >>> from gd_helpers.data import simulate_line
    >>> fig, ax = figures.subplots()
    >>> plot_loss_surface(simulate_line(), ax, limits=((-1, 8), (-1, 5))).get_xlabel()
    'b0, intercept (units of y)'
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
    corner = _emptier_corner(fit.weights, around, b0_limits, w1_limits) - fit.weights
    places = _on_contours(fit.weights, corner, levels, hessian, (b0_limits, w1_limits))
    ax.clabel(lines, fmt=_as_excess, fontsize=8, colors="#4A5B6B", manual=places or False)
    explain_mark(ax, "loss above OLS", color=_CONTOURS, linestyle="-", linewidth=0.8)
    ax.plot(*fit.weights, "*", color=NEUTRAL, markersize=13, zorder=4, label="OLS")
    ax.grid(False)
    add_legend(ax)
    return ax


@in_course_style
def plot_path(runs, ax):
    """Draw the path of the weights of one linear run or of several, on a loss surface.

    Parameters
    ----------
    runs : Run or array of shape (steps, 2), or dict of them by name
        A path is drawn up to where it leaves the finite numbers.
    ax : matplotlib.axes.Axes
        With `plot_loss_surface` on it, whose limits stay as they are.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the weights are not an intercept and a slope.
    """
    for name, run in _by_name(runs).items():
        path, colour = _path_of(run), free_colour(ax, name)
        ax.plot(*path.T, color=colour, linewidth=1.3, label=name)
        ax.plot(*path[0], "o", color=colour, markerfacecolor="white", zorder=3)
        ax.plot(*path[-1], "o", color=colour, zorder=3)
    explain_mark(ax, "start", marker="o", markerfacecolor="white")
    explain_mark(ax, "end", marker="o")
    add_legend(ax)
    return ax


@in_course_style
def plot_intervals(table, ax, *, xlabel, reference=None, reference_label=""):
    """Draw a row of `table` as a point with its interval, the first row on top.

    Parameters
    ----------
    table : pandas.DataFrame
        The columns "mean", "low" and "high", as of `replicates.summarise`; rows are named by "recipe", or by the index.
    ax : matplotlib.axes.Axes
    xlabel : str
        What is measured, with its unit.
    reference : float, optional
        A value to compare with, drawn as a vertical line and named `reference_label`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If a column is missing, or an interval does not hold its mean.
    """
    missing = [column for column in ("mean", "low", "high") if column not in table]
    if missing:
        raise ValueError(f"table must have the columns mean, low and high, got none called {', '.join(missing)}")
    mean, low, high = (table[column].to_numpy(dtype=np.float64) for column in ("mean", "low", "high"))
    if (low > mean).any() or (high < mean).any():
        raise ValueError("table must hold intervals with low ≤ mean ≤ high")
    names = [str(name) for name in table.get("recipe", table.index)]
    rows = np.arange(len(table))
    if reference is not None:
        ax.axvline(reference, color=NEUTRAL, linestyle="--", linewidth=1.2, label=reference_label)
    ax.errorbar(mean, rows, xerr=[mean - low, high - mean], fmt="o", color=COLOURS[0], elinewidth=2, capsize=4)
    ax.set(xlabel=xlabel, yticks=rows, yticklabels=names, ylim=(len(table) - 0.5, -0.5))
    ax.grid(False, axis="y")
    add_legend(ax)
    return ax


@in_course_style
def plot_band(x, curves, ax, *, label):
    """Draw many curves over the same `x` as one: their median, and the band from the lowest to the highest.

    Parameters
    ----------
    x : array, shape (m,)
    curves : array, shape (k, m)
        A row a curve, such as the fitted function of a run. Rows that are not finite throughout are left out.
    ax : matplotlib.axes.Axes
    label : str
        What the curves are, for the legend.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the shapes do not fit.

    Examples
    --------
    >>> from gd_helpers.plotting import figures
    >>> fig, ax = figures.subplots()
    >>> ax = plot_band([0, 1], [[0, 1], [0, 2], [0, 6]], ax, label="runs")
    >>> ax.get_lines()[0].get_ydata()
    array([0., 2.])
    """
    x, curves = np.asarray(x, dtype=np.float64), np.asarray(curves, dtype=np.float64)
    if x.ndim != 1 or curves.ndim != 2 or curves.shape[1] != len(x):
        raise ValueError(f"curves must have shape (k, m) for x of shape (m,), got {curves.shape} for {x.shape}")
    curves = curves[np.isfinite(curves).all(axis=1)]
    if len(curves):
        colour = free_colour(ax, label)
        ax.plot(x, np.median(curves, axis=0), color=colour, linewidth=2, label=f"{label}, median")
        band = {"color": colour, "alpha": 0.3, "linewidth": 0}
        ax.fill_between(x, curves.min(axis=0), curves.max(axis=0), label=f"{label}, lowest to highest", **band)
    add_legend(ax)
    return ax


def _by_name(runs):
    """Return `runs` as a dict; a single run is called by its method, anything else has no name."""
    if isinstance(runs, dict):
        return runs
    return {runs.recipe.method if hasattr(runs, "recipe") else "_": runs}


def _trace_of(run, against, column):
    trace = run.trace if hasattr(run, "recipe") else run
    if not isinstance(trace, pd.DataFrame):
        losses = np.asarray(trace, dtype=np.float64)
        trace = pd.DataFrame({"updates": np.arange(len(losses)), column: losses})
    for name in (against, column):
        if name not in trace:
            raise ValueError(f"a trace drawn by {name!r} must have that column, got {', '.join(trace.columns)}")
    return trace


def _path_of(run):
    """Return the weights of a run or array as a float64 path of shape (steps, 2), up to the last finite ones."""
    path = np.atleast_2d(np.asarray(getattr(run, "path", run), dtype=np.float64))
    if path.ndim != 2 or path.shape[1] != 2 or not np.isfinite(path[0]).all():
        raise ValueError(f"a path must have shape (steps, 2), b0 and w1, and a finite start, got {path.shape}")
    # a path that diverges outgrows what can be turned into pixels long before it stops being finite
    drawable = (np.abs(path) < 1e6 * (1 + np.abs(path[0]).max())).all(axis=1)
    return path if drawable.all() else path[: np.argmin(drawable)]


def _limits_around(ols_weights, around):
    points = np.vstack([[0, 0], 2 * ols_weights] if around is None else _points_of(around))
    points = np.vstack([points, ols_weights])
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.25 * np.where(high > low, high - low, 1)
    return tuple(zip(low - margin, high + margin, strict=True))


def _points_of(around):
    return np.vstack([_path_of(run) for run in _by_name(around).values()])


def _emptier_corner(ols_weights, around, b0_limits, w1_limits):
    """Return the upper right corner, or the lower right one if less of `around` lies between OLS and there."""
    right = np.empty((0, 2)) if around is None else _points_of(around) - ols_weights
    right = right[right[:, 0] > 0, 1]
    return np.array([b0_limits[1], w1_limits[0 if np.sum(right > 0) > np.sum(right < 0) else 1]])


def _as_excess(level):
    return f"+{np.format_float_positional(level, precision=1, fractional=False, trim='-')}"


def _one_two_five(largest):
    """Return 1, 2, 5, 10, 20, …: the eight such levels that end next below `largest`."""
    top = int(np.floor(np.log10(largest)))
    levels = np.array([step * 10.0**power for power in range(top - 3, top + 1) for step in (1, 2, 5)])
    return levels[levels < largest][-8:]


def _on_contours(centre, direction, levels, hessian, limits):
    """Return where the contours lie on the line through `centre`: on the side of `direction`, else on the other.

    Contours too close to the one before for a label of their own are left out.
    """
    low, high = np.transpose(limits)
    places = [centre]
    for level in levels:
        step = np.sqrt(2 * level / (direction @ hessian @ direction)) * direction
        inside = [place for place in (centre + step, centre - step) if (low < place).all() and (place < high).all()]
        if inside and np.linalg.norm((inside[0] - places[-1]) / (high - low)) > 0.06:
            places.append(inside[0])
    return [tuple(place) for place in places[1:]]
