"""The models that the course trains, their seeded starts, and their weights as one readable vector."""

import contextlib
import itertools
import threading
from collections.abc import Iterable

import torch
from torch import nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from gd_helpers.checks import LARGEST_SEED, check_bool, check_choice, check_int

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "identity": nn.Identity}

_GLOBAL_RANDOM_STATE = threading.Lock()


def linear(inputs=2, seed=37):
    """Return ŷ = X w: one linear layer without a bias, since the ones column of X carries the intercept.

    Parameters
    ----------
    inputs : int
        Columns of X, at least 1.
    seed : int
        Seed of its first weights, as in `init_weights`.

    Raises
    ------
    ValueError
        If `inputs` is below 1 or the seed is outside its range.

    Examples
    --------
    >>> linear()
    Sequential(
      (0): Linear(in_features=2, out_features=1, bias=False)
    )
    """
    return mlp((check_int("inputs", inputs, 1), 1), seed=seed)


def mlp(widths, activation="sigmoid", bias=False, seed=37):
    """Return a multilayer perceptron: linear layers with an activation between them, none after the last.

    Parameters
    ----------
    widths : sequence of int
        Units per layer, input and output included: ``(2, 10, 20, 2, 1)`` has four weight matrices.
    activation : {"sigmoid", "tanh", "relu", "identity"}
        Applied to every hidden unit.
    bias : bool
        Whether each layer adds a bias. The source's networks have none.
    seed : int
        Seed of its first weights, as in `init_weights`.

    Raises
    ------
    ValueError
        If there are fewer than two widths, one is below 1, or another argument is outside its range.

    Examples
    --------
    >>> sum(weight.numel() for weight in mlp((2, 10, 20, 2, 1)).parameters())
    262
    """
    if isinstance(widths, str) or not isinstance(widths, Iterable) or len(widths := list(widths)) < 2:
        raise ValueError(f"widths must list the units of at least an input and an output layer, got {widths!r}")
    widths = [check_int("each of widths", width, 1) for width in widths]
    check_choice("activation", activation, ACTIVATIONS)
    check_bool("bias", bias)

    layers = []
    with _random_state_kept():
        for inputs, outputs in itertools.pairwise(widths):
            layers += [nn.Linear(inputs, outputs, bias=bias), ACTIVATIONS[activation]()]
    return init_weights(nn.Sequential(*layers[:-1]), seed)


@contextlib.contextmanager
def _random_state_kept():
    """Put PyTorch's global random state back at the end, and keep other threads from it meanwhile."""
    with _GLOBAL_RANDOM_STATE, torch.random.fork_rng(devices=[]):
        yield


def init_weights(model, seed):
    """Draw the weights of `model` anew, in place, as a fresh model after ``torch.manual_seed(seed)`` would have them.

    Every layer that has ``reset_parameters`` is reset, in the order of ``model.modules()``. PyTorch's global random
    state is put back afterwards; a lock keeps threads apart meanwhile.

    Parameters
    ----------
    model : torch.nn.Module
        On the CPU: weights on another device would be drawn from that device's own generator.
    seed : int
        0 to 2³² − 1.

    Raises
    ------
    ValueError
        If the seed is outside its range, or a weight is not on the CPU.

    Notes
    -----
    Source: ``torch.nn.Linear.reset_parameters``, uniform on ±1/√fan_in.
    """
    seed = check_int("seed", seed, 0, LARGEST_SEED)
    elsewhere = {str(parameter.device) for parameter in model.parameters()} - {"cpu"}
    if elsewhere:
        raise ValueError(f"model must be on the CPU when its start is drawn, got weights on {', '.join(elsewhere)}")
    with _random_state_kept():
        torch.default_generator.manual_seed(seed)
        for layer in model.modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
    return model


def get_weights(model):
    """Return all weights of `model`, detached, as one vector of shape (p,) in the order of ``model.parameters()``."""
    return parameters_to_vector(model.parameters()).detach().clone()


def set_weights(model, weights):
    """Copy the vector `weights`, shape (p,), into `model` in the order of ``model.parameters()``; return the model.

    Raises
    ------
    ValueError
        If the vector is not one of numbers, or does not have one entry per weight.
    """
    parameters = list(model.parameters())
    count = sum(parameter.numel() for parameter in parameters)
    allowed = f"weights must be numbers of shape ({count},), one per weight"
    try:
        weights = torch.as_tensor(weights, dtype=parameters[0].dtype, device=parameters[0].device)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{allowed}, got {weights!r}") from error
    if weights.shape != (count,):
        raise ValueError(f"{allowed}, got shape {tuple(weights.shape)}")
    vector_to_parameters(weights.clone(), parameters)
    return model


def weight_names(model):
    """Return a name per weight: b0, w1, w2, … for a linear model, else the layer's parameter and its indices.

    A network has no intercept and no slope among its weights, so none of its weights is called b0 or w1.

    Examples
    --------
    >>> weight_names(linear())
    ['b0', 'w1']
    >>> weight_names(mlp((2, 2, 1)))[:2]
    ['0.weight[0,0]', '0.weight[0,1]']
    """
    parameters = dict(model.named_parameters())
    if len(parameters) == 1:
        (only,) = parameters.values()
        if only.dim() == 2 and only.shape[0] == 1:
            return ["b0"] + [f"w{column}" for column in range(1, only.shape[1])]
    names = []
    for name, parameter in parameters.items():
        for index in itertools.product(*(range(size) for size in parameter.shape)):
            names.append(f"{name}[{','.join(map(str, index))}]")
    return names
