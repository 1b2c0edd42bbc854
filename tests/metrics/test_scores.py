import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error, r2_score

from gd_helpers.data import simulate_line
from gd_helpers.metrics import mse, r2
from gd_helpers.metrics.scores import r2_from_mse

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


@pytest.mark.parametrize(("loss", "expected"), [(0.0, 1.0), (2.5, -1.0), (np.inf, -np.inf), (np.nan, np.nan)])
@pytest.mark.filterwarnings("error")
def test_r2_follows_from_the_mean_squared_error_and_the_variance(loss, expected):
    assert r2_from_mse([1.0, 2.0, 3.0, 4.0], loss) == pytest.approx(expected, nan_ok=True)


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
