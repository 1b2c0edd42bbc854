import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import mean_squared_error, r2_score
from torch import nn

from gd_helpers import optimizers
from gd_helpers.data import simulate_line
from gd_helpers.metrics import ols, stability_limit
from gd_helpers.models import get_weights, linear, mlp, set_weights
from gd_helpers.training import recipes
from gd_helpers.training import trainer as training
from gd_helpers.training.recipes import LARGEST_RATE, METHODS
from gd_helpers.training.runs import score
from gd_helpers.training.trainer import ENGINES, train


@pytest.fixture(params=sorted(ENGINES))
def engine(request):
    return request.param


@pytest.fixture
def data():
    return simulate_line(n=50, seed=3).to(torch.float64)


def mse_of(data, weights):
    return mean_squared_error(data.y.double().numpy(), data.X.double().numpy() @ np.reshape(weights, (2, 1)))


def sgd_by_hand(data, weights, orders, batch_size, rate):
    """Descend in NumPy; return each epoch's last batch's loss before its update, and the weights after the epoch."""
    X, y = data.X.numpy(), data.y[:, 0].numpy()
    batch_losses, path = [], []
    for order in orders:
        for first in range(0, len(order), batch_size):
            rows = order[first : first + batch_size]
            residuals = X[rows] @ weights - y[rows]
            weights = weights - rate * 2 / len(rows) * X[rows].T @ residuals
        batch_losses.append((residuals**2).mean())
        path.append(weights)
    return np.array(batch_losses), np.array(path)


@pytest.mark.parametrize(("method", "batch_size"), [("batch", 50), ("mini-batch", 16), ("stochastic", 1)])
def test_a_run_is_the_descent_written_by_hand(data, engine, method, batch_size):
    given = None if method == "batch" else batch_size
    run = train(data, method, epochs=4, batch_size=given, learning_rate=0.01, optimizer="sgd", engine=engine, seed=8)
    generator = np.random.default_rng(8)
    orders = [np.arange(50) if method == "batch" else generator.permuted(np.arange(50)) for _ in range(4)]
    start = get_weights(linear(seed=8)).double().numpy()
    batch_losses, path = sgd_by_hand(data, start, orders, batch_size, 0.01)
    np.testing.assert_allclose(run.path, [start, *path], rtol=1e-9)
    np.testing.assert_allclose(run.trace.batch_loss, batch_losses, rtol=1e-9)
    np.testing.assert_allclose(run.trace.loss, [mse_of(data, weights) for weights in path], rtol=1e-9)


def test_the_batch_recipe_ends_where_the_code_of_the_source_ends(engine):
    run = train(simulate_line(n=1000, seed=37), "batch", engine=engine)
    assert run.updates == 4500
    assert (run.weights.round(3).tolist(), round(run.mse, 3), round(run.r2, 4)) == ([3.162, 2.692], 2.498, 0.5564)


def test_plain_descent_at_a_good_rate_ends_at_least_squares(engine):
    data = simulate_line(n=1000, seed=37).to(torch.float64)
    rate = 0.97 * stability_limit(data)
    run = train(data, "batch", epochs=600, learning_rate=rate, optimizer="sgd", engine=engine)
    np.testing.assert_allclose(run.weights, ols(data).weights, atol=1e-6)
    assert run.mse == pytest.approx(ols(data).mse, rel=1e-9)


def test_the_loss_in_the_trace_is_over_all_data_after_the_epoch(engine):
    data = simulate_line(n=50, seed=3)
    run = train(data, "stochastic", epochs=5, learning_rate=0.01, engine=engine)
    np.testing.assert_allclose(run.trace.loss, [mse_of(data, weights) for weights in run.path[1:]], rtol=1e-12)
    assert (abs(run.trace.loss - run.trace.batch_loss) > 1e-3).all()


MODELS = {
    "linear": lambda: linear(),
    "mlp": lambda: mlp((2, 5, 3, 1), "tanh", bias=True),
    "relu": lambda: mlp((2, 5, 1), "relu"),
}


@pytest.mark.parametrize("choices", [{}, {"average_after": 1}], ids=["last", "mean"])
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("method", METHODS)
def test_losses_and_scores_of_float32_runs_are_those_of_their_weights_in_float64(engine, method, make, choices):
    data = simulate_line(n=120, seed=5)
    run = train(data, method, model=make(), epochs=3, learning_rate=0.05, engine=engine, **choices)
    X, y, losses = data.X.double(), data.y.double(), []
    for weights in run.path[1:]:
        with torch.no_grad():
            predictions = set_weights(make().double(), weights)(X)
        losses.append(mean_squared_error(y, predictions))
    np.testing.assert_allclose(run.trace.loss, losses, rtol=1e-12)
    assert run.mse == run.trace.loss.iloc[-1]
    assert run.r2 == pytest.approx(r2_score(y, predictions), rel=1e-12)
    assert score(run.model, data) == pytest.approx((run.mse, run.r2), rel=1e-12)


def test_two_starts_a_millionth_apart_have_losses_whose_difference_is_no_noise(engine):
    data, run_from = simulate_line(n=1000), lambda init: train(data, "batch", epochs=1, init=init, engine=engine)
    near, far = run_from([5.0, 2.0]), run_from([5.0, 2.000001])
    exact = mse_of(data, far.weights) - mse_of(data, near.weights)
    assert far.mse - near.mse == pytest.approx(exact, rel=1e-6)


@pytest.mark.filterwarnings("error")
def test_a_loss_beyond_the_range_of_the_run_is_infinite_in_float64_too(engine):
    data = simulate_line(n=50)
    settings = {"learning_rate": 3.0, "optimizer": "sgd", "epochs": 500, "engine": engine}
    single, double = (train(data.to(dtype), "batch", **settings) for dtype in (torch.float32, torch.float64))
    assert np.isfinite(single.weights).all()
    assert (single.mse, single.r2, single.status) == (np.inf, -np.inf, "diverged")
    assert len(single.trace) < len(double.trace)
    assert mse_of(data, single.weights) > torch.finfo(torch.float32).max >= single.trace.loss.iloc[-2]


def test_the_batch_loss_of_a_full_batch_is_the_loss_before_the_update(data, engine):
    run = train(data, "batch", epochs=5, learning_rate=0.01, engine=engine)
    np.testing.assert_allclose(run.trace.batch_loss, [mse_of(data, weights) for weights in run.path[:-1]], rtol=1e-9)


@pytest.mark.parametrize(("method", "updates"), [("batch", 1), ("mini-batch", 4), ("stochastic", 100)])
def test_the_trace_and_the_path_have_a_row_an_epoch_and_the_path_its_start(engine, method, updates):
    run = train(simulate_line(n=100), method, epochs=3, engine=engine)
    assert run.trace.columns.tolist() == ["epoch", "updates", "examples", "loss", "batch_loss"]
    assert run.trace.epoch.tolist() == [1, 2, 3]
    assert run.trace.updates.tolist() == [updates, 2 * updates, 3 * updates]
    assert run.trace.examples.tolist() == [100, 200, 300]
    assert run.path.shape == (4, 2)
    assert run.path.dtype == np.float64
    assert (run.updates, run.status, run.diverged, run.interrupted) == (3 * updates, "finished", False, False)


def test_the_path_starts_at_the_start_that_is_given(engine):
    assert train(simulate_line(n=50), epochs=1, init=[1.5, -2], engine=engine).path[0].tolist() == [1.5, -2]


def test_the_path_starts_at_the_draw_of_the_start_seed(engine):
    run = train(simulate_line(n=50), epochs=1, init_seed=9, engine=engine)
    assert np.array_equal(run.path[0], get_weights(linear(seed=9)).double().numpy())


def test_the_scores_are_those_of_the_last_weights_over_all_data(data, engine):
    run = train(data, "mini-batch", epochs=3, learning_rate=0.05, engine=engine)
    y, predictions = data.y.numpy(), data.X.numpy() @ run.path[-1][:, None]
    assert run.mse == pytest.approx(mean_squared_error(y, predictions), rel=1e-9)
    assert run.r2 == pytest.approx(r2_score(y, predictions), rel=1e-9)
    assert run.trace.loss.iloc[-1] == pytest.approx(run.mse, rel=1e-9)


def test_the_model_of_the_run_has_the_last_weights_and_predicts(data, engine):
    run = train(data, "mini-batch", epochs=3, engine=engine)
    assert np.array_equal(get_weights(run.model).numpy(), run.path[-1])
    np.testing.assert_allclose(run.predict(data.X).numpy(), data.X.numpy() @ run.path[-1][:, None], rtol=1e-12)
    assert not run.model.training


def test_the_run_remembers_its_recipe_and_engine(engine):
    run = train(simulate_line(n=50), "batch", epochs=2, optimizer="momentum", seed=4, shuffle_seed=5, engine=engine)
    recipe = run.recipe
    assert (run.engine, recipe.method, recipe.n, recipe.epochs, recipe.optimizer) == (
        engine,
        "batch",
        50,
        2,
        "momentum",
    )
    assert (recipe.init_seed, recipe.shuffle_seed) == (4, 5)


def test_the_same_seed_gives_the_same_run(engine):
    data = simulate_line(n=50)
    first, second = (train(data, "stochastic", epochs=3, seed=6, engine=engine) for _ in range(2))
    assert np.array_equal(first.path, second.path)
    assert first.trace.equals(second.trace)


def test_another_seed_gives_another_start_and_another_order(engine):
    data = simulate_line(n=50)
    first, second = (train(data, "stochastic", epochs=3, seed=seed, engine=engine) for seed in (6, 7))
    assert not np.array_equal(first.path[0], second.path[0])
    assert not np.array_equal(first.trace.batch_loss, second.trace.batch_loss)


def test_the_start_seed_changes_the_start_and_not_the_order(engine):
    data = simulate_line(n=50)
    first = train(data, "stochastic", epochs=3, seed=6, init_seed=1, engine=engine)
    second = train(data, "stochastic", epochs=3, seed=6, init=first.path[0], engine=engine)
    assert not np.array_equal(first.path[0], train(data, epochs=1, seed=6, engine=engine).path[0])
    assert np.array_equal(first.path, second.path)


def test_the_order_seed_changes_the_order_and_not_the_start(engine):
    data = simulate_line(n=50)
    first, second = (train(data, "stochastic", epochs=3, seed=6, shuffle_seed=seed, engine=engine) for seed in (6, 7))
    assert np.array_equal(first.path[0], second.path[0])
    assert not np.array_equal(first.path[1], second.path[1])


@pytest.mark.parametrize("method", ["stochastic", "mini-batch"])
def test_a_shuffled_epoch_is_a_fixed_pass_over_the_data_in_its_order(data, engine, method):
    order = np.random.default_rng(6).permuted(np.arange(50))
    shuffled = train(data, method, epochs=1, seed=6, engine=engine)
    in_order = replace(data, X=data.X[order], y=data.y[order])
    np.testing.assert_allclose(
        shuffled.path, train(in_order, method, epochs=1, shuffle=False, seed=6, engine=engine).path, rtol=1e-12
    )
    assert not np.allclose(shuffled.path, train(data, method, epochs=1, shuffle=False, seed=6, engine=engine).path)


CHOICES = {"replacement": True, "schedule": "inverse-time", "average_after": 4}


@pytest.mark.parametrize("choices", [{}, CHOICES], ids=["plain", "choices"])
def test_how_epochs_fall_into_chunks_does_not_change_a_run(monkeypatch, engine, choices):
    data = simulate_line(n=50)
    expected = train(data, "mini-batch", epochs=7, engine=engine, **choices)
    monkeypatch.setattr(recipes, "EXAMPLES_PER_CHUNK", 100)
    run = train(data, "mini-batch", epochs=7, engine=engine, **choices)
    assert np.array_equal(run.path, expected.path)
    assert run.trace.equals(expected.trace)


@pytest.mark.parametrize("method", METHODS)
def test_an_epoch_with_replacement_is_a_fixed_pass_over_the_data_that_it_draws(data, engine, method):
    drawn = np.random.default_rng(6).integers(50, size=50)
    resampled = replace(data, X=data.X[drawn], y=data.y[drawn])
    expected = train(resampled, method, epochs=1, shuffle=False, learning_rate=0.05, seed=6, engine=engine)
    run = train(data, method, epochs=1, replacement=True, learning_rate=0.05, seed=6, engine=engine)
    np.testing.assert_allclose(run.path, expected.path, rtol=1e-9)
    without = train(data, method, epochs=1, learning_rate=0.05, seed=6, engine=engine)
    np.testing.assert_allclose(run.trace.batch_loss, expected.trace.batch_loss, rtol=1e-9)
    assert not np.allclose(run.trace.batch_loss, without.trace.batch_loss)


def test_a_schedule_gives_each_update_its_rate_by_the_number_since_the_start_of_the_run(data, engine):
    settings = {"epochs": 4, "optimizer": "sgd", "engine": engine}  # 50 updates an epoch
    constant = train(data, "stochastic", **settings)
    run = train(data, "stochastic", schedule=lambda t: t < 110, **settings)
    assert np.array_equal(run.path[:3], constant.path[:3])
    assert not np.array_equal(run.path[3], run.path[2])
    assert not np.array_equal(run.path[3], constant.path[3])
    assert np.array_equal(run.path[4], run.path[3])


@pytest.mark.parametrize("model", [None, mlp((2, 3, 1), "tanh", bias=True)], ids=["linear", "network"])
@pytest.mark.parametrize("replacement", [False, True])
def test_where_an_epoch_is_an_update_the_mean_is_that_of_the_path(data, engine, model, replacement):
    settings = {"epochs": 60, "model": model, "replacement": replacement, "learning_rate": 0.1, "engine": engine}
    plain = train(data, "batch", **settings)
    run = train(data, "batch", average_after=20, **settings)
    means = np.cumsum(plain.path[21:], axis=0) / np.arange(1, 41)[:, None]
    np.testing.assert_allclose(run.path, [*plain.path[:21], *means], rtol=1e-9)
    np.testing.assert_allclose(run.trace.batch_loss, plain.trace.batch_loss, rtol=1e-9)


def test_a_run_that_averages_reports_the_mean_throughout(data, engine):
    run = train(data, "stochastic", epochs=6, average_after=2, learning_rate=0.02, engine=engine)
    np.testing.assert_allclose(run.trace.loss, [mse_of(data, weights) for weights in run.path[1:]], rtol=1e-9)
    assert run.mse == pytest.approx(mse_of(data, run.weights), rel=1e-9)
    assert run.r2 == pytest.approx(r2_score(data.y.numpy(), run.predict(data.X).numpy()), rel=1e-9)
    assert np.array_equal(get_weights(run.model).numpy(), run.path[-1])


def test_the_mean_of_many_iterates_is_exact_to_the_dtype_of_the_run(engine):
    settings = {"epochs": 1000, "init": [50, 50], "learning_rate": 1e-3, "engine": engine}
    data = simulate_line(n=50)
    plain = train(data, "batch", **settings)
    run = train(data, "batch", average_after=0, **settings)
    np.testing.assert_allclose(run.weights, plain.path[1:].mean(axis=0), rtol=1.2e-7)
    assert np.array_equal(run.path, run.path.astype(np.float32))


def test_a_run_that_averages_is_marked_where_an_iterate_leaves_the_finite_numbers(engine):
    settings = {"epochs": 500, "learning_rate": 3.0, "optimizer": "sgd", "engine": engine}
    run = train(simulate_line(n=50), "stochastic", average_after=0, **settings)
    assert run.status == "diverged"
    assert np.isfinite(run.path[:-1]).all()


def test_mini_batches_of_all_examples_are_batch_number_for_number(engine):
    data = simulate_line(n=50)
    batch = train(data, "batch", epochs=5, engine=engine)
    mini = train(data, "mini-batch", epochs=5, batch_size=50, shuffle=False, engine=engine)
    assert np.array_equal(mini.path, batch.path)


def test_mini_batches_of_one_example_are_stochastic_number_for_number(engine):
    data = simulate_line(n=50)
    stochastic = train(data, "stochastic", epochs=5, engine=engine)
    mini = train(data, "mini-batch", epochs=5, batch_size=1, engine=engine)
    assert np.array_equal(mini.path, stochastic.path)


def test_global_random_state_is_not_changed(global_random_state, engine):
    before = global_random_state()
    train(simulate_line(n=50), "mini-batch", model=mlp((2, 3, 1)), epochs=2, engine=engine)
    assert global_random_state() == before


def test_global_random_state_is_not_read(seed_globally, engine):
    data = simulate_line(n=50)
    runs = []
    for seed in (1, 2):
        seed_globally(seed)
        runs.append(train(data, "mini-batch", model=mlp((2, 3, 1)), epochs=2, engine=engine))
    assert np.array_equal(runs[0].path, runs[1].path)


def test_the_given_model_and_data_are_not_changed(engine):
    model, data = mlp((2, 3, 1), seed=1), simulate_line(n=50)
    state, X, y = copy.deepcopy(model.state_dict()), data.X.clone(), data.y.clone()
    run = train(data, "mini-batch", model=model, epochs=2, init_seed=9, engine=engine)
    assert run.model is not model
    assert all(torch.equal(weight, state[name]) for name, weight in model.state_dict().items())
    assert all(weight.grad is None and weight.dtype == torch.float32 for weight in model.parameters())
    assert model.training
    assert torch.equal(data.X, X)
    assert torch.equal(data.y, y)


def test_a_given_model_starts_from_the_start_seed_whatever_its_weights(engine):
    run = train(simulate_line(n=50), model=mlp((2, 3, 1), seed=1), epochs=1, init_seed=9, engine=engine)
    assert np.array_equal(run.path[0], get_weights(mlp((2, 3, 1), seed=9)).double().numpy())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_run_is_in_the_dtype_of_its_data(engine, dtype):
    run = train(simulate_line(n=50).to(dtype), "mini-batch", epochs=2, engine=engine)
    assert all(weight.dtype == dtype for weight in run.model.parameters())
    exact_in_float32 = np.array_equal(run.path, run.path.astype(np.float32))
    assert exact_in_float32 == (dtype == torch.float32)


def test_rows_that_are_not_contiguous_train_as_those_that_are(engine, data):
    strided = replace(data, X=data.X.T.contiguous().T)
    expected = train(data, "mini-batch", epochs=3, engine=engine).path
    np.testing.assert_allclose(train(strided, "mini-batch", epochs=3, engine=engine).path, expected, rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_one_column_of_inputs_trains_to_its_mean(engine, data, method):
    ones = replace(data, X=data.X[:, :1], y=torch.full_like(data.y, 3.0))
    run = train(ones, method, epochs=100, learning_rate=0.2, optimizer="sgd", engine=engine)
    np.testing.assert_allclose(run.weights, [3.0], rtol=1e-6)


def stopping_after(epochs, engine):
    """Return an engine that is interrupted once that number of epochs has been yielded."""

    def run_epochs(*task):
        for count, chunk in enumerate(engine(*task)):
            if count == epochs:
                raise KeyboardInterrupt
            yield chunk

    return run_epochs


@pytest.mark.parametrize("finished", [0, 1, 3])
def test_an_interrupted_run_keeps_the_finished_epochs_and_says_so(monkeypatch, capsys, engine, finished):
    data = simulate_line(n=50)
    monkeypatch.setattr(recipes, "EXAMPLES_PER_CHUNK", 50)  # an epoch a chunk
    whole = train(data, "mini-batch", epochs=5, engine=engine)
    monkeypatch.setitem(training.ENGINES, engine, stopping_after(finished, ENGINES[engine]))
    run = train(data, "mini-batch", epochs=5, engine=engine)
    assert capsys.readouterr().out == f"Interrupted: the run keeps the {finished} of 5 epochs that were finished.\n"
    assert (run.interrupted, run.status, run.summary()["epochs"]) == (True, "interrupted", finished)
    assert np.array_equal(run.path, whole.path[: finished + 1])
    assert run.trace.equals(whole.trace[:finished])
    assert np.array_equal(get_weights(run.model).double().numpy(), run.path[-1])
    assert np.isfinite([run.mse, run.r2]).all()


def test_an_epoch_that_is_interrupted_in_its_middle_is_left_out(monkeypatch, capsys):
    class Interrupted(torch.optim.SGD):
        steps = 0

        def step(self, closure=None):
            Interrupted.steps += 1
            if Interrupted.steps == 11:
                raise KeyboardInterrupt
            return super().step(closure)

    data = simulate_line(n=50)
    settings = {"epochs": 5, "batch_size": 16, "optimizer": "sgd", "engine": "eager"}
    whole = train(data, "mini-batch", **settings)
    monkeypatch.setitem(optimizers.TORCH_OPTIMIZERS, "sgd", Interrupted)
    run = train(data, "mini-batch", **settings)
    assert "keeps the 2 of 5 epochs" in capsys.readouterr().out
    assert np.array_equal(run.path, whole.path[:3])
    assert np.array_equal(get_weights(run.model).double().numpy(), run.path[-1])


def test_a_run_that_is_not_interrupted_prints_nothing(capfd, engine):
    train(simulate_line(n=50), epochs=2, engine=engine)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("n", [1, 2, 31])
@pytest.mark.parametrize("method", METHODS)
def test_fewer_rows_than_a_mini_batch_train(engine, method, n):
    run = train(replace(simulate_line(n=50), X=torch.ones(n, 1), y=torch.ones(n, 1)), method, epochs=2, engine=engine)
    assert run.status == "finished"
    assert run.recipe.batch_size == (1 if method == "stochastic" else n)


@pytest.mark.parametrize("value", [True, False])
def test_numpy_booleans_train_as_plain_ones(engine, value):
    settings = {"shuffle": value, "show_progress": False, "replacement": False}
    as_numpy = {name: np.bool_(choice) for name, choice in settings.items()}
    data = simulate_line(n=50)
    expected = train(data, "mini-batch", epochs=2, engine=engine, **settings)
    assert np.array_equal(train(data, "mini-batch", epochs=2, engine=engine, **as_numpy).path, expected.path)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("optimizer", optimizers.OPTIMIZERS)
def test_the_largest_rate_is_a_number_in_every_optimizer_and_dtype(engine, optimizer, dtype):
    run = train(simulate_line(n=50).to(dtype), learning_rate=LARGEST_RATE, optimizer=optimizer, epochs=3, engine=engine)
    assert run.status in ("diverged", "finished")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.filterwarnings("error")
def test_a_run_that_leaves_the_finite_numbers_stops_and_is_marked(engine, method):
    run = train(simulate_line(n=50), method, epochs=500, learning_rate=3.0, optimizer="sgd", engine=engine)
    epochs = len(run.trace)
    assert run.diverged
    assert run.status == "diverged"
    assert epochs < 500
    assert run.path.shape == (epochs + 1, 2)
    assert np.isfinite(run.path[:-1]).all()
    assert np.isfinite(run.trace.loss[:-1]).all()
    assert not (np.isfinite(run.path[-1]).all() and np.isfinite(run.trace.loss.iloc[-1]))


def test_a_diverged_run_has_a_summary(engine):
    summary = train(
        simulate_line(n=50), "batch", epochs=500, learning_rate=3.0, optimizer="sgd", engine=engine
    ).summary()
    assert summary["status"] == "diverged"
    assert summary["updates"] == summary["epochs"] < 500
    assert not summary["r2"] > 0


def test_a_bar_over_the_epochs_is_shown_where_it_is_asked_for(monkeypatch, capsys, engine):
    monkeypatch.delenv("GD_HEADLESS", raising=False)
    train(simulate_line(n=50), "batch", epochs=3, show_progress=True, engine=engine)
    assert "batch, epochs" in capsys.readouterr().err


NOT_WHOLE = (-1, 2.5, float("nan"), float("inf"), True, "x")
BAD_ARGUMENTS = [
    *[("method", value) for value in ("Batch", "sgd", None, 1)],
    *[("epochs", value) for value in (0, *NOT_WHOLE)],
    *[("batch_size", value) for value in (0, 51, *NOT_WHOLE)],
    *[("shuffle", value) for value in (0, 1, "yes")],
    *[("learning_rate", value) for value in (-1, 0, float("nan"), float("inf"), True, "x", None, 3.5e38)],
    *[("replacement", value) for value in (0, 1, "yes", None)],
    *[("schedule", value) for value in ("Cosine", "", None, 1)],
    *[("average_after", value) for value in (4500, *NOT_WHOLE)],
    *[("optimizer", value) for value in ("foo", "Adam", None, 1)],
    *[("engine", value) for value in ("Eager", "jax", None, 1)],
    *[("seed", value) for value in (2**32, None, *NOT_WHOLE)],
    *[("init_seed", value) for value in (2**32, *NOT_WHOLE)],
    *[("shuffle_seed", value) for value in (2**32, *NOT_WHOLE)],
    *[("device", value) for value in ("gpu9", "cuda:99", None, 0)],
    *[("show_progress", value) for value in (0, 1, "yes", None)],
]


@pytest.fixture
def nothing_is_trained(monkeypatch):
    """Fail the test if an engine is reached."""

    def reached(*task):
        raise AssertionError("an engine was reached")

    for name in ENGINES:
        monkeypatch.setitem(training.ENGINES, name, reached)


@pytest.mark.usefixtures("nothing_is_trained")
@pytest.mark.parametrize(("name", "value"), BAD_ARGUMENTS, ids=lambda value: repr(value)[:12])
def test_a_bad_argument_is_refused_by_name_before_anything_is_trained(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be .*, got ") as refusal:
        train(simulate_line(n=50), **{"method": "batch", name: value})
    assert str(refusal.value).endswith(f"got {value!r}")


@pytest.mark.usefixtures("nothing_is_trained")
@pytest.mark.parametrize(
    "settings",
    [{"replacement": True, "shuffle": False}, {"schedule": lambda t: -t}, {"schedule": lambda t: 1}],
    ids=["shuffle", "negative", "shape"],
)
def test_choices_that_do_not_fit_are_refused_before_anything_is_trained(settings):
    with pytest.raises(ValueError, match=r"^(shuffle|schedule) must .*, got "):
        train(simulate_line(n=50), "batch", **settings)


@pytest.mark.usefixtures("nothing_is_trained")
@pytest.mark.parametrize("init", [[1], [1, 2, 3], [[1, 2]], "x", 1.0, ["a", "b"]], ids=repr)
def test_initial_weights_that_do_not_fit_the_model_are_refused(init):
    with pytest.raises(ValueError, match=r"^weights must be numbers of shape \(2,\), one per weight, got "):
        train(simulate_line(n=50), "batch", init=init)


@pytest.mark.usefixtures("nothing_is_trained")
@pytest.mark.parametrize("name", ["X", "y"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_data_that_are_not_finite_are_refused_by_name(name, value):
    data = simulate_line(n=50)
    values = getattr(data, name).clone()
    values[7] = value
    with pytest.raises(ValueError, match=rf"^data\.{name} must hold finite numbers only, got "):
        train(replace(data, **{name: values}), "batch")


@pytest.mark.usefixtures("nothing_is_trained")
@pytest.mark.parametrize("init", [[1, float("nan")], [float("inf"), 1]], ids=repr)
def test_initial_weights_that_are_not_finite_are_refused(init):
    with pytest.raises(ValueError, match=r"^init must hold finite numbers only, got "):
        train(simulate_line(n=50), "batch", init=init)


@pytest.mark.usefixtures("nothing_is_trained")
@pytest.mark.parametrize("seeds", [{"seed": -1, "init_seed": 1, "shuffle_seed": 2}, {"seed": "x", "init_seed": 1}])
def test_a_bad_seed_is_refused_even_where_it_is_not_used(seeds):
    with pytest.raises(ValueError, match=r"^seed must be a whole number "):
        train(simulate_line(n=50), "batch", **seeds)


@pytest.mark.usefixtures("nothing_is_trained")
@pytest.mark.parametrize(
    "change",
    [
        lambda data: {"y": data.y[:, 0]},
        lambda data: {"y": data.y[:20]},
        lambda data: {"y": data.y.double()},
        lambda data: {"X": data.x},
        lambda data: {"X": data.X.long()},
        lambda data: {"X": data.X[:0], "y": data.y[:0]},
    ],
)
def test_data_of_another_shape_or_dtype_are_refused_by_name(change):
    data = simulate_line(n=50)
    with pytest.raises(ValueError, match=r"^data\.[Xy] must "):
        train(replace(data, **change(data)), "batch")


def test_data_that_require_a_gradient_train_and_get_none(data, engine):
    X = data.X.clone().requires_grad_()
    run = train(replace(data, X=X), "mini-batch", epochs=2, engine=engine)
    assert X.grad is None
    assert np.array_equal(run.path, train(data, "mini-batch", epochs=2, engine=engine).path)


@pytest.mark.usefixtures("nothing_is_trained")
@pytest.mark.parametrize(
    "model", [mlp((2, 2)), nn.Linear(2, 3), nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))], ids=str
)
def test_a_model_without_one_prediction_a_row_is_refused(model):
    with pytest.raises(ValueError, match=r"^model must give one prediction, shape \(1, 1\), for one row of X, got "):
        train(simulate_line(n=50), "batch", model=model)


@pytest.mark.usefixtures("nothing_is_trained")
def test_a_model_for_other_inputs_is_refused():
    with pytest.raises(ValueError, match=r"^model must take rows of X, shape \(50, 2\): "):
        train(simulate_line(n=50), "batch", model=mlp((3, 1)))


@pytest.mark.usefixtures("nothing_is_trained")
@pytest.mark.parametrize(
    "model",
    ["x", nn.Identity(), linear, linear().requires_grad_(False)],
    ids=["text", "no weights", "function", "frozen"],
)
def test_what_has_no_weights_to_train_is_refused(model):
    with pytest.raises(ValueError, match=r"^model must be a torch\.nn\.Module with weights to train, got "):
        train(simulate_line(n=50), "batch", model=model)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA device here")
@pytest.mark.parametrize("method", METHODS)
def test_a_run_on_cuda_is_the_run_on_the_cpu_to_rounding(data, method):
    on_cpu = train(data, method, epochs=3, engine="eager")
    on_cuda = train(data, method, epochs=3, engine="eager", device="cuda")
    np.testing.assert_allclose(on_cuda.path, on_cpu.path, rtol=1e-9)
    np.testing.assert_allclose(on_cuda.trace, on_cpu.trace, rtol=1e-9)
    assert next(on_cuda.model.parameters()).device.type == "cpu"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA device here")
def test_a_model_that_is_given_on_cuda_starts_as_one_on_the_cpu(data):
    run = train(data, "batch", model=linear().to("cuda"), epochs=1, engine="eager")
    assert np.array_equal(run.path, train(data, "batch", model=linear(), epochs=1, engine="eager").path)


@pytest.mark.skipif(torch.cuda.is_available(), reason="PyTorch finds a CUDA device here")
def test_cuda_is_refused_where_there_is_none():
    with pytest.raises(ValueError, match=r"^device must be one of 'auto', 'cpu' on this machine, got 'cuda'$"):
        train(simulate_line(n=50), device="cuda")


def test_auto_finds_a_device_to_train_on():
    assert len(train(simulate_line(n=50), "batch", epochs=2, device="auto", engine="eager").trace) == 2
