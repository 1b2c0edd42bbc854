"""One compiled update of the weights by each optimizer, with a line for each formula.

Every function changes the weights of the state in place, given the gradient `g`, shape (p, lanes), the learning rate α
of the update and the settings `s`. Weights and moments are held in the dtype of the run and computed in float64, so
that an update rounds each once.

Source: the algorithms in the documentation of ``torch.optim``.
"""

import math
from typing import NamedTuple

import numpy as np

from gd_helpers.training.engines.jit import inlined

SGD, MOMENTUM, NESTEROV, ADAGRAD, RMSPROP, ADAM, ADAMW = range(7)
CODES = {
    "sgd": SGD,
    "momentum": MOMENTUM,
    "nesterov": NESTEROV,
    "adagrad": ADAGRAD,
    "rmsprop": RMSPROP,
    "adam": ADAM,
    "adamw": ADAMW,
}


class Settings(NamedTuple):
    """The settings of an optimizer, except the learning rate, by torch's names; 0 for those that it does not have."""

    optimizer: int
    momentum: float
    alpha: float
    beta1: float
    beta2: float
    eps: float
    weight_decay: float


class State(NamedTuple):
    """The weights and what the optimizer remembers, which an update changes.

    Attributes
    ----------
    w : numpy.ndarray, shape (p, lanes)
        The weights of each run.
    m, v : numpy.ndarray, shape (p, lanes)
        First moments or velocities; second moments or sums of squares.
    bias_correction : numpy.ndarray, shape (2,)
        Adam's 1 − β₁ᵗ and 1 − β₂ᵗ, float64, of all runs.
    lanes : tuple
        As long as there are lanes, whatever its entries.
    """

    w: np.ndarray
    m: np.ndarray
    v: np.ndarray
    bias_correction: np.ndarray
    lanes: tuple

    @classmethod
    def at(cls, w):
        """Return the state before the first update of `w`, shape (p, lanes), which updates will change in place."""
        return cls(w, np.zeros_like(w), np.zeros_like(w), np.zeros(2), (0,) * w.shape[1])


def read_settings(recipe):
    """Return the `Settings` of `recipe`.

    Raises
    ------
    ValueError
        If this module does not compute the optimizer of the recipe, or one of its settings.
    """
    named = dict(recipe.settings)
    if recipe.optimizer not in CODES or named.pop("nesterov", False) != (recipe.optimizer == "nesterov"):
        raise ValueError(f"optimizer {recipe.optimizer!r} with {recipe.settings} is not compiled; use engine='eager'")
    beta1, beta2 = named.pop("betas", (0.0, 0.0))
    others = {name: float(named.pop(name, 0.0)) for name in ("momentum", "alpha", "eps", "weight_decay")}
    if named:
        raise ValueError(f"optimizer setting {', '.join(named)} is not compiled; use engine='eager'")
    return Settings(
        optimizer=CODES[recipe.optimizer],
        beta1=float(beta1),
        beta2=float(beta2),
        **others,
    )


@inlined
def sgd_step(state, g, rate):
    """Step by w ← w − α g."""
    w = state.w
    for i in range(len(w)):
        for lane in range(len(state.lanes)):
            w[i, lane] -= rate * g[i, lane]


@inlined
def momentum_step(state, g, rate, s):
    """Step by v ← μ v + g, w ← w − α v."""
    w, velocity = state.w, state.m
    for i in range(len(w)):
        for lane in range(len(state.lanes)):
            velocity[i, lane] = s.momentum * velocity[i, lane] + g[i, lane]
            w[i, lane] -= rate * velocity[i, lane]


@inlined
def nesterov_step(state, g, rate, s):
    """Step by v ← μ v + g, w ← w − α (g + μ v): the velocity one step ahead."""
    w, velocity = state.w, state.m
    for i in range(len(w)):
        for lane in range(len(state.lanes)):
            velocity[i, lane] = s.momentum * velocity[i, lane] + g[i, lane]
            w[i, lane] -= rate * (g[i, lane] + s.momentum * velocity[i, lane])


@inlined
def adagrad_step(state, g, rate, s):
    """Step by r ← r + g², w ← w − α g / (√r + ε)."""
    w, squares = state.w, state.v
    for i in range(len(w)):
        for lane in range(len(state.lanes)):
            squares[i, lane] += g[i, lane] * g[i, lane]
            w[i, lane] -= rate * g[i, lane] / (math.sqrt(squares[i, lane]) + s.eps)


@inlined
def rmsprop_step(state, g, rate, s):
    """Step by r ← ρ r + (1 − ρ) g², w ← w − α g / (√r + ε); ρ is torch's alpha."""
    w, squares = state.w, state.v
    for i in range(len(w)):
        for lane in range(len(state.lanes)):
            squares[i, lane] = s.alpha * squares[i, lane] + (1 - s.alpha) * g[i, lane] * g[i, lane]
            w[i, lane] -= rate * g[i, lane] / (math.sqrt(squares[i, lane]) + s.eps)


@inlined
def adam_step(state, g, rate, s):
    """Step by m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², w ← w − α m̂ / (√v̂ + ε).

    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) correct the bias of moments that start at 0. Both divisors are updated as
    moving averages of ones, since a power function may round differently between machines.
    """
    w, m, v, bias_correction = state.w, state.m, state.v, state.bias_correction
    bias_correction[0] = s.beta1 * bias_correction[0] + (1 - s.beta1)
    bias_correction[1] = s.beta2 * bias_correction[1] + (1 - s.beta2)
    step_size = rate / bias_correction[0]
    v_scale = math.sqrt(bias_correction[1])
    for i in range(len(w)):
        for lane in range(len(state.lanes)):
            m[i, lane] = s.beta1 * m[i, lane] + (1 - s.beta1) * g[i, lane]
            v[i, lane] = s.beta2 * v[i, lane] + (1 - s.beta2) * g[i, lane] * g[i, lane]
            w[i, lane] -= step_size * m[i, lane] / (math.sqrt(v[i, lane]) / v_scale + s.eps)


@inlined
def decay_weights(state, rate, s):
    """Step by w ← w − α λ w: with this decay, which bypasses the moments, Adam becomes AdamW."""
    w = state.w
    for i in range(len(w)):
        for lane in range(len(state.lanes)):
            w[i, lane] *= 1 - rate * s.weight_decay


@inlined
def take_step(state, g, rate, s):
    """Update `state` by the optimizer of `s` at the learning rate `rate`."""
    if s.optimizer == SGD:
        sgd_step(state, g, rate)
    elif s.optimizer == MOMENTUM:
        momentum_step(state, g, rate, s)
    elif s.optimizer == NESTEROV:
        nesterov_step(state, g, rate, s)
    elif s.optimizer == ADAGRAD:
        adagrad_step(state, g, rate, s)
    elif s.optimizer == RMSPROP:
        rmsprop_step(state, g, rate, s)
    else:
        if s.optimizer == ADAMW:
            decay_weights(state, rate, s)
        adam_step(state, g, rate, s)
