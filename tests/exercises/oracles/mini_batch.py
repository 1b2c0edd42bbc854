"""Another way to the answers of chapter 05."""

from bisect import bisect_left

import numpy as np
import torch
from exercises.oracles import adam

from gd_helpers.data import simulate_line
from gd_helpers.metrics import gradient_covariance, ols
from gd_helpers.models import linear
from gd_helpers.training.trainer import train


def ten_epochs_by_300(n):
    """Count by dividing with a remainder."""
    full, rest = divmod(n, 300)
    return 10 * (full + (rest > 0))


def batch_for_a_tenth_of_the_noise(n, seed):
    """Bisect for the batch size, with the noise from the gradients of this chapter's examples."""
    data = simulate_line(n=n, seed=seed)
    weights = ols(data).weights

    def noise(size):
        return gradient_covariance(data, weights, batch_size=size, replacement=False)[1, 1] ** 0.5

    return 1 + bisect_left(range(1, n + 1), -noise(16) / 10, key=lambda size: -noise(size))


def epochs_of_batch_descent(n, seed, epochs, batch_size):
    """Count by Adam in NumPy, on the loss as a bowl."""
    data = simulate_line(n=n, seed=seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    run = train(data, "mini-batch", epochs=epochs, batch_size=batch_size, seed=seed)
    best, H = np.linalg.lstsq(X, y, rcond=None)[0], 2 / n * X.T @ X
    above = np.mean((X @ run.weights - y) ** 2) - np.mean((X @ best - y) ** 2)
    off = linear(seed=seed)[0].weight.detach().double().numpy().ravel() - best
    return adam.count_updates(H, off, above)


def bug_of_the_curve(seed):
    """Find the loss after one epoch and after thirty, by powers of the matrix of an update."""
    X, y = simulate_line(seed=seed).numpy()
    best, H = np.linalg.lstsq(X, y, rcond=None)[0], 2 / len(y) * X.T @ X

    def loss_after(updates, α):
        off = np.linalg.matrix_power(np.eye(2) - α * H, updates) @ (np.array([0.4, 0.2]) - best)
        return np.mean((X @ (best + off) - y) ** 2)

    rates = {"step is missing": 0.0, "the rate is much too small": 1e-5, "every epoch has the same order": 1e-2}
    falls = {bug: (loss_after(0, α), loss_after(32, α), loss_after(960, α)) for bug, α in rates.items()}
    falls["the model is made anew in each epoch"] = loss_after(0, 1e-2), loss_after(32, 1e-2), loss_after(32, 1e-2)
    (bug,) = [bug for bug, (first, second, last) in falls.items() if second < first / 2 and last > 0.9 * second]
    return bug


def mini_batch_descent(X, y, w, α, B, orders):
    """Let torch take the gradient and the step."""
    X, y, weights = torch.from_numpy(X), torch.from_numpy(y), torch.nn.Parameter(torch.from_numpy(w)[:, None].clone())
    optimizer = torch.optim.SGD([weights], lr=α)
    for order in orders:
        for batch in torch.from_numpy(order).split(B):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(X[batch] @ weights, y[batch]).backward()
            optimizer.step()
    return weights.detach().numpy()[:, 0]
