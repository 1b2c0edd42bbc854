from itertools import combinations, product
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from linear_data import BAD_INPUTS, BAD_TARGETS, changed, diabetes, several_inputs
from scipy import stats
from sklearn.metrics import mean_squared_error

from gd_helpers.data import simulate_line
from gd_helpers.metrics import example_gradients, gradient_covariance, gradient_variance, hessian, ols

FACTS = [example_gradients, gradient_covariance, gradient_variance]


@pytest.fixture(scope="module")
def data():
    return simulate_line(n=1000, seed=37)


def few_examples(n, p, seed):
    """Return data of few enough examples that all their mini-batches can be listed, and weights."""
    generator = np.random.default_rng(seed)
    data = SimpleNamespace(X=generator.normal(size=(n, p)), y=generator.normal(size=(n, 1)))
    return data, generator.normal(size=p)


FEW = st.builds(few_examples, n=st.integers(2, 5), p=st.integers(1, 3), seed=st.integers(0, 1000))


def gradients_by_torch(data, weights):
    """Return the gradient of every example's squared error by automatic differentiation, shape (n, p)."""
    X, y = (torch.as_tensor(values, dtype=torch.float64) for values in (data.X, data.y))
    gradient = torch.func.grad(lambda w, x, target: (x @ w - target[0]) ** 2)
    return torch.func.vmap(gradient, in_dims=(None, 0, 0))(torch.as_tensor(weights), X, y).numpy()


def covariance_over(batches, gradients):
    """Return the covariance of the mean gradient over a list of equally likely mini-batches."""
    means = np.array([gradients[list(batch)].mean(axis=0) for batch in batches])
    return np.atleast_2d(np.cov(means, rowvar=False, ddof=0))


@given(FEW)
def test_the_gradients_of_the_examples_are_those_of_torch(case):
    np.testing.assert_allclose(example_gradients(*case), gradients_by_torch(*case), rtol=1e-10, atol=1e-12)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_their_mean_is_the_difference_quotient_of_the_loss(seed, at):
    data = several_inputs(n=30, p=3, seed=seed)

    def loss(weights):
        return mean_squared_error(data.y[:, 0], data.X @ weights)

    central = [(loss(np.array(at) + step) - loss(np.array(at) - step)) / 2e-3 for step in 1e-3 * np.eye(3)]
    np.testing.assert_allclose(example_gradients(data, at).mean(axis=0), central, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("standardised", [False, True])
def test_at_least_squares_their_mean_is_0(standardised):
    data = diabetes(standardised)
    gradients = example_gradients(data, ols(data).weights)
    assert (np.abs(gradients.mean(axis=0)) < 1e-9 * np.abs(gradients).mean(axis=0)).all()


@given(FEW, st.integers(1, 4))
def test_with_replacement_the_covariance_is_that_over_all_ordered_batches(case, batch_size):
    gradients = gradients_by_torch(*case)
    expected = covariance_over(product(range(len(gradients)), repeat=batch_size), gradients)
    np.testing.assert_allclose(gradient_covariance(*case, batch_size=batch_size), expected, rtol=1e-9, atol=1e-12)


@given(FEW, st.data())
def test_without_replacement_the_covariance_is_that_over_all_subsets(case, draw):
    gradients = gradients_by_torch(*case)
    batch_size = draw.draw(st.integers(1, len(gradients)))
    expected = covariance_over(combinations(range(len(gradients)), batch_size), gradients)
    found = gradient_covariance(*case, batch_size=batch_size, replacement=False)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@given(FEW)
def test_the_whole_data_without_replacement_have_no_noise(case):
    n = len(case[0].X)
    assert (gradient_covariance(*case, batch_size=n, replacement=False) == 0).all()
    assert gradient_variance(*case, batch_size=n) > 0


@pytest.mark.parametrize("replacement", [True, False])
def test_a_single_example_has_no_noise(replacement):
    single = SimpleNamespace(X=np.array([[1.0, 2.0]]), y=np.array([[3.0]]))
    assert (gradient_covariance(single, [0.5, 0.5], replacement=replacement) == 0).all()


@given(FEW, st.integers(1, 9), st.integers(2, 4))
def test_with_replacement_the_same_data_several_times_over_change_nothing(case, batch_size, times):
    data, weights = case
    repeated = SimpleNamespace(X=np.tile(data.X, (times, 1)), y=np.tile(data.y, (times, 1)))
    expected = gradient_covariance(data, weights, batch_size=batch_size)
    np.testing.assert_allclose(
        gradient_covariance(repeated, weights, batch_size=batch_size), expected, rtol=1e-9, atol=1e-12
    )


@given(FEW, st.integers(1, 9))
def test_the_variance_is_the_mean_squared_distance_from_the_mean(case, batch_size):
    expected = np.var(gradients_by_torch(*case), axis=0).sum() / batch_size
    assert gradient_variance(*case, batch_size=batch_size) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("replacement", [True, False])
@pytest.mark.parametrize("batch_size", [1, 32, 500])
def test_the_variance_of_drawn_batches_is_within_its_interval(data, batch_size, replacement):
    weights, generator = np.array([4.0, 2.5]), np.random.default_rng(batch_size)
    gradients = gradients_by_torch(data, weights)
    batches = [generator.choice(1000, batch_size, replace=replacement) for _ in range(2000)]
    distances = [np.sum((gradients[batch].mean(axis=0) - gradients.mean(axis=0)) ** 2) for batch in batches]
    low, high = stats.t.interval(0.999, 1999, np.mean(distances), stats.sem(distances))
    assert low < gradient_variance(data, weights, batch_size=batch_size, replacement=replacement) < high


def test_around_a_true_line_the_covariance_at_the_truth_is_twice_the_hessian_times_the_noise_variance():
    data = simulate_line(n=200_000, seed=1)
    expected = 2 * data.noise_variance * hessian(data)
    np.testing.assert_allclose(gradient_covariance(data, data.truth), expected, rtol=0.05)


@pytest.mark.parametrize("kind", BAD_INPUTS | BAD_TARGETS)
@pytest.mark.parametrize("fact", FACTS)
def test_data_without_gradients_are_refused(fact, kind):
    change, message = (BAD_INPUTS | BAD_TARGETS)[kind]
    with pytest.raises(ValueError, match=message):
        fact(changed(change), np.zeros(4))


@pytest.mark.parametrize("weights", [np.zeros(3), np.zeros((4, 1)), 0.0, [0, 0, 0, np.nan]], ids=str)
@pytest.mark.parametrize("fact", FACTS)
def test_bad_weights_are_refused_by_name(fact, weights):
    with pytest.raises(ValueError, match=r"^weights must be finite numbers of shape \(4,\), one per column of X, got "):
        fact(several_inputs(), weights)


@pytest.mark.parametrize("batch_size", [0, -1, 1.0, True, "x", None], ids=repr)
def test_a_bad_batch_size_is_refused_by_name(batch_size):
    with pytest.raises(ValueError, match=r"^batch_size must be a whole number of at least 1, got "):
        gradient_variance(several_inputs(), np.zeros(4), batch_size=batch_size)


def test_without_replacement_a_batch_is_at_most_the_data():
    with pytest.raises(ValueError, match=r"^batch_size must be a whole number from 1 to 40, got 41$"):
        gradient_variance(several_inputs(), np.zeros(4), batch_size=41, replacement=False)


def test_replacement_is_yes_or_no():
    with pytest.raises(ValueError, match=r"^replacement must be True or False, got 'no'$"):
        gradient_variance(several_inputs(), np.zeros(4), replacement="no")
