import numpy as np
import pytest
import torch
from against_torch import SEEDS, few_examples, rise_and_fall
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel

from gd_helpers.data import simulate_line
from gd_helpers.metrics import hessian, ols, stability_limit
from gd_helpers.models import get_weights, linear, mlp, set_weights
from gd_helpers.optimizers import OPTIMIZERS, make_optimizer
from gd_helpers.training.engines.eager import run_epochs
from gd_helpers.training.recipes import SCHEDULES, Recipe

TORCH_OPTIMIZERS = {
    "sgd": lambda weights, rate: torch.optim.SGD(weights, lr=rate),
    "momentum": lambda weights, rate: torch.optim.SGD(weights, lr=rate, momentum=0.9),
    "nesterov": lambda weights, rate: torch.optim.SGD(weights, lr=rate, momentum=0.9, nesterov=True),
    "adagrad": lambda weights, rate: torch.optim.Adagrad(weights, lr=rate),
    "rmsprop": lambda weights, rate: torch.optim.RMSprop(weights, lr=rate),
    "adam": lambda weights, rate: torch.optim.Adam(weights, lr=rate),
    "adamw": lambda weights, rate: torch.optim.AdamW(weights, lr=rate),
}

# Of T updates, τ of them an epoch.
TORCH_SCHEDULERS = {
    "constant": lambda optimizer, T, tau: lr_scheduler.ConstantLR(optimizer, factor=1),
    "linear": lambda optimizer, T, tau: lr_scheduler.LinearLR(optimizer, 1, 0, total_iters=T),
    "cosine": lambda optimizer, T, tau: lr_scheduler.CosineAnnealingLR(optimizer, T_max=T),
    "inverse-time": lambda optimizer, T, tau: lr_scheduler.LambdaLR(optimizer, lambda t: tau / (tau + t)),
    "inverse-sqrt": lambda optimizer, T, tau: lr_scheduler.LambdaLR(optimizer, lambda t: (tau / (tau + t)) ** 0.5),
    rise_and_fall: lambda optimizer, T, tau: lr_scheduler.LambdaLR(optimizer, lambda t: float(rise_and_fall(t))),
}


@pytest.fixture
def data():
    return simulate_line(n=50, seed=3).to(torch.float64)


def recipe_of(method, n=50, **changes):
    rest = {"learning_rate": 0.01, "optimizer": "sgd", "init_seed": 37, "shuffle_seed": 37, "epochs": 3, **changes}
    return Recipe.complete(method, n, **rest)


def run(model, data, recipe):
    """Return the losses, batch losses and weights of all epochs of the engine."""
    return (np.concatenate(records) for records in zip(*run_epochs(model, data.X, data.y, recipe), strict=True))


def mean_squared_error(data, weights):
    residuals = data.y[:, 0].double().numpy() - data.X.double().numpy() @ weights
    return (residuals**2).mean()


def weights_of(model):
    return torch.cat([weight.detach().flatten() for weight in model.parameters()]).numpy().copy()


def train_by_hand(model, data, optimizer, orders, batch_size, after_update=lambda: None):
    """Train as one would without us; return, after every update, its batch's loss before it and the weights."""
    batch_losses, path = [], []
    for order in orders:
        for first in range(0, len(order), batch_size):
            rows = torch.tensor(order[first : first + batch_size].tolist())
            optimizer.zero_grad()
            loss = ((model(data.X[rows]) - data.y[rows]) ** 2).mean()
            loss.backward()
            optimizer.step()
            batch_losses.append(loss.item())
            path.append(weights_of(model))
            after_update()
    return np.array(batch_losses), np.array(path)


def test_every_optimizer_and_every_schedule_has_an_oracle():
    assert TORCH_OPTIMIZERS.keys() == OPTIMIZERS.keys()
    assert TORCH_SCHEDULERS.keys() == {*SCHEDULES, rise_and_fall}


@pytest.mark.parametrize("make", [linear, lambda: mlp((2, 3, 1), "tanh", bias=True)], ids=["linear", "mlp"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_step_is_that_of_torch(data, name, make):
    recipe = recipe_of("batch", optimizer=name, epochs=40)
    model = make().double()
    _, path = train_by_hand(
        model, data, TORCH_OPTIMIZERS[name](model.parameters(), 0.01), [np.arange(50)] * 40, batch_size=50
    )
    _, _, ours = run(make().double(), data, recipe)
    np.testing.assert_allclose(ours, path, rtol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_shuffled_batches_with_a_short_last_one_train_as_by_hand(data, name):
    recipe = recipe_of("mini-batch", optimizer=name, batch_size=16, epochs=5)
    model = linear().double()
    optimizer = TORCH_OPTIMIZERS[name](model.parameters(), 0.01)
    batch_losses, path = train_by_hand(model, data, optimizer, list(recipe.epoch_orders()), batch_size=16)
    losses, ours, weights = run(linear().double(), data, recipe)
    np.testing.assert_allclose(weights, path[3::4], rtol=1e-12)
    np.testing.assert_allclose(ours, batch_losses[3::4], rtol=1e-12)
    np.testing.assert_allclose(losses, [mean_squared_error(data, end) for end in path[3::4]], rtol=1e-12)


@pytest.mark.parametrize("schedule", TORCH_SCHEDULERS, ids=lambda schedule: getattr(schedule, "__name__", schedule))
@few_examples
@given(
    name=st.sampled_from(list(OPTIMIZERS)),
    make=st.sampled_from([linear, lambda: mlp((2, 3, 1), "tanh", bias=True)]),
    batch_size=st.integers(1, 50),
    replacement=st.booleans(),
    seed=SEEDS,
)
def test_a_schedule_is_that_of_torch_stepped_after_every_update(schedule, name, make, batch_size, replacement, seed):
    data = simulate_line(n=50, seed=3).to(torch.float64)
    updates = -(-50 // batch_size)
    settings = {"batch_size": batch_size, "replacement": replacement, "epochs": 200 // updates, "shuffle_seed": seed}
    recipe = recipe_of("mini-batch", optimizer=name, schedule=schedule, **settings)
    model = make().double()
    optimizer = TORCH_OPTIMIZERS[name](model.parameters(), 0.01)
    scheduler = TORCH_SCHEDULERS[schedule](optimizer, recipe.epochs * updates, updates)
    orders = list(recipe.epoch_orders())
    batch_losses, path = train_by_hand(model, data, optimizer, orders, batch_size, scheduler.step)
    _, ours, weights = run(make().double(), data, recipe)
    np.testing.assert_allclose(weights, path[updates - 1 :: updates], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(ours, batch_losses[updates - 1 :: updates], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("make", [linear, lambda: mlp((2, 3, 1), "tanh", bias=True)], ids=["linear", "mlp"])
@pytest.mark.parametrize("after", [0, 2, 4])
def test_the_mean_of_the_iterates_is_that_of_torch_since_the_epoch_that_is_given(data, make, after):
    recipe = recipe_of("mini-batch", batch_size=16, epochs=5, average_after=after)  # 4 updates an epoch
    model = make().double()
    averaged, means = AveragedModel(model), []

    def average():
        if len(means) >= 4 * after:
            averaged.update_parameters(model)
        means.append(weights_of(averaged.module))

    optimizer = TORCH_OPTIMIZERS["sgd"](model.parameters(), 0.01)
    batch_losses, path = train_by_hand(model, data, optimizer, list(recipe.epoch_orders()), 16, average)
    losses, ours, weights = run(make().double(), data, recipe)
    expected = [*path[3::4][:after], *means[3::4][after:]]
    np.testing.assert_allclose(weights, expected, rtol=1e-12)
    np.testing.assert_allclose(ours, batch_losses[3::4], rtol=1e-12)
    for loss, end in zip(losses, expected, strict=True):
        with torch.no_grad():
            predictions = set_weights(make().double(), end)(data.X)
        np.testing.assert_allclose(loss, ((predictions - data.y) ** 2).mean(), rtol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_optimizer_of_a_name_has_the_settings_of_torch(name):
    ours = make_optimizer(name, linear().parameters(), 0.05)
    expected = TORCH_OPTIMIZERS[name](linear().parameters(), 0.05)
    assert type(ours) is type(expected)
    assert ours.defaults == expected.defaults


def test_plain_descent_walks_the_path_of_the_closed_form(data):
    X, y = data.X.numpy(), data.y[:, 0].numpy()
    weights = np.array([0.3, -0.2])
    _, _, path = run(set_weights(linear().double(), weights), data, recipe_of("batch", epochs=20))
    for ours in path:
        weights = weights - 0.01 * 2 / 50 * X.T @ (X @ weights - y)
        np.testing.assert_allclose(ours, weights, rtol=1e-12)


@pytest.mark.parametrize("make", [linear, lambda: mlp((2, 3, 2, 1), bias=True)], ids=["linear", "mlp"])
def test_one_step_goes_against_the_gradient_of_finite_differences(data, make):
    model = make().double()
    start = get_weights(model).numpy()

    def loss(weights):
        with torch.no_grad():
            return ((set_weights(make().double(), weights)(data.X) - data.y) ** 2).mean().item()

    shifts = 1e-6 * np.eye(start.size)
    gradient = np.array([(loss(start + shift) - loss(start - shift)) / 2e-6 for shift in shifts])
    _, _, path = run(model, data, recipe_of("batch", epochs=1))
    np.testing.assert_allclose(path[0], start - 0.01 * gradient, rtol=1e-7, atol=1e-9)
    assert loss(path[0]) < loss(start)


@pytest.mark.parametrize(("factor", "inside"), [(0.999, True), (1.001, False)])
def test_descent_along_the_steepest_axis_shrinks_inside_the_stability_limit_and_grows_outside(factor, inside):
    data = simulate_line(n=1000, seed=37).to(torch.float64)
    best, rate = ols(data).weights, factor * stability_limit(data)
    curvatures, axes = np.linalg.eigh(hessian(data))
    model = set_weights(linear().double(), best + axes[:, -1])
    _, _, path = run(model, data, recipe_of("batch", 1000, learning_rate=rate, epochs=400))
    distances = np.linalg.norm(path - best, axis=1)
    np.testing.assert_allclose(distances, abs(1 - rate * curvatures[-1]) ** np.arange(1, 401), rtol=1e-6)
    assert (np.diff(distances) < 0).all() if inside else (np.diff(distances) > 0).all()


def test_descent_from_anywhere_converges_at_0_999_of_the_stability_limit_and_blows_up_at_1_001_of_it():
    data = simulate_line(n=1000, seed=37).to(torch.float64)
    at_best, limit = ols(data).mse, stability_limit(data)
    ends = {}
    for factor in (0.999, 1.001):
        recipe = recipe_of("batch", 1000, learning_rate=factor * limit, epochs=2500)
        losses, _, _ = run(linear().double(), data, recipe)
        ends[factor] = losses[-1] - at_best, losses[0] - at_best
    assert ends[0.999][0] < 1e-3 * ends[0.999][1]
    assert ends[1.001][0] > 1e3 * ends[1.001][1]


def test_the_loss_is_over_all_data_after_the_epoch(data):
    losses, batch_losses, path = run(linear().double(), data, recipe_of("stochastic"))
    np.testing.assert_allclose(losses, [mean_squared_error(data, weights) for weights in path], rtol=1e-12)
    assert (abs(losses - batch_losses) > 1e-6).all()


def test_the_batch_loss_is_that_of_the_last_batch_before_its_update(data):
    recipe = recipe_of("batch", epochs=3)
    start = get_weights(linear().double()).numpy()
    _, batch_losses, path = run(linear().double(), data, recipe)
    before = [mean_squared_error(data, weights) for weights in [start, *path[:-1]]]
    np.testing.assert_allclose(batch_losses, before, rtol=1e-12)


class Recorder(nn.Module):
    """A linear model that notes the rows which feed its updates and the number of those that it is evaluated on."""

    def __init__(self):
        super().__init__()
        self.layer, self.fed, self.evaluated = linear(), [], []

    def forward(self, X):
        if torch.is_grad_enabled():
            assert self.training
            self.fed.append(X.detach().clone())
        elif not self.training:
            self.evaluated.append((len(X), X.dtype, self.layer[0].weight.dtype))
        return self.layer(X)


@pytest.mark.parametrize(
    ("method", "sizes"),
    [("batch", [1000]), ("mini-batch", [32] * 31 + [8]), ("stochastic", [1] * 1000)],
)
def test_an_epoch_feeds_1_or_32_or_n_updates_and_its_last_batch_holds_the_rest(method, sizes):
    model, data = Recorder(), simulate_line(n=1000)
    list(run_epochs(model, data.X, data.y, recipe_of(method, 1000, epochs=2)))
    assert [len(rows) for rows in model.fed] == 2 * sizes
    assert model.evaluated == [(rows, torch.float64, torch.float64) for rows in (1, 1000, 1000)]  # 1 to see if it can


def fed_to(method, data, **changes):
    model = Recorder().double()
    recipe = recipe_of(method, **changes)
    list(run_epochs(model, data.X, data.y, recipe))
    return torch.cat(model.fed).reshape(recipe.epochs, len(data), 2), recipe


@pytest.mark.parametrize("method", ["stochastic", "mini-batch"])
def test_shuffled_epochs_feed_all_examples_each_time_in_the_next_order_of_the_recipe(data, method):
    fed, recipe = fed_to(method, data)
    for epoch, order in zip(fed, recipe.epoch_orders(), strict=True):
        assert torch.equal(epoch, data.X[order.tolist()])
        assert torch.equal(epoch[:, 1].sort().values, data.x.sort().values)
    assert not torch.equal(fed[0], fed[1])
    assert not torch.equal(fed[0], data.X)


def test_unshuffled_epochs_feed_the_examples_as_they_stand(data):
    fed, _ = fed_to("mini-batch", data, shuffle=False)
    assert torch.equal(fed, data.X.expand(3, 50, 2))


def test_the_data_are_not_changed(data):
    X, y = data.X.clone(), data.y.clone()
    run(linear().double(), data, recipe_of("stochastic"))
    assert torch.equal(data.X, X)
    assert torch.equal(data.y, y)


def test_rows_that_are_not_contiguous_train_as_those_that_are(data):
    recipe = recipe_of("mini-batch")
    expected = list(run_epochs(linear().double(), data.X, data.y, recipe))
    strided = data.X.T.contiguous().T
    assert not strided.is_contiguous()
    for ours, theirs in zip(run_epochs(linear().double(), strided, data.y, recipe), expected, strict=True):
        np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-12)


def test_one_column_of_inputs_trains(data):
    recipe = recipe_of("batch", epochs=200, learning_rate=0.1)
    ones = data.X[:, :1]
    *_, (_, _, weights) = run_epochs(linear(1).double(), ones, data.y, recipe)
    np.testing.assert_allclose(weights, data.y.mean(), rtol=1e-9)


def test_the_engine_yields_an_epoch_at_a_time_in_float64():
    data = simulate_line(n=50)
    for losses, batch_losses, weights in run_epochs(linear(), data.X, data.y, recipe_of("batch")):
        assert (losses.shape, batch_losses.shape, weights.shape) == ((1,), (1,), (1, 2))
        assert losses.dtype == batch_losses.dtype == weights.dtype == np.float64


def test_what_was_yielded_does_not_change_later(data):
    epochs = list(run_epochs(linear().double(), data.X, data.y, recipe_of("batch")))
    assert not np.array_equal(epochs[0][2], epochs[1][2])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA device here")
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_run_on_cuda_is_the_run_on_the_cpu_to_rounding(data, name):
    recipe = recipe_of("mini-batch", optimizer=name, batch_size=16, epochs=5)
    records = run(mlp((2, 3, 1)).double(), data, recipe)
    on_cuda = run(mlp((2, 3, 1)).double().to("cuda"), data.to("cuda"), recipe)
    for ours, expected in zip(on_cuda, records, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-9)
