"""The explorer of uncertainty: the estimates from many data sets, and their errors of optimisation and of sampling."""

from dataclasses import dataclass, replace

import numpy as np

from gd_helpers.checks import LARGEST_SEED, check_int
from gd_helpers.data import Line
from gd_helpers.explore.controls import COUNTS, Controls, logarithmic, most_epochs, slider, whole
from gd_helpers.explore.explorer import Explorer, as_table, written
from gd_helpers.explore.panels import FARTHEST, WARNING, Panel, power_of_ten, short
from gd_helpers.explore.sampling import LEVEL, RUNS, Estimates, draw, draw_targets, train_all
from gd_helpers.explore.snapshot import Snapshot
from gd_helpers.metrics import ols, sampling_covariance
from gd_helpers.plotting import figures
from gd_helpers.plotting.style import (
    B0_LABEL,
    EFFORT_LABELS,
    METHOD_COLOURS,
    NEUTRAL,
    W1_LABEL,
    in_course_style,
    scale_by_powers,
)
from gd_helpers.training.recipes import Recipe
from gd_helpers.training.trainer import train

ELLIPSE = 5.991465  # the 95 % point of the χ² distribution with 2 degrees of freedom
WIDTH = 8.5  # standard deviations on either side of the truth, so that a tenth of the points still has its ellipse
CIRCLE = np.exp(1j * np.linspace(0, 2 * np.pi, 121)).view(np.float64).reshape(-1, 2).T  # shape (2, 121)


def estimates(data, *, epochs=200, learning_rate=0.1, optimizer="sgd", n=None, seed=37):
    """Show an explorer of the estimates from 100 data sets at the same x, each with new noise, beside theory.

    Each is trained from zero with all of its points in an update. The data sets are `redraw_noise` of the first n
    points, for the seeds 100 · seed, 100 · seed + 1, … (modulo 2³²).

    Parameters
    ----------
    data : Line
        With noise.
    epochs, learning_rate, optimizer, seed
        As of `descent`: where the sliders stand at first.
    n : int, optional
        How many of the points, at least 4; all if not given.

    Raises
    ------
    ValueError
        If an argument is not allowed; the message names it, its value and what is allowed.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> estimates(simulate_line(n=100), epochs=150)  # doctest: +SKIP
    """
    if not isinstance(data, Line):
        raise ValueError(f"data must be a Line, such as simulate_line() gives, got {type(data).__name__}")
    if not data.noise_variance > 0:
        raise ValueError(f"data must have noise to draw anew, got noise variance {data.noise_variance}")
    n = len(data) if n is None else check_int("n", n, 4, len(data))
    seed = check_int("seed", seed, 0, LARGEST_SEED)
    settings = {"epochs": epochs, "learning_rate": learning_rate, "optimizer": optimizer}
    recipe = Recipe.complete("batch", n, init_seed=seed, shuffle_seed=seed, **settings)
    data = data.to("cpu")
    figure, (left, right) = figures.subplots(ncols=2, height=3.9)
    panels = EstimatesPanel(left, data), ErrorsPanel(right, data, most_epochs(recipe))
    EstimatesExplorer(figure, *panels, data=data, best=ols(data), recipe=recipe).display()


@dataclass(frozen=True, eq=False)
class EstimatesSnapshot(Snapshot):
    """The first of many runs after one of its epochs, and all of them."""

    estimates: Estimates

    @property
    def weights_of_all(self):
        """The weights of every run that has not diverged so far, shape (runs, 2)."""
        weights = self.estimates.paths[:, self.epoch]
        return weights[np.isfinite(weights).all(axis=1)]


class EstimatesPanel(Panel):
    """The estimates of the snapshot, the truth, and the ellipse around it that should hold 95 % of them in theory."""

    @in_course_style
    def __init__(self, ax, data):
        reach = WIDTH * np.sqrt(np.diag(sampling_covariance(data, data.noise_variance)))
        b0, w1 = zip(data.truth - reach, data.truth + reach, strict=True)
        ax.set(xlim=b0, ylim=w1, xlabel=B0_LABEL, ylabel=W1_LABEL)
        super().__init__(ax, f"{RUNS} runs")
        self.line.set(linestyle="none", marker=".", markersize=5)
        (self.ellipse,) = ax.plot([], [], "--", color=NEUTRAL, linewidth=1.5, label="95% ellipse of theory")
        (truth,) = ax.plot(*data.truth, "X", color=NEUTRAL, markersize=7, label="truth")
        self.note = ax.text(0.5, 0.08, "", color=WARNING, weight="bold", ha="center", transform=ax.transAxes)
        self.moving += [self.ellipse, truth, self.note]
        self.truth = data.truth
        self.finish(ncols=3)

    def show(self, snapshot):
        """Draw the cloud so far."""
        weights = snapshot.weights_of_all
        self.line.set_data(*weights[(np.abs(weights - self.truth) < FARTHEST).all(axis=1)].T)
        self.colour(snapshot)
        root = np.linalg.cholesky(snapshot.estimates.covariance)
        self.ellipse.set_data(*(self.truth[:, None] + np.sqrt(ELLIPSE) * root @ CIRCLE))
        low, high = np.transpose([self.ax.get_xlim(), self.ax.get_ylim()])
        seen = ((low < weights) & (weights < high)).all(axis=1)
        self.note.set_text("" if seen.any() else "diverged" if not len(weights) else "not in the picture yet")

    def columns(self, snapshot):
        """Return by name how far the estimates scatter, and what theory says of least squares."""
        weights, roots = snapshot.weights_of_all, np.sqrt(np.diag(snapshot.estimates.covariance))
        measured = weights.std(axis=0, ddof=1) if len(weights) > 1 else np.full(2, np.nan)
        names = ("b0, standard deviation", "w1, standard deviation")
        return dict(zip(names, zip(measured, roots, strict=True), strict=True))

    def describe(self, snapshot):
        """Return in words what the panel shows."""
        measured, theory = (list(map(short, values)) for values in zip(*self.columns(snapshot).values(), strict=True))
        return (
            f"the estimates of {len(snapshot.weights_of_all)} runs in the plane of b0 and w1, which scatter by "
            f"{measured[0]} and {measured[1]}; around the truth the ellipse of theory, by {theory[0]} and {theory[1]}"
        )


class ErrorsPanel(Panel):
    """The errors of optimisation and of sampling, means over the runs, against updates or examples."""

    @in_course_style
    def __init__(self, ax, data, most_epochs):
        at_zero = float((data.y.double() ** 2).mean())
        ax.set_xscale("symlog", linthresh=1, linscale=0.4)
        scale_by_powers(ax)
        ax.xaxis.set_major_formatter(power_of_ten)
        ax.set(ylim=(1e-7 * at_zero, 10 * at_zero), ylabel="squared distance (squared units of y)")
        super().__init__(ax, "optimisation error")
        self.add_marks()
        (self.sampling,) = ax.plot([], [], color=NEUTRAL, linewidth=1.5, label="sampling error")
        (self.theory,) = ax.plot([], [], ":", color=NEUTRAL, linewidth=1.5, label="pσ²/n")
        self.note = ax.text(0.5, 0.08, "", color=WARNING, weight="bold", ha="center", transform=ax.transAxes)
        self.moving += [self.theory, self.sampling, self.note]
        self.most = {"updates": most_epochs, "examples": most_epochs * len(data)}
        self.measure("updates")
        self.finish(ncols=3)

    def measure(self, against):
        """Have the errors drawn against "updates" or "examples"."""
        self.against = against
        self.ax.set(xlabel=EFFORT_LABELS[against], xlim=(-0.2, 1.5 * self.most[against]))

    def show(self, snapshot):
        """Draw the errors so far."""
        found = snapshot.estimates
        errors = found.optimisation[: snapshot.epoch + 1]
        effort = np.append(0, snapshot.run.trace[self.against].to_numpy()[: snapshot.epoch])
        self.line.set_data(effort, errors)
        lowest = self.ax.get_ylim()[0]  # a run that has arrived is no run that went out
        self.mark_ends((0, errors[0]), effort, np.maximum(errors, lowest), self.colour(snapshot))
        ends = self.ax.get_xlim()
        self.sampling.set_data(ends, [found.sampling] * 2)
        self.theory.set_data(ends, [2 * found.data.noise_variance / len(found.data)] * 2)
        self.note.set_text(f"diverged: not finite after epoch {snapshot.epoch:,}" if snapshot.is_lost else "")

    def describe(self, snapshot):
        """Return in words what the panel shows."""
        found = snapshot.estimates
        return (
            f"against {self.against}, the optimisation error, {short(found.optimisation[0])} at the start and "
            f"{short(found.optimisation[snapshot.epoch])} at the end, and the level of the sampling error, "
            f"{short(found.sampling)}"
        )


class EstimatesControls(Controls):
    """Controls with the number of points in place of the batch size."""

    order = ("learning_rate", "optimizer", "n", None, "epochs", "seed")

    def __init__(self, recipe, most):
        super().__init__(recipe)
        del self.recipe["batch_size"]
        sizes = whole(logarithmic(max(4, most // 10), most, COUNTS, 10)) | {recipe.n, most}
        self.recipe["n"] = slider("points n", sizes, recipe.n, ",")
        self.recipe["n"].layout.width = "auto"


class EstimatesExplorer(Explorer):
    """An explorer of many runs at once, on data sets that differ in their noise alone."""

    drawn = None  # for which n and seed there are targets

    def make_controls(self):
        """Return the controls, where they stand at first."""
        return EstimatesControls(self.recipe, len(self.data))

    def train(self):
        """Train a run on each data set that `values` ask for."""
        values = {name: value for name, value in self.values.items() if name != "batch_size"}
        n, seed = values.pop("n", self.recipe.n), values.pop("seed")
        if self.drawn != (n, seed):
            self.points = replace(self.data, X=self.data.X[:n], y=self.data.y[:n])
            self.targets, self.drawn = draw_targets(self.points, seed), (n, seed)
        self.run = train(draw(self.points, seed, 0), "batch", init=[0, 0], seed=seed, **values)
        self.estimates = train_all(self.points, self.targets, self.run)

    def show(self, epoch):
        """Move both panels to epoch `epoch` of the runs."""
        self.snapshot = EstimatesSnapshot(self.run, epoch, self.estimates.data, self.estimates)
        self.left.show(self.snapshot)
        self.right.show(self.snapshot)

    def describe(self):
        """Return what the picture shows, in two sentences."""
        recipe, snapshot = self.run.recipe, self.snapshot
        settings = (
            f"learning rate {recipe.learning_rate:g}, points {recipe.n:,}, {recipe.optimizer}, "
            f"seed {recipe.init_seed}, after epoch {snapshot.epoch:,} of {snapshot.epochs:,}"
        )
        ended = " The runs diverged." if snapshot.is_lost else ""
        return f"At {settings}. Left: {self.left.describe(snapshot)}. Right: {self.right.describe(snapshot)}.{ended}"

    def table(self):
        """Return the measured numbers beside those of theory, as HTML."""
        found, epoch = self.estimates, self.snapshot.epoch
        columns = {
            **self.left.columns(self.snapshot),
            "optimisation error": (found.optimisation[epoch], 0.0),
            "sampling error": (found.sampling, 2 * found.data.noise_variance / len(found.data)),
            "95% intervals that hold the slope": (found.covered(epoch), LEVEL),
        }
        return as_table(columns, (("run", "runs", small), ("theory", "theory of OLS", small)))

    def say(self):
        """Return in a sentence or two where the runs stand."""
        snapshot, asked, found = self.snapshot, self.values["epochs"], self.estimates
        dot = f'<span aria-hidden="true" style="color: {METHOD_COLOURS[snapshot.method]}">●</span>'
        words = f"After epoch {snapshot.epoch:,} of {asked:,}: {dot} {RUNS} runs of batch gradient descent from zero. "
        if snapshot.is_lost:
            return words + "<strong>Diverged:</strong> the loss or the weights became non-finite."
        larger = np.flatnonzero(found.optimisation[: snapshot.epoch + 1] >= found.sampling)
        if len(larger) and larger[-1] == snapshot.epoch:
            return words + "The optimisation error is larger than the sampling error."
        return words + f"The optimisation error is smaller than the sampling error since epoch {larger.max() + 1:,}."


def small(value):
    """Return `value` as it stands in the table, with five decimals."""
    return f"{value:.5f}" if abs(value) < 1e4 else written(value)
