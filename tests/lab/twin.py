"""What a shown explorer has to agree with: the same explorer in this process, and `train`."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.datasets import load_diabetes
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from gd_helpers import explore
from gd_helpers.data import redraw_noise, simulate_line, table
from gd_helpers.explore.explorer import Explorer
from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.models import mlp
from gd_helpers.plotting import figures
from gd_helpers.training.trainer import train


def data_of(chapter):
    """Return the data of the explorer of `chapter`."""
    n, seed = (PUBLISHED[chapter][name] for name in ("n", "seed"))
    if chapter != "16_real_data":
        return simulate_line(n=n, seed=seed)
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    X, X_unseen, y, y_unseen = train_test_split(X.head(n), y.head(n), random_state=seed)
    scaler = StandardScaler().set_output(transform="pandas").fit(X)
    return table(scaler.transform(X), y), table(scaler.transform(X_unseen), y_unseen)


class Twin:
    """The same explorer in this process, and what `train` says to its settings.

    Parameters
    ----------
    shown : Shown
        At its defaults.
    data : Line, or pair of Tables
        Pairs are of rows to train on and rows held out.
    """

    def __init__(self, shown, data):
        columns = shown.root.locator(".gd-numbers").inner_text()
        self.data, self.is_curve, self.is_noise = data, "height at x = 0" in columns, "floor: mean" in columns
        self.has_many = "sampling error" in columns
        self.has_limit = "factor per update" in columns
        self.has_unseen = "R², held out" in columns
        caught, values = [], shown.values()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Explorer, "display", lambda explorer: caught.append(explorer))
            if self.is_noise:
                explore.noise_ball(data, **values)
            elif self.has_many:
                explore.estimates(data, **values)
            elif self.has_limit:
                explore.learning_rate(data, **values)
            elif self.has_unseen:
                explore.held_out(*data, **values)
            else:
                show = explore.fitted_curve if self.is_curve else explore.descent
                show(data, self._method(values), **values)
        self._explorer = caught[0]
        figures.render(self._explorer.figure)  # which lays it out
        self._explorer.make_live()

    def picture(self, shown):
        """Return the bytes of the picture for what the controls of `shown` say."""
        controls = self._explorer.controls
        for name, value in shown.values().items():
            controls.recipe[name].value = value
        controls.against.value = shown.against()
        controls.shown.value = shown.epoch()
        return bytes(self._explorer.image.value)

    def numbers(self, shown):
        """Return what `train` gives for what the controls of `shown` say, as the table has it."""
        values, model = shown.values(), mlp((2, 2, 1)) if self.is_curve else None
        values["epochs"] = shown.epoch()
        if self.has_many:
            return self._spread(**values)
        if self.has_limit:
            return self._shrinking(**values)
        if self.has_unseen:
            return self._scored(train(self.data[0], "mini-batch", **values).weights)
        if self.is_noise:
            return self._settled(train(self.data, "mini-batch", replacement=True, **values))
        run = train(self.data, self._method(values), model=model, **values)
        return [*(self._heights(run) if self.is_curve else run.weights), run.mse, run.r2]

    def _method(self, values):
        return {len(self.data): "batch", 1: "stochastic"}.get(values["batch_size"], "mini-batch")

    def _settled(self, run):
        """Return how far the later half of the weights is off OLS, as roots of mean squares, and of the loss above."""
        X, y = self.data.X.double().numpy(), self.data.y.double().numpy()
        best = np.linalg.lstsq(X, y, rcond=None)[0]
        path = run.path[-(len(run.path) // 2 + len(run.path) % 2) :]
        losses = np.mean((X @ path.T - y) ** 2, axis=0)
        return [*np.sqrt(np.mean((path - best.T) ** 2, axis=0)), np.mean(losses) - np.mean((X @ best - y) ** 2)]

    def _spread(self, n, seed, epochs, **values):
        """Return how far the weights from 100 data sets scatter, both errors, and the share of intervals that hold."""
        points = replace(self.data, X=self.data.X[:n], y=self.data.y[:n])
        sets, X = [redraw_noise(points, 100 * seed + k) for k in range(100)], points.X.double().numpy()
        targets = np.array([each.y.double().numpy()[:, 0] for each in sets])
        runs = [train(each, "batch", init=[0, 0], epochs=max(1, epochs), **values) for each in sets]
        weights, best = np.array([run.path[epochs] for run in runs]), np.linalg.lstsq(X, targets.T, rcond=None)[0].T
        s2 = np.sum((targets - weights @ X.T) ** 2, axis=1) / (n - 2)
        reach = stats.t.ppf(0.975, n - 2) * np.sqrt(s2 * np.linalg.inv(X.T @ X)[1, 1])
        errors = [np.mean((off @ X.T) ** 2) for off in (weights - best, best - points.truth)]
        return [*weights.std(axis=0, ddof=1), *errors, np.mean(np.abs(weights[:, 1] - points.truth[1]) < reach)]

    def _shrinking(self, batch_size, **values):
        """Return the factor of an update on the distance from OLS and along each axis, and the loss above OLS."""
        shuffle, updates = batch_size < len(self.data), -(-len(self.data) // batch_size)
        data = self.data.to(torch.float64)
        path = train(data, "batch", batch_size=batch_size, shuffle=shuffle, **values).path
        X, y = data.X.numpy(), data.y.numpy()
        best = np.linalg.lstsq(X, y, rcond=None)[0]
        z = (path - best.T) @ np.linalg.eigh(X.T @ X)[1]
        distance = np.linalg.norm(z, axis=1)
        factors = []
        for sizes in (distance, *z.T):
            clear = np.abs(sizes) > 1e-10 * np.maximum(distance, distance[0])  # of rounding
            last = len(clear) - 1 if clear.all() else np.argmin(clear) - 1
            away = np.abs(sizes[last] / sizes[last // 2]) ** (1 / (last - last // 2) / updates)
            factors.append(-away if updates == 1 and sizes[0] * sizes[1] < 0 else away)
        excess = np.mean((X @ path[-1] - y[:, 0]) ** 2) - np.mean((X @ best - y) ** 2)
        return [*factors, excess if excess < 1e4 else float(f"{excess:.2e}")]

    def _scored(self, weights):
        """Return the coefficients that are largest in least squares, and R² on the rows trained on and held out."""
        parts = [(data.X.numpy(), data.y.numpy()[:, 0]) for data in self.data]
        best = np.linalg.lstsq(*parts[0], rcond=None)[0]
        largest = sorted(np.argsort(-np.abs(best[1:]))[:3] + 1)
        return [*weights[largest], *(r2_score(y, X @ weights) for X, y in parts)]

    def _heights(self, run):
        """Return the curve's height at x = 0 and, by differences, its slope at the mean of x."""
        model, middle, step = copy.deepcopy(run.model).double(), float(self.data.x.mean()), 1e-4
        x = torch.tensor([0.0, middle - step, middle + step], dtype=torch.float64)
        at_zero, low, high = model(torch.stack([torch.ones_like(x), x], dim=1))[:, 0].tolist()
        return at_zero, (high - low) / (2 * step)
