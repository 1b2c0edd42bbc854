"""The models that the course trains, their seeded initial weights, and their weights as one readable vector."""

import copy
import itertools
import math
from collections.abc import Iterable

import numpy as np
import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.nn.utils import parameters_to_vector

from gd_helpers.checks import LARGEST_SEED, check_bool, check_choice, check_int
from gd_helpers.torch_state import preserved_random_state, standard_modes

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "identity": nn.Identity}


def linear(inputs=2, seed=37):
    """Return ŷ = X w: one linear layer without a bias, since the ones column of X carries the intercept.

    Parameters
    ----------
    inputs : int
        Columns of X, at least 1.
    seed : int
        Seed of the initial weights, as in `init_weights`.

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
        The function that every hidden unit applies.
    bias : bool
        Whether each layer adds a bias. The source's networks have none.
    seed : int
        Seed of the initial weights, as in `init_weights`.

    Raises
    ------
    ValueError
        If there are fewer than two widths, a width is below 1, or another argument is not allowed.

    Examples
    --------
    >>> sum(weight.numel() for weight in mlp((2, 10, 20, 2, 1)).parameters())
    262
    """
    if isinstance(widths, str) or not isinstance(widths, Iterable) or len(widths := list(widths)) < 2:
        raise ValueError(f"widths must list the units of at least an input and an output layer, got {widths!r}")
    widths = [check_int("each of widths", width, 1) for width in widths]
    check_choice("activation", activation, ACTIVATIONS)
    bias = check_bool("bias", bias)

    layers = []
    with standard_modes(), preserved_random_state():
        for inputs, outputs in itertools.pairwise(widths):
            linear_layer = nn.Linear(inputs, outputs, bias=bias, device="cpu", dtype=torch.float32)
            layers += [linear_layer, ACTIVATIONS[activation]()]
    return init_weights(nn.Sequential(*layers[:-1]), seed)


def init_weights(model, seed):
    """Draw the weights of `model` anew, in place, as those of a fresh float32 model after ``torch.manual_seed(seed)``.

    Every layer that has ``reset_parameters`` is reset, in the order of ``model.modules()``. A model of another dtype
    gets the same weights, converted. PyTorch's global random state is restored afterwards; a lock keeps threads apart
    meanwhile.

    Parameters
    ----------
    model : torch.nn.Module
        On the CPU: weights on another device would be drawn from that device's own generator.
    seed : int
        0 to 2³² − 1.

    Raises
    ------
    ValueError
        If the seed is outside its range, or a weight is not on the CPU or has no shape yet, as in a lazy module.

    Notes
    -----
    Source: ``torch.nn.Linear.reset_parameters``, uniform on ±1/√fan_in.
    """
    seed = check_int("seed", seed, 0, LARGEST_SEED)
    elsewhere = {str(parameter.device) for parameter in model.parameters()} - {"cpu"}
    if elsewhere:
        raise ValueError(f"model must be on the CPU when its weights are drawn, got weights on {', '.join(elsewhere)}")
    if any(is_lazy(parameter) for parameter in model.parameters()):
        raise ValueError("model must know the shapes of its weights before they are drawn; call it once on its inputs")
    with standard_modes(), preserved_random_state():
        torch.default_generator.manual_seed(seed)
        for layer in model.modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
    if any(parameter.dtype != torch.float32 for parameter in model.parameters()):
        set_weights(model, get_weights(init_weights(copy.deepcopy(model).float(), seed)))
    return model


def draw_weights(model, seeds):
    """Return the weights that `init_weights` would draw for each seed, float32 of shape (seeds, p).

    Of a model whose only weights are those of ``nn.Linear`` layers they are drawn without a model, and without
    PyTorch's global random state.

    Examples
    --------
    >>> draw_weights(linear(), [37]) == get_weights(linear(seed=37)).numpy()
    array([[ True,  True]])
    """
    layers = [layer for layer in model.modules() if hasattr(layer, "reset_parameters")]
    if not all(type(layer) is nn.Linear and "reset_parameters" not in vars(layer) for layer in layers):
        models = (init_weights(copy.deepcopy(model).float(), seed) for seed in seeds)
        return np.array([get_weights(model).numpy() for model in models])
    parts = []
    for layer in layers:
        std = nn.init.calculate_gain("leaky_relu", math.sqrt(5)) / math.sqrt(layer.in_features)
        parts.append((layer.weight.numel(), math.sqrt(3) * std))
        if layer.bias is not None:
            parts.append((layer.bias.numel(), 1 / math.sqrt(layer.in_features)))
    sizes, bounds = zip(*parts, strict=True)
    drawn = torch.empty(len(seeds), sum(sizes), dtype=torch.float32, device="cpu")
    generator = torch.Generator("cpu")
    for seed, *rows in zip(seeds, *drawn.split(sizes, dim=1), strict=True):
        generator.manual_seed(seed)
        for row, bound in zip(rows, bounds, strict=True):
            row.uniform_(-bound, bound, generator=generator)
    return drawn.numpy()


def is_plain(module):
    """Return whether `module` computes what its class does, without hooks and without a ``forward`` of its own."""
    hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks)
    return not any(hooks) and "forward" not in vars(module)


def get_weights(model):
    """Return all weights of `model` as a detached vector of shape (p,), in the order of ``model.parameters()``."""
    return parameters_to_vector(model.parameters()).detach().clone()


def set_weights(model, weights):
    """Copy the vector `weights`, shape (p,), into `model` in the order of ``model.parameters()`` and return the model.

    Raises
    ------
    ValueError
        If `weights` does not hold one number per weight of the model.
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
    parts = weights.detach().split([parameter.numel() for parameter in parameters])
    with torch.no_grad():
        for parameter, part in zip(parameters, parts, strict=True):
            parameter.copy_(part.view_as(parameter))
    return model


def weight_names(model):
    """Return a name per weight: b0, w1, w2, … for a linear model, else the name and indices of the parameter.

    No weight of a network is an intercept or a slope, so none of them is called b0 or w1.

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
