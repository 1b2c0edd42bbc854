"""The explorer of the learning rate: a run across its limit, beside what the curvatures predict of every update."""

from dataclasses import dataclass
from functools import cached_property

import ipywidgets as widgets
import numpy as np

from gd_helpers.data import Line
from gd_helpers.explore.controls import WIDE, Controls
from gd_helpers.explore.explorer import Explorer, as_table, or_dash, written
from gd_helpers.explore.panels import WARNING, Panel, PathPanel, short
from gd_helpers.metrics import best_rate, convergence_factor, hessian, stability_limit
from gd_helpers.plotting.style import EFFORT_LABELS, NEUTRAL, count_in_whole_numbers, in_course_style, scale_by_powers

# Of the limit: closer together near 1, and on to where momentum has its own.
FRACTIONS = (0.01, 0.02, 0.05, *np.arange(1, 10) / 10, 0.95, 0.98, 0.99, 0.995, 0.999)
FRACTIONS += (1, 1.001, 1.005, 1.01, 1.02, 1.05, 1.1, 1.2, 1.5, 1.8, 1.9, 2, 2.5)
SMALLEST = 1e-10  # of what a component was at the start; below this it is rounding
AXES = ("floor", "across")
MILLIONTH = np.log(1e6)


def rounded(rate):
    """Return `rate` with the six digits that the slider shows."""
    return float(f"{rate:.6g}")


@dataclass(frozen=True, eq=False)
class Axes:
    """The axes of the loss, and what they say of a recipe: for plain gradient descent with all the data."""

    data: Line
    best: np.ndarray

    @cached_property
    def curvatures_and_axes(self):
        """Curvatures, ascending, and axes, a column each, whose w1 is not negative."""
        curvatures, axes = np.linalg.eigh(hessian(self.data))
        return curvatures, axes * np.where(axes[1] < 0, -1, 1)

    @cached_property
    def limit(self):
        """The stability limit, 2 / λmax."""
        return stability_limit(self.data)

    def components(self, path):
        """Return how far the weights of `path` are from least squares along each axis, shape (epochs + 1, 2)."""
        return (path - self.best) @ self.curvatures_and_axes[1]

    def excess(self, components):
        """Return what each axis adds to the loss above its minimum, ½ λ z², of the same shape."""
        with np.errstate(over="ignore"):  # of a run that diverged
            return self.curvatures_and_axes[0] / 2 * components**2

    def factors(self, recipe):
        """Return 1 − αλ for each axis; NaN for another optimizer, or smaller batches."""
        factors = 1 - recipe.learning_rate * self.curvatures_and_axes[0]
        return factors if recipe.optimizer == "sgd" and recipe.batch_size == recipe.n else np.full(2, np.nan)

    def predict(self, snapshot):
        """Return the components after each update up to a snapshot, z(t) = (1 − αλ)ᵗ z(0), shape (epochs + 1, 2)."""
        factors, t = self.factors(snapshot.run.recipe), np.arange(snapshot.epoch + 1)[:, None]
        if np.isnan(factors).any():
            return np.full((len(t), 2), np.nan)  # NumPy has it that NaN to the power 0 is 1
        with np.errstate(over="ignore"):
            return factors**t * self.components(snapshot.path[:1])


def observed_factor(sizes, least, updates_per_epoch):
    """Return by which factor an update changes `sizes`, a positive number an epoch, over the later half of the epochs.

    Epochs from where it is not finite, or below `least`, lost in rounding, are left out; NaN of fewer than two epochs.
    """
    usable = np.isfinite(sizes) & (sizes > least)
    last = len(sizes) - 1 if usable.all() else int(np.argmin(usable)) - 1
    first = last // 2
    if last < 1:
        return float("nan")
    return float((sizes[last] / sizes[first]) ** (1 / ((last - first) * updates_per_epoch)))


def observed_factors(components, recipe):
    """Return the factor of an update: of the distance, and along each axis.

    The latter is negative where an update steps across, if an epoch is one update.
    """
    updates = recipe.updates_per_epoch
    with np.errstate(all="ignore"):  # of a run that diverged
        distance = np.hypot(*components.T)
        least = SMALLEST * np.maximum(distance, distance[0])
        found = [observed_factor(each, least, updates) for each in (distance, *np.abs(components.T))]
    if updates == 1 and len(components) > 1:
        found[1:] = np.where(components[0] * components[1] < 0, -1, 1) * found[1:]
    return found


class AxesPanel(PathPanel):
    """The loss surface with its axes, and the path of the weights."""

    column_names = ("factor per update: distance", "along the floor", "across it")
    legend_columns = 4

    @in_course_style
    def __init__(self, ax, data, best):
        self.axes = Axes(data, best.weights)
        for axis, name, style in zip(self.axes.curvatures_and_axes[1].T, AXES, ("-", "--"), strict=True):
            ends = best.weights + np.outer([-1e3, 1e3], axis)  # beyond the picture, whose limits are set below
            ax.plot(*ends.T, style, color="#6F7F8F", linewidth=1, label=f"axis: {name}", scalex=False, scaley=False)
        super().__init__(ax, data, best)

    def columns(self, snapshot):
        """Return by name the factors of an update, observed and predicted: of the distance, and along each axis."""
        recipe = snapshot.run.recipe
        observed = observed_factors(self.axes.components(snapshot.path), recipe)
        factors = self.axes.factors(recipe)
        predicted = [np.abs(factors).max(), *factors]
        return dict(zip(self.column_names, zip(observed, predicted, strict=True), strict=True))

    def describe(self, snapshot):
        """Return in words what the panel shows."""
        of_distance, floor, across = (values[0] for values in self.columns(snapshot).values())
        words = f"{super().describe(snapshot)}; the two axes of the contours cross there"
        if np.isfinite(of_distance):
            words += f"; an update multiplies the distance from OLS by {of_distance:.4g}"
            words += f", {floor:.4g} along the floor and {across:.4g} across"
        return words


class PredictedLossPanel(Panel):
    """The loss above least squares against updates or examples, beside the predicted one and what each axis adds.

    A component that shrinks by the same factor in each update is a straight line in it.
    """

    @in_course_style
    def __init__(self, ax, data, best, most_epochs):
        at_zero = float((data.y.double() ** 2).mean())  # the loss of predicting 0
        scale_by_powers(ax)
        ax.set(ylim=(1e-12 * at_zero, 1e3 * at_zero), ylabel="loss above OLS (squared units of y)")
        self.most = {"updates": most_epochs, "examples": most_epochs * len(data)}
        super().__init__(ax, "after each epoch")
        self.line.set(linewidth=2.5, alpha=0.7)
        self.parts = [ax.plot([], [], ":", color=NEUTRAL, linewidth=1.2)[0] for _ in AXES]
        self.parts[0].set_label("predicted, each axis")
        (self.predicted,) = ax.plot([], [], "--", color=NEUTRAL, linewidth=1.2, label="predicted, sum")
        self.add_marks()
        self.note = ax.text(0.5, 0.05, "", color=WARNING, weight="bold", ha="center", transform=ax.transAxes)
        self.moving[1:1] = [*self.parts, self.predicted]
        self.moving.append(self.note)
        self.axes = Axes(data, best.weights)
        self.measure("updates")
        self.finish(ncols=3)

    def measure(self, against):
        """Have the loss drawn against "updates" or "examples"."""
        self.against = against
        self.ax.set(xlabel=EFFORT_LABELS[against], xlim=(-0.02 * self.most[against], 1.02 * self.most[against]))
        count_in_whole_numbers(self.ax.xaxis)

    def show(self, snapshot):
        """Draw the loss so far."""
        effort = np.append(0, snapshot.run.trace[self.against].to_numpy()[: snapshot.epoch])
        self.above = self.axes.excess(self.axes.components(snapshot.path)).sum(axis=1)
        parts = self.axes.excess(self.axes.predict(snapshot))
        self.expected = parts.sum(axis=1)
        drawn = [(self.line, self.above), (self.predicted, self.expected), *zip(self.parts, parts.T, strict=True)]
        for line, values in drawn:
            line.set_data(effort, np.where(np.isfinite(values), values, np.nan))
        lowest = self.ax.get_ylim()[0]  # what has come down below the picture has not left it as what diverges does
        self.mark_ends((0, self.above[0]), effort, np.maximum(self.above, lowest), self.colour(snapshot))
        self.note.set_text("")
        if snapshot.is_lost:
            self.note.set_text(f"diverged: not finite after epoch {snapshot.epoch:,}")
        elif effort[-1] > self.most[self.against]:
            self.note.set_text(f"beyond the picture: {effort[-1]:,} {self.against}")

    def describe(self, snapshot):
        """Return in words what the panel shows."""
        words = f"the loss above OLS against {self.against}, {short(self.above[0])} at the start"
        words += f", {short(self.above[-1])} after epoch {snapshot.epoch:,}"
        if np.isnan(self.expected[-1]):
            return f"{words}; nothing is predicted"
        return f"{words}; predicted is {short(self.expected[-1])}"


class RateControls(Controls):
    """The controls of an explorer whose rate is set as a multiple of the limit."""

    def __init__(self, recipe, data):
        super().__init__(recipe)
        self.limit = stability_limit(data)
        rates = {rounded(fraction * self.limit) for fraction in FRACTIONS}
        rates |= {rounded(best_rate(data)), recipe.learning_rate}
        options = [(rate_text(rate, self.limit), rate) for rate in sorted(rates)]
        settings = {"value": recipe.learning_rate, "description": "learning rate α", "style": WIDE}
        rate = widgets.SelectionSlider(options=options, **settings).add_class("gd-steps").add_class("gd-multiples")
        rate.layout.width = "auto"
        self.recipe["learning_rate"] = rate


def rate_text(rate, limit):
    """Return a rate as a text, with its multiple of the limit."""
    return f"{rate:g} = {rate / limit:.4g} × limit"


class RateExplorer(Explorer):
    """An explorer of plain gradient descent across its limit, with what is observed beside what is predicted."""

    def make_controls(self):
        """Return the controls, with a slider of the rate in multiples of the limit."""
        return RateControls(self.recipe, self.data)

    def rate_text(self):
        """Return the rate as the slider has it."""
        return rate_text(self.run.recipe.learning_rate, self.left.axes.limit)

    def table(self):
        """Return the observed numbers beside the predicted ones, as HTML."""
        columns = self.left.columns(self.snapshot)
        columns["loss above OLS"] = (self.right.above[-1], self.right.expected[-1])
        write = or_dash(in_digits)
        return as_table(columns, (("run", "observed", write), ("predicted", "predicted", write)))

    def say(self):
        """Return where the run stands, and what the rate is to its limit."""
        recipe, axes = self.run.recipe, self.left.axes
        words = super().say()
        if np.isnan(axes.factors(recipe)).any():
            return f"{words} The prediction is for sgd with all the data in every update alone."
        multiple = recipe.learning_rate / axes.limit
        words += f" α is {multiple:.4g} times the limit, 2/λmax = {axes.limit:.5f}: "
        factor = convergence_factor(self.data, recipe.learning_rate)
        if factor < 1:
            updates = np.ceil(MILLIONTH / -np.log(factor))
            return f"{words}a distance a millionth as large takes {updates:,.0f} updates at most."
        return f"{words}across the valley each update makes the distance {factor:.4g} times as large."


def in_digits(value):
    """Return `value` as it stands in the table: five decimals, or three digits of what has none of them."""
    if 1e-3 <= abs(value) < 1e4 or value == 0:
        return f"{value:.5f}".replace("-", "−")
    return f"{value:.2e}".replace("-", "−") if abs(value) < 1e-3 else written(value)
