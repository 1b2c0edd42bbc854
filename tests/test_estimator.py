import io
import pickle
import warnings
from types import SimpleNamespace

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from linear_data import diabetes, several_inputs
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LinearRegression, SGDRegressor
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.model_selection import GridSearchCV, ShuffleSplit, learning_curve, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from gd_helpers.estimator import GradientDescentRegressor
from gd_helpers.optimizers import OPTIMIZERS
from gd_helpers.training.early_stopping import stopping_epoch
from gd_helpers.training.engines import compiled, linear, quadratic
from gd_helpers.training.trainer import train

# What scikit-learn exempts its own SGDRegressor from: batches of other examples are other steps.
EXEMPT = {
    "check_sample_weight_equivalence_on_dense_data": "sample_weight is not equivalent to removing/repeating samples."
}
BATCH = {"method": "batch", "learning_rate": 0.1}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # inputs of any scale
@parametrize_with_checks([GradientDescentRegressor(), GradientDescentRegressor("batch")])
def test_it_passes_the_checks_of_scikit_learn_without_exemption(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # inputs of any scale
@parametrize_with_checks(
    [
        GradientDescentRegressor("stochastic", max_iter=50, learning_rate=1e-3),
        GradientDescentRegressor(batch_size=5, optimizer="adam", max_iter=300, learning_rate=0.05),
    ],
    expected_failed_checks=lambda estimator: EXEMPT,
)
def test_other_methods_pass_them_with_the_exemption_of_sgd_regressor(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def data():
    return diabetes(standardised=True)


@pytest.fixture
def columns(data):
    return data.X[:, 1:], data.y[:, 0]


def targets_and_columns(**size):
    data = several_inputs(**size)
    return data.X[:, 1:], data.y[:, 0]


def weights(model):
    return np.concatenate([model.intercept_, model.coef_])


class Tensors(SimpleNamespace):
    def to(self, *args):
        return self


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("method", ["batch", "stochastic", "mini-batch"])
def test_a_fit_is_the_run_of_train_from_zero(columns, method, optimizer):
    X, y = columns
    model = GradientDescentRegressor(method, max_iter=40, learning_rate=1e-3, optimizer=optimizer, random_state=5)
    model.fit(X, y)
    tensors = Tensors(X=torch.tensor(np.column_stack([np.ones(len(X)), X])), y=torch.tensor(y[:, None]))
    run = train(
        tensors,
        method,
        epochs=40,
        learning_rate=1e-3,
        optimizer=optimizer,
        init=np.zeros(11),
        shuffle_seed=int(np.random.RandomState(5).randint(2**31 - 1)),
    )
    np.testing.assert_array_equal(weights(model), run.weights)
    np.testing.assert_array_equal(model.loss_curve_, run.trace.loss)


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


@pytest.mark.parametrize("as_laid_out", [np.asfortranarray, lambda X: X[:, ::-1], np.float32, read_only, pd.DataFrame])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("method", ["batch", "stochastic"])
def test_no_layout_of_the_inputs_changes_the_fit_or_compiles_a_kernel_anew(columns, as_laid_out, fit_intercept, method):
    compiled.warm_up()
    kernels = linear.run_chunk, quadratic.run_chunk, quadratic.add_curvature, quadratic.full_gradient
    before = [len(kernel.signatures) for kernel in kernels]
    X, y = as_laid_out(columns[0]), columns[1]
    model = GradientDescentRegressor(
        method, max_iter=3, learning_rate=1e-3, fit_intercept=fit_intercept, random_state=0
    ).fit(X, y)
    assert [len(kernel.signatures) for kernel in kernels] == before
    plain = np.array(X, dtype=np.float64, order="C")
    np.testing.assert_array_equal(weights(model), weights(clone(model).fit(plain, y)))


def test_the_intercept_and_coefficients_come_to_those_of_least_squares():
    X, y = targets_and_columns(n=60, p=4)
    model = GradientDescentRegressor(**BATCH).fit(X, y)
    expected = LinearRegression().fit(X, y)
    np.testing.assert_allclose(model.coef_, expected.coef_, rtol=1e-8)
    np.testing.assert_allclose(model.intercept_, [expected.intercept_], rtol=1e-8)
    assert model.score(X, y) == pytest.approx(expected.score(X, y))


def test_without_an_intercept_it_comes_to_least_squares_through_the_origin():
    X, y = targets_and_columns(n=60, p=4)
    model = GradientDescentRegressor(**BATCH, fit_intercept=False).fit(X, y)
    expected = LinearRegression(fit_intercept=False).fit(X, y)
    np.testing.assert_allclose(weights(model), [0, *expected.coef_], rtol=1e-8)


def test_an_update_of_one_example_is_that_of_sgd_regressor_at_twice_the_rate(columns):
    X, y = columns
    options = {"shuffle": False, "max_iter": 7, "tol": None}
    model = GradientDescentRegressor("stochastic", learning_rate=0.001, **options).fit(X, y)
    expected = SGDRegressor(penalty=None, learning_rate="constant", eta0=0.002, **options).fit(X, y)
    np.testing.assert_allclose(weights(model), weights(expected), rtol=1e-10)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 4), min_size=12, max_size=12).filter(any), st.booleans(), st.sampled_from([0.5, 1, 7]))
def test_a_whole_sample_weight_is_so_many_copies_in_a_full_batch(copies, fit_intercept, unit):
    X, y = targets_and_columns(n=12, p=3)
    options = {"method": "batch", "learning_rate": 0.01, "max_iter": 30, "fit_intercept": fit_intercept}
    weighted = GradientDescentRegressor(**options).fit(X, y, sample_weight=np.multiply(copies, unit))
    repeated = GradientDescentRegressor(**options).fit(X.repeat(copies, axis=0), y.repeat(copies))
    np.testing.assert_allclose(weights(weighted), weights(repeated), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-9)


def test_sample_weights_come_to_weighted_least_squares(columns):
    X, y = columns
    sample_weight = np.random.default_rng(0).uniform(0, 3, len(y))
    model = GradientDescentRegressor(**BATCH, max_iter=20_000).fit(X, y, sample_weight)
    np.testing.assert_allclose(model.coef_, LinearRegression().fit(X, y, sample_weight).coef_, rtol=1e-6)


@pytest.mark.parametrize(("early_stopping", "where"), [(False, None), (True, "to train on"), (True, "held out")])
def test_weights_that_leave_no_rows_are_refused(columns, early_stopping, where):
    X, y = columns
    sample_weight = np.zeros(len(y))
    training, held_out = next(ShuffleSplit(test_size=0.1, random_state=0).split(X))
    if where:
        sample_weight[held_out if where == "to train on" else training] = 1
    model = GradientDescentRegressor(early_stopping=early_stopping, random_state=0)
    with pytest.raises(ValueError, match=where or "zero"):
        model.fit(X, y, sample_weight)
    assert not hasattr(model, "coef_")


def test_a_weight_below_0_is_refused(columns):
    X, y = columns
    with pytest.raises(ValueError, match=r"^Negative values in .*sample_weight"):
        GradientDescentRegressor().fit(X, y, np.r_[-1.0, np.ones(len(y) - 1)])


def test_partial_fit_goes_on_with_one_epoch_from_the_last_weights(columns):
    X, y = columns
    options = {"learning_rate": 1e-3, "shuffle": False}
    whole = GradientDescentRegressor(max_iter=3, **options).fit(X, y)
    model = GradientDescentRegressor(**options)
    for epochs in range(1, 4):
        assert model.partial_fit(X, y).n_iter_ == epochs
    np.testing.assert_array_equal(weights(model), weights(whole))
    assert model.loss_curve_ == whole.loss_curve_


def test_partial_fit_takes_a_new_order_each_time(columns):
    X, y = columns
    once, twice = (GradientDescentRegressor("stochastic", random_state=0).partial_fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(weights(once), weights(twice))
    twice.partial_fit(X, y)
    twice.coef_, twice.intercept_ = np.zeros(10), np.zeros(1)
    twice.partial_fit(X, y)
    assert not np.allclose(weights(once), weights(twice))


def test_partial_fit_weighs_the_rows_of_its_calls_against_each_other(columns):
    X, y = columns
    double = GradientDescentRegressor("batch", learning_rate=1e-3).partial_fit(X, y, np.full(len(y), 2.0))
    expected = GradientDescentRegressor("batch", learning_rate=2e-3).partial_fit(X, y)
    np.testing.assert_allclose(weights(double), weights(expected), rtol=1e-10)


def test_partial_fit_refuses_early_stopping(columns):
    with pytest.raises(ValueError, match=r"^early_stopping must be False for partial_fit"):
        GradientDescentRegressor(early_stopping=True).partial_fit(*columns)


def test_a_warm_start_goes_on_from_the_last_weights_and_a_cold_one_does_not(columns):
    X, y = columns
    options = {"max_iter": 5, "shuffle": False, "learning_rate": 1e-3}
    warm = GradientDescentRegressor(warm_start=True, **options).fit(X, y)
    np.testing.assert_array_equal(weights(warm), weights(GradientDescentRegressor(**options).fit(X, y).fit(X, y)))
    ten = GradientDescentRegressor(**{**options, "max_iter": 10}).fit(X, y)
    np.testing.assert_array_equal(weights(warm.fit(X, y)), weights(ten))
    assert warm.loss_curve_ == ten.loss_curve_[5:]


def test_the_loss_curve_ends_in_the_loss_of_the_weights(columns):
    X, y = columns
    sample_weight = np.random.default_rng(0).uniform(0, 3, len(y))
    model = GradientDescentRegressor(max_iter=50).fit(X, y, sample_weight)
    assert model.n_iter_ == len(model.loss_curve_) == 50
    assert model.loss_curve_[-1] == pytest.approx(mean_squared_error(y, model.predict(X), sample_weight=sample_weight))


@pytest.mark.parametrize("tol", [1e-3, 1.0, 100.0])
def test_the_rule_stops_where_that_of_sgd_regressor_does(tol):
    # With one row, twice SGDRegressor's loss of an epoch, taken before its update, is ours of the epoch before.
    X, y = np.array([[1.0]]), np.array([100.0])
    model = GradientDescentRegressor(
        "stochastic", shuffle=False, learning_rate=0.01, tol=2 * tol, fit_intercept=False, n_iter_no_change=3
    ).fit(X, y)
    expected = SGDRegressor(
        penalty=None,
        shuffle=False,
        learning_rate="constant",
        eta0=0.02,
        tol=tol,
        fit_intercept=False,
        n_iter_no_change=3,
    ).fit(X, y)
    assert expected.n_iter_ - 1 == model.n_iter_ < 1000


def test_a_stopped_fit_is_the_beginning_of_one_that_is_not(columns):
    X, y = columns
    stopped = GradientDescentRegressor(tol=1.0, random_state=0).fit(X, y)
    assert 16 < stopped.n_iter_ < 1000  # beyond the first chunk
    assert stopped.n_iter_ == stopping_epoch(stopped.loss_curve_, 1.0, 5)
    cut = GradientDescentRegressor(max_iter=stopped.n_iter_, random_state=0).fit(X, y)
    np.testing.assert_array_equal(weights(stopped), weights(cut))
    assert stopped.loss_curve_ == cut.loss_curve_


@pytest.mark.parametrize("weighted", [False, True])
def test_early_stopping_scores_the_rows_that_sgd_regressor_would_hold_out(columns, weighted):
    X, y = columns
    sample_weight = np.random.default_rng(0).uniform(0, 3, len(y)) if weighted else np.ones(len(y))
    options = {"early_stopping": True, "validation_fraction": 0.2, "n_iter_no_change": 4, "random_state": 3}
    model = GradientDescentRegressor(tol=1e-4, **options).fit(X, y, sample_weight)
    held_out = SGDRegressor(**options)._make_validation_split(y, sample_weight > 0)
    expected = r2_score(y[held_out], model.predict(X[held_out]), sample_weight=sample_weight[held_out])
    assert max(model.validation_scores_) == pytest.approx(expected, rel=1e-12)
    best = int(np.argmax(model.validation_scores_))
    assert best < model.n_iter_ - 1
    assert model.n_iter_ == len(model.validation_scores_) == len(model.loss_curve_)
    assert model.n_iter_ == stopping_epoch(np.negative(model.validation_scores_), 1e-4, 4)
    kept = ~held_out
    expected = mean_squared_error(y[kept], model.predict(X[kept]), sample_weight=sample_weight[kept])
    assert model.loss_curve_[best] == pytest.approx(expected)


@pytest.mark.parametrize("n", range(2, 11))
def test_early_stopping_that_holds_out_one_row_is_refused_before_training(n):
    X, y = targets_and_columns(n=n, p=2)
    model = GradientDescentRegressor(early_stopping=True, random_state=0)
    message = rf"^validation_fraction must hold out at least 2 rows, .*got 0\.1, which holds out 1 of {n}$"
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert not hasattr(model, "coef_")


@pytest.mark.parametrize(("n", "fraction", "held_out"), [(5, 0.9, 5), (1, 0.5, 1), (100, 0.001, 1)])
def test_a_fraction_that_leaves_no_row_or_holds_out_one_is_refused(n, fraction, held_out):
    X, y = targets_and_columns(n=n, p=2)
    with pytest.raises(ValueError, match=rf"^validation_fraction must .* which holds out {held_out} of {n}$"):
        GradientDescentRegressor(early_stopping=True, validation_fraction=fraction).fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("n", "fraction"), [(3, 0.5), (3, 0.6), (11, 0.1), (20, 0.1)])
def test_early_stopping_works_from_two_rows_held_out(n, fraction):
    X, y = targets_and_columns(n=n, p=2)
    model = GradientDescentRegressor(early_stopping=True, validation_fraction=fraction, random_state=0, max_iter=20)
    assert np.isfinite(model.fit(X, y).validation_scores_).all()


def test_one_held_out_row_with_a_weight_is_refused(columns):
    X, y = columns
    sample_weight = np.ones(len(y))
    _, held_out = next(ShuffleSplit(test_size=0.1, random_state=0).split(X))
    sample_weight[held_out[1:]] = 0
    with pytest.raises(ValueError, match=r"^sample_weight must be greater than 0 for at least 2 of the rows held out"):
        GradientDescentRegressor(early_stopping=True, random_state=0).fit(X, y, sample_weight)


@pytest.mark.parametrize(
    "options", [{}, {"early_stopping": True}, {"early_stopping": True, "tol": 1e-3}, {"tol": 1e-3}]
)
def test_a_run_that_diverges_in_its_first_epoch_warns(columns, options):
    model = GradientDescentRegressor("stochastic", learning_rate=1e30, random_state=0, **options)
    with pytest.warns(ConvergenceWarning, match=r"^Training became non-finite in epoch 1; "):
        model.fit(*columns)
    assert (weights(model) == 0).all()
    assert len(model.loss_curve_) == model.n_iter_ == 1
    if options.get("early_stopping"):
        assert np.isnan(model.validation_scores_).tolist() == [True]


def test_early_stopping_without_a_tol_stops_when_no_score_is_the_best(columns):
    model = GradientDescentRegressor(early_stopping=True, random_state=0).fit(*columns)
    assert model.n_iter_ == stopping_epoch(np.negative(model.validation_scores_), 0, 5) < 1000


def test_a_rule_that_does_not_hold_in_time_warns(columns):
    with pytest.warns(ConvergenceWarning, match=r"^Training made max_iter=7 epochs before its stopping rule held"):
        GradientDescentRegressor(max_iter=7, tol=1e-3).fit(*columns)


def test_no_rule_does_not_warn(columns):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert GradientDescentRegressor(max_iter=7).fit(*columns).n_iter_ == 7


@pytest.mark.parametrize("options", [{"method": "batch"}, {}, {"early_stopping": True}])
def test_a_run_that_diverges_warns_and_keeps_the_last_finite_weights(columns, options):
    X, y = columns
    model = GradientDescentRegressor(learning_rate=2.0, random_state=0, n_iter_no_change=1000, **options)
    with pytest.warns(ConvergenceWarning, match=r"^Training became non-finite in epoch \d+; .*learning_rate"):
        model.fit(X, y)
    assert not np.isfinite(model.loss_curve_[-1])
    model.set_params(max_iter=model.n_iter_ - 1)
    last = weights(model)
    assert np.isfinite(last).all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of the rule
        np.testing.assert_array_equal(last, weights(model.fit(X, y)))


def test_an_epoch_of_partial_fit_that_diverges_leaves_the_weights_as_they_were(columns):
    X, y = columns
    model = GradientDescentRegressor().partial_fit(X, y)
    before = weights(model)
    with pytest.warns(ConvergenceWarning, match="in epoch 2"):
        model.set_params(learning_rate=1e37).partial_fit(X, y)
    np.testing.assert_array_equal(weights(model), before)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("method", "newton"),
        ("max_iter", 0),
        ("batch_size", 0),
        ("shuffle", 1),
        ("learning_rate", 0.0),
        ("optimizer", "lbfgs"),
        ("fit_intercept", 1),
        ("tol", -1e-3),
        ("early_stopping", "yes"),
        ("validation_fraction", 1.0),
        ("n_iter_no_change", 0),
        ("warm_start", None),
    ],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_bad_parameter_is_refused_by_its_name(columns, name, value, method):
    model = GradientDescentRegressor(**{name: value})
    with pytest.raises(ValueError, match=f"^{name} must be .*got {value!r}$"):
        getattr(model, method)(*columns)
    assert not hasattr(model, "coef_")


def test_a_batch_of_more_rows_than_there_are_is_all_of_them():
    X, y = targets_and_columns(n=20, p=3)
    small = GradientDescentRegressor(batch_size=100, shuffle=False).fit(X, y)
    np.testing.assert_array_equal(weights(small), weights(GradientDescentRegressor("batch").fit(X, y)))


def test_predict_refuses_to_come_before_fit(columns):
    with pytest.raises(NotFittedError):
        GradientDescentRegressor().predict(columns[0])


def test_the_names_of_columns_are_kept():
    frame, y = load_diabetes(return_X_y=True, as_frame=True)
    model = GradientDescentRegressor(max_iter=1).fit(frame, y)
    assert list(model.feature_names_in_) == list(frame.columns)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"age": "years"}))


def test_the_same_random_state_gives_the_same_fit_and_leaves_the_global_one_alone(columns, global_random_state):
    before = global_random_state()
    first, second = (GradientDescentRegressor(max_iter=3, random_state=1).fit(*columns) for _ in range(2))
    other = GradientDescentRegressor(max_iter=3, random_state=2).fit(*columns)
    np.testing.assert_array_equal(weights(first), weights(second))
    assert not np.array_equal(weights(first), weights(other))
    assert global_random_state() == before


@pytest.mark.parametrize("seed", range(5))
def test_in_a_pipeline_its_r2_on_held_out_diabetes_data_is_within_0_01_of_least_squares(seed):
    X, y = load_diabetes(return_X_y=True, scaled=False)
    X, X_test, y, y_test = train_test_split(X, y, random_state=seed)
    model = make_pipeline(StandardScaler(), GradientDescentRegressor(random_state=seed)).fit(X, y)
    assert model.score(X_test, y_test) == pytest.approx(LinearRegression().fit(X, y).score(X_test, y_test), abs=0.01)


def test_a_grid_search_finds_the_rate_that_trains(columns):
    rates = np.array([1e-6, 1e-2])
    search = GridSearchCV(GradientDescentRegressor(max_iter=50, random_state=0), {"learning_rate": rates}, cv=3)
    assert search.fit(*columns).best_params_ == {"learning_rate": 1e-2}


def test_a_grid_search_over_booleans_runs(columns):
    choices = np.array([True, False])
    grid = {"fit_intercept": choices, "shuffle": choices, "warm_start": choices, "early_stopping": choices}
    search = GridSearchCV(GradientDescentRegressor(max_iter=20, random_state=0), grid, cv=2, error_score="raise")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(*columns)
    assert search.best_params_["fit_intercept"]
    assert len(np.unique(search.cv_results_["mean_test_score"])) > 2


def test_a_learning_curve_trains_on_few_rows_and_on_all(columns):
    sizes, training, test = learning_curve(
        GradientDescentRegressor(random_state=0, max_iter=100), *columns, train_sizes=[20, 100, 294], cv=3
    )
    assert list(sizes) == [20, 100, 294]
    assert (training.mean(axis=1) > test.mean(axis=1)).all()
    assert (np.diff(test.mean(axis=1)) > 0).all()


@pytest.mark.parametrize("library", [pickle, joblib])
def test_a_stored_model_predicts_and_goes_on_as_before(columns, library):
    X, y = columns
    model = GradientDescentRegressor("stochastic", max_iter=3, random_state=0, learning_rate=1e-3).fit(X, y)
    file = io.BytesIO()
    library.dump(model, file)
    file.seek(0)
    again = library.load(file)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(weights(again.partial_fit(X, y)), weights(model.partial_fit(X, y)))


def test_a_column_of_targets_is_a_vector_of_targets_with_a_warning(columns):
    X, y = columns
    vector = GradientDescentRegressor("batch", max_iter=3).fit(X, y)
    with pytest.warns(UserWarning, match="column-vector"):
        column = GradientDescentRegressor("batch", max_iter=3).fit(X, pd.Series(y).to_frame())
    np.testing.assert_array_equal(weights(vector), weights(column))
