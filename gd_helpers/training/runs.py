"""The record of one training run."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from gd_helpers.metrics.scores import r2_from_mse
from gd_helpers.models import weight_names
from gd_helpers.torch_state import standard_modes
from gd_helpers.training.losses import mean_squared_error
from gd_helpers.training.recipes import Recipe


@dataclass(frozen=True, eq=False, kw_only=True)
class Run:
    """What one training run did and where it ended.

    Attributes
    ----------
    recipe : Recipe
        The settings of the run.
    engine : str
        The engine that computed it.
    model : torch.nn.Module
        The trained model, on the CPU.
    trace : pandas.DataFrame
        One row per epoch: ``epoch`` (from 1); ``updates`` and ``examples`` so far; ``loss``, the mean squared error
        over all the data after the epoch, in float64 from the weights as they are, infinite beyond the range of the
        run's dtype; ``batch_loss``, that of the epoch's last batch before its update, as the update computes it.
    path : numpy.ndarray, shape (epochs + 1, p)
        The initial weights and those after each epoch. After the recipe's `average_after` epochs, the mean of the
        iterates since then takes the place of the last iterate, in ``loss`` and the scores as well.
    mse, r2 : float
        Of the last weights over all the data; `mse` is the last ``loss`` of the trace.
    seconds : float
        Wall time of the updates and their records.
    diverged : bool
        Whether the loss or a weight became non-finite. The run stopped after that epoch, whose row is the last.
    interrupted : bool
        Whether the run was interrupted from the keyboard. It keeps the epochs that were finished.
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
        """The number of updates that were made."""
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
        with standard_modes(), torch.no_grad():
            return self.model(torch.as_tensor(X, dtype=dtype, device="cpu"))

    def summary(self):
        """Return the recipe, the effort and the result as a row of a table, with the weights of a linear model."""
        return pd.Series(
            summarise(
                self.recipe,
                epochs=len(self.trace),
                seconds=self.seconds,
                weights=dict(zip(weight_names(self.model), self.weights, strict=True)),
                mse=self.mse,
                r2=self.r2,
                status=self.status,
            )
        )


def summarise(recipe, *, epochs, seconds, weights, mse, r2, status):
    """Return the entries of ``Run.summary()``; `weights` is a dict by their names, used only for a linear model."""
    return {
        "method": recipe.method,
        "optimizer": recipe.optimizer,
        "learning_rate": recipe.learning_rate,
        "batch_size": recipe.batch_size,
        "epochs": epochs,
        "updates": epochs * recipe.updates_per_epoch,
        "examples": epochs * recipe.n,
        "seconds": seconds,
        **(weights if "b0" in weights else {}),
        "mse": mse,
        "r2": r2,
        "status": status,
    }


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
    """Return the mean squared error, as in the trace of a run, and R² of `model` on `data`."""
    loss = mean_squared_error(model, data.X, data.y)
    return loss, r2_from_mse(data.y, loss)
