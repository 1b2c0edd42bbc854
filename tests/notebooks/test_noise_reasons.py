"""The reasons that chapter 13 gives, with runs of NumPy alone."""

import numpy as np
import pytest
from found_claims import read_found
from published_data import BEST, HESSIAN, N, X, Y


@pytest.fixture(scope="module")
def found():
    return read_found("13_noise_and_batch_size")


@pytest.fixture(scope="module")
def line():
    """Return the published data, their least squares weights and the Hessian of the loss."""
    return X, Y, BEST, HESSIAN


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
    ("rate", "words", "place"), [(0.005, "it ends at 0.10 of the floor", 1), (0.05, "it ends at 0.89 of it", 1)]
)
def test_a_shuffled_epoch_gives_its_noise_back_only_if_its_steps_are_short(line, found, rate, words, place):
    ends = ends_of_shuffled_epochs(line, rate, np.random.default_rng(3))
    assert ends / floor(line, rate, 50) == pytest.approx(found(words)[place], rel=0.15)


def runs_of(line, rate, size, updates, generator, count=3000):
    """Return the loss above least squares after some updates from (0, 0), of `count` chains of plain SGD."""
    X, y, best, hessian = line
    w = np.zeros((2, count))
    for _ in range(updates):
        drawn = generator.integers(N, size=(size, count))
        errors = w[0] + w[1] * X[drawn, 1] - y[drawn]
        w = w - 2 * rate * np.array([errors.mean(axis=0), (errors * X[drawn, 1]).mean(axis=0)])
    away = w.T - best
    return np.sum(away @ hessian * away, axis=1) / 2


@pytest.mark.parametrize("size", [10, 200])
def test_the_updates_to_within_a_twentieth_follow_the_law_of_the_critical_batch_size(line, found, size):
    critical, _, fewest = found("The critical batch size is")
    law, reached = fewest * (1 + critical / size), {}
    for updates in (0.8 * law, 1.2 * law):  # at the best of some rates
        means = [
            runs_of(line, rate, size, round(updates), np.random.default_rng(5)).mean()
            for rate in (0.02, 0.03, 0.05, 0.09, 0.13)
        ]
        reached[updates] = min(means) < 0.05
    assert list(reached.values()) == [False, True]


def test_one_weight_has_the_floor_of_its_closed_form(line):
    _, y, *_ = line
    generator, e = np.random.default_rng(2), np.zeros(20_000)
    for _ in range(100):
        e = 0.4 * e + 0.6 * (y[generator.integers(N, size=(4, e.size))].mean(axis=0) - y.mean())
    assert np.mean(e**2) == pytest.approx(0.3 / 0.7 * np.var(y) / 4, rel=0.05)


def test_beyond_the_limit_a_larger_batch_still_lowers_the_floor(line, found):
    rate, of_small, small, of_large, large = found("At α = 0.125 the floor is")
    assert floor(line, rate, small) == pytest.approx(of_small, abs=5e-5)
    assert floor(line, rate, large) == pytest.approx(of_large, abs=5e-5)


@pytest.mark.parametrize(("rate", "least", "most"), [(0.05, 0.4, 1.5), (0.005, 20, 500)])
def test_an_average_over_the_whole_run_remembers_the_descent_only_at_a_low_rate(line, rate, least, most):
    X, y, best, hessian = line
    generator, updates = np.random.default_rng(13), 20_000  # as 200 epochs of batches of 10
    w, sums = np.zeros((100, 2)), np.zeros((2, 100, 2))
    for update in range(updates):
        batch = generator.integers(N, size=(len(w), 10))
        errors = np.einsum("cbp,cp->cb", X[batch], w) - y[batch]
        w = w - rate * 2 / 10 * np.einsum("cb,cbp->cp", errors, X[batch])
        sums[0] += w
        sums[1] += w * (update >= updates // 2)
    off = sums / np.reshape([updates, updates // 2], (2, 1, 1)) - best
    whole, later = np.einsum("acp,pq,acq->ac", off, hessian, off).mean(axis=1) / 2
    assert least < whole / later < most


@pytest.mark.parametrize(("uneven", "least", "most"), [(False, 1, 1.1), (True, 1.3, 1.7)])
def test_the_cloud_is_round_only_where_residuals_are_as_large_at_every_temperature(line, uneven, least, most):
    X, y, best, hessian = line
    g = 2 * ((X @ best - y) * (np.abs(X[:, 1]) if uneven else 1))[:, None] * X
    curvatures, axes = np.linalg.eigh(hessian)
    along = axes.T @ (g.T @ g / N) @ axes / np.add.outer(curvatures, curvatures)  # solves HM + MH = C
    shortest, longest = np.linalg.eigvalsh(along)
    assert least <= np.sqrt(longest / shortest) < most


def updates_without_noise(line, size, target, start=(5, 2)):
    """Return how many updates the best rate needs on mornings without noise, where a batch still differs from all."""
    X, _, _, hessian = line
    h, identity = 2 * X[:, :, None] * X[:, None, :], np.eye(2)
    squares = np.einsum("jab,jcd->acbd", h, h).reshape(4, 4) / N / size + (1 - 1 / size) * np.kron(hessian, hessian)
    rates = np.geomspace(1e-3, 2 / np.linalg.eigvalsh(hessian)[-1], 200)[:, None, None]
    update = np.eye(4) - rates * (np.kron(hessian, identity) + np.kron(identity, hessian)) + rates**2 * squares
    products, count = np.tile(np.outer(start, start).ravel(), (len(rates), 1)), 0
    while np.min(products @ hessian.ravel()) / 2 >= target:
        products, count = np.einsum("rij,rj->ri", update, products), count + 1
    return count


def test_without_noise_in_the_mornings_a_nearer_goal_has_no_larger_critical_batch(line, found):
    far, near = (updates_without_noise(line, 1, at) / updates_without_noise(line, 10**6, at) for at in (0.05, 0.01))
    assert near <= far < 4
    assert found("For a loss within 0.01 it is")[1] > 4 * found("The critical batch size is")[0]
