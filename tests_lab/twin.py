"""What a shown explorer has to agree with: the same explorer in this process, and `train`."""

import copy

import numpy as np
import pytest
import torch

from gd_helpers import explore, figures
from gd_helpers.explore.explorer import Explorer
from gd_helpers.models import mlp
from gd_helpers.training import train


class Twin:
    """The same explorer in this process, and what `train` says to its settings.

    Parameters
    ----------
    shown : Shown
        At its defaults.
    data : Line
    """

    def __init__(self, shown, data):
        columns = shown.root.locator(".gd-numbers").inner_text()
        self.data, self.is_curve, self.is_noise = data, "height at x = 0" in columns, "floor" in columns
        caught, values = [], shown.values()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Explorer, "display", lambda explorer: caught.append(explorer))
            if self.is_noise:
                explore.noise_ball(data, **values)
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

    def _heights(self, run):
        """Return the curve's height at x = 0 and, by differences, its slope at the mean of x."""
        model, middle, step = copy.deepcopy(run.model).double(), float(self.data.x.mean()), 1e-4
        x = torch.tensor([0.0, middle - step, middle + step], dtype=torch.float64)
        at_zero, low, high = model(torch.stack([torch.ones_like(x), x], dim=1))[:, 0].tolist()
        return at_zero, (high - low) / (2 * step)
