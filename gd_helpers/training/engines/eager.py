"""The PyTorch training loop, one update at a time: the reference that every faster engine is held to."""

import numpy as np
import torch

from gd_helpers.models import get_weights, set_weights
from gd_helpers.optimizers import make_optimizer


def run_epochs(model, X, y, recipe):
    """Train `model` in place on mean squared error and yield after every epoch.

    Parameters
    ----------
    model : torch.nn.Module
        On the device of `X`, in its dtype.
    X, y : torch.Tensor, shapes (n, p) and (n, 1)
    recipe : Recipe

    Yields
    ------
    losses, batch_losses : numpy.ndarray, shape (1,)
        The loss over all data after the epoch; the loss of its last update's batch, before that update.
    weights : numpy.ndarray, shape (1, number of weights)
        After the epoch. Where the recipe averages, they and the loss over all data are those of the mean of the
        iterates.
    """
    optimizer = make_optimizer(recipe.optimizer, model.parameters(), recipe.learning_rate)
    loss_fn = torch.nn.MSELoss()
    mean, count = torch.zeros_like(get_weights(model), dtype=torch.float64), 0
    for epoch, order in enumerate(recipe.epoch_orders()):
        averages = epoch >= recipe.plain_epochs
        rates = np.broadcast_to(recipe.learning_rates(epoch), recipe.updates_per_epoch)
        order = torch.from_numpy(order).to(X.device)
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
        model.eval()
        with torch.no_grad():
            loss = loss_fn(model(X), y)
        yield (
            np.array([loss.item()]),
            np.array([batch_loss.item()]),
            get_weights(model).cpu().numpy()[None, :].astype(np.float64),
        )
        if averages:  # the updates go on from the iterate
            set_weights(model, iterate)
