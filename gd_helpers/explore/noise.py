"""The explorer of the noise floor: where a constant rate settles, and how far above least squares, as predicted."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gd_helpers import plotting
from gd_helpers.data import Line
from gd_helpers.explore.explorer import Explorer, as_table, or_dash, written
from gd_helpers.explore.panels import FARTHEST, WARNING, Panel, power_of_ten, short
from gd_helpers.metrics import hessian, mean_square_stability_limit, noise_floor, stationary_covariance
from gd_helpers.plotting.style import EFFORT_LABELS, NEUTRAL, in_course_style, scale_by_powers
from gd_helpers.training import intervals
from gd_helpers.training.recipes import Recipe

BATCHES = 10  # of epochs in a row, whose means are nearly independent: their spread gives the interval
MAX_MISSING = 0.02  # of the predicted floor that may be left of the way down, or missing from the noise
CIRCLE = np.exp(1j * np.linspace(0, 2 * np.pi, 121)).view(np.float64).reshape(-1, 2).T  # shape (2, 121)


@dataclass(frozen=True, eq=False)
class Prediction:
    """What theory says of a recipe: for plain SGD, whose batches are drawn with replacement."""

    data: Line
    recipe: Recipe

    @cached_property
    def covariance(self):
        """The stationary covariance of the weights, shape (2, 2): infinite beyond the limit, NaN where no theory is."""
        if self.recipe.optimizer != "sgd":
            return np.full((2, 2), np.nan)
        return stationary_covariance(self.data, self.recipe.learning_rate, batch_size=self.recipe.batch_size)

    @cached_property
    def floor(self):
        """How far above least squares the loss settles."""
        if self.recipe.optimizer != "sgd":
            return float("nan")
        return noise_floor(self.data, self.recipe.learning_rate, batch_size=self.recipe.batch_size)


class LaterHalf:
    """The later half of the epochs of a run up to a snapshot, and what is measured over it."""

    def __init__(self, snapshot, best, curvature):
        first = snapshot.epoch - snapshot.epoch // 2
        self.first, self.path = first, snapshot.path[first:]
        self.away = self.path - best.weights
        with np.errstate(all="ignore"):  # of a run that diverged
            self.above = np.einsum("ei,ij,ej->e", self.away, curvature, self.away) / 2
            self.floor = float(self.above.mean())
            self.spread = np.sqrt(np.mean(self.away**2, axis=0))

    def interval(self):
        """Return the 95 % interval of the floor from the means of batches of epochs, or None of too few epochs."""
        length = len(self.above) // BATCHES
        if length < 2 or not np.isfinite(self.above).all():
            return None
        return intervals.mean_interval(self.above[-BATCHES * length :].reshape(BATCHES, length).mean(axis=1))


class CloudPanel(Panel):
    """The loss surface around least squares, the later half of the iterates, and their predicted ellipse."""

    @in_course_style
    def __init__(self, ax, data, best):
        half_limit = mean_square_stability_limit(data, batch_size=1) / 2
        reach = 2.8 * np.sqrt(np.diag(stationary_covariance(data, half_limit, batch_size=1)))
        plotting.plot_loss_surface(data, ax, limits=tuple(zip(best.weights - reach, best.weights + reach, strict=True)))
        star = next(line for line in ax.lines if line.get_label() == "OLS")
        super().__init__(ax, "iterates, later half")
        self.line.set(linestyle="none", marker=".", markersize=4)
        (self.ellipse,) = ax.plot([], [], "--", color=NEUTRAL, linewidth=1.5, label="predicted, 2σ")
        self.moving += [star, self.ellipse]
        self.data, self.best, self.curvature = data, best, hessian(data)
        self.finish(ncols=2)

    def show(self, snapshot):
        """Draw the cloud so far."""
        self.later_half = LaterHalf(snapshot, self.best, self.curvature)
        limits = np.array([self.ax.get_xlim(), self.ax.get_ylim()])
        drawable = (np.abs(self.later_half.away) < FARTHEST * np.ptp(limits)).all(axis=1)
        self.line.set_data(*self.later_half.path[drawable].T)
        self.colour(snapshot)
        self.prediction = Prediction(self.data, snapshot.run.recipe)
        covariance = self.prediction.covariance
        outline = np.empty((2, 0))
        if np.isfinite(covariance).all():
            values, axes = np.linalg.eigh(covariance)
            outline = self.best.weights[:, None] + 2 * axes @ (np.sqrt(np.maximum(values, 0))[:, None] * CIRCLE)
        self.ellipse.set_data(*outline)

    def columns(self, snapshot):
        """Return by name how far the weights are from least squares, measured and predicted."""
        with np.errstate(invalid="ignore"):
            predicted = np.sqrt(np.diag(self.prediction.covariance))
        names = ("b0, root mean square off OLS", "w1, root mean square off OLS")
        return dict(zip(names, zip(self.later_half.spread, predicted, strict=True), strict=True))

    def describe(self, snapshot):
        """Return in words what the panel shows."""
        measured, predicted = zip(*self.columns(snapshot).values(), strict=True)
        words = (
            "contours of the loss around OLS, and on them the weights after the epochs of the later half, "
            f"{len(self.later_half.path):,} points off OLS by {{}} and {{}} in b0 and w1, root mean square"
        ).format(*map(short, measured))
        if not np.isfinite(predicted).all():
            return f"{words}; no ellipse is predicted"
        return words + "; an ellipse of the predicted covariance, whose roots are {} and {}".format(
            *map(short, predicted)
        )


class FloorPanel(Panel):
    """The loss above least squares against updates or examples, with the measured and the predicted floor."""

    @in_course_style
    def __init__(self, ax, data, best, most_effort):
        at_zero = float((data.y.double() ** 2).mean())  # the loss of predicting 0
        ax.set_xscale("symlog", linthresh=1, linscale=0.4)
        scale_by_powers(ax)
        ax.xaxis.set_major_formatter(power_of_ten)
        ax.set(xlim=(-0.2, 1.5 * most_effort), ylim=(1e-7 * at_zero, 10 * at_zero))
        ax.set_ylabel("loss above OLS (squared units of y)")
        super().__init__(ax, "after each epoch")
        self.line.set_linewidth(0.8)
        self.add_marks()
        (self.measured,) = ax.plot([], [], color=NEUTRAL, linewidth=3, zorder=5, label="measured floor")
        (self.predicted,) = ax.plot([], [], "--", color=NEUTRAL, linewidth=1.5, label="predicted floor")
        self.note = ax.text(0.5, 0.08, "", color=WARNING, weight="bold", ha="center", transform=ax.transAxes)
        self.moving += [self.predicted, self.measured, self.note]
        self.data, self.best, self.curvature = data, best, hessian(data)
        self.measure("updates")
        self.finish(ncols=3)

    def measure(self, against):
        """Have the loss drawn against "updates" or "examples"."""
        self.against = against
        self.ax.set_xlabel(EFFORT_LABELS[against])

    def show(self, snapshot):
        """Draw the loss so far."""
        self.prediction, later = (
            Prediction(self.data, snapshot.run.recipe),
            LaterHalf(snapshot, self.best, self.curvature),
        )
        effort = np.append(0, snapshot.run.trace[self.against].to_numpy()[: snapshot.epoch])
        away = snapshot.path - self.best.weights
        with np.errstate(all="ignore"):
            self.above = np.einsum("ei,ij,ej->e", away, self.curvature, away) / 2
        self.line.set_data(effort, np.where(np.isfinite(self.above), self.above, np.nan))
        self.mark_ends((0, self.above[0]), effort, self.above, self.colour(snapshot))
        self.floor = later.floor
        drawn = np.isfinite(later.floor) and later.floor > 0
        self.measured.set_data(effort[[later.first, -1]] if drawn else [], [later.floor] * 2 if drawn else [])
        drawn = np.isfinite(self.prediction.floor)
        self.predicted.set_data(self.ax.get_xlim() if drawn else [], [self.prediction.floor] * 2 if drawn else [])
        self.note.set_text(f"diverged: not finite after epoch {snapshot.epoch:,}" if snapshot.is_lost else "")

    def describe(self, snapshot):
        """Return in words what the panel shows."""
        words = f"the loss above OLS against {self.against}, {short(self.above[0])} at the start"
        words += f", {short(self.floor)} in the mean of the later half"
        if np.isfinite(self.prediction.floor):
            return f"{words}; the predicted floor is {short(self.prediction.floor)}"
        return f"{words}; no floor is predicted"


class NoiseExplorer(Explorer):
    """An explorer whose runs draw their batches with replacement, with what is measured beside what is predicted."""

    def table(self):
        """Return the measured numbers beside the predicted ones, as HTML."""
        columns = self.left.columns(self.snapshot)
        columns["floor: mean loss above OLS"] = (self.right.floor, self.right.prediction.floor)
        return as_table(columns, (("run", "measured", small), ("predicted", "predicted", or_dash(small))))

    def say(self):
        """Return where the run stands, and what its floor is measured from."""
        later, recipe = self.left.later_half, self.run.recipe
        words = super().say()
        if recipe.optimizer != "sgd":
            return f"{words} The prediction is for plain SGD alone."
        if not np.isfinite(self.right.prediction.floor):
            return f"{words} This rate is beyond the mean-square limit: no floor is predicted."
        if interval := later.interval():
            words += " The measured floor has the 95% interval {} to {}, by batch means.".format(*map(short, interval))
        if recipe.n % recipe.batch_size:
            words += " The last batch of an epoch is short, and so noisier than the prediction has it."
        if self.missing() > MAX_MISSING:
            words += " The run had not settled when the later half began: it takes more epochs."
        return words

    def missing(self):
        """Return how far from its floor the run still was when the later half began, as a share of it, by theory.

        Over k updates (1 − αλᵢ)²ᵏ is left of the start's second moment along axis i, and missing from the floor's.
        """
        recipe, curvature = self.run.recipe, self.left.curvature
        values, axes = np.linalg.eigh(curvature)
        start = axes.T @ (self.run.path[0] - self.best.weights)
        left = (1 - recipe.learning_rate * values) ** (2 * self.left.later_half.first * recipe.updates_per_epoch)
        with np.errstate(all="ignore"):  # points on a line have no floor
            return values @ (left * start**2) / 2 / self.right.prediction.floor + left.max()


def small(value):
    """Return `value` as it stands in the table, with a decimal more than other explorers': floors are small."""
    return f"{value:.5f}" if abs(value) < 1e4 else written(value)
