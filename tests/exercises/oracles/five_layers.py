"""Another way to the answers of chapter 10."""

import numpy as np
import torch
from scipy.stats import norm


def slopes_alone():
    """Measure the largest slopes by autograd, and multiply five of them."""
    z = torch.linspace(-5, 5, 1001, dtype=torch.float64).requires_grad_()
    slopes = (torch.autograd.grad(bend(z).sum(), z)[0] for bend in (torch.sigmoid, torch.tanh))
    return [slope.max().item() ** 5 for slope in slopes]


def sizes_by_layer(model, X, y):
    """Go backward by the chain rule, written out in NumPy."""
    weights = [layer.weight.detach().numpy() for layer in model if isinstance(layer, torch.nn.Linear)]
    is_tanh = any(isinstance(layer, torch.nn.Tanh) for layer in model)
    values = [X.numpy()]
    for place, w in enumerate(weights, 1):
        z = values[-1] @ w.T
        values.append(z if place == len(weights) else np.tanh(z) if is_tanh else 1 / (1 + np.exp(-z)))
    signal, found = 2 / len(y) * (values[-1] - y.numpy()), []
    for w, h in zip(weights[::-1], values[-2::-1], strict=True):
        found.insert(0, np.sqrt(np.mean((signal.T @ h) ** 2)))
        signal = signal @ w * (1 - h**2 if is_tanh else h * (1 - h))
    return np.array(found)


def unit_spread(model, X):
    """Take the root of the mean square less the square of the mean."""
    with torch.no_grad():
        for layer in list(model)[:-1]:
            X = layer(X)
    values = X.numpy()
    return np.sqrt(np.mean(values**2, axis=0) - np.mean(values, axis=0) ** 2)


def both_units_work(steps=4000):
    """Count on an even grid of pairs of output weights."""
    grid = (np.arange(steps) + 0.5) / steps * 2 - 1
    works = {limit: limit * grid > -0.41 for limit in (2**-0.5, 2**0.5)}
    return [np.logical_and.outer(first, first).mean() for first in works.values()]


def runs_enough():
    """Solve Wilson's formula, whose lower end for n of n is n / (n + z²)."""
    z2 = norm.ppf(0.975) ** 2
    return 10 / (10 + z2), np.floor(0.95 * z2 / 0.05) + 1
