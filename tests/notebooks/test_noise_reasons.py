"""The reasons that chapter 13 gives, with runs of NumPy alone."""

import numpy as np
import pytest
from found_claims import read_found

N = 1000


@pytest.fixture(scope="module")
def found():
    return read_found("13_noise_and_batch_size")


@pytest.fixture(scope="module")
def line():
    """Return the published data, their least squares weights and the Hessian of the loss."""
    stream = np.random.RandomState(37)
    x = stream.normal(2, 1, N)
    y = stream.normal(5 + 2 * x, 1) + stream.normal(0, 1, N)
    X = np.column_stack([np.ones(N), x])
    return X, y, np.linalg.lstsq(X, y, rcond=None)[0], 2 / N * X.T @ X


def floor(line, rate, size):
    """Return tr(HM)/2 of the covariance M that an update of drawn examples leaves as it is, by repeating it."""
    X, y, best, hessian = line
    h = 2 * X[:, :, None] * X[:, None, :]
    g = 2 * (X @ best - y)[:, None] * X
    M = np.zeros((2, 2))
    for _ in range(5000):
        of_one = np.einsum("jab,bc,jcd->ad", h, M, h, optimize=True) / N
        spread = of_one / size + (1 - 1 / size) * hessian @ M @ hessian + g.T @ g / N / size
        M = M - rate * (hessian @ M + M @ hessian) + rate**2 * spread
    return np.trace(hessian @ M) / 2


def ends_of_shuffled_epochs(line, rate, generator, count=400, epochs=6, size=50):
    """Return the mean loss above least squares at the ends of the later epochs, of `count` chains of plain SGD."""
    X, y, best, hessian = line
    at, losses = np.tile(best, (count, 1)), []
    for _ in range(epochs):
        orders = np.array([generator.permutation(N) for _ in range(count)])
        for first in range(0, N, size):
            batch = orders[:, first : first + size]
            errors = np.einsum("cbp,cp->cb", X[batch], at) - y[batch]
            at = at - rate * 2 / size * np.einsum("cb,cbp->cp", errors, X[batch])
        losses.append(np.mean(np.sum((at - best) @ hessian * (at - best), axis=1) / 2))
    return np.mean(losses[epochs // 2 :])


@pytest.mark.parametrize(
    ("rate", "words", "place"), [(0.005, "There it is at 0.10", 0), (0.05, "it ends at 0.89 of it", 1)]
)
def test_a_shuffled_epoch_gives_its_noise_back_only_if_its_steps_are_short(line, found, rate, words, place):
    ends = ends_of_shuffled_epochs(line, rate, np.random.default_rng(3))
    assert ends / floor(line, rate, 50) == pytest.approx(found(words)[place], rel=0.15)


def test_near_the_limit_a_mean_is_made_of_rare_moments(line, found):
    _, highest, epochs, *claimed = found("In 10 runs at half of the limit")
    X, y, best, hessian = line
    steps = 2 * np.repeat([0.1099 / 2, 0.98 * 0.1099], 10)  # 10 chains each, of the same single examples
    generator, losses = np.random.default_rng(1), []
    b0, w1 = np.full(20, best[0]), np.full(20, best[1])
    for _ in range(int(epochs)):
        drawn = np.tile(generator.integers(N, size=(N, 10)), 2)
        for x_k, y_k in zip(X[drawn, 1], y[drawn], strict=True):
            moves = steps * (b0 + w1 * x_k - y_k)
            b0, w1 = b0 - moves, w1 - moves * x_k
        off = np.column_stack([b0, w1]) - best
        losses.append(np.sum(off @ hessian * off, axis=1) / 2)
    losses = np.sort(losses, axis=0)
    shares = losses[-int(highest) :].sum(axis=0) / losses.sum(axis=0)
    for of_rate, low, high in zip(shares.reshape(2, 10), claimed[::2], claimed[1::2], strict=True):
        assert np.median(of_rate) == pytest.approx((low + high) / 2, rel=0.3)


def test_beyond_the_limit_a_larger_batch_still_lowers_the_floor(line, found):
    rate, of_small, small, of_large, large = found("At α = 0.125 the floor is")
    assert floor(line, rate, small) == pytest.approx(of_small, abs=5e-5)
    assert floor(line, rate, large) == pytest.approx(of_large, abs=5e-5)
