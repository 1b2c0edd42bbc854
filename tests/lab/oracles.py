"""What the numbers of an explorer have to be: from `train`, NumPy, SciPy and scikit-learn."""

import copy
from dataclasses import replace

import numpy as np
import torch
from bare import line, rows
from scipy import stats
from sklearn.metrics import r2_score

from gd_helpers.data import redraw_noise
from gd_helpers.models import mlp
from gd_helpers.training.trainer import train


def _train(data, batch_size, **values):
    return train(data, "batch", batch_size=batch_size, shuffle=batch_size < len(data), **values)


def descent(**values):
    """Return the weights, MSE and R²."""
    run = _train(line(), **values)
    return [*run.weights, run.mse, run.r2]


def fitted_curve(**values):
    """Return the curve's height at x = 0 and, by differences, its slope at the mean of x, MSE and R²."""
    run = _train(line(), model=mlp((2, 2, 1)), **values)
    model, middle, step = copy.deepcopy(run.model).double(), float(line().x.mean()), 1e-4
    x = torch.tensor([0.0, middle - step, middle + step], dtype=torch.float64)
    at_zero, low, high = model(torch.stack([torch.ones_like(x), x], dim=1))[:, 0].tolist()
    return [at_zero, (high - low) / (2 * step), run.mse, run.r2]


def noise_ball(**values):
    """Return how far the later half of the weights is off OLS, as roots of mean squares, and of the loss above."""
    run = train(line(), "mini-batch", replacement=True, **values)
    X, y = line().numpy()
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    path = run.path[-(len(run.path) // 2 + len(run.path) % 2) :]
    losses = np.mean((X @ path.T - y[:, None]) ** 2, axis=0)
    return [*np.sqrt(np.mean((path - best) ** 2, axis=0)), np.mean(losses) - np.mean((X @ best - y) ** 2)]


def learning_rate(batch_size, **values):
    """Return the factor of an update on the distance from OLS and along each axis, and the loss above OLS."""
    data = line().to(torch.float64)
    path, updates = _train(data, batch_size, **values).path, -(-len(data) // batch_size)
    X, y = data.numpy()
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    z = (path - best) @ np.linalg.eigh(X.T @ X)[1]
    distance, factors = np.linalg.norm(z, axis=1), []
    for sizes in (distance, *z.T):
        clear = np.abs(sizes) > 1e-10 * np.maximum(distance, distance[0])  # of rounding
        last = len(clear) - 1 if clear.all() else np.argmin(clear) - 1
        away = np.abs(sizes[last] / sizes[last // 2]) ** (1 / (last - last // 2) / updates)
        factors.append(-away if updates == 1 and sizes[0] * sizes[1] < 0 else away)
    return [*factors, np.mean((X @ path[-1] - y) ** 2) - np.mean((X @ best - y) ** 2)]


def estimates(n, seed, epochs, **values):
    """Return how far the weights from 100 data sets scatter, both errors, and the share of intervals that hold."""
    points = replace(line(), X=line().X[:n], y=line().y[:n])
    sets, X = [redraw_noise(points, 100 * seed + k) for k in range(100)], points.X.double().numpy()
    targets = np.array([each.y.double().numpy()[:, 0] for each in sets])
    weights = np.array([train(each, "batch", init=[0, 0], epochs=epochs, **values).weights for each in sets])
    best = np.linalg.lstsq(X, targets.T, rcond=None)[0].T
    s2 = np.sum((targets - weights @ X.T) ** 2, axis=1) / (n - 2)
    reach = stats.t.ppf(0.975, n - 2) * np.sqrt(s2 * np.linalg.inv(X.T @ X)[1, 1])
    errors = [np.mean((off @ X.T) ** 2) for off in (weights - best, best - points.truth)]
    return [*weights.std(axis=0, ddof=1), *errors, np.mean(np.abs(weights[:, 1] - points.truth[1]) < reach)]


def held_out(**values):
    """Return the coefficients that are largest in least squares, and R² on the rows trained on and held out."""
    parts = [data.numpy() for data in rows()]
    weights, best = _train(rows()[0], **values).weights, np.linalg.lstsq(*parts[0], rcond=None)[0]
    largest = sorted(np.argsort(-np.abs(best[1:]))[:3] + 1)
    return [*weights[largest], *(r2_score(y, X @ weights) for X, y in parts)]


def by_hand(b0, w1, learning_rate, epochs=0):
    """Return the line, and its loss, after some updates."""
    X, y = line().numpy()
    w = np.array([b0, w1])
    for _ in range(epochs):
        w = w - learning_rate * 2 / len(y) * X.T @ (X @ w - y)
    return [*w, np.mean((X @ w - y) ** 2)]
