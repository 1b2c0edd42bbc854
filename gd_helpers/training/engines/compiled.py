"""The updates of the eager engine as compiled loops: from the same recipe, the same numbers up to rounding."""

import itertools

import numpy as np
import torch
from torch import nn

from gd_helpers.models import get_weights, is_plain, mlp, set_weights
from gd_helpers.training.engines import activations, linear, network, quadratic
from gd_helpers.training.engines.lanes import LANES
from gd_helpers.training.engines.plans import Average, Plan
from gd_helpers.training.engines.records import Records
from gd_helpers.training.engines.steps import State
from gd_helpers.training.recipes import Recipe

PRODUCTS_PER_CHUNK = 2**26  # of examples and weights, in about 0.1 s: a running kernel cannot be interrupted

ACTIVATIONS = {
    nn.Identity: activations.IDENTITY,
    nn.Sigmoid: activations.SIGMOID,
    nn.Tanh: activations.TANH,
    nn.ReLU: activations.RELU,
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
        The loss over all the data after each of k epochs, and that of its last batch before the update, in float64.
    weights : numpy.ndarray, shape (k, number of weights)
        After each epoch. The first epoch with a non-finite loss or weight is the last. In epochs that average, the
        weights and the losses over all the data are those of the mean of the iterates.

    Raises
    ------
    ValueError
        If this engine does not support the model, the device or the dtype.
    """
    layers = read_layers(model)
    X, y = as_arrays(model, X, y)
    for losses, batch_losses, path in run_layers(layers, X, y, get_weights(model).numpy(), recipe):
        set_weights(model, path[-1])
        yield losses, batch_losses, path


def run_layers(layers, X, y, w, recipe):
    """Train the weights `w` of `layers` in place, without PyTorch, and yield what `run_epochs` does.

    Parameters
    ----------
    layers : network.Layers
    X, y, w : numpy.ndarray, shapes (n, p), (n,) and (number of weights,)
        C-contiguous, all float32 or all float64.
    recipe : Recipe
    """
    for records in run_side_by_side(layers, X[:, :, None], y[:, None], w[:, None], recipe):
        trained = records.epochs[0]
        yield records.losses[:trained, 0], records.batch_losses[:trained, 0], records.path[:trained, :, 0]


def run_side_by_side(layers, X, y, w, recipe, shuffle_seeds=None):
    """Train the weights of several runs of `recipe` in place, each as if it were alone, and yield after every chunk.

    Parameters
    ----------
    layers : network.Layers
    X, y : numpy.ndarray, shapes (n, p, 1 or lanes) and (n, 1 or lanes)
        The data of all runs, or those of each.
    w : numpy.ndarray, shape (number of weights, lanes)
        Like X and y C-contiguous, and all float32 or all float64. There are 1 or `LANES` lanes, for which the kernels
        are compiled; a network takes 1.
    recipe : Recipe
    shuffle_seeds : sequence of int, optional
        The seed of each lane's orders, in place of that of the recipe for all of them.

    Yields
    ------
    records.Records
        Of each chunk of epochs, until the recipe ends or no lane is finite any more.
    """
    state, average = State.at(w), Average.like(w)
    finite = np.ones(w.shape[1], dtype=np.bool_)
    for epochs, run_chunk, task in _chunks(layers, X, y, w.shape[1], recipe, shuffle_seeds):
        records = Records.empty(epochs, w, finite)
        run_chunk(*task, state, average, records)
        del task  # frees its orders before the next are drawn
        yield records
        if not finite.any():
            return


def _chunks(layers, X, y, lanes, recipe, shuffle_seeds):
    """Yield the number of epochs of each chunk, with the kernel that trains it and the kernel's first arguments."""
    weights = layers.count_weights()
    if layers.are_linear and _is_full_batch(recipe) and weights <= min(recipe.n, quadratic.MOST_WEIGHTS):
        surface = quadratic.expand(X, y, weights, lanes)
        for first in range(0, recipe.epochs, quadratic.EPOCHS_PER_CHUNK):
            epochs = min(quadratic.EPOCHS_PER_CHUNK, recipe.epochs - first)
            yield epochs, quadratic.run_chunk, (surface, Plan.of(recipe, first, epochs))
        return
    run_chunk, model = (linear.run_chunk, (X, y)) if layers.are_linear else (network.run_chunk, (X, y, layers))
    longest = max(1, PRODUCTS_PER_CHUNK // (recipe.n * weights * lanes))
    begin = 0
    for count, orders in recipe.order_chunks(shuffle_seeds):
        for first in range(0, count, longest):
            epochs = min(longest, count - first)
            part = orders[first : first + epochs] if recipe.shuffle else orders
            yield epochs, run_chunk, (*model, part, Plan.of(recipe, begin + first, epochs))
        begin += count
        del orders, part  # frees them before the next are drawn


def _is_full_batch(recipe):
    """Return whether every update uses each example once."""
    return recipe.batch_size == recipe.n and not recipe.replacement


def read_layers(model):
    """Return the `network.Layers` of `model`.

    Raises
    ------
    ValueError
        If the model is not made of linear layers with at most one activation after each and a single output.
    """
    inputs, outputs, codes, biased = [], [], [], []
    for part in _parts(model):
        if type(part) is nn.Linear:
            inputs.append(part.in_features)
            outputs.append(part.out_features)
            codes.append(None)
            biased.append(part.bias is not None)
        elif not codes or codes[-1] is not None:
            raise _refusal(f"{part} without a linear layer before it")
        else:
            codes[-1] = ACTIVATIONS[type(part)]
    if outputs != [*inputs[1:], 1]:
        raise _refusal(f"layers of {inputs} inputs and {outputs} outputs")
    layers = network.Layers(
        widths=np.array([*inputs, 1]),
        activations=np.array([activations.IDENTITY if code is None else code for code in codes]),
        biased=np.array(biased, dtype=np.int64),
    )
    if layers.count_weights() != sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad):
        raise _refusal("weights that are frozen, or shared between layers")
    return layers


def _parts(model):
    """Yield the layers of `model` in order."""
    if not is_plain(model):
        raise _refusal(f"{type(model).__name__} with hooks or a forward of its own")
    if type(model) is nn.Sequential:
        for part in model:
            yield from _parts(part)
    elif type(model) is nn.Linear or type(model) in ACTIVATIONS:
        yield model
    else:
        raise _refusal(f"the module {type(model).__name__}")


def as_arrays(model, X, y):
    """Return X and y as NumPy arrays of shapes (n, p) and (n,), without a copy if they are contiguous.

    Raises
    ------
    ValueError
        If they or the model are not on the CPU, or not all float32 or all float64.
    """
    for tensor in (X, y, *model.parameters()):
        if tensor.device.type != "cpu":
            raise ValueError(
                f"engine 'compiled' runs on the CPU, got device {str(tensor.device)!r}; use engine='eager'"
            )
        if tensor.dtype != X.dtype or tensor.dtype not in (torch.float32, torch.float64):
            raise _refusal(f"{tensor.dtype} with X in {X.dtype}")
    return np.ascontiguousarray(X.detach().numpy()), np.ascontiguousarray(y.detach().numpy()[:, 0])


def _refusal(what):
    return ValueError(
        "engine 'compiled' computes nn.Linear layers with sigmoid, tanh, ReLU or identity between them, all in float32 "
        f"or all in float64, got {what}; use engine='eager'"
    )


def warm_up():
    """Compile every kernel for float32 and float64, so that later processes load them from disk."""
    rest = {"epochs": 1, "learning_rate": 0.1, "optimizer": "sgd", "init_seed": 0, "shuffle_seed": 0}
    for dtype, lanes in itertools.product((np.float32, np.float64), (1, LANES)):
        X, y = np.ones((3, 2, 1), dtype), np.ones((3, 1), dtype)
        for widths, batch_size in (((2, 1), 3), ((2, 1), 1), ((2, 2, 1), 1)):
            layers = read_layers(mlp(widths))
            w = np.ones((layers.count_weights(), lanes), dtype)
            recipe = Recipe.complete("stochastic", 3, batch_size=batch_size, replacement=batch_size == 1, **rest)
            if lanes == 1 or layers.are_linear:
                list(run_side_by_side(layers, X, y, w, recipe))
