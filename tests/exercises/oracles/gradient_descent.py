"""Another way to the answers of chapter 02."""

import ast
import re

import nbformat
import numpy as np
import torch

from gd_helpers.data import simulate_line
from gd_helpers.runner.chapters import NOTEBOOKS


def updates_at_half_the_rate(n, seed):
    """Descend at both rates, and count."""
    data = simulate_line(n=n, seed=seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]

    def descend(rate):
        w = np.zeros(2)
        while True:
            yield np.mean((X @ w - y) ** 2)
            w = w - rate * 2 / n * X.T @ (X @ w - y)

    reached = [loss for loss, _ in zip(descend(0.1), range(101), strict=False)][-1]
    return next(updates for updates, loss in enumerate(descend(0.05)) if loss <= reached)


def bug_of_the_curve():
    """Train in PyTorch with each bug, and compare with the curve that the chapter draws."""
    notebook = nbformat.read(NOTEBOOKS / "02_gradient_descent.ipynb", as_version=4)
    (drawn,) = re.findall(r"^curve = (\[.*\])$", "\n".join(cell.source for cell in notebook.cells), re.MULTILINE)
    data, seen = simulate_line(), np.array(ast.literal_eval(drawn))

    def curve(learning_rate=0.01, clear=True, move=True, maximize=False):
        weights, losses = torch.nn.Parameter(torch.zeros(2, 1)), []
        optimizer = torch.optim.SGD([weights], lr=learning_rate, maximize=maximize)
        for _ in seen:
            loss = torch.nn.functional.mse_loss(data.X @ weights, data.y)
            losses.append(loss.item())
            if clear:
                optimizer.zero_grad()
            loss.backward()
            if move:
                optimizer.step()
        return np.array(losses)

    curves = {
        "zero_grad is missing": curve(clear=False),
        "the rate is past the limit": curve(learning_rate=0.172),
        "the step goes along the gradient": curve(maximize=True),
        "step is missing": curve(move=False),
    }
    (bug,) = [bug for bug, losses in curves.items() if np.allclose(losses, seen, atol=0.06)]
    return bug


def limit_for_centred_x(n, seed):
    """Take the curvatures from the singular values of the centred inputs."""
    X = simulate_line(n=n, seed=seed).X.double().numpy()
    X[:, 1] -= X[:, 1].mean()
    return 2 / (2 / n * np.linalg.svd(X, compute_uv=False)[0] ** 2)


def forward_differences(loss, w, h):
    """Expand the quotient by hand: the derivative, and h times half the second one."""
    return (loss.A + loss.A.T) @ (w - loss.c) + h * np.diag(loss.A)


def train_line(X, y, learning_rate, updates):
    """Jump to the end, by w_k = w* − (I − αH)ᵏ w*."""
    X, y = X.double().numpy(), y.double().numpy()[:, 0]
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    step = np.eye(2) - learning_rate * 2 / len(y) * X.T @ X
    return best - np.linalg.matrix_power(step, updates) @ best
