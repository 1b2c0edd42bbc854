"""The pictures of explorers where nobody can move them: each function draws on given axes and says what it shows."""

import numpy as np
import torch

from gd_helpers.formatting import format_number
from gd_helpers.models import set_weights
from gd_helpers.plotting.curves import plot_data
from gd_helpers.plotting.style import (
    LOSS_LABELS,
    METHOD_COLOURS,
    NEUTRAL,
    in_course_style,
    label_power,
    scale_by_powers,
)
from gd_helpers.plotting.weight_space import plot_loss_surface, plot_path
from gd_helpers.training.runs import score


def short(value):
    """Return `value` as text of three digits."""
    return format_number(value, 3) if np.isfinite(value) else "not finite"


def point(weights):
    """Return intercept and slope as text."""
    return "({}, {})".format(*map(short, weights))


def method_of(run):
    """Return the method that a run's batch size makes it."""
    return {run.recipe.n: "batch", 1: "stochastic"}.get(run.recipe.batch_size, "mini-batch")


def colour_of(run):
    """Return the colour of a run's method."""
    return METHOD_COLOURS[method_of(run)]


def draw_path(ax, data, best, run):
    """Draw the loss of a line and the path of its weights, all of it in view unless it diverged."""
    view = [[0, 0], 2 * best.weights, *([] if run.diverged else run.path)]
    plot_loss_surface(data, ax, around=np.array(view))
    plot_path({method_of(run): run}, ax)
    return (
        f"contours of the loss, and on them the path of (b0, w1) from {point(run.path[0])} to {point(run.weights)}; "
        f"OLS is at {point(best.weights)}"
    )


@in_course_style
def draw_effort(ax, label, values, run):
    """Draw `values` at the start and after each epoch, against the updates that they took.

    The axis goes from the power of ten below the first epoch to that above the last of the recipe, with room for 0, as
    that of the live explorer does.
    """
    effort = updates_of(run)
    top = max(1, int(np.ceil(np.log10(total_updates(run)))))
    powers = 10.0 ** np.arange(min(int(np.log10(effort[1])), top - 1), top + 1)
    scale_by_powers(ax)
    ax.set_xscale("symlog", linthresh=powers[0], linscale=0.36)  # from 0 to the first power it takes 0.4 of a decade
    ax.set(xlim=(-0.2 * powers[0], 1.3 * powers[-1]), xlabel="updates", xticks=[0, *powers])
    ax.xaxis.set_major_formatter(label_power)
    values = np.where(np.isfinite(values), values, np.nan)
    ax.plot(effort, values, color=colour_of(run), linewidth=1.2, label=label)
    ax.plot(effort[:1], values[:1], "o", color=colour_of(run), markerfacecolor="white", zorder=3, label="_start")
    ax.plot(effort[-1:], values[-1:], "o", color=colour_of(run), zorder=3, label="_end")
    return effort


def total_updates(run):
    """Return the number of updates that the recipe of a run asks for."""
    return -(-run.recipe.n // run.recipe.batch_size) * run.recipe.epochs


def updates_of(run):
    """Return the number of updates before the first epoch and after each."""
    return np.append(0, run.trace["updates"])


@in_course_style
def draw_loss(ax, data, best, run):
    """Draw the loss after each epoch beside that of least squares."""
    at_zero = loss_at_zero(data)
    losses = np.append(score(set_weights(run.model, run.path[0]), data)[0], run.trace.loss)
    set_weights(run.model, run.weights)
    draw_effort(ax, "loss after each epoch", losses, run)
    ax.axhline(best.mse, color=NEUTRAL, linestyle="--", linewidth=1.2, label="OLS")
    ax.set(ylim=(max(0.8 * best.mse, 1e-6 * at_zero), 2 * at_zero), ylabel=LOSS_LABELS["loss"])
    ax.legend()
    words = (
        f"the loss over all data against updates, {short(losses[0])} at the start, {short(losses[1])} after the first "
    )
    return f"{words}epoch, {short(losses[-1])} after epoch {len(losses) - 1:,}; that of OLS is {short(best.mse)}"


@in_course_style
def draw_curve(ax, data, best, run):
    """Draw the curve of a network inside and outside the data."""
    x = data.x.numpy()
    x = np.linspace(x.min() - np.ptp(x) / 2, x.max() + np.ptp(x) / 2, 241)
    line = best.weights[0] + best.weights[1] * x
    plot_data(data, ax)
    ax.plot(x, line, color=NEUTRAL, linewidth=1.2, label="OLS")
    low, high = min(line.min(), float(data.y.min())), max(line.max(), float(data.y.max()))
    ax.set(xlim=(x[0], x[-1]), ylim=(low - 0.05 * (high - low), high + 0.05 * (high - low)))
    ax.plot(x, _heights(run, x), color=colour_of(run), linewidth=2, label="fitted curve")
    ax.legend()
    middle = float(data.x.mean())
    at_zero, below, above = _heights(run, np.array([0, middle - 1e-4, middle + 1e-4]))
    return (
        "the data, the OLS line, and the fitted curve inside and outside the range of the data; the curve is "
        f"{short(at_zero)} high at x = 0, and its slope at the mean of x is {short((above - below) / 2e-4)}"
    )


def _heights(run, x):
    model = run.model.double()
    with torch.no_grad():
        return model(torch.tensor(np.column_stack([np.ones_like(x), x]), dtype=torch.float64)).numpy()[:, 0]


@in_course_style
def draw_coefficients(ax, data, best, run):
    """Draw a row for each coefficient: where it is, and that of least squares."""
    rows, reach = np.arange(len(data.names)), 1.5 * np.abs(best.weights[1:]).max() or 1.0
    ax.axvline(0, color=NEUTRAL, linewidth=0.8)
    ax.plot(best.weights[1:], rows, "D", color=NEUTRAL, markerfacecolor="none", markersize=9, label="OLS")
    ax.plot(run.weights[1:], rows, "o", color=colour_of(run), zorder=5, label="run")
    ax.set(xlim=(-reach, reach), ylim=(len(rows) - 0.5, -0.5), yticks=rows, yticklabels=data.names)
    ax.set_xlabel("coefficient (units of y per unit of the column)")
    ax.grid(False, axis="y")
    ax.legend()
    words, off = (
        f"a row a coefficient, {len(rows)} of them, each beside that of OLS",
        np.abs(run.weights - best.weights)[1:],
    )
    if not np.isfinite(off).all():
        return words
    return f"{words}; the furthest from it is {data.names[off.argmax()]}, by {short(off.max())}"


@in_course_style
def draw_scores(ax, parts, best, run):
    """Draw R² on the rows trained on and on those held out."""
    scores = [_r2(data, run.path) for data in parts]
    levels = [_r2(data, best.weights[None])[0] for data in parts]
    draw_effort(ax, "rows trained on", scores[0], run)
    ax.plot(updates_of(run), scores[1], color=NEUTRAL, linewidth=1.2, label="rows held out")
    for level, style, label in zip(levels, ("--", ":"), ("OLS, trained on", "OLS, held out"), strict=True):
        ax.axhline(level, color=NEUTRAL, linestyle=style, linewidth=1.2, label=label)
    low, high = min(-0.2, min(levels) - 0.2), min(1.0, max(max(levels) + 0.15, 0.2))
    ax.set(yscale="linear", ylim=(low, high), ylabel="R² after each epoch")
    ax.legend()
    trained, unseen, best_trained, best_unseen = map(short, (scores[0][-1], scores[1][-1], *levels))
    return (
        f"R² against updates, {trained} on the rows trained on and {unseen} on those held out; "
        f"those of OLS are {best_trained} and {best_unseen}"
    )


@in_course_style
def draw_line(ax, data, weights, *, labels):
    """Draw the points and a line through them."""
    (x, y), ends = (values.numpy() for values in (data.x, data.y[:, 0])), np.array(_around(data.x.numpy(), 0.05))
    ax.scatter(x, y, s=11, color="#56B4E9", alpha=0.55, linewidth=0, label="mornings")
    ax.plot(ends, weights[0] + weights[1] * ends, color=METHOD_COLOURS["batch"], linewidth=2, label="your line")
    ax.set(xlim=ends, ylim=_around(np.append(y, 0), 0.05), xlabel=labels["x"], ylabel=labels["y"])
    ax.legend()
    return f"{labels['y']} over {labels['x']} of {len(x):,} mornings, and the line {point(weights)}"


def draw_place(ax, data, best, weights, *, labels):
    """Draw the loss over intercept and slope, and a line as a dot on it."""
    plot_loss_surface(
        data, ax, limits=(_around([0, 2 * best.weights[0]], 0.25), _around([0, 2 * best.weights[1]], 0.25))
    )
    next(line for line in ax.lines if line.get_label() == "OLS").remove()
    ax.plot(*weights, "o", color=METHOD_COLOURS["batch"], label="your line")
    ax.set(xlabel=labels["b0"], ylabel=labels["w1"])
    ax.legend()
    X, y = data.numpy()
    loss = short(np.mean((X @ weights - y) ** 2))
    return f"contours of the loss over intercept and slope, and on them the line as a dot, where the loss is {loss}"


def _around(values, margin):
    low, high = np.min(values), np.max(values)
    return float(low - margin * (high - low)), float(high + margin * (high - low))


def loss_at_zero(data):
    """Return the loss of predicting 0."""
    return float((data.y.double() ** 2).mean())


def _r2(data, path):
    X, y = data.numpy()
    with np.errstate(all="ignore"):
        return 1 - np.mean((y[:, None] - X @ path.T) ** 2, axis=0) / np.var(y)
