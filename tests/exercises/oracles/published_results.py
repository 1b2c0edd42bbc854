"""Another way to the answers of chapter 11."""

import itertools

import numpy as np
from exercises.oracles import adam
from scipy.optimize import brentq
from scipy.stats import chi2

from gd_helpers.data import simulate_line
from gd_helpers.metrics import ols, r2


def swapped_score():
    """Score points whose least squares line is known, with just the noise that gives the wanted R²."""
    x = np.array([-1.0, -1.0, 1.0, 1.0])
    off = np.array([-1.0, 1.0, -1.0, 1.0])

    def swap(wanted):
        return r2(x, x + np.sqrt(1 / wanted - 1) * off)

    return swap(0.9), brentq(swap, 0.1, 0.99)


def losses_at(losses, per_epoch, updates):
    """Walk through the epochs of each run, as long as the next one can still be paid for."""
    found = {}
    for name, curve in losses.items():
        found[name], left = curve[0], updates
        for after in curve[1:]:
            left -= per_epoch[name]
            if left < 0:
                break
            found[name] = after
    return found


def epoch_means(batch_losses, n, batch_size):
    """Give each example the loss of its batch, and take the mean over examples."""
    of_example = np.arange(n) // batch_size
    by_epoch = batch_losses.reshape(-1, of_example[-1] + 1)
    return np.array([np.mean(epoch[of_example]) for epoch in by_epoch])


def noise_three_times(n):
    """Ask the data for their ceiling, and the chi-squared distribution for the spread of a variance."""
    data = simulate_line(n=n, noise=(1.0, 1.0, 1.0), seed=1)
    return data.r2_ceiling, chi2(n).std() / n * data.noise_variance


def offset_with_batches_of_40():
    """Descend with Adam in NumPy from the least squares fit, batch after batch in fixed order."""
    data = simulate_line(n=1000, seed=37)
    X, y, best = data.X.double().numpy(), data.y.double().numpy()[:, 0], ols(data)
    batches = itertools.cycle(slice(first, first + 40) for first in range(0, 1000, 40))

    def gradient(w):
        batch = next(batches)
        return 2 / 40 * X[batch].T @ (X[batch] @ w - y[batch])

    path = list(itertools.islice(adam.descend(gradient, best.weights), 200 * 25, 400 * 25, 25))
    return abs(np.mean(path, axis=0) - best.weights)[0] / best.standard_errors[0]
