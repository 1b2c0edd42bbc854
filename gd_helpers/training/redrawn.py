"""Runs on many data sets at the same x: where their weights go, and their errors of optimisation and of sampling."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import stdtrit

from gd_helpers.checks import LARGEST_SEED
from gd_helpers.data import Line, redraw_noise
from gd_helpers.training.engines import compiled
from gd_helpers.training.trainer import train

LEVEL = 0.95
RUNS = 100  # data sets: what a picture has time for


@dataclass(frozen=True, eq=False)
class Estimates:
    """The paths of runs on data sets that differ in their noise alone.

    Attributes
    ----------
    data : Line
        Has their x and their truth.
    targets : numpy.ndarray, shape (runs, n)
    paths : numpy.ndarray, shape (runs, epochs + 1, 2)
        NaN where a run has diverged.
    """

    data: Line
    targets: np.ndarray
    paths: np.ndarray

    @cached_property
    def X(self):
        """The inputs, float64, shape (n, 2)."""
        return self.data.X.double().numpy()

    @cached_property
    def least(self):
        """The least squares weights of each data set, shape (runs, 2)."""
        return np.linalg.solve(self.X.T @ self.X, self.X.T @ self.targets.T).T

    @cached_property
    def optimisation(self):
        """The mean squared distance between the lines of the runs and of least squares, by epoch."""
        return self._distance(self.paths - self.least[:, None]).mean(axis=0)

    @cached_property
    def sampling(self):
        """The mean squared distance between the lines of least squares and the true line."""
        return float(self._distance(self.least - self.data.truth).mean())

    def _distance(self, off):
        with np.errstate(all="ignore"):  # of a run that diverged
            return np.sum((off @ (self.X.T @ self.X / len(self.data))) * off, axis=-1)

    def covered(self, epoch):
        """Return the share of the 95 % intervals for the slope, made at `epoch`, that hold it."""
        n, weights = len(self.data), self.paths[:, epoch]
        least_squares = np.sum((self.targets - self.least @ self.X.T) ** 2, axis=1)
        with np.errstate(all="ignore"):
            squares = least_squares + n * self._distance(weights - self.least)
            spread = np.sqrt(squares / (n - 2) * np.linalg.inv(self.X.T @ self.X)[1, 1])
            reach = stdtrit(n - 2, (1 + LEVEL) / 2) * spread
            return float(np.mean(np.abs(weights[:, 1] - self.data.truth[1]) < reach))


def train_all(data, targets, run):
    """Return the `Estimates` of one run for each row of `targets`, as `run` was, from where it has started."""
    layers, start = compiled.read_layers(run.model), run.path[0]
    X, y = np.ascontiguousarray(data.X.numpy()), np.asarray(targets, dtype=data.X.numpy().dtype)
    paths = np.full((len(y), *run.path.shape), np.nan)
    for path, row in zip(paths, y, strict=True):
        # the engine alone: most of the time of `train` goes into what a single run needs around it
        chunks = compiled.run_layers(layers, X, row, start.astype(X.dtype), run.recipe)
        walked = np.vstack([start, *(weights for _, _, weights in chunks)])[: len(path)]
        path[: len(walked)] = walked
    paths[~np.isfinite(paths).all(axis=2)] = np.nan
    return Estimates(data, y.astype(np.float64), paths)


def draw(data, seed, k):
    """Return the data set number `k`, counted from 0."""
    return redraw_noise(data, (RUNS * seed + k) % (LARGEST_SEED + 1))


def draw_targets(data, seed):
    """Return the targets of all data sets, shape (RUNS, n)."""
    return np.array([draw(data, seed, k).y[:, 0].numpy() for k in range(RUNS)])


def train_on_redrawn(data, n, recipe):
    """Return the first n points, the `Estimates` from redrawn noise at them, and the first of their runs.

    Epochs, learning rate and optimizer are those of `recipe`; its seed gives the data sets.
    """
    points = replace(data, X=data.X[:n], y=data.y[:n])
    settings = {name: getattr(recipe, name) for name in ("epochs", "learning_rate", "optimizer")}
    run = train(draw(points, recipe.init_seed, 0), "batch", init=[0, 0], seed=recipe.init_seed, **settings)
    return points, train_all(points, draw_targets(points, recipe.init_seed), run), run
