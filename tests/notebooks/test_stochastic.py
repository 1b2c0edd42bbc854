"""What chapter 04 says of the noise ball, computed again in NumPy alone: many runs of Adam at a time."""

import functools

import numpy as np
import pytest
from adam_by_hand import adam
from published_data import BEST, HESSIAN, N, X, Y

RUNS, PASSES = 40, 24


ALONG, ACROSS = np.linalg.eigh(HESSIAN)[1].T


@functools.cache
def spreads(rate, replacement):
    """Return the standard deviations along and across the valley, over all updates and at the ends of epochs.

    They are measured over `RUNS` runs that start at the least squares weights, after 4 passes in which the ball grows.
    """
    generator = np.random.default_rng(2024)
    w, m, v, k = np.tile(BEST, (RUNS, 1)), 0.0, 0.0, 0
    every, ends = [], []
    for epoch in range(PASSES):
        order = np.tile(np.arange(N), (RUNS, 1))
        order = generator.integers(N, size=order.shape) if replacement else generator.permuted(order, axis=1)
        for examples in order.T:
            k += 1
            inputs = X[examples]
            gradient = 2 * ((inputs * w).sum(axis=1) - Y[examples])[:, None] * inputs
            m, v, step = adam(m, v, gradient, k)
            w = w - rate * step
            if epoch >= 4 and k % 7 == 0:
                every.append(w - BEST)
        if epoch >= 4:
            ends.append(w - BEST)
    return [np.array([(cloud @ ALONG).std(), (cloud @ ACROSS).std()]) for cloud in map(np.concatenate, (every, ends))]


def test_the_ball_lies_across_the_valley_if_shuffled_and_not_if_drawn_with_replacement():
    (_, shuffled), (_, drawn) = spreads(0.001, replacement=False), spreads(0.001, replacement=True)
    assert shuffled[1] > 2 * shuffled[0]
    assert drawn[1] < 1.2 * drawn[0]


def test_the_ends_of_shuffled_epochs_are_narrower_than_the_ball_and_those_with_replacement_are_not():
    for replacement in (False, True):
        every, ends = spreads(0.001, replacement)
        assert (ends < 0.9 * every).all() == (not replacement)
    assert ends == pytest.approx(every, rel=0.1)


def test_a_tenth_of_the_rate_makes_the_ball_about_eight_times_as_narrow_and_the_ends_of_epochs_more():
    (every, ends), (every_slow, ends_slow) = spreads(0.001, False), spreads(0.0001, False)
    assert ((every / every_slow > 7) & (every / every_slow < 10)).all()
    assert (ends / ends_slow > 15).all()


def test_far_from_the_minimum_the_examples_agree_with_their_mean_and_at_the_true_line_half_do():
    for weights, low, high in ((np.array([0.4119, 0.2005]), 0.985, 0.995), (np.array([5.0, 2.0]), 0.495, 0.505)):
        singles = 2 * (X @ weights - Y)[:, None] * X
        assert low < np.mean(singles @ singles.mean(axis=0) > 0) < high


def test_in_a_fixed_order_every_epoch_ends_at_the_same_point_and_that_is_off_as_far_as_a_shuffled_end_typically_is():
    def ends(fixed, passes=40):
        generator = np.random.default_rng(7)
        w, m, v, k, found = np.tile(BEST, (RUNS, 1)), 0.0, 0.0, 0, []
        order = generator.permuted(np.tile(np.arange(N), (RUNS, 1)), axis=1)
        for _ in range(passes):
            for examples in order.T:
                k += 1
                gradient = 2 * ((X[examples] * w).sum(axis=1) - Y[examples])[:, None] * X[examples]
                m, v, step = adam(m, v, gradient, k)
                w = w - 0.001 * step
            found.append(w - BEST)
            order = order if fixed else generator.permuted(order, axis=1)
        return np.array(found[passes // 2 :])

    fixed, shuffled = ends(True), ends(False)
    assert (fixed.std(axis=0).max(axis=0) < 0.1 * shuffled.std(axis=(0, 1))).all()
    assert fixed[-1].std(axis=0) == pytest.approx(shuffled.std(axis=(0, 1)), rel=0.35)
    assert (shuffled.mean(axis=0).std(axis=0) < 0.5 * fixed.mean(axis=0).std(axis=0)).all()


def test_single_gradients_spread_mostly_across_the_valley():
    singles = 2 * (X @ BEST - Y)[:, None] * X
    assert (singles @ ACROSS).std() > 5 * (singles @ ALONG).std()


def test_half_of_an_offset_is_taken_back_within_an_epoch_across_the_valley_and_in_several_along_it():
    generator = np.random.default_rng(11)
    starts = np.array([BEST, BEST + 0.02 * ALONG, BEST + 0.02 * ACROSS])
    w, m, v, left = starts, 0.0, 0.0, []
    for k, i in enumerate(np.concatenate([generator.permutation(N) for _ in range(20)]), 1):
        gradient = 2 * (w @ X[i] - Y[i])[:, None] * X[i]
        m, v, step = adam(m, v, gradient, k)
        w = w - 0.001 * step
        left.append(((w[1] - w[0]) @ ALONG / 0.02, (w[2] - w[0]) @ ACROSS / 0.02))
    along, across = (np.argmax(column < 0.5) + 1 for column in np.transpose(left))
    assert across < N / 2
    assert along > 5 * N


def test_shuffling_shortens_the_ball_mostly_along_the_valley():
    (shuffled, _), (drawn, _) = spreads(0.001, replacement=False), spreads(0.001, replacement=True)
    along, across = drawn / shuffled
    assert along > 1.5 * across
