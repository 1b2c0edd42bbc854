from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linear_data import BAD_INPUTS, BAD_TARGETS, changed, diabetes, several_inputs
from scipy import stats
from scipy.linalg import solve_continuous_lyapunov, solve_discrete_lyapunov

from gd_helpers.data import simulate_line
from gd_helpers.metrics import (
    mean_square_stability_limit,
    noise_floor,
    small_rate_noise_floor,
    stability_limit,
    stationary_covariance,
)

FLOORS = [noise_floor, small_rate_noise_floor, stationary_covariance]


@pytest.fixture(scope="module")
def data():
    return simulate_line(n=1000, seed=37)


def few_examples(n, p, seed):
    """Return data of few enough examples that all their mini-batches can be listed."""
    generator = np.random.default_rng(seed)
    return SimpleNamespace(X=generator.normal(size=(n, p)), y=generator.normal(size=(n, 1)))


FEW = st.builds(few_examples, n=st.integers(4, 5), p=st.integers(1, 3), seed=st.integers(0, 1000))
SHARES = st.floats(0.01, 0.95)  # of the mean square limit


def all_batches(data, batch_size):
    """Return X and y of all equally likely mini-batches, shapes (count, B, p) and (count, B)."""
    batches = np.array(list(product(range(len(data.X)), repeat=batch_size)))
    return data.X[batches], data.y[batches, 0]


def least_squares(data):
    return np.linalg.lstsq(np.asarray(data.X, float), np.asarray(data.y, float)[:, 0], rcond=None)[0]


def one_update(weights, X, y, rate):
    """Update each row of `weights`, shape (..., p), on its own mini-batch."""
    residuals = np.einsum("...bp,...p->...b", X, weights) - y
    return weights - rate * 2 * np.einsum("...bp,...b->...p", X, residuals) / X.shape[-2]


def gradients_at_least_squares(data):
    return 2 * (data.X @ least_squares(data) - data.y[:, 0])[:, None] * data.X


def spectral_radius_of_second_moments(data, rate, batch_size):
    """Return how much an update can enlarge E e eᵀ, from all mini-batches: ρ of the mean of U ⊗ U, with e ← U e."""
    X, _ = all_batches(data, batch_size)
    U = np.eye(X.shape[2]) - rate * 2 / batch_size * np.einsum("cbi,cbj->cij", X, X)
    mean = np.mean([np.kron(one, one) for one in U], axis=0)
    return np.abs(np.linalg.eigvals(mean)).max()


def simulated_excess(data, rate, batch_size, *, chains, updates, seed=0):
    """Return the mean excess loss of each of many chains over the later half of their updates, shape (chains,)."""
    X, y = np.asarray(data.X, float), np.asarray(data.y, float)[:, 0]
    best, generator = least_squares(data), np.random.default_rng(seed)
    weights, total, curved = np.tile(best, (chains, 1)), np.zeros(chains), X.T @ X / len(X)
    for update in range(updates):
        batch = generator.integers(0, len(X), (chains, batch_size))
        weights = one_update(weights, X[batch], y[batch], rate)
        if update >= updates // 2:
            total += np.sum((weights - best) @ curved * (weights - best), axis=1)
    return total / (updates - updates // 2)


@settings(max_examples=50)
@given(FEW, st.integers(1, 3), SHARES)
def test_an_update_over_all_mini_batches_keeps_the_stationary_covariance(data, batch_size, share):
    rate = share * mean_square_stability_limit(data, batch_size=batch_size)
    M = stationary_covariance(data, rate, batch_size=batch_size)
    best, p = least_squares(data), data.X.shape[1]
    root = np.sqrt(p) * np.linalg.cholesky(M).T
    starts = np.concatenate([root, -root])  # equally likely errors: of mean 0 and covariance M
    X, y = all_batches(data, batch_size)
    after = np.concatenate([one_update(best + start, X, y, rate) - best for start in starts])
    size = np.sqrt(np.diag(M))
    np.testing.assert_allclose(after.mean(axis=0) / size, 0, atol=1e-8)
    np.testing.assert_allclose(after.T @ after / len(after) / np.outer(size, size), M / np.outer(size, size), atol=1e-8)


@given(FEW, st.integers(1, 3), SHARES)
def test_the_floor_is_the_mean_excess_loss_of_weights_with_the_stationary_covariance(data, batch_size, share):
    rate = share * mean_square_stability_limit(data, batch_size=batch_size)
    M = stationary_covariance(data, rate, batch_size=batch_size)
    expected = np.mean(np.einsum("ji,ik,jk->j", data.X, M, data.X))  # E (xⱼ·e)², over all examples
    assert noise_floor(data, rate, batch_size=batch_size) == pytest.approx(expected, rel=1e-9)


@settings(max_examples=50)
@given(FEW, st.integers(1, 3))
def test_second_moments_shrink_up_to_the_limit_only(data, batch_size):
    limit = mean_square_stability_limit(data, batch_size=batch_size)
    assert spectral_radius_of_second_moments(data, limit, batch_size) == pytest.approx(1, abs=1e-9)
    assert spectral_radius_of_second_moments(data, 0.9 * limit, batch_size) < 1
    assert spectral_radius_of_second_moments(data, 1.01 * limit, batch_size) > 1


@given(FEW, st.integers(1, 3))
def test_there_is_a_floor_up_to_the_limit_only(data, batch_size):
    limit = mean_square_stability_limit(data, batch_size=batch_size)
    assert 0 < noise_floor(data, 0.999 * limit, batch_size=batch_size) < np.inf
    for rate in (limit, 1.001 * limit, 100 * limit):
        assert noise_floor(data, rate, batch_size=batch_size) == np.inf
        assert (stationary_covariance(data, rate, batch_size=batch_size) == np.inf).all()


@given(FEW)
def test_larger_batches_allow_larger_rates_up_to_the_limit_of_the_whole_data(data):
    limits = [mean_square_stability_limit(data, batch_size=size) for size in (1, 2, 5, 20, 10**9)]
    assert (np.diff(limits) >= -1e-12 * limits[-1]).all()
    assert limits[-1] == pytest.approx(stability_limit(data), rel=1e-6)


@given(st.integers(0, 1000), st.integers(1, 9), SHARES)
def test_with_one_weight_the_floor_has_a_closed_form(seed, batch_size, share):
    data = few_examples(6, 1, seed)
    x, residuals = data.X[:, 0], data.y[:, 0] - data.X @ least_squares(data)
    H, fourth = 2 * np.mean(x**2), 4 * np.mean(x**4)
    Q = H**2 + (fourth - H**2) / batch_size
    assert mean_square_stability_limit(data, batch_size=batch_size) == pytest.approx(2 * H / Q)
    rate = share * 2 * H / Q
    variance = rate / batch_size * 4 * np.mean(residuals**2 * x**2) / (2 * H - rate * Q)
    assert noise_floor(data, rate, batch_size=batch_size) == pytest.approx(H * variance / 2, rel=1e-9)


# The curvature of every batch of many examples is nearly H: the noise that is left does not depend on the weights.
@pytest.mark.parametrize("standardised", [False, True])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.9])
def test_for_large_batches_the_covariance_solves_a_discrete_lyapunov_equation(standardised, share):
    data, batch_size = diabetes(standardised), 10**9
    rate, gradients = share * stability_limit(data), gradients_at_least_squares(data)
    H, R = 2 * data.X.T @ data.X / len(data.X), gradients.T @ gradients / len(gradients)
    M = solve_discrete_lyapunov(np.eye(11) - rate * H, rate**2 / batch_size * R, method="direct")
    size = np.sqrt(np.diag(M))
    found = stationary_covariance(data, rate, batch_size=batch_size)
    np.testing.assert_allclose(found / np.outer(size, size), M / np.outer(size, size), atol=1e-5)
    assert noise_floor(data, rate, batch_size=batch_size) == pytest.approx(np.trace(H @ M) / 2, rel=1e-5)


@given(FEW, st.integers(1, 3))
def test_for_small_rates_the_covariance_solves_a_continuous_lyapunov_equation(data, batch_size):
    rate, gradients = 1e-7 * stability_limit(data), gradients_at_least_squares(data)
    H, R = 2 * data.X.T @ data.X / len(data.X), gradients.T @ gradients / len(gradients)
    expected = np.trace(H @ solve_continuous_lyapunov(H, rate / batch_size * R)) / 2
    assert small_rate_noise_floor(data, rate, batch_size=batch_size) == pytest.approx(expected, rel=1e-6)
    assert noise_floor(data, rate, batch_size=batch_size) == pytest.approx(expected, rel=1e-4)


@given(FEW, st.integers(1, 3), SHARES)
def test_the_floor_lies_above_that_of_small_rates_and_rises_faster_than_the_rate(data, batch_size, share):
    rate = share * mean_square_stability_limit(data, batch_size=batch_size)
    floor = noise_floor(data, rate, batch_size=batch_size)
    assert floor >= small_rate_noise_floor(data, rate, batch_size=batch_size) * (1 - 1e-9)
    assert floor >= 2 * noise_floor(data, rate / 2, batch_size=batch_size) * (1 - 1e-9)


@given(FEW, st.integers(1, 3), SHARES, st.floats(0.1, 10))
def test_other_units_change_the_floor_as_they_change_the_loss(data, batch_size, share, unit):
    rate = share * mean_square_stability_limit(data, batch_size=batch_size)
    floor = noise_floor(data, rate, batch_size=batch_size)
    targets = SimpleNamespace(X=data.X, y=unit * data.y)
    inputs = SimpleNamespace(X=unit * data.X, y=data.y)
    assert noise_floor(targets, rate, batch_size=batch_size) == pytest.approx(unit**2 * floor, rel=1e-8)
    assert noise_floor(inputs, rate / unit**2, batch_size=batch_size) == pytest.approx(floor, rel=1e-8)


@given(FEW, st.integers(1, 3), SHARES)
def test_the_same_data_twice_over_have_the_same_limit_and_floor(data, batch_size, share):
    twice = SimpleNamespace(X=np.tile(data.X, (2, 1)), y=np.tile(data.y, (2, 1)))
    limit = mean_square_stability_limit(data, batch_size=batch_size)
    assert mean_square_stability_limit(twice, batch_size=batch_size) == pytest.approx(limit, rel=1e-9)
    expected = noise_floor(data, share * limit, batch_size=batch_size)
    assert noise_floor(twice, share * limit, batch_size=batch_size) == pytest.approx(expected, rel=1e-7)


@given(FEW, st.integers(1, 3), SHARES)
def test_a_column_that_depends_on_others_changes_neither_limit_nor_floor(data, batch_size, share):
    wider = SimpleNamespace(X=np.column_stack([data.X, np.zeros(len(data.X))]), y=data.y)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(wider.X.shape[1],) * 2))[0]
    turned = SimpleNamespace(X=wider.X @ turn, y=data.y)
    limit = mean_square_stability_limit(data, batch_size=batch_size)
    assert mean_square_stability_limit(turned, batch_size=batch_size) == pytest.approx(limit, rel=1e-9)
    floor = noise_floor(data, share * limit, batch_size=batch_size)
    assert noise_floor(turned, share * limit, batch_size=batch_size) == pytest.approx(floor, rel=1e-7)
    M = stationary_covariance(data, share * limit, batch_size=batch_size)
    expected = turn.T @ np.pad(M, (0, 1)) @ turn
    np.testing.assert_allclose(
        stationary_covariance(turned, share * limit, batch_size=batch_size), expected, atol=1e-7 * np.trace(M)
    )


@pytest.mark.parametrize(("rate", "batch_size"), [(0.02, 1), (0.05, 1), (0.05, 4), (0.1, 10), (0.15, 40)])
def test_a_simulation_on_the_published_data_is_within_its_interval(data, rate, batch_size):
    excess = simulated_excess(data, rate, batch_size, chains=300, updates=600)
    low, high = stats.t.interval(0.999, len(excess) - 1, np.mean(excess), stats.sem(excess))
    assert low < noise_floor(data, rate, batch_size=batch_size) < high
    assert not low < small_rate_noise_floor(data, rate, batch_size=batch_size) < high


def test_a_simulation_on_several_columns_is_within_its_interval():
    data = several_inputs()
    rate = mean_square_stability_limit(data, batch_size=2) / 3
    excess = simulated_excess(data, rate, 2, chains=500, updates=400)
    low, high = stats.t.interval(0.999, len(excess) - 1, np.mean(excess), stats.sem(excess))
    assert low < noise_floor(data, rate, batch_size=2) < high
    assert not low < small_rate_noise_floor(data, rate, batch_size=2) < high


def test_points_on_a_line_have_no_floor_but_the_same_limit(data):
    line = SimpleNamespace(X=data.X, y=data.X @ data.X.new_tensor([[1.0], [2.0]]))
    limit = mean_square_stability_limit(data, batch_size=4)
    assert noise_floor(line, limit / 2, batch_size=4) < 1e-12
    assert noise_floor(line, 1.01 * limit, batch_size=4) == np.inf


def test_inputs_of_zeros_never_move():
    flat = SimpleNamespace(X=np.zeros((3, 2)), y=np.ones((3, 1)))
    assert mean_square_stability_limit(flat, batch_size=1) == np.inf
    assert noise_floor(flat, 5.0, batch_size=1) == small_rate_noise_floor(flat, 5.0, batch_size=1) == 0
    assert (stationary_covariance(flat, 5.0, batch_size=1) == np.zeros((2, 2))).all()


@pytest.mark.parametrize("kind", BAD_INPUTS | BAD_TARGETS)
@pytest.mark.parametrize("floor", FLOORS)
def test_data_without_a_floor_are_refused(floor, kind):
    change, message = (BAD_INPUTS | BAD_TARGETS)[kind]
    with pytest.raises(ValueError, match=message):
        floor(changed(change), 0.1, batch_size=1)


@pytest.mark.parametrize("kind", BAD_INPUTS)
def test_inputs_without_a_limit_are_refused(kind):
    change, message = BAD_INPUTS[kind]
    with pytest.raises(ValueError, match=message):
        mean_square_stability_limit(changed(change), batch_size=1)


@pytest.mark.parametrize("rate", [0, -0.1, float("nan"), float("inf"), True, "x", None], ids=repr)
@pytest.mark.parametrize("floor", FLOORS)
def test_a_bad_rate_is_refused_by_name(floor, rate):
    with pytest.raises(ValueError, match=r"^learning_rate must be a finite number greater than 0, got "):
        floor(several_inputs(), rate, batch_size=1)


@pytest.mark.parametrize("batch_size", [0, -1, 1.0, True, "x", None], ids=repr)
def test_a_bad_batch_size_is_refused_by_name(batch_size):
    for fact in [mean_square_stability_limit, *(lambda data, f=f, **size: f(data, 0.1, **size) for f in FLOORS)]:
        with pytest.raises(ValueError, match=r"^batch_size must be a whole number of at least 1, got "):
            fact(several_inputs(), batch_size=batch_size)
