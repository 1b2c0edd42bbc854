"""Another way to the answers of chapter 14."""

import math

import numpy as np
import torch


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


def updates_a_digit():
    """Find the factor as the spectral radius of the map, with curvatures 1 and 400."""
    heavy, inertia = 4 / (1 + 20) ** 2, (19 / 21) ** 2
    maps = [np.array([[1 + inertia - heavy * curvature, -inertia], [1, 0]]) for curvature in (1, 400)]
    radius = max(math.sqrt(abs(np.linalg.det(each))) for each in maps)  # a double root: its square is det
    return -1 / math.log10(radius)


def bug_of_the_jump(n, seed):
    """Let torch take the first step and the thousandth of a constant gradient, and see who jumps and comes back."""
    first, late = {}, {}
    for bug, settings in {"none": {}, "rate ten times too high": {"lr": 1.0}, "mean": {"betas": (0.0, 0.999)}}.items():
        weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        optimizer, moved = torch.optim.Adam([weight], **{"lr": 0.1, **settings}), []
        for _ in range(1000):
            before = weight.item()
            weight.grad = torch.full_like(weight, 2.0)
            optimizer.step()
            moved.append(abs(weight.item() - before) / 0.1)
        first[bug], late[bug] = moved[0], moved[-1]
    assert round(first["none"], 3) == round(late["none"], 3) == round(first["mean"], 3) == 1
    assert round(late["rate ten times too high"], 3) == 10  # it stays thrown about
    return "no bias correction" if abs((1 - 0.9) / math.sqrt(1 - 0.999) - math.sqrt(10)) < 0.01 else "?"
