"""The record of one training run."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from gd_helpers.metrics import mse, r2
from gd_helpers.models import weight_names
from gd_helpers.training.recipes import Recipe


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """What one training run did and where it ended.

    Attributes
    ----------
    recipe : Recipe
        What was asked for.
    engine : str
        What computed it.
    model : torch.nn.Module
        The trained model, on the CPU.
    trace : pandas.DataFrame
        A row an epoch: ``epoch`` (from 1), ``updates`` and ``examples`` so far, ``loss`` (mean squared error over all
        data, after the epoch), ``batch_loss`` (of the epoch's last update, before it).
    path : numpy.ndarray, shape (epochs + 1, p)
        The weights at the start and after each epoch; from the recipe's `average_after` on, the mean of the iterates
        since then, whose are the trace's ``loss`` and the scores, too.
    mse, r2 : float
        Of the last weights, over all data.
    seconds : float
        Wall time of the updates and their records.
    diverged : bool
        Whether the run left the finite numbers; it stopped after that epoch, whose row is the last.
    interrupted : bool
        Whether somebody stopped it; what is here are the epochs that were finished.
    """

    recipe: Recipe
    engine: str
    model: torch.nn.Module
    trace: pd.DataFrame
    path: np.ndarray
    mse: float
    r2: float
    seconds: float
    diverged: bool
    interrupted: bool

    @property
    def weights(self):
        """The last weights, shape (p,), in the order of ``model.parameters()``."""
        return self.path[-1]

    @property
    def updates(self):
        """How often the weights were updated."""
        return len(self.trace) * self.recipe.updates_per_epoch

    @property
    def status(self):
        """How the run ended: "finished", "diverged" or "interrupted"."""
        if self.diverged:
            return "diverged"
        return "interrupted" if self.interrupted else "finished"

    def predict(self, X):
        """Return the trained model's predictions for `X`, shape (m, inputs), as a CPU tensor of shape (m, outputs)."""
        dtype = next(self.model.parameters()).dtype
        with torch.no_grad():
            return self.model(torch.as_tensor(X, dtype=dtype, device="cpu"))

    def summary(self):
        """Return one row of a table: recipe, effort and result, with the weights b0, w1, … of a linear model."""
        names = weight_names(self.model)
        weights = dict(zip(names, self.weights, strict=True)) if names[0] == "b0" else {}
        return pd.Series(
            {
                "method": self.recipe.method,
                "optimizer": self.recipe.optimizer,
                "learning_rate": self.recipe.learning_rate,
                "batch_size": self.recipe.batch_size,
                "epochs": len(self.trace),
                "updates": self.updates,
                "examples": len(self.trace) * self.recipe.n,
                "seconds": self.seconds,
                **weights,
                "mse": self.mse,
                "r2": self.r2,
                "status": self.status,
            }
        )


def make_trace(recipe, losses, batch_losses):
    """Return the trace of the first ``len(losses)`` epochs of `recipe`."""
    epochs = np.arange(1, len(losses) + 1)
    return pd.DataFrame(
        {
            "epoch": epochs,
            "updates": epochs * recipe.updates_per_epoch,
            "examples": epochs * recipe.n,
            "loss": np.asarray(losses, dtype=np.float64),
            "batch_loss": np.asarray(batch_losses, dtype=np.float64),
        }
    )


def score(model, data):
    """Return the mean squared error and R² of `model` on `data`; infinite or NaN where its weights are."""
    with torch.no_grad(), np.errstate(all="ignore"):
        predictions = model(data.X)
        return mse(data.y, predictions), r2(data.y, predictions)
