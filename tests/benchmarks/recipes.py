"""The six training runs of the source, each as a plain PyTorch loop and as the settings of `train` that do the same.

The loops are written as one writes them when learning: nothing of the course's package, nothing done for speed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

SEED = 37
LEARNING_RATE = 1e-3


def train_batch(model, X, y, epochs):
    """Update once an epoch, with all examples."""
    loss_fn = nn.MSELoss()
    optimizer = optim.Adam(model.parameters(), lr=LEARNING_RATE)
    losses = []
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = loss_fn(model(X), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())


def train_stochastic(model, X, y, epochs):
    """Update once an example, in an order drawn anew for every epoch."""
    generator = np.random.default_rng(SEED)
    loss_fn = nn.MSELoss()
    optimizer = optim.Adam(model.parameters(), lr=LEARNING_RATE)
    losses = []
    for _ in range(epochs):
        indices = generator.permuted(np.arange(len(X))).tolist()
        for i in indices:
            optimizer.zero_grad()
            loss = loss_fn(model(X[i]), y[i])
            loss.backward()
            optimizer.step()
        losses.append(loss.item())


def train_slices(model, X, y, epochs, batch_size=32):
    """Update once a slice of a list of indices, in fixed order."""
    indices = list(range(len(X)))
    loss_fn = nn.MSELoss()
    optimizer = optim.Adam(model.parameters(), lr=LEARNING_RATE)
    losses = []
    for _ in range(epochs):
        for start in range(0, len(X), batch_size):
            batch = indices[start : start + batch_size]
            optimizer.zero_grad()
            loss = loss_fn(model(X[batch]), y[batch])
            loss.backward()
            optimizer.step()
        losses.append(loss.item())


def train_loader(model, loader, epochs):
    """Update once a batch of a loader."""
    loss_fn = nn.MSELoss()
    optimizer = optim.Adam(model.parameters(), lr=LEARNING_RATE)
    losses = []
    for _ in range(epochs):
        for batch_X, batch_y in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(batch_X), batch_y)
            loss.backward()
            optimizer.step()
        losses.append(loss.item())


def make_line():
    """Return the two weights of ŷ = b₀ + w₁ x, the ones column being an input."""
    return nn.Sequential(nn.Linear(2, 1, bias=False))


def make_three_layers():
    """Return the network 2→2→1."""
    return nn.Sequential(nn.Linear(2, 2, bias=False), nn.Sigmoid(), nn.Linear(2, 1, bias=False))


def make_five_layers():
    """Return the network 2→10→20→2→1."""
    return nn.Sequential(
        nn.Linear(2, 10, bias=False),
        nn.Sigmoid(),
        nn.Linear(10, 20, bias=False),
        nn.Sigmoid(),
        nn.Linear(20, 2, bias=False),
        nn.Sigmoid(),
        nn.Linear(2, 1, bias=False),
    )


@dataclass(frozen=True)
class Published:
    """One of the source's runs.

    Attributes
    ----------
    name : str
    make_model : callable
        Returns its untrained model; right after ``torch.manual_seed(SEED)`` that has the weights it starts from.
    settings : dict
        Of `train`, with the number of epochs.
    updates_per_epoch : int
        For 1,000 examples.
    part : int
        How many epochs of a slow program are timed.
    loop : callable, optional
        Trains ``(model, X, y, epochs)``; None where the source uses a ``DataLoader``.
    """

    name: str
    make_model: Callable
    settings: dict
    updates_per_epoch: int
    part: int
    loop: Callable | None = None

    @property
    def epochs(self):
        """How many epochs the source trains for."""
        return self.settings["epochs"]

    def start(self):
        """Return its model with its first weights."""
        torch.manual_seed(SEED)
        return self.make_model()

    def loader(self, data, sampler=None):
        """Return its loader: shuffled as the source has it, or in the order of a `sampler`."""
        shuffled = self.settings["shuffle"] and sampler is None
        batch_size = self.settings["batch_size"]
        return DataLoader(TensorDataset(data.X, data.y), batch_size=batch_size, shuffle=shuffled, sampler=sampler)

    def run_plainly(self, data, epochs, sampler=None):
        """Train a new model for `epochs` by the plain loop, and return its weights as a vector."""
        model = self.start()
        if self.loop is None:
            train_loader(model, self.loader(data, sampler), epochs)
        else:
            self.loop(model, data.X, data.y, epochs)
        return torch.cat([weight.detach().flatten() for weight in model.parameters()]).numpy()


def _settings(method, epochs, batch_size, shuffle):
    return {"method": method, "epochs": epochs, "batch_size": batch_size, "shuffle": shuffle}


BATCH = Published("batch", make_line, _settings("batch", 4500, 1000, False), 1, 4500, train_batch)
STOCHASTIC = Published("stochastic", make_line, _settings("stochastic", 500, 1, True), 1000, 20, train_stochastic)
SLICES = Published(
    "mini-batch, slices of 32", make_line, _settings("mini-batch", 300, 32, False), 32, 150, train_slices
)
LOADER = Published("mini-batch, DataLoader", make_line, _settings("mini-batch", 300, 32, True), 32, 150)
THREE_LAYERS = Published("3 layers", make_three_layers, _settings("mini-batch", 1000, 32, True), 32, 150)
FIVE_LAYERS = Published("5 layers", make_five_layers, _settings("mini-batch", 1000, 64, False), 16, 250)
RECIPES = [BATCH, STOCHASTIC, SLICES, LOADER, THREE_LAYERS, FIVE_LAYERS]
