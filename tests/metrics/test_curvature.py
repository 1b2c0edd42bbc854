from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from linear_data import BAD_INPUTS, changed, diabetes, several_inputs
from sklearn.metrics import mean_squared_error

from gd_helpers.data import simulate_line
from gd_helpers.metrics import (
    best_rate,
    condition_number,
    convergence_factor,
    curvatures,
    hessian,
    ols,
    stability_limit,
)

FACTS = [hessian, curvatures, stability_limit, condition_number, best_rate, lambda data: convergence_factor(data, 0.1)]
DEPENDENT = SimpleNamespace(X=np.array([[1.0, 2.0], [2.0, 4.0], [-1.0, -2.0]]))  # of rank 1, its curvature 2 · 30 / 3
SEVERAL = st.builds(several_inputs, n=st.integers(5, 40), p=st.integers(1, 4), seed=st.integers(0, 1000))


@pytest.fixture(scope="module")
def data():
    return simulate_line(n=1000, seed=37)


def numerical_hessian(loss, at, step=1e-2):
    """Take second differences of `loss`, which are exact for a quadratic but for rounding."""
    shifts = step * np.eye(len(at))
    return np.array(
        [
            [
                (loss(at + a + b) - loss(at + a - b) - loss(at - a + b) + loss(at - a - b)) / (4 * step**2)
                for b in shifts
            ]
            for a in shifts
        ]
    )


@settings(max_examples=20)
@given(st.integers(0, 1000), st.lists(st.floats(-3, 3), min_size=3, max_size=3))
def test_the_hessian_is_the_second_difference_of_the_loss_wherever_it_is_taken(seed, at):
    data = several_inputs(n=30, p=3, seed=seed)
    expected = numerical_hessian(lambda weights: mean_squared_error(data.y[:, 0], data.X @ weights), np.array(at))
    np.testing.assert_allclose(hessian(data), expected, rtol=1e-6, atol=1e-6)


def test_the_published_curvatures_are_0_3291_and_11_698(data):
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian(data)), [0.3291, 11.698], rtol=1e-4)


def test_the_published_stability_limit_is_0_17096(data):
    assert stability_limit(data) == pytest.approx(0.17096, abs=5e-6)


@pytest.mark.parametrize("kind", BAD_INPUTS)
@pytest.mark.parametrize("fact", FACTS)
def test_data_without_a_hessian_are_refused(fact, kind):
    change, message = BAD_INPUTS[kind]
    with pytest.raises(ValueError, match=message):
        fact(changed(change))


def test_a_matrix_of_one_column_has_a_hessian_a_limit_and_a_fit():
    data = SimpleNamespace(X=np.array([[1.0], [2.0], [3.0]]), y=np.array([[2.0], [4.0], [7.0]]))
    assert hessian(data) == pytest.approx(np.array([[28 / 3]]))
    assert stability_limit(data) == pytest.approx(3 / 14)
    assert ols(data).weights == pytest.approx([31 / 14])


def distances_of_plain_descent(data, rate, updates):
    """Return the distances from least squares of a loop of ``torch.optim.SGD`` over the whole data."""
    X, y = torch.as_tensor(data.X, dtype=torch.float64), torch.as_tensor(data.y, dtype=torch.float64)
    best = torch.linalg.lstsq(X, y).solution
    weights = torch.nn.Parameter(best + 1)
    optimizer = torch.optim.SGD([weights], lr=rate)
    distances = []
    for _ in range(updates):
        distances.append(float(torch.linalg.norm(weights.detach() - best)))
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(X @ weights, y).backward()
        optimizer.step()
    return np.array(distances)


@given(SEVERAL)
def test_the_curvatures_are_the_eigenvalues_of_the_hessian(data):
    expected = np.linalg.eigvalsh(2 * data.X.T @ data.X / len(data.X))
    np.testing.assert_allclose(curvatures(data), expected, rtol=1e-9, atol=1e-12 * expected[-1])


@given(SEVERAL)
def test_the_condition_number_is_that_of_numpy(data):
    if np.linalg.cond(data.X) < 1e5:
        assert condition_number(data) == pytest.approx(np.linalg.cond(data.X) ** 2, rel=1e-9)


def test_the_published_condition_number_is_35_5_and_the_best_rate_0_16628(data):
    assert condition_number(data) == pytest.approx(35.546, abs=5e-4)
    assert best_rate(data) == pytest.approx(0.16628, abs=5e-6)


def test_diabetes_in_its_own_units_is_badly_conditioned_and_standardised_less_so():
    assert condition_number(diabetes()) == pytest.approx(np.linalg.cond(diabetes().X) ** 2, rel=1e-9)
    assert condition_number(diabetes()) > 1e7
    assert condition_number(diabetes(standardised=True)) < 1000


@given(SEVERAL)
def test_no_rate_has_a_smaller_factor_than_the_best(data):
    best, limit = best_rate(data), stability_limit(data)
    factors = [convergence_factor(data, rate) for rate in np.linspace(0.001, 1.5, 50) * limit]
    assert convergence_factor(data, best) <= min(factors) + 1e-12


@given(SEVERAL)
def test_at_the_best_rate_the_factor_is_kappa_less_1_by_kappa_plus_1(data):
    kappa = condition_number(data)
    assert convergence_factor(data, best_rate(data)) == pytest.approx((kappa - 1) / (kappa + 1), rel=1e-9, abs=1e-12)


@given(SEVERAL, st.floats(0.001, 3))
def test_the_factor_is_the_spectral_radius_of_an_update(data, share):
    rate = share * stability_limit(data)
    update = np.eye(data.X.shape[1]) - rate * 2 * data.X.T @ data.X / len(data.X)
    assert convergence_factor(data, rate) == pytest.approx(np.linalg.norm(update, ord=2), rel=1e-9)


@given(SEVERAL)
def test_the_factor_is_below_1_up_to_the_limit_only(data):
    if condition_number(data) < 1e6:
        assert convergence_factor(data, 0.999 * stability_limit(data)) < 1
    assert convergence_factor(data, 1.001 * stability_limit(data)) > 1


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_plain_descent_slows_down_to_the_factor(data, share):
    rate = share * stability_limit(data)
    distances = distances_of_plain_descent(data, rate, 120)
    assert distances[-1] / distances[-2] == pytest.approx(convergence_factor(data, rate), rel=1e-3)


def test_plain_descent_at_the_best_rate_shrinks_by_the_factor_on_standardised_diabetes():
    data = diabetes(standardised=True)
    distances = distances_of_plain_descent(data, best_rate(data), 400)
    assert distances[-1] / distances[-2] == pytest.approx(convergence_factor(data, best_rate(data)), rel=1e-6)


def test_dependent_columns_have_a_curvature_of_exactly_0():
    np.testing.assert_allclose(curvatures(DEPENDENT), [0, 20], rtol=1e-12)
    assert curvatures(DEPENDENT)[0] == 0
    assert len(curvatures(SimpleNamespace(X=np.ones((1, 3))))) == 3


def test_dependent_columns_have_an_infinite_condition_number_and_no_rate_that_converges():
    assert condition_number(DEPENDENT) == np.inf
    assert best_rate(DEPENDENT) == pytest.approx(stability_limit(DEPENDENT)) == pytest.approx(0.1)
    assert convergence_factor(DEPENDENT, 0.05) == 1
    assert convergence_factor(DEPENDENT, 0.11) == pytest.approx(1.2)


def test_the_directions_along_which_nothing_moves_can_be_left_out():
    assert condition_number(DEPENDENT, range_only=True) == 1
    assert best_rate(DEPENDENT, range_only=True) == pytest.approx(0.05)
    assert convergence_factor(DEPENDENT, 0.02, range_only=True) == pytest.approx(0.6)


@given(SEVERAL)
def test_leaving_out_flat_directions_changes_nothing_where_there_are_none(data):
    for fact in (condition_number, best_rate):
        assert fact(data, range_only=True) == fact(data)


def test_inputs_of_zeros_are_flat():
    flat = SimpleNamespace(X=np.zeros((3, 2)))
    assert stability_limit(flat) == condition_number(flat) == best_rate(flat) == np.inf
    assert convergence_factor(flat, 5.0) == 1
    with pytest.raises(ValueError, match=r"^data\.X must not be all zeros if range_only is True$"):
        best_rate(flat, range_only=True)


@pytest.mark.parametrize("rate", [0, -0.1, float("nan"), float("inf"), True, "x", None], ids=repr)
def test_a_bad_rate_is_refused_by_name(data, rate):
    with pytest.raises(ValueError, match=r"^learning_rate must be a finite number greater than 0, got "):
        convergence_factor(data, rate)


@pytest.mark.parametrize("fact", [condition_number, best_rate])
def test_range_only_is_yes_or_no(data, fact):
    with pytest.raises(ValueError, match=r"^range_only must be True or False, got 1$"):
        fact(data, range_only=1)
