"""Another way to the answers of chapter 01."""

import statistics

import numpy as np
import torch

from gd_helpers.data import simulate_line


def wider_noise():
    """Ask data with this noise."""
    data = simulate_line(n=2, noise=(1.0, 2.0))
    return data.noise_variance, 2 * np.sqrt(data.noise_variance), data.r2_ceiling


def points_for_half_the_error(n):
    """Find the smallest number of points whose standard error is at most half that of n."""
    candidates = np.arange(1, 20 * n)
    return candidates[np.sqrt(1 / candidates) <= np.sqrt(1 / n) / 2 * (1 + 1e-12)][0]


def z_of_mean(sample, mean, variance):
    """Ask Python's own normal distribution of the mean."""
    of_the_mean = statistics.NormalDist(mean, (variance / len(sample)) ** 0.5)
    return of_the_mean.zscore(statistics.fmean(sample.tolist()))


def as_tensors(x, y):
    """Build both tensors from lists of rows."""
    rows = [[1.0, value] for value in x.tolist()]
    return torch.tensor(rows, dtype=torch.float32), torch.tensor([[value] for value in y.tolist()], dtype=torch.float32)


def mean_squared_error(targets, predictions):
    """Ask torch for the loss of columns."""
    columns = [torch.from_numpy(values).reshape(-1, 1) for values in (predictions, targets)]
    return torch.nn.functional.mse_loss(*columns).item()
