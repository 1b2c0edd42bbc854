"""The pictures of explorers of theory where nobody can move them: what is measured beside what is predicted."""

import numpy as np

from gd_helpers.metrics import (
    hessian,
    mean_square_stability_limit,
    noise_floor,
    sampling_covariance,
    stationary_covariance,
)
from gd_helpers.plotting.explored_runs import (
    colour_of,
    draw_effort,
    draw_path,
    loss_at_zero,
    short,
    total_updates,
    updates_of,
)
from gd_helpers.plotting.style import B0_LABEL, NEUTRAL, W1_LABEL, in_course_style, scale_by_powers
from gd_helpers.plotting.weight_space import plot_loss_surface

CIRCLE = np.exp(1j * np.linspace(0, 2 * np.pi, 121)).view(np.float64).reshape(-1, 2).T  # shape (2, 121)
WIDTH = 8.5  # standard deviations on either side of the truth, so that a tenth of the points still has its ellipse
CHI2_95 = 5.991465  # the 95 % point of the χ² distribution with 2 degrees of freedom


@in_course_style
def draw_cloud(ax, data, best, run):
    """Draw the weights after the later half of the epochs around least squares, and their predicted ellipse."""
    rate, size = run.recipe.learning_rate, run.recipe.batch_size
    half_limit = mean_square_stability_limit(data, batch_size=1) / 2
    reach = 2.8 * np.sqrt(np.diag(stationary_covariance(data, half_limit, batch_size=1)))
    plot_loss_surface(data, ax, limits=tuple(zip(best.weights - reach, best.weights + reach, strict=True)))
    later = _later(run)
    ax.plot(*later.T, ".", color=colour_of(run), markersize=4, label="iterates, later half")
    covariance = stationary_covariance(data, rate, batch_size=size)
    _draw_ellipse(ax, best.weights, covariance, 2, "predicted, 2σ")
    spread = np.sqrt(np.mean((later - best.weights) ** 2, axis=0))
    words = (
        f"contours of the loss around OLS, and on them the weights after the epochs of the later half, {len(later):,} "
    )
    words += f"points off OLS by {short(spread[0])} and {short(spread[1])} in b0 and w1, root mean square; "
    return words + _predicted(
        "an ellipse of the predicted covariance, whose roots are {} and {}", np.sqrt(np.diag(covariance))
    )


@in_course_style
def draw_floor(ax, data, best, run):
    """Draw the loss above least squares with its measured and its predicted floor."""
    above = _excess(data, best, run.path)
    effort = draw_effort(ax, "after each epoch", above, run)
    first = len(above) - len(_later(run))
    measured, predicted = (
        above[first:].mean(),
        noise_floor(data, run.recipe.learning_rate, batch_size=run.recipe.batch_size),
    )
    ax.plot(effort[[first, -1]], [measured] * 2, color=NEUTRAL, linewidth=3, zorder=5, label="measured floor")
    if np.isfinite(predicted):
        ax.axhline(predicted, linestyle="--", color=NEUTRAL, linewidth=1.5, label="predicted floor")
    ax.set(ylim=(1e-7 * loss_at_zero(data), 10 * loss_at_zero(data)), ylabel="loss above OLS ((L/s)²)")
    ax.legend()
    words = f"the loss above OLS against updates, {short(above[0])} at the start, "
    words += f"{short(measured)} in the mean of the later half; "
    return words + _predicted("the predicted floor is {}", [predicted])


@in_course_style
def draw_axes(ax, data, best, run):
    """Draw the loss of a line, its two axes, and the path of the weights."""
    words = draw_path(ax, data, best, run)
    for axis, name, style in zip(np.linalg.eigh(hessian(data))[1].T, ("floor", "across"), ("-", "--"), strict=True):
        ends = best.weights + np.outer([-1e3, 1e3], axis)  # beyond the picture
        ax.plot(*ends.T, style, color="#6F7F8F", linewidth=1, label=f"axis: {name}", scalex=False, scaley=False)
    ax.legend()
    return f"{words}; the two axes of the contours cross there"


@in_course_style
def draw_predicted(ax, data, best, run):
    """Draw the loss above least squares beside that which the curvatures predict, and what each axis adds to it."""
    above, t = _excess(data, best, run.path), updates_of(run)
    curvatures, axes = np.linalg.eigh(hessian(data))
    with np.errstate(over="ignore"):
        z = (1 - run.recipe.learning_rate * curvatures) ** t[:, None] * (axes.T @ (run.path[0] - best.weights))
        parts = curvatures / 2 * z**2
    scale_by_powers(ax)
    ax.plot(t, above, color=colour_of(run), linewidth=2.5, alpha=0.7, label="after each epoch")
    is_predicted = run.recipe.optimizer == "sgd" and run.recipe.batch_size == run.recipe.n
    if is_predicted:
        labels = ["predicted, each axis", "_the other axis"]  # the legend leaves out what begins with an underscore
        ax.plot(t, parts, ":", color=NEUTRAL, linewidth=1.2, label=labels)
        ax.plot(t, parts.sum(axis=1), "--", color=NEUTRAL, linewidth=1.2, label="predicted, sum")
    end = _round_up(total_updates(run), (1, 2, 3, 5, 10))  # as of the live explorer
    ax.set(xlim=(-0.02 * end, 1.02 * end), xticks=np.arange(0, end + 1, max(1, _round_up(end / 6, (1, 2, 5, 10)))))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set(ylim=(1e-12 * loss_at_zero(data), 1e3 * loss_at_zero(data)))
    ax.set(xlabel="updates", ylabel="loss above OLS ((L/s)²)")
    ax.legend()
    words = f"the loss above OLS against updates, {short(above[0])} at the start, "
    words += f"{short(above[-1])} after epoch {len(above) - 1:,}; "
    return words + _predicted("predicted is {}", [parts[-1].sum() if is_predicted else np.nan], "nothing is predicted")


@in_course_style
def draw_estimates(ax, data, found, run):
    """Draw the weights of many runs, and the ellipse that should hold 95 % of them in theory."""
    covariance = sampling_covariance(data, data.noise_variance)
    weights = found.paths[:, -1]
    weights = weights[np.isfinite(weights).all(axis=1)]
    ax.plot(*weights.T, ".", color=colour_of(run), markersize=5, label=f"{len(found.paths)} runs")
    _draw_ellipse(ax, data.truth, covariance, np.sqrt(CHI2_95), "95% ellipse of theory")
    ax.plot(*data.truth, "X", color=NEUTRAL, markersize=7, label="truth")
    reach = WIDTH * np.sqrt(np.diag(covariance))
    (b0, w1) = zip(data.truth - reach, data.truth + reach, strict=True)
    ax.set(xlim=b0, ylim=w1, xlabel=B0_LABEL, ylabel=W1_LABEL)
    ax.legend()
    spread, theory = weights.std(axis=0, ddof=1), np.sqrt(np.diag(covariance))
    return (
        f"the estimates of {len(weights)} runs in the plane of b0 and w1, which scatter by {short(spread[0])} and "
        f"{short(spread[1])}; around the truth the ellipse of theory, by {short(theory[0])} and {short(theory[1])}"
    )


@in_course_style
def draw_errors(ax, data, found, run):
    """Draw the errors of optimisation and of sampling, means over the runs."""
    errors = found.optimisation
    draw_effort(ax, "optimisation error", errors, run)
    ax.axhline(found.sampling, color=NEUTRAL, linewidth=1.5, label="sampling error")
    ax.axhline(2 * data.noise_variance / len(data), linestyle=":", color=NEUTRAL, linewidth=1.5, label="pσ²/n")
    ax.set(ylim=(1e-7 * loss_at_zero(data), 10 * loss_at_zero(data)), ylabel="squared distance ((L/s)²)")
    ax.legend()
    return (
        f"against updates, the optimisation error, {short(errors[0])} at the start and {short(errors[-1])} at the end, "
        f"and the level of the sampling error, {short(found.sampling)}"
    )


def _round_up(value, steps):
    """Return the smallest of `steps` times a power of ten that is not below `value`."""
    power = 10.0 ** np.floor(np.log10(value))
    return next(step * power for step in steps if step * power >= value)


def _later(run):
    """Return the weights after the later half of the epochs."""
    last = len(run.path) - 1
    return run.path[last - last // 2 :]


def _excess(data, best, path):
    """Return how far the loss lies above least squares at each of the weights."""
    with np.errstate(all="ignore"):  # of a run that diverged
        return np.einsum("ei,ij,ej->e", path - best.weights, hessian(data), path - best.weights) / 2


def _draw_ellipse(ax, centre, covariance, radius, label):
    if np.isfinite(covariance).all():
        values, axes = np.linalg.eigh(covariance)
        outline = centre[:, None] + radius * axes @ (np.sqrt(np.maximum(values, 0))[:, None] * CIRCLE)
        ax.plot(*outline, "--", color=NEUTRAL, linewidth=1.5, label=label)
    ax.legend()


def _predicted(words, values, otherwise="nothing is predicted"):
    return words.format(*map(short, values)) if np.isfinite(values).all() else otherwise
