"""Another way to the answers of chapter 14."""

import math

import numpy as np
import torch

from gd_helpers.data import simulate_line
from gd_helpers.metrics import ols


def momentum_step(w, g, v, α, μ):
    """Have torch take the step, from a velocity that is put into its memory."""
    weights = torch.nn.Parameter(torch.tensor(w))
    optimizer = torch.optim.SGD([weights], lr=α, momentum=μ)
    optimizer.state[weights]["momentum_buffer"] = torch.tensor(v)
    weights.grad = torch.tensor(g)
    optimizer.step()
    return weights.detach().numpy(), optimizer.state[weights]["momentum_buffer"].numpy()


def adam_step(w, g, m, r, t, α, β1, β2, ε):
    """Have torch take the step, from means that are put into its memory."""
    weights = torch.nn.Parameter(torch.tensor(w))
    optimizer = torch.optim.Adam([weights], lr=α, betas=(β1, β2), eps=ε)
    memory = {"step": torch.tensor(float(t - 1)), "exp_avg": torch.tensor(m), "exp_avg_sq": torch.tensor(r)}
    optimizer.state[weights] = memory
    weights.grad = torch.tensor(g)
    optimizer.step()
    return weights.detach().numpy(), memory["exp_avg"].numpy(), memory["exp_avg_sq"].numpy()


def first_steps():
    """Let torch take the first two steps, and work out the third."""
    moved = []
    for make in (torch.optim.SGD, torch.optim.Adam):
        weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        optimizer = make([weight], lr=0.01)
        weight.grad = torch.full_like(weight, -0.04)
        optimizer.step()
        moved.append(weight.item())
    m, r = 0.1 * -0.04, 0.0001 * 0.04**2
    return *moved, -0.01 * m / (math.sqrt(r) + 1e-8)


def updates_a_digit():
    """Find the factors as the spectral radii of the two maps, with curvatures 1 and 400."""
    plain, heavy = 2 / 401, 4 / (1 + 20) ** 2
    inertia = (19 / 21) ** 2
    radii = [max(abs(1 - plain * curvature) for curvature in (1, 400))]
    maps = [np.array([[1 + inertia - heavy * curvature, -inertia], [1, 0]]) for curvature in (1, 400)]
    radii.append(max(math.sqrt(abs(np.linalg.det(each))) for each in maps))  # a double root: its square is det
    return tuple(-1 / math.log10(radius) for radius in radii)


def same_in_other_units(n, seed):
    """Run torch's optimizers in float64, and compare where they end, in units of y."""
    data = simulate_line(n=n, seed=seed).to(torch.float64)
    least = ols(data).weights
    found = []
    for name, make in (("sgd", torch.optim.SGD), ("adam", torch.optim.Adam)):
        ends = []
        for unit in (1.0, 100.0):
            weights = torch.nn.Parameter(torch.zeros(2, 1, dtype=torch.float64))
            optimizer = make([weights], lr=0.1)
            for _ in range(200):
                weights.grad = 2 / n * data.X.T @ (data.X @ weights.detach() - unit * data.y)
                optimizer.step()
            ends.append(weights.detach().numpy()[:, 0] / unit)
        if np.abs(ends[0] - ends[1]).max() < 1e-3 * np.abs(least).max():
            found.append(name)
    return "both" if len(found) == 2 else (found or ["neither"])[0]
