import numpy as np
import pytest
from linear_data import BAD_INPUTS, BAD_TARGETS, changed, diabetes, several_inputs
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error

from gd_helpers.data import simulate_line
from gd_helpers.metrics import ols, sampling_covariance

BAD_DATA = {
    **BAD_TARGETS,
    **BAD_INPUTS,
    "dependent columns": ({"X": np.ones((40, 2))}, r"^X must have more rows than columns and independent columns"),
    "too few rows": ({"X": np.eye(2), "y": np.ones((2, 1))}, r"^X must have more rows than columns .*shape \(2, 2\)"),
}


@pytest.fixture(scope="module")
def data():
    return simulate_line(n=1000, seed=37)


@pytest.fixture(scope="module")
def fitted(data):
    return LinearRegression(fit_intercept=False).fit(data.X.double().numpy(), data.y.double().numpy())


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


@pytest.mark.parametrize("kind", BAD_DATA)
def test_data_without_a_least_squares_fit_are_refused(kind):
    change, message = BAD_DATA[kind]
    with pytest.raises(ValueError, match=message):
        ols(changed(change))


def test_the_covariance_of_the_estimates_is_estimated_with_the_residual_variance(data):
    X, fit = data.X.double().numpy(), ols(data)
    np.testing.assert_allclose(np.linalg.inv(fit.covariance) * fit.residual_variance, X.T @ X, rtol=1e-10)
    np.testing.assert_allclose(fit.standard_errors**2, np.diag(fit.covariance), rtol=1e-12)


@pytest.mark.parametrize("standardised", [False, True])
def test_the_sampling_covariance_is_that_of_the_pseudo_inverse(standardised):
    data = diabetes(standardised)
    linear_map = np.linalg.pinv(data.X)  # the weights are this times y
    np.testing.assert_allclose(sampling_covariance(data, 3.0), 3 * linear_map @ linear_map.T, rtol=1e-6, atol=1e-13)


def test_the_sampling_covariance_is_the_spread_of_the_estimates_over_new_noise():
    data, draws, variance = several_inputs(n=12, p=3), 4000, 0.7
    noise = np.sqrt(variance) * np.random.default_rng(1).laplace(scale=np.sqrt(0.5), size=(draws, 12))
    estimates = LinearRegression(fit_intercept=False).fit(data.X, (data.y[:, 0] + noise).T).coef_
    spread = np.cov(estimates, rowvar=False)
    scale = np.sqrt(np.diag(spread))
    np.testing.assert_allclose(
        spread / np.outer(scale, scale), sampling_covariance(data, variance) / np.outer(scale, scale), atol=0.1
    )


def test_data_without_noise_have_no_sampling_covariance():
    assert (sampling_covariance(several_inputs(), 0) == 0).all()


@pytest.mark.parametrize("variance", [-1, float("nan"), float("inf"), True, "x", None], ids=repr)
def test_a_bad_noise_variance_is_refused_by_name(variance):
    with pytest.raises(ValueError, match=r"^noise_variance must be a finite number of at least 0, got "):
        sampling_covariance(several_inputs(), variance)


@pytest.mark.parametrize("kind", BAD_INPUTS)
def test_inputs_without_a_sampling_covariance_are_refused(kind):
    change, message = BAD_INPUTS[kind]
    with pytest.raises(ValueError, match=message):
        sampling_covariance(changed(change), 1.0)


def test_dependent_columns_have_no_sampling_covariance():
    with pytest.raises(ValueError, match=r"^data\.X must have independent columns, got shape \(40, 2\), rank 1$"):
        sampling_covariance(changed({"X": np.ones((40, 2))}), 1.0)
