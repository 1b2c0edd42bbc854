"""What chapter 07 says of noise, Adam and bounces, computed again in NumPy alone: many runs at a time."""

import numpy as np
from published_data import BEST, LEAST, N, X, Y

RUNS, RATE = 60, 0.001


def excess_in_percent(batch_size, divide, updates=4000, rate=RATE):
    """Return how far above least squares runs end, with Adam's division or as plain descent, from the same starts."""
    generator = np.random.default_rng(7)
    w = generator.uniform(-(0.5**0.5), 0.5**0.5, (RUNS, 2))
    m = v = np.zeros_like(w)
    for k in range(1, updates + 1):
        first = (k - 1) % -(-N // batch_size) * batch_size
        if batch_size == N:
            gradient = 2 * (w @ X.T - Y) @ X / N
        else:
            if first == 0:
                orders = generator.permuted(np.tile(np.arange(N), (RUNS, 1)), axis=1)
            batch = orders[:, first : first + batch_size]
            errors = (X[batch] * w[:, None]).sum(axis=2) - Y[batch]
            gradient = 2 * (errors[..., None] * X[batch]).mean(axis=1)
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        adam = m / (1 - 0.9**k) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8)
        w = w - rate * (adam if divide else gradient)
    return 100 * (np.mean((w @ X.T - Y) ** 2, axis=1) / LEAST - 1)


def test_it_is_adam_s_division_and_not_the_noise_that_holds_single_examples_back():
    behind = {divide: excess_in_percent(1, divide) - excess_in_percent(N, divide) for divide in (True, False)}
    assert 40 < behind[True].mean() < 75
    assert 0 < behind[False].mean() < 1


def test_noise_alone_holds_single_examples_back_by_more_than_the_sampling_error_but_by_far_less_than_adam():
    single, all_of_them = (excess_in_percent(B, divide=False, updates=16_000).mean() for B in (1, N))
    behind = single - all_of_them
    assert behind > 100 * 2 * 2 / N / LEAST
    assert excess_in_percent(1, divide=True, updates=16_000).mean() > 4 * behind


def test_at_ten_times_the_rate_batch_is_ahead_of_mini_batch_from_nearly_every_start_but_not_from_all():
    batch = excess_in_percent(N, True, updates=4500, rate=10 * RATE)
    mini = excess_in_percent(32, True, updates=300 * 32, rate=10 * RATE)
    assert 0.9 < np.mean(batch < mini) < 1


def test_single_examples_that_are_divided_as_batch_is_end_where_batch_does():
    generator = np.random.default_rng(7)
    starts = generator.uniform(-(0.5**0.5), 0.5**0.5, (RUNS, 2))

    def end(steps_by, divides_by):
        orders = np.random.default_rng(13)
        w, m, v = starts, np.zeros_like(starts), np.zeros_like(starts)
        for k in range(1, 4001):
            if k % N == 1:
                order = orders.permuted(np.tile(np.arange(N), (RUNS, 1)), axis=1)
            examples = order[:, k % N - 1]
            single = 2 * ((X[examples] * w).sum(axis=1) - Y[examples])[:, None] * X[examples]
            gradients = {"one": single, "all": 2 * (w @ X.T - Y) @ X / N}
            m = 0.9 * m + 0.1 * gradients[steps_by]
            v = 0.999 * v + 0.001 * gradients[divides_by] ** 2
            w = w - RATE * m / (1 - 0.9**k) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8)
        return 100 * (np.mean((w @ X.T - Y) ** 2, axis=1) / LEAST - 1).mean()

    batch = end("all", "all")
    assert end("one", "one") > 1.5 * batch
    assert abs(end("one", "all") / batch - 1) < 0.02


def test_at_a_rate_of_its_own_batch_needs_hundreds_of_epochs_and_not_thousands():
    sampling_error = 100 * 2 * 2 / N / LEAST
    assert excess_in_percent(N, True, updates=200, rate=0.46).max() < sampling_error
    assert excess_in_percent(N, True, updates=20, rate=0.46).mean() > 50
    assert excess_in_percent(N, True, updates=4500).min() > 10
    assert excess_in_percent(N, True, updates=2000, rate=10 * RATE).min() > sampling_error


def test_at_rates_of_their_own_single_examples_and_batches_of_32_are_level_after_20_passes():
    single = excess_in_percent(1, True, updates=20 * N, rate=0.0022).mean()
    mini, mini_at_the_shared_rate = (excess_in_percent(32, True, updates=20 * 32, rate=r).mean() for r in (0.068, RATE))
    sampling_error = 100 * 2 * 2 / N / LEAST
    assert abs(single - mini) < sampling_error
    assert mini_at_the_shared_rate > 1000


def test_the_variance_of_the_last_loss_is_that_of_single_losses_over_their_number():
    losses, generator = (X @ BEST - Y) ** 2, np.random.default_rng(11)
    for short in (1, 8):
        last = [losses[generator.permutation(N)[:short]].mean() for _ in range(40_000)]
        assert abs(np.var(last) / (losses.var() / short) - 1) < 0.05
