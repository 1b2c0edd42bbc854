"""Another way to the answers of chapter 07."""

import math

import numpy as np
from scipy import stats

from gd_helpers.data import simulate_line
from gd_helpers.exercises.questions.summary import spreads
from gd_helpers.metrics import r2
from gd_helpers.training.trainer import train


def a_hundred_epochs():
    """Cut the mornings, and count."""
    wanted = sum(len(range(0, 60, 1)) for _ in range(100))
    epochs = updates = 0
    while updates < wanted:
        epochs, updates = epochs + 1, updates + len(range(0, 60, 32))
    return epochs


def highest_r2_at_ten_times_the_rate(n, seed):
    """Take the lowest mean loss over a few starts and orders."""
    data = simulate_line(n=n, seed=seed)
    losses = {}
    for method in ("mini-batch", "stochastic", "batch"):
        runs = [train(data, method, learning_rate=0.01, init_seed=k, shuffle_seed=k) for k in range(3)]
        losses[method] = np.mean([run.mse for run in runs])
    return min(losses, key=losses.get)


def share_inside_the_interval(n, seed, replicates):
    """Train and score run by run, and take SciPy's interval."""
    data = simulate_line(n=n, seed=seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    scores = [r2(y, X @ train(data, "batch", init_seed=k).weights) for k in range(replicates)]
    low, high = stats.ttest_1samp(scores, 0).confidence_interval(0.95)
    return np.mean([low <= score <= high for score in scores])


def times_as_wide_without_pairing(n, seed, replicates):
    """Combine the standard deviations, to which the widths are proportional."""
    batch, mini, paired = spreads(n, seed, replicates)
    return math.hypot(batch, mini) / paired


def paired_interval(seeds, values, other_seeds, other_values):
    """Find the partner of each run, and let SciPy test the pairs."""
    partners = [other_values[np.flatnonzero(other_seeds == seed)[0]] for seed in seeds]
    low, high = stats.ttest_rel(values, partners).confidence_interval(0.95)
    return float(low), float(high)
