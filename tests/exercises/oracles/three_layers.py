"""Another way to the answers of chapter 09."""

import numpy as np
import torch
from scipy.optimize import minimize

from gd_helpers.data import simulate_line
from gd_helpers.models import mlp


def weights_with_biases():
    """Count in PyTorch's own layers."""
    return sum(parameter.numel() for parameter in mlp((2, 8, 4, 1), bias=True).parameters())


def one_hidden_unit(n, seed):
    """Search for the middle and the steepness alone: given these, the best height follows."""
    data = simulate_line(n=n, seed=seed)
    x, y = data.x.double().numpy(), data.y[:, 0].double().numpy()

    def lowest_loss(step):
        h = 1 / (1 + np.exp(-step[0] - step[1] * x))
        return np.mean((h @ y / (h @ h) * h - y) ** 2)

    return 1 - minimize(lowest_loss, [-1.0, 1.0], method="Nelder-Mead").fun / np.var(y)


def height_far_out():
    """Compute the function at x = 1,000."""
    x = torch.tensor(1000.0, dtype=torch.float64)
    return (0.5 + 4 * torch.sigmoid(1 + 2 * x) + 6 * torch.sigmoid(3 - x)).item()


def slopes_of(model, x):
    """Take the derivative through the layers by the chain rule, beside the values."""
    value, derivative = torch.stack([torch.ones_like(x), x], dim=1), torch.stack([torch.zeros_like(x), x * 0 + 1], 1)
    with torch.no_grad():
        for layer in model:
            value = layer(value)
            if isinstance(layer, torch.nn.Linear):
                derivative = derivative @ layer.weight.T
            else:
                of_bend = 1 - value**2 if isinstance(layer, torch.nn.Tanh) else value * (1 - value)
                derivative = of_bend * derivative
    return derivative[:, 0]


def steepest_first(weights):
    """Sort the units as triples (c, a, v) of plain numbers."""
    m = len(weights) // 3
    units = sorted(((weights[2 * j + 1], weights[2 * j], weights[2 * m + j]) for j in range(m)), reverse=True)
    return np.array([number for c, a, _ in units for number in (a, c)] + [v for _, _, v in units])
