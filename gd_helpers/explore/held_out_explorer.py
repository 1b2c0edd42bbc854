"""The explorer of a table of several columns: its coefficients, and R² on the rows trained on and on rows held out."""

import numpy as np

from gd_helpers.checks import LARGEST_SEED, check_int
from gd_helpers.data import Table
from gd_helpers.explore.controls import most_epochs
from gd_helpers.explore.explorer import Explorer
from gd_helpers.explore.panels import FARTHEST, WARNING, Panel, power_of_ten, short
from gd_helpers.metrics import ols
from gd_helpers.metrics.arrays import inputs_and_targets_of
from gd_helpers.plotting import figures
from gd_helpers.plotting.style import EFFORT_LABELS, NEUTRAL, explain_mark, in_course_style
from gd_helpers.training.recipes import Recipe

LISTED = 3  # coefficients in the table below the picture, the largest of OLS
LOWEST_R2 = -0.2


def held_out(
    training,
    unseen,
    method="mini-batch",
    *,
    epochs=None,
    batch_size=None,
    learning_rate=0.01,
    optimizer="sgd",
    seed=37,
):
    """Show an explorer of a linear model of several columns, scored on the rows it is trained on and on others.

    Parameters
    ----------
    training, unseen : Table
        The rows to train on and those held out, with the same columns, best in units of their standard deviations.
    method, epochs, batch_size, learning_rate, optimizer, seed
        As of `descent`: where the sliders stand at first.

    Raises
    ------
    ValueError
        If an argument is not allowed; the message names it, its value and what is allowed.

    Examples
    --------
    >>> from gd_helpers.data import table
    >>> rows = np.random.default_rng(0).normal(size=(60, 4))
    >>> data = [table(part[:, 1:], part[:, 0]) for part in (rows[:40], rows[40:])]
    >>> held_out(*data, epochs=50)  # doctest: +SKIP
    """
    for name, data in (("training", training), ("unseen", unseen)):
        if not isinstance(data, Table):
            raise ValueError(f"{name} must be a Table, such as table() gives, got {type(data).__name__}")
    if unseen.names != training.names:
        raise ValueError(f"unseen must have the columns of training, {training.names}, got {unseen.names}")
    seed = check_int("seed", seed, 0, LARGEST_SEED)
    recipe = Recipe.complete(
        method,
        len(training),
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=optimizer,
        init_seed=seed,
        shuffle_seed=seed,
    )
    training, unseen = training.to("cpu"), unseen.to("cpu")
    figure, (left, right) = figures.subplots(ncols=2, height=3.9)
    best = ols(training)
    panels = CoefficientsPanel(left, training, best), ScorePanel(right, (training, unseen), best, most_epochs(recipe))
    HeldOutExplorer(figure, *panels, data=training, best=best, recipe=recipe).display()


class CoefficientsPanel(Panel):
    """A row for each coefficient: where it is, where it has been, and that of OLS."""

    @in_course_style
    def __init__(self, ax, data, best):
        self.names, self.best = data.names, best.weights
        self.rows = np.arange(len(self.names))
        reach = 1.5 * np.abs(self.best[1:]).max() or 1.0
        ax.axvline(0, color=NEUTRAL, linewidth=0.8)
        ax.plot(self.best[1:], self.rows, "D", color=NEUTRAL, markerfacecolor="none", markersize=9, label="OLS")
        ax.set(xlim=(-reach, reach), ylim=(len(self.names) - 0.5, -0.5), yticks=self.rows, yticklabels=self.names)
        ax.set_xlabel("coefficient (units of y per unit of the column)")
        ax.grid(False, axis="y")
        super().__init__(ax, "run")
        self.line.set(linestyle="none", marker="o", zorder=5)
        (self.trail,) = ax.plot([], [], linewidth=1.5, label="_trail")
        (self.beyond,) = ax.plot([], [], "X", color=WARNING, markersize=9, zorder=6, clip_on=False)
        explain_mark(ax, "beyond the picture", marker="X", color=WARNING)
        self.moving = [self.trail, self.line, self.beyond]
        self.coloured.append(self.trail)
        self.finish(ncols=3)

    def show(self, snapshot):
        """Draw the coefficients of the snapshot."""
        reach = self.ax.get_xlim()[1]
        path = np.clip(
            np.nan_to_num(snapshot.path[:, 1:], posinf=FARTHEST * reach), -FARTHEST * reach, FARTHEST * reach
        )
        gaps = np.full(len(self.rows), np.nan)  # so that no line leads from one row to the next
        ends = np.column_stack([path.min(axis=0), path.max(axis=0), gaps])
        self.trail.set_data(ends.ravel(), np.repeat(self.rows, 3))
        out = np.abs(path[-1]) > reach
        self.line.set_data(path[-1][~out], self.rows[~out])
        self.beyond.set_data(np.clip(path[-1][out], -reach, reach), self.rows[out])
        self.colour(snapshot)

    def columns(self, snapshot):
        """Return by name the largest coefficients of the snapshot, each beside that of OLS."""
        largest = np.sort(np.argsort(-np.abs(self.best[1:]), kind="stable")[:LISTED])
        return {self.names[k]: (snapshot.weights[k + 1], self.best[k + 1]) for k in largest}

    def describe(self, snapshot):
        """Return in words what the panel shows."""
        words = f"a row a coefficient, {len(self.names)} of them, each beside that of OLS"
        off = np.abs(snapshot.weights[1:] - self.best[1:])
        if not np.isfinite(off).all():
            return words
        furthest = int(off.argmax())
        return f"{words}; the furthest from it is {self.names[furthest]}, by {short(off[furthest])}"


class ScorePanel(Panel):
    """R² on the rows trained on and on those held out against updates or examples, with the two of OLS."""

    @in_course_style
    def __init__(self, ax, parts, best, most_epochs):
        self.parts = [inputs_and_targets_of(data) for data in parts]
        self.best = self.scores(best.weights[None, :])[:, 0]
        for score, style, label in zip(self.best, ("--", ":"), ("OLS, trained on", "OLS, held out"), strict=True):
            ax.axhline(score, color=NEUTRAL, linestyle=style, linewidth=1.2, label=label)
        ax.set_xscale("symlog", linthresh=1, linscale=0.4)
        ax.xaxis.set_major_formatter(power_of_ten)
        low, high = min(LOWEST_R2, self.best.min() - 0.2), min(1.0, max(self.best.max() + 0.15, 0.2))
        ax.set(xlim=(-0.2, 1.5 * most_epochs * len(parts[0])), ylim=(low, high), ylabel="R² after each epoch")
        super().__init__(ax, "rows trained on")
        self.line.set_linewidth(1.2)
        (self.unseen,) = ax.plot([], [], color=NEUTRAL, linewidth=1.2, label="rows held out")
        (self.ends,) = ax.plot([], [], "o", zorder=4.5)
        self.note = ax.text(0.5, 0.08, "", color=WARNING, weight="bold", ha="center", transform=ax.transAxes)
        self.moving += [self.unseen, self.ends, self.note]
        self.coloured.append(self.ends)
        self.measure("updates")
        self.finish(ncols=2)

    def scores(self, path):
        """Return R² for each row of `path`, shape (2, k): on the rows trained on, and on those held out."""
        with np.errstate(all="ignore"):  # of a run that diverged
            unexplained = [np.mean((y[:, None] - X @ path.T) ** 2, axis=0) / np.var(y) for X, y in self.parts]
            return 1 - np.array(unexplained)

    def measure(self, against):
        """Have R² drawn against "updates" or "examples"."""
        self.against = against
        self.ax.set_xlabel(EFFORT_LABELS[against])

    def show(self, snapshot):
        """Draw R² so far."""
        effort = np.append(0, snapshot.run.trace[self.against].to_numpy()[: snapshot.epoch])
        low, high = self.ax.get_ylim()
        self.reached = self.scores(snapshot.path)
        deep = low - FARTHEST * (high - low)
        drawn = np.where(np.isfinite(self.reached), np.maximum(self.reached, deep), np.nan)
        for line, values in zip((self.line, self.unseen), drawn, strict=True):
            line.set_data(effort, values)
        now = self.reached[:, -1]
        shown = now >= low
        self.ends.set_data(np.repeat(effort[-1], shown.sum()), now[shown])
        self.note.set_text("")
        if snapshot.is_lost:
            self.note.set_text(f"diverged: not finite after epoch {snapshot.epoch:,}")
        elif not shown.all():
            self.note.set_text(f"below the picture: {short(now.min())}".replace("-", "−"))
        self.colour(snapshot)

    def describe(self, snapshot):
        """Return in words what the panel shows."""
        (trained, unseen), (best, best_unseen) = (map(short, values) for values in (self.reached[:, -1], self.best))
        return (
            f"R² against {self.against}, {trained} on the rows trained on and {unseen} on those held out; "
            f"those of OLS are {best} and {best_unseen}"
        )


class HeldOutExplorer(Explorer):
    """An explorer with the scores on rows held out beside those on the rows trained on."""

    def columns(self):
        """Return by name what the run has so far, beside what OLS has."""
        pairs = zip(self.right.reached[:, -1], self.right.best, strict=True)
        scores = zip(("R², trained on", "R², held out"), pairs, strict=True)
        return {**self.left.columns(self.snapshot), **dict(scores)}
