import re
from dataclasses import FrozenInstanceError, replace
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gd_helpers.data import check_data, redraw_noise, simulate_line, table


def drawn_by_the_global_stream(n, seed, intercept=5.0, slope=2.0):
    """Draw the data as the source chapter does, on NumPy's global legacy generator."""
    np.random.seed(seed)  # noqa: NPY002
    x = np.random.normal(2.0, 1.0, n)  # noqa: NPY002
    y = np.random.normal(intercept + slope * x, 1, n) + np.random.normal(0, 1, n)  # noqa: NPY002
    return x, y


def test_the_published_data_come_out_of_the_legacy_stream_of_seed_37(seed_globally):
    x, y = drawn_by_the_global_stream(1000, 37)
    data = simulate_line(n=1000, seed=37)
    assert np.array_equal(data.X[:, 1].numpy(), x.astype(np.float32))
    np.testing.assert_allclose(data.y[:, 0].numpy(), y, rtol=1e-6)


@settings(max_examples=25)
@given(st.integers(2, 60), st.integers(0, 2**32 - 1), st.floats(-10, 10), st.floats(-10, 10))
def test_any_seed_gives_the_legacy_stream_of_that_seed(n, seed, intercept, slope):
    x, y = drawn_by_the_global_stream(n, seed, intercept, slope)
    data = simulate_line(n=n, intercept=intercept, slope=slope, seed=seed)
    np.testing.assert_allclose(data.x.numpy(), x, rtol=1e-6)
    np.testing.assert_allclose(data.y[:, 0].numpy(), y, rtol=1e-6, atol=1e-5)


def test_sums_are_made_in_float64_in_the_order_of_the_draws_and_rounded_once():
    draw = np.random.RandomState(8).normal
    x = draw(2, 1, 10_000)
    y = 0.1 + -3.7 * x + draw(0, 0.3, 10_000) + draw(0, 7, 10_000)
    data = simulate_line(n=10_000, intercept=0.1, slope=-3.7, noise=(0.3, 7), seed=8)
    assert np.array_equal(data.x.numpy(), x.astype(np.float32))
    assert np.array_equal(data.y[:, 0].numpy(), y.astype(np.float32))


def test_the_same_seed_gives_the_same_data():
    first, second = simulate_line(seed=5), simulate_line(seed=5)
    assert torch.equal(first.X, second.X)
    assert torch.equal(first.y, second.y)


def test_another_seed_gives_other_data():
    first, second = simulate_line(seed=5), simulate_line(seed=6)
    assert not torch.equal(first.X, second.X)
    assert not torch.equal(first.y, second.y)


def test_global_random_state_is_not_changed(global_random_state):
    before = global_random_state()
    simulate_line()
    assert global_random_state() == before


def test_global_random_state_is_not_read(seed_globally):
    seed_globally(1)
    first = simulate_line()
    seed_globally(2)
    assert torch.equal(first.y, simulate_line().y)


def test_the_shapes_are_a_ones_column_beside_x_and_a_column_of_targets():
    data = simulate_line(n=7)
    assert (data.X.shape, data.y.shape, data.x.shape, len(data)) == ((7, 2), (7, 1), (7,), 7)
    assert (data.X.dtype, data.y.dtype, data.X.device.type) == (torch.float32, torch.float32, "cpu")
    assert torch.equal(data.X[:, 0], torch.ones(7))
    assert torch.equal(data.X[:, 1], data.x)


def test_the_truth_is_what_was_asked_for():
    data = simulate_line(intercept=-3, slope=0.5)
    assert data.truth.tolist() == [-3.0, 0.5]


def test_x_is_standard_normal_around_2():
    data = simulate_line(n=200_000, seed=1)
    # Five standard errors: 1/√n of the mean, √(2/n) of the variance.
    assert abs(data.x.double().mean() - 2) < 5 / np.sqrt(len(data))
    assert abs(data.x.double().var() - 1) < 5 * np.sqrt(2 / len(data))


@pytest.mark.parametrize(("noise", "variance"), [((), 0), ((1.5,), 2.25), ((1, 1), 2), ([3.0, 4.0], 25)])
def test_the_variances_of_the_noise_terms_add_up(noise, variance):
    data = simulate_line(n=200_000, noise=noise, seed=2)
    residuals = (data.y[:, 0] - 5 - 2 * data.x).double()
    assert data.noise_variance == variance
    assert residuals.var().item() == pytest.approx(variance, rel=5 * np.sqrt(2 / len(data)), abs=1e-10)


def test_without_noise_every_point_lies_on_the_line():
    data = simulate_line(n=50, noise=())
    torch.testing.assert_close(data.y[:, 0], 5 + 2 * data.x)


def test_the_r2_ceiling_of_the_published_line_is_two_thirds():
    assert simulate_line().r2_ceiling == pytest.approx(2 / 3, abs=1e-15)


def test_the_r2_ceiling_is_the_score_of_the_true_line_on_much_data():
    data = simulate_line(n=200_000, slope=1.0, noise=(0.5,), seed=3)
    y, truth = data.y[:, 0].double(), (5 + data.x).double()
    score = 1 - ((y - truth) ** 2).mean() / y.var()
    assert data.r2_ceiling == pytest.approx(score.item(), abs=0.005)


def test_the_r2_ceiling_is_nan_where_y_does_not_vary():
    assert np.isnan(simulate_line(slope=0, noise=()).r2_ceiling)


def test_the_same_data_can_have_another_dtype():
    data = simulate_line(n=10)
    double = data.to(torch.float64)
    assert (double.X.dtype, double.y.dtype, data.X.dtype) == (torch.float64, torch.float64, torch.float32)
    assert torch.equal(double.y.float(), data.y)
    assert double.truth is data.truth


def test_a_line_cannot_be_changed_by_assignment():
    with pytest.raises(FrozenInstanceError):
        simulate_line(n=10).noise_variance = 1.0


BAD_ARGUMENTS = [
    *[("n", value) for value in (-1, 0, 1, 2.5, float("nan"), float("inf"), True, "x", None)],
    *[("seed", value) for value in (-1, 2**32, 2.5, float("nan"), True, "x", None)],
    *[("intercept", value) for value in (float("nan"), float("inf"), True, "x", None, 10**400)],
    *[("slope", value) for value in (float("nan"), float("inf"), True, "x", None)],
    *[("noise", value) for value in (1.0, None, "x", (-1,), (1, float("nan")), (True,), ("x",), [[1, 1]])],
]


@pytest.mark.parametrize(("name", "value"), BAD_ARGUMENTS, ids=lambda value: repr(value)[:12])
def test_a_bad_argument_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=rf"^(each of )?{name} must be .*, got "):
        simulate_line(**{name: value})


@pytest.mark.parametrize("arguments", [{"slope": 1e300}, {"noise": (1e200,)}, {"intercept": 1e39}], ids=repr)
def test_numbers_beyond_float32_are_refused(arguments):
    with pytest.raises(ValueError, match=r"^data\.y must hold finite numbers only, got 10 that are infinite or NaN$"):
        simulate_line(n=10, **arguments)


def test_data_of_both_precisions_pass_the_check():
    data = simulate_line(n=10)
    assert check_data(data) is check_data(data.to(torch.float64)) is None


def with_nan(values):
    values = values.clone()
    values[3, -1] = float("nan")
    return values


BAD_DATA = {
    "NaN in X": (lambda data: {"X": with_nan(data.X)}, r"^data\.X must hold finite numbers only, got 1 "),
    "NaN in y": (lambda data: {"y": with_nan(data.y)}, r"^data\.y must hold finite numbers only, got 1 "),
    "infinite": (lambda data: {"y": data.y / 0}, r"^data\.y must hold finite numbers only, got 10 "),
    "whole numbers": (
        lambda data: {"X": data.X.long()},
        r"^data\.X must be a float32 or float64 tensor, got torch.int64",
    ),
    "half precision": (lambda data: {"y": data.y.half()}, r"^data\.y must be a float32 or float64 tensor, got torch.f"),
    "arrays": (lambda data: {"X": data.X.numpy()}, r"^data\.X must be a float32 or float64 tensor, got float32"),
    "a list": (lambda data: {"y": data.y.tolist()}, r"^data\.y must be a float32 or float64 tensor, got list"),
    "two dtypes": (
        lambda data: {"y": data.y.double()},
        r"^data\.y must have X's torch.float32 on cpu, got torch.float64",
    ),
    "no rows": (lambda data: {"X": data.X[:0], "y": data.y[:0]}, r"^data\.X must have shape \(n, p\).*, got \(0, 2\)"),
    "no columns": (lambda data: {"X": data.X[:, :0]}, r"^data\.X must have shape \(n, p\).*, got \(10, 0\)"),
    "X a vector": (lambda data: {"X": data.x}, r"^data\.X must have shape \(n, p\).*, got \(10,\)"),
    "y a vector": (lambda data: {"y": data.y[:, 0]}, r"^data\.y must have shape \(10, 1\).*, got \(10,\)"),
    "y too short": (lambda data: {"y": data.y[:5]}, r"^data\.y must have shape \(10, 1\).*, got \(5, 1\)"),
    "y too wide": (lambda data: {"y": data.X}, r"^data\.y must have shape \(10, 1\).*, got \(10, 2\)"),
}


@pytest.mark.parametrize("kind", BAD_DATA)
def test_data_that_cannot_be_trained_on_are_refused_by_name(kind):
    data = simulate_line(n=10)
    change, message = BAD_DATA[kind]
    with pytest.raises(ValueError, match=message):
        check_data(replace(data, **change(data)))


def test_a_table_has_a_column_of_ones_before_the_columns_of_a_frame_and_their_names():
    frame = pd.DataFrame({"age": [30, 50], "bmi": [21.5, 30.0]})
    data = table(frame, pd.Series([100, 200], name="target"))
    np.testing.assert_array_equal(data.X, [[1, 30, 21.5], [1, 50, 30]])
    np.testing.assert_array_equal(data.y, [[100], [200]])
    assert (data.names, len(data), data.X.dtype) == (("age", "bmi"), 2, torch.float64)


def test_a_table_shares_no_memory_with_what_it_was_made_from():
    columns, y = np.ones((3, 2)), np.zeros(3)
    data = table(columns, y)
    data.X.add_(1)
    data.y.add_(1)
    assert columns.max() == 1
    assert y.max() == 0


def test_a_table_keeps_its_names_in_another_dtype():
    data = table(np.ones((3, 2)), np.zeros(3)).to(torch.float32)
    assert (data.names, data.X.dtype, data.y.dtype) == (("x1", "x2"), torch.float32, torch.float32)


@pytest.mark.parametrize(
    ("columns", "y", "message"),
    [
        (np.ones(3), np.ones(3), r"^columns must have shape \(n, p\).*, got \(3,\)"),
        (np.ones((0, 2)), np.ones(0), r"^columns must have shape \(n, p\).*, got \(0, 2\)"),
        (np.ones((3, 2)), np.ones((3, 1)), r"^y must have shape \(3,\).*, got \(3, 1\)"),
        (np.ones((3, 2)), np.ones(4), r"^y must have shape \(3,\).*, got \(4,\)"),
        (np.full((3, 2), np.nan), np.ones(3), "^data.X must hold finite numbers only"),
        (np.ones((3, 2)), [1, 2, np.inf], "^data.y must hold finite numbers only"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(columns, y, message):
    with pytest.raises(ValueError, match=message):
        table(columns, y)


NUMBERS = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 5.0]])


@pytest.mark.parametrize(
    "convert",
    [
        lambda numbers: torch.tensor(numbers, requires_grad=True),
        lambda numbers: torch.tensor(numbers, dtype=torch.bfloat16),
        lambda numbers: numbers.astype(object),
        lambda numbers: pd.DataFrame(numbers).astype("Int64"),
        lambda numbers: pd.DataFrame(numbers).astype(pd.SparseDtype("float64", 0)),
        lambda numbers: [[Decimal(int(number)) for number in row] for row in numbers],
    ],
    ids=["gradients", "bfloat16", "objects", "nullable", "sparse frame", "decimals"],
)
def test_a_table_takes_whatever_holds_real_numbers(convert):
    np.testing.assert_array_equal(table(convert(NUMBERS), np.zeros(3)).X[:, 1:], NUMBERS)
    np.testing.assert_array_equal(table(NUMBERS, torch.ones(3, requires_grad=True)).y, np.ones((3, 1)))


NO_NUMBERS = {
    "a sparse csr_array; make it dense first": scipy.sparse.csr_array(NUMBERS),
    "a sparse Tensor; make it dense first": torch.tensor(NUMBERS).to_sparse(),
    "Timestamp": pd.DataFrame({"size": [1, 2, 3], "day": pd.date_range("2026-01-01", periods=3)}),
    "datetime.datetime": np.array(["2026-01-01"] * 3, dtype="datetime64[s]")[:, None],
    "'1.5'": [["1.5"]] * 3,
    "'x'": np.array([[1, "x"]] * 3, dtype=object),
    "1j": NUMBERS * 1j,
    "None": None,
    "list: int too large": [[10**400], [1], [2]],
    "list: setting an array element": [[1, 2], [3]],
}


@pytest.mark.parametrize("got", NO_NUMBERS)
def test_a_table_of_anything_else_is_refused_by_name_with_what_it_takes(got):
    allowed = "must be a dense array, tensor or DataFrame of real numbers, got "
    with pytest.raises(ValueError, match=f"^columns {allowed}.*{re.escape(got)}"):
        table(NO_NUMBERS[got], np.ones(3))
    with pytest.raises(ValueError, match=f"^y {allowed}"):
        table(NUMBERS, NO_NUMBERS[got])


@given(n=st.integers(2, 50), seed=st.integers(0, 2**32 - 1), slope=st.floats(-10, 10))
def test_redrawn_noise_is_normal_around_the_true_line_at_the_same_x(n, seed, slope):
    data = simulate_line(n=n, slope=slope, noise=(1.5, 2.0)).to(torch.float64)
    again = redraw_noise(data, seed)
    draws = np.random.default_rng(seed).normal(scale=2.5, size=n)
    np.testing.assert_array_equal(again.X, data.X)
    np.testing.assert_allclose(again.y[:, 0].numpy(), 5 + slope * data.x.numpy() + draws, rtol=1e-12, atol=1e-12)


def test_redrawn_noise_has_the_noise_variance_and_no_memory_of_the_first():
    data = simulate_line(n=100_000)
    noise = [(line.y[:, 0] - line.X @ torch.tensor([5.0, 2.0])).numpy() for line in (data, redraw_noise(data, 1))]
    assert noise[1].var() == pytest.approx(2, rel=0.02)
    assert abs(np.corrcoef(noise)[0, 1]) < 0.01


def test_redrawn_data_keep_what_else_the_data_have():
    data = simulate_line(n=60, intercept=1.0, noise=(3.0,))
    again = redraw_noise(data, 5)
    assert (again.y.shape, again.y.dtype) == ((60, 1), torch.float32)
    assert (tuple(again.truth), again.noise_variance) == ((1.0, 2.0), 9.0)
    np.testing.assert_array_equal(again.y, redraw_noise(data, 5).y)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "37"])
def test_noise_is_not_redrawn_from_what_is_no_seed(seed):
    with pytest.raises(ValueError, match=r"^seed must be "):
        redraw_noise(simulate_line(n=10), seed)


def test_noise_is_redrawn_around_a_line_alone():
    with pytest.raises(ValueError, match=r"^data must be a Line, .*got Table"):
        redraw_noise(table(np.ones((3, 1)), np.ones(3)), 1)
