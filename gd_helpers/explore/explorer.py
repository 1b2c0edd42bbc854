"""The explorer itself: moved controls retrain, and picture and numbers follow."""

import functools
import html
import threading

import ipywidgets as widgets
import numpy as np

from gd_helpers.explore.controls import Controls
from gd_helpers.explore.names import ROOT, naming
from gd_helpers.explore.panels import MOVING_COLOURS
from gd_helpers.explore.picture import Picture
from gd_helpers.explore.snapshot import Snapshot
from gd_helpers.headless import is_headless
from gd_helpers.plotting import figures
from gd_helpers.plotting.style import METHOD_COLOURS
from gd_helpers.training.trainer import train

# What a run may take, so that a picture waits for it about a tenth of a second at most. With all examples in each
# update a linear model costs next to nothing per example.
MOST_UPDATES, MOST_EXAMPLES = 500_000, 1_000_000


# JupyterLab answers its first messages in the kernel's main thread and later ones in another, without waiting for the
# first to end: https://github.com/jupyterlab/jupyterlab/pull/17363
_ONE_AT_A_TIME = threading.RLock()


def _alone(move):
    """Have the method `move` ignore the controls that it changes itself, and wait for a move in another thread."""

    @functools.wraps(move)
    def move_alone(self, change):
        with _ONE_AT_A_TIME:
            if not self._busy:
                self._busy = True
                try:
                    move(self)
                finally:
                    self._busy = False

    return move_alone


class Explorer:
    """A run that follows its controls, shown as a picture of two panels with numbers below.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    left, right : Panel
        `right` measures the effort.
    data : Line
    best : LeastSquares
    recipe : Recipe
        Where the controls stand at first.
    model : torch.nn.Module, optional
        What to train, if not a line.
    """

    def __init__(self, figure, left, right, *, data, best, recipe, model=None):
        self.figure, self.left, self.right = figure, left, right
        self.data, self.best, self.recipe, self.model = data, best, recipe, model
        self.values = {name: getattr(recipe, name) for name in ("learning_rate", "batch_size", "epochs", "optimizer")}
        self.values["seed"] = recipe.init_seed
        self.train()
        self.show(len(self.run.path) - 1)

    def train(self):
        """Train the run that `values` ask for, as far as there is time for it."""
        smaller = self.values["batch_size"] < len(self.data)  # such batches are drawn anew, whatever the method does
        recipe = {**self.values, "epochs": self.epochs_trained(), "shuffle": True if smaller else None}
        recipe["replacement"] = self.recipe.replacement
        self.run = train(self.data, self.recipe.method, model=self.model, **recipe)

    def epochs_trained(self):
        """Return how many of the epochs asked for are trained."""
        n, size = len(self.data), self.values["batch_size"]
        most = MOST_UPDATES // -(-n // size)
        if size < n or self.model is not None:
            most = min(most, MOST_EXAMPLES // n)
        return min(self.values["epochs"], max(1, most))

    def show(self, epoch):
        """Move both panels to epoch `epoch` of the run."""
        self.snapshot = Snapshot(self.run, epoch, self.data)
        self.left.show(self.snapshot)
        self.right.show(self.snapshot)

    def display(self):
        """Put the explorer into the cell's output, as a picture of its first settings where nobody can move it."""
        figures.show(self.figure, self.describe(), live=None if is_headless() else self.make_live)

    def make_controls(self):
        """Return the controls, where they stand at first."""
        return Controls(self.recipe)

    def make_live(self):
        """Return the widget: the controls, and below them what follows them."""
        self.controls = self.make_controls()
        self.picture = Picture(self.figure, [*self.left.moving, *self.right.moving], MOVING_COLOURS)
        for against in ("examples", "updates"):
            self.right.measure(against)
            self.picture.keep_background(against)
        self.image = widgets.Image(format="png")
        self.numbers, self.alt = widgets.HTML(), widgets.HTML(layout=widgets.Layout(display="none"))
        self.status = widgets.HTML().add_class("gd-status")
        self.controls.allow_epochs(self.snapshot.epochs)
        self.refresh()
        self._listen()
        above, below = self.controls.box()
        return widgets.VBox([naming(), above, self.image, below, self.numbers, self.status, self.alt]).add_class(ROOT)

    def _listen(self):
        """Have the controls call. The browser sends a slider's next value only when this one's picture is there."""
        for control in self.controls.recipe.values():
            control.observe(self._retrain, "value")
        self.controls.against.observe(self._measure, "value")
        self.controls.shown.observe(self._walk, "value")
        self.controls.player.observe(self._play, "value")
        self._busy = False

    @_alone
    def _retrain(self):
        self.values = self.controls.values()
        self.train()
        self.show(len(self.run.path) - 1)
        self.refresh()
        self.controls.allow_epochs(self.snapshot.epochs)

    @_alone
    def _measure(self):
        self.right.measure(self.controls.against.value)
        self.show(self.snapshot.epoch)
        self.refresh()

    @_alone
    def _walk(self):
        self.show(self.controls.shown.value)
        self.refresh()
        self.controls.lead_player()

    @_alone
    def _play(self):
        self.controls.follow_player()
        self.show(self.controls.shown.value)
        self.refresh()
        self.controls.lead_player()

    def refresh(self):
        """Send picture and numbers of the snapshot to the browser."""
        self.image.value = self.picture.png(self.right.against)
        self.numbers.value = self.table()
        self.status.value = self.say()
        self.alt.value = f'<span class="gd-alt">{html.escape(self.describe())}</span>'

    def rate_text(self):
        """Return the learning rate as its slider has it."""
        return f"{self.run.recipe.learning_rate:g}"

    def describe(self):
        """Return what the picture shows, in two sentences."""
        recipe, snapshot = self.run.recipe, self.snapshot
        settings = (
            f"learning rate {self.rate_text()}, batch size {recipe.batch_size:,}, {recipe.optimizer}, "
            f"seed {recipe.init_seed}, after epoch {snapshot.epoch:,} of {snapshot.epochs:,}"
        )
        ended = " The run diverged." if snapshot.is_lost else ""
        return f"At {settings}. Left: {self.left.describe(snapshot)}. Right: {self.right.describe(snapshot)}.{ended}"

    def columns(self):
        """Return by name what the run has so far, beside what OLS has."""
        mse, r2 = self.snapshot.mse_and_r2
        return {**self.left.columns(self.snapshot), "MSE": (mse, self.best.mse), "R²": (r2, self.best.r2)}

    def table(self):
        """Return the numbers of the run beside those of least squares, as HTML."""
        columns = self.columns()
        return as_table(columns, (("run", "run", written), ("ols", "OLS", written)))

    def say(self):
        """Return in a sentence or two where the run stands."""
        snapshot, asked = self.snapshot, self.values["epochs"]
        effort = "{updates:,} updates, {examples:,} examples".format(**snapshot.effort)
        colour = METHOD_COLOURS[snapshot.method]
        method = f'<span aria-hidden="true" style="color: {colour}">●</span> {snapshot.method} gradient descent'
        words = f"After epoch {snapshot.epoch:,} of {asked:,}: {method}, {effort}. "
        if snapshot.is_lost:
            words += "<strong>Diverged:</strong> the loss or the weights became non-finite, and the run stopped."
        elif self.best.mse > 0:
            ratio = max(1, snapshot.mse_and_r2[0] / self.best.mse)
            words += f"The MSE is {beyond(ratio)} that of OLS."
        if not self.run.diverged and snapshot.epochs < asked:
            words += f" An explorer goes no further than epoch {snapshot.epochs:,} here, so that it stays quick."
        return words


def as_table(columns, rows):
    """Return an HTML table of `columns`, by name a value for each row. A row: its class, its name, what writes it."""
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    body = ""
    for place, (kind, name, write) in enumerate(rows):
        cells = "".join(f"<td>{write(values[place])}</td>" for values in columns.values())
        body += f'<tr class="gd-{kind}"><th scope="row">{name}</th>{cells}</tr>'
    return f'<table class="gd-numbers"><tr><td></td>{head}</tr>{body}</table>'


def or_dash(write):
    """Return the function `write` of numbers, with a dash for NaN, where nothing is predicted."""
    return lambda value: "–" if np.isnan(value) else write(value)


def beyond(ratio):
    """Return in words how far a number lies above another, by their `ratio`."""
    if ratio < 10:
        return f"{ratio - 1:.1%} above" if ratio >= 1.001 else "less than 0.1% above"
    return f"{ratio:,.0f} times" if ratio < 1e6 else "more than a million times"


def written(value):
    """Return `value` as it stands in the table: four decimals, or three digits of a large number."""
    if not np.isfinite(value):
        return "not finite"
    return (f"{value:.4f}" if abs(value) < 1e4 else f"{value:.2e}").replace("-", "−")
