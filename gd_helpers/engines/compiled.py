"""The updates of the eager engine as compiled loops: the same recipe and, to rounding, the same numbers."""

import numpy as np
import torch
from torch import nn

from gd_helpers.engines import linear, network, quadratic
from gd_helpers.engines.steps import read_settings
from gd_helpers.models import get_weights

EPOCHS_PER_CHUNK = 1024

ACTIVATIONS = {
    nn.Identity: network.IDENTITY,
    nn.Sigmoid: network.SIGMOID,
    nn.Tanh: network.TANH,
    nn.ReLU: network.RELU,
}


def run_epochs(model, X, y, recipe):
    """Train `model` in place on mean squared error and yield after every chunk of epochs.

    Parameters
    ----------
    model : torch.nn.Module
        A linear layer, or a sequence of linear layers and sigmoid, tanh, ReLU or identity activations; on the CPU, in
        the dtype of `X`.
    X, y : torch.Tensor, shapes (n, p) and (n, 1)
        float32 or float64, on the CPU.
    recipe : Recipe

    Yields
    ------
    losses, batch_losses : numpy.ndarray, shape (k,)
        The loss over all data after each of k epochs; the loss of their last updates' batches, before those updates.
    weights : numpy.ndarray, shape (k, number of weights)
        After each epoch. The first epoch with a loss or weight that is not finite is the last.

    Raises
    ------
    ValueError
        If the model, the device or the dtype is one that this engine does not compute.
    """
    layers = read_layers(model)
    X, y = _as_arrays(X, y)
    w = get_weights(model).numpy()
    state = w, np.zeros_like(w), np.zeros_like(w), np.zeros(2)
    train_chunk, chunks = _choose_kernel(layers, X, y, recipe, state)
    for epochs, orders in chunks:
        losses, batch_losses, path = (
            np.empty(epochs, w.dtype),
            np.empty(epochs, w.dtype),
            np.empty((epochs, w.size), w.dtype),
        )
        trained = train_chunk(orders, losses, batch_losses, path)
        yield tuple(record[:trained].astype(np.float64) for record in (losses, batch_losses, path))
        if not (np.isfinite(losses[trained - 1]) and np.isfinite(w).all()):
            return


def _choose_kernel(layers, X, y, recipe, state):
    """Return the function that trains a chunk of epochs, and the chunks it is to be given."""
    settings = read_settings(recipe)
    batches = recipe.batch_size, settings
    if list(layers.activations) != [network.IDENTITY]:

        def train_chunk(orders, *records):
            return network.run_chunk(X, y, orders, *batches, layers, *state, *records)

    elif recipe.batch_size == recipe.n and state[0].size <= min(recipe.n, quadratic.LARGEST_P):
        loss = quadratic.expand(X, y, state[0].size)
        starts = range(0, recipe.epochs, EPOCHS_PER_CHUNK)
        chunks = ((min(EPOCHS_PER_CHUNK, recipe.epochs - start), None) for start in starts)
        return lambda _, *records: quadratic.run_chunk(loss, settings, *state, *records), chunks
    else:

        def train_chunk(orders, *records):
            return linear.run_chunk(X, y, orders, *batches, *state, *records)

    return train_chunk, recipe.order_chunks()


def read_layers(model):
    """Return the `network.Layers` of `model`.

    Raises
    ------
    ValueError
        If the model is anything but linear layers with at most one activation after each, and one output.
    """
    widths, activations, biased = [], [], []
    for part in _parts(model):
        if type(part) is nn.Linear:
            widths.append(part.in_features)
            activations.append(None)
            biased.append(part.bias is not None)
        elif not activations or activations[-1] is not None:
            raise _refusal(f"{part} where no linear layer comes before it")
        else:
            activations[-1] = ACTIVATIONS[type(part)]
    count = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    outputs = [*widths[1:], 1]
    if count != sum(o * (i + b) for i, o, b in zip(widths, outputs, biased, strict=True)):
        raise _refusal("weights that are frozen or shared between layers, or another number of outputs than one")
    return network.Layers(
        widths=np.array([*widths, 1]),
        activations=np.array([network.IDENTITY if code is None else code for code in activations]),
        biased=np.array(biased, dtype=np.int64),
    )


def _parts(model):
    """Yield the layers of `model` in order."""
    hooks = (model._forward_hooks, model._forward_pre_hooks, model._backward_hooks, model._backward_pre_hooks)
    if any(hooks):
        raise _refusal(f"hooks on {type(model).__name__}")
    if type(model) is nn.Sequential:
        for part in model:
            yield from _parts(part)
    elif type(model) is nn.Linear or type(model) in ACTIVATIONS:
        yield model
    else:
        raise _refusal(f"the module {type(model).__name__}")


def _as_arrays(X, y):
    """Return X and y as NumPy arrays of shapes (n, p) and (n,) on the same memory."""
    if X.device.type != "cpu":
        raise ValueError(f"engine 'compiled' runs on the CPU, got device {str(X.device)!r}; use engine='eager'")
    if X.dtype not in (torch.float32, torch.float64):
        raise _refusal(f"the dtype {X.dtype}")
    return np.ascontiguousarray(X.numpy()), np.ascontiguousarray(y.numpy()[:, 0])


def _refusal(what):
    return ValueError(
        "engine 'compiled' computes linear layers with sigmoid, tanh, ReLU or identity between them, in float32 or "
        f"float64, got {what}; use engine='eager'"
    )
