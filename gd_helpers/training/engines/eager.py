"""The PyTorch training loop, one update at a time: the reference that the compiled engine is held to."""

import contextlib
import copy

import numpy as np
import torch
from torch import nn

from gd_helpers.models import ACTIVATIONS, get_weights, is_plain, set_weights
from gd_helpers.optimizers import make_optimizer
from gd_helpers.torch_state import RandomStream, preserved_random_state
from gd_helpers.training.losses import mean_squared_error

DETERMINISTIC = {nn.Sequential, nn.Linear, *ACTIVATIONS.values()}


def run_epochs(model, X, y, recipe):
    """Train `model` in place on mean squared error and yield after every epoch.

    A model that draws random numbers as it trains, such as one with Dropout, draws them from the recipe's
    `shuffle_seed`.

    Parameters
    ----------
    model : torch.nn.Module
        On the device of `X`, in its dtype.
    X, y : torch.Tensor, shapes (n, p) and (n, 1)
    recipe : Recipe

    Yields
    ------
    losses, batch_losses : numpy.ndarray, shape (1,)
        The loss over all the data after the epoch, in float64, and that of its last batch before the update.
    weights : numpy.ndarray, shape (1, number of weights)
        After the epoch. In epochs that average, the weights and the loss over all the data are those of the mean of the
        iterates.

    Raises
    ------
    ValueError
        If the model cannot compute in float64, or does not take the recipe's batches in training.
    """
    with preserved_random_state(X.device):
        _check_model(model, X, y, recipe)
    random_stream = _random_stream(model, recipe.shuffle_seed, X.device)
    optimizer = make_optimizer(recipe.optimizer, model.parameters(), recipe.learning_rate)
    loss_fn = nn.MSELoss()
    mean, count = torch.zeros_like(get_weights(model), dtype=torch.float64), 0
    for epoch, order in enumerate(recipe.epoch_orders()):
        averages = epoch >= recipe.plain_epochs
        rates = np.broadcast_to(recipe.learning_rates(epoch), recipe.updates_per_epoch)
        order = torch.from_numpy(order).to(X.device)
        with random_stream():
            model.train()
            for batch, rate in zip(order.split(recipe.batch_size), rates.tolist(), strict=True):
                optimizer.param_groups[0]["lr"] = rate
                optimizer.zero_grad()
                batch_loss = loss_fn(model(X[batch]), y[batch])
                batch_loss.backward()
                optimizer.step()
                if averages:
                    count += 1
                    mean += (get_weights(model) - mean) / count
            iterate = get_weights(model)
            if averages:
                set_weights(model, mean)
            loss = mean_squared_error(model.eval(), X, y)
        yield (
            np.array([loss]),
            np.array([batch_loss.item()]),
            get_weights(model).cpu().numpy()[None, :].astype(np.float64),
        )
        if averages:  # the updates continue from the iterate
            set_weights(model, iterate)


def _random_stream(model, seed, device):
    """Return a function whose contexts continue one random stream, if `model` may draw random numbers."""
    if all(type(module) in DETERMINISTIC and is_plain(module) for module in model.modules()):
        return contextlib.nullcontext  # so that runs in other threads need not wait
    return RandomStream(seed, device).installed


def _check_model(model, X, y, recipe):
    """Check that `model` computes in float64, and takes the smallest batch in training: BatchNorm needs two rows."""
    try:
        mean_squared_error(model.eval(), X[:1], y[:1])
    except RuntimeError as error:
        raise ValueError(f"model must be able to compute in float64, as its losses are, got {error}") from error
    smallest = recipe.n % recipe.batch_size or recipe.batch_size
    try:
        with torch.no_grad():
            copy.deepcopy(model).train()(X[: min(smallest, 2)])
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"batch_size must give batches that the model takes in training, got {recipe.batch_size}, whose last batch "
            f"of {recipe.n} rows has {smallest}: {error}"
        ) from error
