"""Training under whatever state PyTorch keeps around a call: modes, default dtype and device, random numbers."""

import contextlib
import threading

import numpy as np
import pytest
import torch
from torch import nn

from gd_helpers.data import simulate_line
from gd_helpers.models import get_weights, init_weights, linear, mlp
from gd_helpers.training.trainer import ENGINES, train


@contextlib.contextmanager
def default_dtype_float64():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextlib.contextmanager
def deterministic_algorithms():
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


STATES = {
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "default device": lambda: torch.device("meta"),
    "default dtype": default_dtype_float64,
    "deterministic algorithms": deterministic_algorithms,
}
MAKERS = {
    "linear": lambda: None,
    "mlp": lambda: mlp((2, 3, 1), "tanh", bias=True),
    "a network by hand": lambda: nn.Sequential(
        nn.Linear(2, 3, device="cpu"), nn.Sigmoid(), nn.Linear(3, 1, device="cpu")
    ),
}


def state_around_a_call():
    return (
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_autocast_enabled("cpu"),
        torch.get_default_device(),
        torch.get_default_dtype(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_num_threads(),
    )


@pytest.fixture(params=sorted(ENGINES))
def engine(request):
    return request.param


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("state", STATES)
def test_a_run_does_not_depend_on_the_state_that_torch_keeps_and_leaves_it_as_it_was(state, make, engine):
    settings = {"epochs": 2, "learning_rate": 0.01, "engine": engine}
    expected = train(simulate_line(n=50), "mini-batch", model=MAKERS[make](), **settings)
    with STATES[state]():
        before = state_around_a_call()
        run = train(simulate_line(n=50), "mini-batch", model=MAKERS[make](), **settings)
        predictions = run.predict(np.ones((3, 2)))
        assert state_around_a_call() == before
    assert np.array_equal(run.path, expected.path)
    assert run.trace.equals(expected.trace)
    assert (run.mse, run.r2) == (expected.mse, expected.r2)
    assert torch.equal(predictions.clone(), expected.predict(np.ones((3, 2))))
    assert all(weight.requires_grad and not weight.is_inference() for weight in run.model.parameters())


@pytest.mark.parametrize("make", [linear, lambda: mlp((2, 3, 1), bias=True)], ids=["linear", "mlp"])
@pytest.mark.parametrize("state", STATES)
def test_a_model_does_not_depend_on_the_state_that_torch_keeps(state, make):
    expected = make()
    with STATES[state]():
        model = make()
    assert torch.equal(get_weights(model), get_weights(expected))
    model(torch.ones(1, 2)).sum().backward()  # it can be trained


def test_a_float64_model_starts_from_the_weights_of_the_float32_one(engine):
    starts = [
        train(simulate_line(n=50).to(of_data), epochs=1, model=mlp((2, 3, 1)).to(of_model), engine=engine).path[0]
        for of_data in (torch.float32, torch.float64)
        for of_model in (torch.float32, torch.float64)
    ]
    assert all(np.array_equal(start, starts[0]) for start in starts)


# Modules without weights yet


def lazy_model():
    return nn.Sequential(nn.LazyLinear(3), nn.Tanh(), nn.LazyLinear(1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_lazy_model_trains_as_one_with_shapes(global_random_state, engine, dtype):
    model, before, data = lazy_model(), global_random_state(), simulate_line(n=50).to(dtype)
    run = train(data, "mini-batch", model=model, epochs=2, engine=engine)
    assert global_random_state() == before
    assert np.array_equal(
        run.path, train(data, "mini-batch", model=mlp((2, 3, 1), "tanh", bias=True), epochs=2, engine=engine).path
    )
    assert isinstance(model[0], nn.LazyLinear)  # the one that was given


def test_the_weights_of_a_lazy_model_are_not_drawn_before_their_shapes_are_known():
    with pytest.raises(ValueError, match=r"^model must know the shapes of its weights before they are drawn"):
        init_weights(lazy_model(), 3)


# Models that draw as they train


def dropout_model():
    return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Dropout(0.3), nn.Linear(8, 1))


SETTINGS = {
    "method": "mini-batch",
    "batch_size": 16,
    "epochs": 3,
    "learning_rate": 0.05,
    "optimizer": "sgd",
    "engine": "eager",
}


DROPOUT = dropout_model()


def train_dropout(seed=6, **changes):
    return train(simulate_line(n=50).to(torch.float64), model=DROPOUT, seed=seed, **{**SETTINGS, **changes})


def test_dropout_draws_from_the_shuffle_seed_what_a_loop_by_hand_draws_after_manual_seed():
    data, model = simulate_line(n=50).to(torch.float64), init_weights(dropout_model(), 6).double()
    optimizer, path = torch.optim.SGD(model.parameters(), lr=0.05), [get_weights(model).numpy()]
    generator = np.random.default_rng(9)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(9)
        for _ in range(3):
            for rows in torch.from_numpy(generator.permuted(np.arange(50))).split(16):
                optimizer.zero_grad()
                ((model(data.X[rows]) - data.y[rows]) ** 2).mean().backward()
                optimizer.step()
            path.append(get_weights(model).numpy())
    np.testing.assert_allclose(train_dropout(shuffle_seed=9).path, path, rtol=1e-9)


def test_dropout_leaves_no_mark_on_losses_which_are_those_of_the_whole_network():
    run, data = train_dropout(), simulate_line(n=50).to(torch.float64)
    with torch.no_grad():
        assert run.mse == pytest.approx(((run.model(data.X) - data.y) ** 2).mean().item(), rel=1e-12)


def test_global_random_state_is_neither_read_nor_changed_by_dropout(global_random_state, seed_globally):
    before = global_random_state()
    first = train_dropout()
    assert global_random_state() == before
    seed_globally(5)
    assert np.array_equal(train_dropout().path, first.path)


def test_another_seed_drops_other_units():
    one, other = (train_dropout(init_seed=1, shuffle=False, shuffle_seed=seed) for seed in (6, 7))
    assert np.array_equal(one.path[0], other.path[0])
    assert not np.array_equal(one.path[1], other.path[1])


def test_what_others_draw_between_two_epochs_does_not_change_a_run():
    expected, data, path = train_dropout(), simulate_line(n=50).to(torch.float64), []
    model = init_weights(dropout_model(), 6).double()
    for _, _, weights in ENGINES["eager"](model, data.X, data.y, expected.recipe):
        path.append(weights[0])
        torch.rand(3)
    assert np.array_equal(path, expected.path[1:])


def test_runs_with_dropout_in_threads_are_those_one_after_the_other():
    paths = {}

    def run(seed):
        paths[seed] = train_dropout(seed).path

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(4):
        assert np.array_equal(paths[seed], train_dropout(seed).path)


# Models whose training and evaluation differ


def batch_norm_model():
    return nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 1))


def test_batch_norm_trains_as_by_hand():
    data, model = simulate_line(n=50).to(torch.float64), init_weights(batch_norm_model(), 6).double()
    optimizer, path = torch.optim.SGD(model.parameters(), lr=0.05), [get_weights(model).numpy()]
    for _ in range(3):
        for rows in torch.arange(50).split(16):
            optimizer.zero_grad()
            ((model(data.X[rows]) - data.y[rows]) ** 2).mean().backward()
            optimizer.step()
        path.append(get_weights(model).numpy())
    run = train(data, model=batch_norm_model(), seed=6, shuffle=False, **SETTINGS)
    np.testing.assert_allclose(run.path, path, rtol=1e-9)
    with torch.no_grad():
        expected = ((model.eval()(data.X) - data.y) ** 2).mean().item()
    assert run.mse == pytest.approx(expected, rel=1e-9)
    assert run.model[1].num_batches_tracked == 12  # the probes of the model left no trace in it


@pytest.mark.parametrize("batch_size", [1, 7, 49])
def test_batch_norm_is_refused_before_training_where_a_batch_has_one_row(batch_size):
    message = rf"^batch_size must give batches that the model takes in training, got {batch_size}, whose .* has 1: "
    with pytest.raises(ValueError, match=message):
        train(simulate_line(n=50), model=batch_norm_model(), **{**SETTINGS, "batch_size": batch_size})


class InSinglePrecision(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, X):
        return self.layer(X.float())


def test_a_model_that_cannot_compute_its_losses_in_float64_is_refused_before_training():
    with pytest.raises(ValueError, match=r"^model must be able to compute in float64, as its losses are, got "):
        train(simulate_line(n=50), model=InSinglePrecision(), **SETTINGS)
