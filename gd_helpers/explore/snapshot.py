"""What an explorer shows of a run: one of its epochs, with the numbers there."""

import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gd_helpers.data import Line
from gd_helpers.models import set_weights
from gd_helpers.training.runs import Run, score


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A run as it was after one of its epochs.

    Attributes
    ----------
    run : Run
    epoch : int
        0 is the start.
    data : Line
        What the run was trained on.
    """

    run: Run
    epoch: int
    data: Line

    @property
    def epochs(self):
        """How many epochs the run has, fewer than were asked for where it diverged."""
        return len(self.run.path) - 1

    @property
    def effort(self):
        """Updates made and examples seen so far."""
        recipe = self.run.recipe
        return {"updates": self.epoch * recipe.updates_per_epoch, "examples": self.epoch * recipe.n}

    @property
    def path(self):
        """The weights after each epoch so far, the start first."""
        return self.run.path[: self.epoch + 1]

    @cached_property
    def losses(self):
        """The loss over all data at the start and after each epoch so far."""
        at_start = score(set_weights(copy.deepcopy(self.run.model), self.run.path[0]), self.data)[0]
        return np.append(at_start, self.run.trace.loss.to_numpy()[: self.epoch])

    @property
    def weights(self):
        """The weights at this epoch."""
        return self.run.path[self.epoch]

    @cached_property
    def model(self):
        """A copy of the model with the weights of this epoch."""
        return set_weights(copy.deepcopy(self.run.model), self.weights)

    @cached_property
    def mse_and_r2(self):
        """The scores over all data; infinite or NaN where the weights are."""
        return score(self.model, self.data)

    @property
    def is_lost(self):
        """Whether the run diverged here: its loss or its weights are no longer finite."""
        return self.run.diverged and self.epoch == self.epochs

    @property
    def method(self):
        """The method that the batch size makes it."""
        recipe = self.run.recipe
        return {recipe.n: "batch", 1: "stochastic"}.get(recipe.batch_size, "mini-batch")
