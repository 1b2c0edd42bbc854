"""What chapter 13 shows on its data from its seed holds on others: its intervals miss as rarely as they say."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from gd_helpers.data import simulate_line
from gd_helpers.metrics import example_gradients, mean_square_stability_limit, noise_floor, ols, small_rate_noise_floor
from gd_helpers.training.intervals import mean_interval
from gd_helpers.training.trainer import train

DRAWS, RUNS, EPOCHS = 1500, 30, 120  # as in the chapter
RATES, SIZES = (0.005, 0.02, 0.05), (1, 4, 10, 40)


def squared_distances(gradients, size, replacement, generator):
    """Return |mean − ḡ|² of batches drawn as the chapter draws them, at least squares, where ḡ is 0."""
    n = len(gradients)
    if replacement:
        batches = generator.integers(n, size=(DRAWS, size))
    else:
        batches = generator.permuted(np.tile(np.arange(n), (DRAWS, 1)), axis=1)[:, :size]
    return np.sum(gradients[batches].mean(axis=1) ** 2, axis=1)


def measured_floors(data, rate, size, seed, replacement=True):
    """Return the mean loss above least squares over the later half of each of the chapter's runs."""
    best, floors = ols(data), []
    for order in np.random.SeedSequence([seed, size, round(1e6 * rate)]).generate_state(RUNS).tolist():
        rule = {"learning_rate": rate, "batch_size": size, "optimizer": "sgd", "epochs": EPOCHS}
        run = train(data, replacement=replacement, init=best.weights, shuffle_seed=order, **rule)
        floors.append(run.trace.loss[EPOCHS // 2 :].mean() - best.mse)
    return np.array(floors)


@pytest.mark.parametrize(("size", "replacement"), [(1, True), (5, True), (50, True), (5, False), (500, False)])
def test_an_interval_of_the_gradient_variance_misses_about_once_in_a_hundred(size, replacement):
    misses, seeds = 0, 100 if replacement else 30
    for seed in range(seeds):
        data = simulate_line(n=1000, seed=seed)
        gradients = example_gradients(data, ols(data).weights)
        theory = np.sum(np.var(gradients, axis=0)) / size * (1 if replacement else (1000 - size) / 999)
        squares = squared_distances(gradients, size, replacement, np.random.default_rng([seed, size, replacement]))
        low, high = mean_interval(squares, level=0.99)
        misses += not low < theory < high
        assert high - low < 0.4 * theory
    assert misses <= stats.binom.ppf(0.999, seeds, 0.015)  # squares are skew, which costs a little of the level


@pytest.mark.parametrize("seed", [1, 2, 37])
def test_the_floor_is_within_intervals_that_hold_together_on_other_data_too(seed):
    data = simulate_line(n=1000, seed=seed)
    scores = []
    for rate, size in product(RATES, SIZES):
        assert rate < 0.6 * mean_square_stability_limit(data, batch_size=size)
        floors, theory = measured_floors(data, rate, size, seed), noise_floor(data, rate, batch_size=size)
        low, high = mean_interval(floors, level=1 - 0.01 / (len(RATES) * len(SIZES)))
        assert low < theory < high, (rate, size)
        scores.append((floors.mean() - theory) / stats.sem(floors))
    # Independent values of Student's t: neither all off to one side, nor too close to the theory to be measurements.
    assert abs(np.mean(scores)) < 3 / np.sqrt(len(scores))
    assert 0.4 < np.std(scores) < 1.8


@pytest.mark.parametrize("size", SIZES)
def test_at_half_the_limit_the_rule_of_thumb_is_refuted(size):
    data = simulate_line(n=1000, seed=37)
    low, _ = mean_interval(measured_floors(data, 0.05, size, 37), level=0.9999)
    assert small_rate_noise_floor(data, 0.05, batch_size=size) < low


@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_epochs_of_large_batches_end_far_below_the_floor_of_independent_ones(seed):
    data = simulate_line(n=1000, seed=seed)
    shares = measured_floors(data, 0.05, 500, seed, replacement=False) / noise_floor(data, 0.05, batch_size=500)
    assert mean_interval(shares, level=0.999)[1] < 0.25
    shares = measured_floors(data, 0.05, 1, seed, replacement=False) / noise_floor(data, 0.05, batch_size=1)
    assert mean_interval(shares, level=0.999)[1] > 0.9
