"""Curves, points and intervals: each function draws what was computed elsewhere on `ax`, and returns `ax`."""

import numpy as np

from gd_helpers.checks import check_choice
from gd_helpers.plotting.records import path_of, runs_by_name, trace_of
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


@in_course_style
def plot_data(data, ax):
    """Draw the points of `data`, the true line, and a band of ±2σ around it.

    Parameters
    ----------
    data : Line
    ax : matplotlib.axes.Axes

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from gd_helpers import plotting
    >>> from gd_helpers.data import simulate_line
    >>> fig, ax = plotting.subplots()
    >>> plot_data(simulate_line(n=100), ax).get_xlabel()
    'air temperature x (°C)'
    """
    x, y = data.x.cpu().numpy(), data.y[:, 0].cpu().numpy()
    ends = np.array([x.min(), x.max()])
    on_line = data.truth[0] + data.truth[1] * ends
    reach = 2 * np.sqrt(data.noise_variance)
    ax.scatter(x, y, s=11, color="#56B4E9", alpha=0.55, linewidth=0, label=f"data, n = {len(x):,}")
    # dashed and on top, so that a fitted line shows below it
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
        Its name in the legend. The name of a method also gives the line that method's colour.

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
    """Draw the loss of one or several runs against the updates, examples or epochs that it took.

    Parameters
    ----------
    runs : Run, DataFrame or array, or dict of them by name
        A run, a trace such as ``Run.trace``, or the losses after 0, 1, 2, … updates. A cross marks the last finite
        loss of a run that diverged.
    ax : matplotlib.axes.Axes
    against : {"updates", "examples", "epoch"}
        What the losses are drawn against.
    column : {"loss", "batch_loss"}
        The loss over all data after each epoch, or the loss of the epoch's last batch before its update.
    log_y : bool
        Whether the loss has a logarithmic scale.
    ols_mse : float, optional
        The mean squared error of ordinary least squares, drawn as a horizontal line.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `against` or `column` is not one of these, or a trace lacks it.
    """
    check_choice("against", against, EFFORT_LABELS)
    check_choice("column", column, LOSS_LABELS)
    for name, run in runs_by_name(runs).items():
        trace = trace_of(run, against, column)
        effort, loss = trace[against].to_numpy(), trace[column].to_numpy(dtype=np.float64)
        finite = np.isfinite(loss)
        loss = np.where(finite, loss, np.nan)
        colour = free_colour(ax, name)
        # a line through a single loss would be invisible
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
    """Draw the intercept and the slope of a linear run against its updates, examples or epochs, initial weights first.

    Parameters
    ----------
    run : Run
    ax : matplotlib.axes.Axes
    against : {"updates", "examples", "epoch"}
    ols_weights : array, shape (2,), optional
        The least squares weights, drawn as horizontal lines in the colours of the two weights.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `against` is not one of these, or the run's weights are not an intercept and a slope.
    """
    check_choice("against", against, EFFORT_LABELS)
    path = path_of(run)
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
def plot_band(x, curves, ax, *, label):
    """Draw many curves over the same `x` as their median and a band from the lowest to the highest.

    Parameters
    ----------
    x : array, shape (m,)
    curves : array, shape (k, m)
        One curve per row, such as the fitted function of a run. Rows with non-finite values are left out.
    ax : matplotlib.axes.Axes
    label : str
        What the curves are, for the legend.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If the shapes do not match.

    Examples
    --------
    >>> from gd_helpers import plotting
    >>> fig, ax = plotting.subplots()
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


@in_course_style
def plot_intervals(table, ax, *, xlabel, reference=None, reference_label=""):
    """Draw each row of `table` as a point with its interval, the first row on top.

    Parameters
    ----------
    table : pandas.DataFrame
        With columns "mean", "low" and "high", as `training.intervals.summarise` returns it; the rows are labelled with
        the column "recipe", or else the index.
    ax : matplotlib.axes.Axes
    xlabel : str
        What is measured, with its unit.
    reference : float, optional
        A value to compare with, drawn as a vertical line that the legend calls `reference_label`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If a column is missing, or an interval does not contain its mean.
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
    ax.errorbar(mean, rows, xerr=[mean - low, high - mean], fmt="o", color=NEUTRAL, elinewidth=2, capsize=4)
    ax.set(xlabel=xlabel, yticks=rows, yticklabels=names, ylim=(len(table) - 0.5, -0.5))
    ax.grid(False, axis="y")
    add_legend(ax)
    return ax
