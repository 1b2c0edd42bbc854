from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error, r2_score

from gd_helpers.data import simulate_line
from gd_helpers.metrics import hessian, mse, ols, r2, stability_limit

VALUES = st.floats(-1e3, 1e3)
PAIRS = st.integers(2, 30).flatmap(
    lambda n: st.tuples(arrays(float, n, elements=VALUES), arrays(float, n, elements=VALUES))
)


@pytest.fixture(scope="module")
def data():
    return simulate_line(n=1000, seed=37)


@pytest.fixture(scope="module")
def fitted(data):
    return LinearRegression(fit_intercept=False).fit(data.X.double().numpy(), data.y.double().numpy())


def several_inputs(n=40, p=4, seed=0):
    generator = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), generator.normal(size=(n, p - 1))])
    return SimpleNamespace(X=X, y=X @ generator.normal(size=(p, 1)) + generator.normal(size=(n, 1)))


@given(PAIRS)
def test_mse_is_that_of_scikit_learn(pair):
    assert mse(*pair) == pytest.approx(mean_squared_error(*pair), rel=1e-12)


@given(PAIRS)
def test_r2_is_that_of_scikit_learn_where_the_targets_vary(pair):
    y_true, y_pred = pair
    if np.ptp(y_true) > 1e-3:
        assert r2(y_true, y_pred) == pytest.approx(r2_score(y_true, y_pred), rel=1e-9, abs=1e-9)


@given(PAIRS)
def test_single_precision_is_scored_in_double_precision(pair):
    singles = [torch.from_numpy(values).float() for values in pair]
    doubles = [values.double() for values in singles]
    assert mse(*singles) == mse(*doubles)
    assert r2(*singles) == pytest.approx(r2(*doubles), rel=0, abs=0, nan_ok=True)


# The mean of three times 0.1 is not 0.1 in floating point, so that the sum of squares is not 0.
@pytest.mark.parametrize("value", [0.0, 0.1, -7.3, 1e300])
def test_r2_is_nan_where_the_targets_do_not_vary(value):
    assert np.isnan(r2([value] * 3, [value, value, value + 1]))


def test_the_published_score_is_0_6731_and_0_5143_with_the_arguments_swapped(data, fitted):
    y, predictions = data.y.double().numpy(), fitted.predict(data.X.double().numpy())
    assert round(r2(y, predictions), 4) == 0.6731
    assert round(r2(predictions, y), 4) == 0.5143
    assert r2(predictions, y) == pytest.approx(r2_score(predictions, y), rel=1e-12)


@pytest.mark.parametrize("score", [mse, r2])
def test_tensors_score_as_arrays_do(score):
    y_true, y_pred = torch.tensor([[1.0], [2.0], [4.0]]), torch.tensor([[1.5], [2.0], [3.0]], requires_grad=True)
    expected = score(y_true.numpy(), y_pred.detach().numpy())
    assert type(expected) is float
    assert score(y_true, y_pred) == score(y_true.to(torch.bfloat16), y_pred.to(torch.bfloat16)) == expected


@pytest.mark.parametrize("score", [mse, r2])
@pytest.mark.parametrize("shapes", [((3,), (3, 1)), ((3, 1), (3,)), ((3,), (1,)), ((3,), (4,)), ((0,), (0,))], ids=str)
def test_shapes_that_differ_or_are_empty_are_refused(score, shapes):
    with pytest.raises(ValueError, match=r"^y_true and y_pred must have one and the same non-empty shape, got "):
        score(np.ones(shapes[0]), np.ones(shapes[1]))


def test_the_published_coefficients_come_out(data):
    np.testing.assert_allclose(ols(data).weights, [5.00515, 1.98443], atol=5e-6)


def test_the_published_fit_scores_1_8409_and_0_6731(data):
    fit = ols(data)
    assert (round(fit.mse, 4), round(fit.r2, 4), round(fit.residual_variance, 4)) == (1.8409, 0.6731, 1.8446)


def test_the_fit_is_that_of_scikit_learn(data, fitted):
    fit = ols(data)
    X, y = data.X.double().numpy(), data.y.double().numpy()
    np.testing.assert_allclose(fit.weights, fitted.coef_[0], rtol=1e-10)
    assert fit.mse == pytest.approx(mean_squared_error(y, fitted.predict(X)), rel=1e-12)
    assert fit.r2 == pytest.approx(fitted.score(X, y), rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_fit_on_several_inputs_is_that_of_scikit_learn(seed):
    data = several_inputs(seed=seed)
    expected = LinearRegression(fit_intercept=False).fit(data.X, data.y).coef_[0]
    np.testing.assert_allclose(ols(data).weights, expected, rtol=1e-9)


def test_the_standard_errors_are_those_of_simple_regression(data):
    line = stats.linregress(data.x.double().numpy(), data.y[:, 0].double().numpy())
    np.testing.assert_allclose(ols(data).standard_errors, [line.intercept_stderr, line.stderr], rtol=1e-10)
    np.testing.assert_allclose(ols(data).standard_errors, [0.0980, 0.0438], atol=5e-5)


def test_the_standard_errors_are_the_spread_of_the_fits_of_new_data():
    fits = [ols(simulate_line(n=50, seed=seed)) for seed in range(400)]
    spread = np.std([fit.weights for fit in fits], axis=0, ddof=1)
    typical = np.sqrt(np.mean([fit.standard_errors**2 for fit in fits], axis=0))
    np.testing.assert_allclose(typical, spread, rtol=0.15)  # four standard errors of a spread over 400


def test_the_residual_variance_divides_by_the_degrees_of_freedom():
    data = several_inputs(n=12, p=4)
    fit = ols(data)
    residuals = data.y[:, 0] - LinearRegression(fit_intercept=False).fit(data.X, data.y).predict(data.X)[:, 0]
    assert fit.degrees_of_freedom == 8
    assert fit.residual_variance == pytest.approx(residuals @ residuals / 8, rel=1e-10)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_the_intervals_are_students(level):
    fit = ols(several_inputs(n=12, p=4))
    expected = stats.t.interval(level, 8, loc=fit.weights, scale=fit.standard_errors)
    np.testing.assert_allclose(fit.intervals(level), np.transpose(expected), rtol=1e-12)


def test_the_truth_lies_inside_the_published_intervals(data):
    low, high = ols(data).intervals().T
    assert ((low < data.truth) & (data.truth < high)).all()


@pytest.mark.parametrize("level", [-1, 0, 1, 1.5, float("nan"), float("inf"), True, "x", None], ids=repr)
def test_a_bad_level_is_refused_by_name(level):
    with pytest.raises(ValueError, match=r"^level must be a finite number greater than 0 and less than 1, got "):
        ols(several_inputs()).intervals(level)


BAD_DATA = {
    "y a vector": ({"y": np.ones(40)}, r"^data\.y must be finite numbers of shape \(40, 1\).*, got shape \(40,\)"),
    "y too wide": (
        {"y": np.ones((40, 2))},
        r"^data\.y must be finite numbers of shape \(40, 1\).*, got shape \(40, 2\)",
    ),
    "y too short": (
        {"y": np.ones((5, 1))},
        r"^data\.y must be finite numbers of shape \(40, 1\).*, got shape \(5, 1\)",
    ),
    "y with NaN": ({"y": np.full((40, 1), np.nan)}, r"^data\.y must be finite numbers"),
    "X a vector": ({"X": np.ones(40)}, r"^data\.X must have shape \(n, p\).*, got \(40,\)"),
    "X empty": ({"X": np.ones((0, 2))}, r"^data\.X must have shape \(n, p\).*, got \(0, 2\)"),
    "X with infinity": ({"X": np.full((40, 1), np.inf)}, r"^data\.X must hold finite numbers only"),
    "dependent columns": ({"X": np.ones((40, 2))}, r"^X must have more rows than columns and independent columns"),
    "too few rows": ({"X": np.eye(2), "y": np.ones((2, 1))}, r"^X must have more rows than columns .*shape \(2, 2\)"),
}


@pytest.mark.parametrize("kind", BAD_DATA)
def test_data_without_a_least_squares_fit_are_refused(kind):
    change, message = BAD_DATA[kind]
    with pytest.raises(ValueError, match=message):
        ols(SimpleNamespace(**{**vars(several_inputs()), **change}))


@pytest.mark.parametrize("kind", ["X a vector", "X empty", "X with infinity"])
@pytest.mark.parametrize("fact", [hessian, stability_limit])
def test_data_without_a_hessian_are_refused(fact, kind):
    change, message = BAD_DATA[kind]
    with pytest.raises(ValueError, match=message):
        fact(SimpleNamespace(**change))


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


def test_a_matrix_of_one_column_has_a_hessian_a_limit_and_a_fit():
    data = SimpleNamespace(X=np.array([[1.0], [2.0], [3.0]]), y=np.array([[2.0], [4.0], [7.0]]))
    assert hessian(data) == pytest.approx(np.array([[28 / 3]]))
    assert stability_limit(data) == pytest.approx(3 / 14)
    assert ols(data).weights == pytest.approx([31 / 14])
