"""The two halves of an explorer's picture: each is drawn once, and then follows the snapshot that is shown."""

import numpy as np
import torch

from gd_helpers import plotting
from gd_helpers.formatting import format_number
from gd_helpers.plotting.style import (
    EFFORT_LABELS,
    LOSS_LABELS,
    METHOD_COLOURS,
    NEUTRAL,
    explain_mark,
    in_course_style,
    scale_by_powers,
)

WARNING = "#B3261E"
MOVING_COLOURS = [*METHOD_COLOURS.values(), WARNING, NEUTRAL, "#FFFFFF"]
FARTHEST = 1e6  # picture widths: what lies beyond cannot be turned into pixels


class Panel:
    """One of the axes, with what moves on it.

    Attributes
    ----------
    ax : matplotlib.axes.Axes
        Its limits are fixed, so that pictures can be compared.
    moving : list of matplotlib.artist.Artist
        What `show` changes, the topmost last.
    """

    def __init__(self, ax, label):
        self.ax = ax
        (self.line,) = ax.plot([], [], linewidth=1.5, label=label)
        self.moving = [self.line]
        self.coloured = [self.line]

    def add_marks(self):
        """Add the marks of where a run starts, where it is, and where it left the picture."""
        (self.start,) = self.ax.plot([], [], "o", markerfacecolor="white", zorder=3, clip_on=False)
        (self.end,) = self.ax.plot([], [], "o", zorder=4.5)
        (self.beyond,) = self.ax.plot([], [], "X", color=WARNING, markersize=11, zorder=6, clip_on=False)
        explain_mark(self.ax, "start", marker="o", markerfacecolor="white")
        explain_mark(self.ax, "end", marker="o")
        self.moving += [self.start, self.end, self.beyond]
        self.coloured.append(self.end)

    def finish(self, ncols=5):
        """Put the legend above the axes, out of the way of what moves."""
        for artist in self.moving:
            artist.set_in_layout(False)  # the frame stays where it is, wherever they go
        look = {"borderaxespad": 0.7, "columnspacing": 1.2, "handlelength": 1.4, "handletextpad": 0.5}
        legend = self.ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=ncols, **look)
        names = [text.get_text() for text in legend.get_texts()]
        key = legend.legend_handles[names.index(self.line.get_label())]  # alone: to draw letters takes milliseconds
        self.coloured.append(key)
        self.moving.append(key)

    def colour(self, snapshot):
        """Give what moves the colour of the method."""
        colour = METHOD_COLOURS[snapshot.method]
        for line in self.coloured:
            line.set_color(colour)
        return colour

    def mark_ends(self, start, x, y, colour):
        """Mark `start` and the last point of the arrays `x` and `y`; beyond the picture, where it went out."""
        self.start.set_data(*([value] for value in start))
        self.start.set_markeredgecolor(colour)
        self.end.set_data([], [])
        self.beyond.set_data([], [])
        finite = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        if finite.size == 0:
            return
        place = x[finite[-1]], y[finite[-1]]
        edge = tuple(np.clip(place, *np.transpose([self.ax.get_xlim(), self.ax.get_ylim()])))
        mark = self.end if finite[-1] == len(x) - 1 and edge == place else self.beyond
        mark.set_data(*([value] for value in edge))


class PathPanel(Panel):
    """The loss surface of a linear model and the path of its weights."""

    column_names = ("b0, intercept", "w1, slope")
    legend_columns = 5

    @in_course_style
    def __init__(self, ax, data, best):
        plotting.plot_loss_surface(data, ax)
        star = next(line for line in ax.lines if line.get_label() == "OLS")
        super().__init__(ax, "path")
        self.add_marks()
        self.moving.insert(-2, star)  # over the path, under its end
        self.best = best
        self.finish(self.legend_columns)

    def show(self, snapshot):
        """Draw the path so far."""
        limits = np.array([self.ax.get_xlim(), self.ax.get_ylim()])
        drawable = (np.abs(snapshot.path) < FARTHEST * np.ptp(limits)).all(axis=1)
        path = snapshot.path if drawable.all() else snapshot.path[: np.argmin(drawable)]
        self.line.set_data(*path.T)
        self.mark_ends(path[0], *snapshot.path.T, self.colour(snapshot))

    def columns(self, snapshot):
        """Return by name what the run has so far, beside what least squares has."""
        return dict(zip(self.column_names, zip(snapshot.weights, self.best.weights, strict=True), strict=True))

    def describe(self, snapshot):
        """Return in words what the panel shows."""
        start, end, best = (
            "({}, {})".format(*map(short, weights))
            for weights in (snapshot.path[0], snapshot.weights, self.best.weights)
        )
        return f"contours of the loss, and on them the path of (b0, w1) from {start} to {end}; OLS is at {best}"


class CurvePanel(Panel):
    """The data, the least squares line, and the curve of a network over the range of x and beyond it."""

    @in_course_style
    def __init__(self, ax, data, best):
        x = data.x.cpu().numpy()
        reach = np.ptp(x) / 2  # as far again beyond the data as from their middle to their ends
        self.x = np.linspace(x.min() - reach, x.max() + reach, 241)
        self.inputs = torch.tensor(np.column_stack([np.ones_like(self.x), self.x]), dtype=data.X.dtype)
        line = self.inputs.double().numpy() @ best.weights
        plotting.plot_data(data, ax)
        ax.plot(self.x, line, color=NEUTRAL, linewidth=1.2, label="OLS")
        low, high = min(line.min(), float(data.y.min())), max(line.max(), float(data.y.max()))
        ax.set(xlim=(self.x[0], self.x[-1]), ylim=(low - 0.05 * (high - low), high + 0.05 * (high - low)))
        super().__init__(ax, "fitted curve")
        self.data, self.best = data, best
        self.finish(ncols=3)

    def show(self, snapshot):
        """Draw the curve of the snapshot."""
        with torch.no_grad():
            curve = snapshot.model(self.inputs).double().numpy()[:, 0]
        self.line.set_data(self.x, np.where(np.abs(curve) < FARTHEST * np.ptp(self.ax.get_ylim()), curve, np.nan))
        self.colour(snapshot)

    def columns(self, snapshot):
        """Return by name what the curve has at this snapshot, beside what the least squares line has."""
        middle = float(self.data.x.mean())
        x = torch.tensor([0.0, middle], dtype=self.data.X.dtype, requires_grad=True)
        heights = snapshot.model(torch.stack([torch.ones_like(x), x], dim=1))[:, 0]
        (slopes,) = torch.autograd.grad(heights.sum(), x)
        intercept, slope = self.best.weights
        return {
            "height at x = 0": (float(heights[0].detach()), intercept),
            "slope at the mean of x": (float(slopes[1]), slope),
        }

    def describe(self, snapshot):
        """Return in words what the panel shows."""
        height, slope = (short(values[0]) for values in self.columns(snapshot).values())
        return (
            "the data, the OLS line, and the fitted curve inside and outside the range of the data; "
            f"the curve is {height} high at x = 0, and its slope at the mean of x is {slope}"
        )


class LossPanel(Panel):
    """The loss over all data against updates or examples, both axes logarithmic."""

    @in_course_style
    def __init__(self, ax, data, best, most_effort):
        ax.axhline(best.mse, color=NEUTRAL, linestyle="--", linewidth=1.2, label="OLS")
        at_zero = float((data.y.double() ** 2).mean())  # the loss of predicting 0
        ax.set_xscale("symlog", linthresh=1, linscale=0.4)  # logarithmic from 1 on, with room for 0
        scale_by_powers(ax)
        limits = {"xlim": (-0.2, 1.5 * most_effort), "ylim": (max(0.8 * best.mse, 1e-6 * at_zero), 10 * at_zero)}
        ax.set(ylabel=LOSS_LABELS["loss"], **limits)
        ax.xaxis.set_major_formatter(power_of_ten)
        super().__init__(ax, "loss after each epoch")
        (self.lead,) = ax.plot([], [], ":", linewidth=1.5, zorder=1.9)  # from the start to the first epoch
        self.moving.insert(0, self.lead)
        self.coloured.append(self.lead)
        self.add_marks()
        self.note = ax.text(0.5, 0.2, "", color=WARNING, weight="bold", ha="center", transform=ax.transAxes)
        self.moving.append(self.note)
        self.best = best
        self.measure("updates")
        self.finish()

    def measure(self, against):
        """Have the loss drawn against "updates" or "examples"."""
        self.against = against
        self.ax.set_xlabel(EFFORT_LABELS[against])

    def show(self, snapshot):
        """Draw the loss so far."""
        effort = np.append(0, snapshot.run.trace[self.against].to_numpy()[: snapshot.epoch])
        losses = snapshot.losses
        drawn = np.where(np.isfinite(losses), losses, np.nan)
        self.lead.set_data(effort[:2], drawn[:2])
        self.line.set_data(effort[1:], drawn[1:])
        self.mark_ends((0, losses[0]), effort, losses, self.colour(snapshot))
        self.note.set_text("")
        if snapshot.is_lost:
            self.note.set_text(f"diverged: not finite after epoch {snapshot.epoch:,}")
        elif losses[-1] > self.ax.get_ylim()[1]:
            self.note.set_text(f"beyond the picture: {losses[-1]:.2g}")

    def describe(self, snapshot):
        """Return in words what the panel shows."""
        losses = snapshot.losses
        course = f"the loss over all data against {self.against}, {short(losses[0])} at the start"
        if snapshot.epoch > 1:
            course += f", {short(losses[1])} after the first epoch"
        if snapshot.epoch:
            course += f", {short(losses[-1])} after epoch {snapshot.epoch:,}"
        return f"{course}; that of OLS is {short(self.best.mse)}"


def power_of_ten(value, _):
    """Return a tick label: 0, or the power of ten that every other tick is."""
    return f"$10^{{{np.log10(value):.0f}}}$" if value else "0"


def short(value):
    """Return `value` as text of three digits."""
    return format_number(value, 3) if np.isfinite(value) else "not finite"
