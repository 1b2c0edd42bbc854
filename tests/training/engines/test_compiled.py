import copy
import threading

import numpy as np
import pytest
import torch
from against_torch import SEEDS, assert_same, draw_data, few_examples, recipe_of, records, tasks
from hypothesis import example, given
from hypothesis import strategies as st
from torch import nn

from gd_helpers.data import simulate_line
from gd_helpers.models import get_weights, mlp, set_weights
from gd_helpers.models import linear as linear_model
from gd_helpers.optimizers import OPTIMIZERS
from gd_helpers.training import recipes
from gd_helpers.training.engines import compiled, eager, linear, network, quadratic, shuffling
from gd_helpers.training.engines.lanes import LANES
from gd_helpers.training.recipes import Recipe
from gd_helpers.training.replicates import replicate
from gd_helpers.training.trainer import train


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@few_examples
@given(task=tasks(), p=st.integers(1, 6), bias=st.booleans(), seed=SEEDS)
@example(task=recipe_of(50, 50, 16), p=2, bias=True, seed=0)  # a short last batch
def test_200_updates_of_a_linear_model_are_those_of_torch(optimizer, task, p, bias, seed):
    recipe = Recipe(**{**vars(task), "optimizer": optimizer, "learning_rate": 0.001})
    X, y = draw_data(seed, recipe.n, p)
    y = y + 10  # too far to get there: at the minimum RMSProp's steps would magnify the rounding of both
    assert_same(mlp((p, 1), bias=bias, seed=seed).double(), X, y, recipe, rtol=1e-9)


@given(
    x=st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=2),
    y=st.floats(-1e3, 1e3),
    biased=st.booleans(),
    w=st.floats(-9, 9),
)
@example(x=[-1.0, 0.0], y=0.0, biased=True, w=0.0)  # zeros with a sign
def test_the_gradient_of_one_example_is_to_the_bit_that_of_a_batch_of_one(x, y, biased, w):
    X, y, w = np.array([[[9.0], [9.0]], np.reshape(x, (2, 1))]), np.array([[9.0], [y]]), np.full((2 + biased, 1), w)
    examples = linear.Examples(X, y, X, y, np.zeros(2, np.int64))
    alone, batch = (np.empty_like(w), np.empty(1)), (np.empty_like(w), np.empty(1))
    linear.example_gradient(examples, np.array([[0, 1]]), w, 1, *alone, (0,))
    linear.batch_gradient(examples, np.array([[0, 1]]), w, 1, 2, *batch, (0,))
    for ours, expected in zip(alone, batch, strict=True):
        assert ours.tobytes() == expected.tobytes()


@pytest.mark.parametrize("batch_size", [1, 32, 1000])
@pytest.mark.parametrize("widths", [(2, 1), (2, 4, 1)])
def test_in_float32_the_distance_to_the_float64_run_is_not_beyond_that_of_torch(widths, batch_size):
    data, recipe = simulate_line(n=1000), recipe_of(1000, 1 if batch_size == 1 else 20, batch_size)
    far = []  # of ours and of torch from the truth, and its rounding: from several starts, since one can be lucky
    for seed in range(5):
        exact = records(compiled, mlp(widths, seed=seed).double(), data.X.double(), data.y.double(), recipe)
        ours = records(compiled, mlp(widths, seed=seed), data.X, data.y, recipe)
        torchs = records(eager, mlp(widths, seed=seed), data.X, data.y, recipe)
        for rows, theirs, truth in zip(ours, torchs, exact, strict=True):
            rounding = np.finfo(np.float32).eps * np.abs(truth).max()
            far.append((np.abs(rows - truth).max(), np.abs(theirs - truth).max(), rounding))
    for kind in np.reshape(far, (5, -1, 3)).transpose(1, 0, 2):
        ours, torchs, rounding = kind.max(axis=0)
        assert 0 < ours < 2 * torchs + 2 * rounding


@pytest.mark.parametrize("batch_size", [1, 10, 50])
@pytest.mark.parametrize("make", [linear_model, lambda: mlp((2, 3, 1), "relu")], ids=["linear", "network"])
def test_a_run_ends_with_the_first_epoch_that_is_not_finite(make, batch_size):
    X, y = draw_data(6, 50, 2)
    recipe = recipe_of(50, 600, batch_size, optimizer="sgd", learning_rate=30.0)
    losses, _, path = records(compiled, make().double(), X, 100 * y, recipe)
    assert len(losses) < 600
    assert np.isfinite(losses[:-1]).all()
    assert np.isfinite(path[:-1]).all()
    assert not (np.isfinite(losses[-1]) and np.isfinite(path[-1]).all())


def test_a_run_ends_with_an_infinite_weight_though_its_loss_is_finite():
    X, y = draw_data(6, 50, 2)
    model = set_weights(mlp((2, 1, 1)).double(), [np.inf, 0, 1])  # the sigmoid of ±∞ is 1 or 0
    losses, _, path = records(compiled, model, X, y, recipe_of(50, 20, 10))
    assert np.isfinite(losses).all()
    assert path.shape == (1, 3)


def test_up_to_where_it_overflows_a_run_is_that_of_torch():
    X, y = draw_data(6, 50, 2)
    recipe = recipe_of(50, 120, 10, optimizer="sgd", learning_rate=3.0)
    ours, torchs = (records(engine, linear_model().double(), X, y, recipe) for engine in (compiled, eager))
    length = len(ours[2]) - 1
    assert 5 < length < 119
    np.testing.assert_allclose(ours[2][:length], torchs[2][:length], rtol=1e-9)


@pytest.mark.parametrize(("method", "length"), [("batch", 1024), ("stochastic", 2621)])
def test_the_engine_yields_chunks_of_epochs_in_float64(method, length):
    data = simulate_line(n=100)
    recipe = Recipe.complete(method, 100, epochs=3000, learning_rate=0.1, optimizer="sgd", init_seed=0, shuffle_seed=0)
    chunks = list(compiled.run_epochs(linear_model(), data.X, data.y, recipe))
    assert [len(losses) for losses, _, _ in chunks] == [length] * (3000 // length) + [3000 % length]
    for losses, batch_losses, path in chunks:
        assert losses.shape == batch_losses.shape == path.shape[:1]
        assert losses.dtype == batch_losses.dtype == path.dtype == np.float64


@pytest.mark.parametrize(
    "choices",
    [{"shuffle": True}, {"shuffle": False}, {"replacement": True, "schedule": "linear", "average_after": 5}],
    ids=str,
)
def test_chunks_that_would_take_long_are_cut_and_the_numbers_stay(monkeypatch, choices):
    model, (X, y), recipe = mlp((2, 3, 1)).double(), draw_data(7, 20, 2), recipe_of(20, 10, 8, **choices)
    whole = records(compiled, model, X, y, recipe)
    monkeypatch.setattr(compiled, "PRODUCTS_PER_CHUNK", 4 * 20 * 9)
    chunks = list(compiled.run_epochs(copy.deepcopy(model), X, y, recipe))
    assert [len(losses) for losses, _, _ in chunks] == [4, 4, 2]
    assert np.array_equal(np.concatenate([path for _, _, path in chunks]), whole[2])


@pytest.mark.parametrize("average_after", [None, 100])
def test_the_model_has_the_weights_of_the_last_epoch_that_was_yielded(average_after):
    model, data = mlp((2, 3, 1)), simulate_line(n=1000)
    recipe = recipe_of(1000, 500, 100, average_after=average_after)
    for _, _, path in compiled.run_epochs(model, data.X, data.y, recipe):
        assert np.array_equal(get_weights(model).double().numpy(), path[-1])


def test_contiguous_data_are_not_copied():
    data = simulate_line(n=50)
    X, y = compiled.as_arrays(linear_model(), data.X, data.y)
    assert np.shares_memory(X, data.X.numpy())
    assert np.shares_memory(y, data.y.numpy())


def test_runs_in_threads_are_those_one_after_the_other():
    data, paths = simulate_line(n=500), {}

    def run(seed):
        paths[seed] = train(data, epochs=20, seed=seed).path

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(8):
        assert np.array_equal(paths[seed], train(data, epochs=20, seed=seed).path)


class ByHand(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)

    def forward(self, X):
        return self.layer(X).exp()


class Doubled(nn.Sequential):
    def forward(self, X):
        return 2 * super().forward(X)


def with_(model, change):
    change(model)
    return model


SQUARE = nn.Linear(2, 2)
REFUSED = {
    "ByHand": ByHand(),
    "Doubled": Doubled(nn.Linear(2, 1)),
    "Dropout": nn.Sequential(nn.Linear(2, 3), nn.Dropout(), nn.Linear(3, 1)),
    r"Tanh\(\) without a linear layer": nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Tanh(), nn.Linear(3, 1)),
    r"ReLU\(\) without a linear layer": nn.Sequential(nn.ReLU(), nn.Linear(2, 1)),
    "shared": nn.Sequential(SQUARE, SQUARE, nn.Linear(2, 1)),
    "frozen": with_(linear_model(), lambda model: model[0].weight.requires_grad_(False)),
    "hooks": with_(linear_model(), lambda model: model.register_forward_hook(lambda *_: None)),
    "a forward of its own": with_(linear_model(), lambda model: setattr(model, "forward", lambda X: X[:, :1])),
    r"\[2\] inputs and \[3\] outputs": nn.Sequential(nn.Linear(2, 3)),
    r"\[\] inputs": nn.Sequential(),
    "ParametrizedLinear": nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(2, 1))),
}


@pytest.mark.parametrize("what", REFUSED)
def test_models_it_does_not_compute_are_refused_by_name_and_eager_is_named(what):
    data = simulate_line(n=20)
    with pytest.raises(ValueError, match=f"engine 'compiled' computes .* got .*{what}.*use engine='eager'"):
        next(compiled.run_epochs(REFUSED[what], data.X, data.y, recipe_of(20, 1, 5)))


def test_training_refuses_them_too_and_eager_takes_them():
    with pytest.raises(ValueError, match="ByHand; use engine='eager'"):
        train(simulate_line(n=20), model=ByHand(), epochs=1)
    assert len(train(simulate_line(n=20), model=ByHand(), epochs=1, engine="eager").trace) == 1


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_data_in_another_dtype_than_the_weights_are_refused(dtype):
    data = simulate_line(n=20).to(dtype)
    with pytest.raises(ValueError, match=f"all in float32 .* got torch.float.*{dtype}"):
        next(compiled.run_epochs(linear_model(), data.X, data.y, recipe_of(20, 1, 5)))


def test_another_device_than_the_cpu_is_refused():
    data = simulate_line(n=20).to("meta")
    with pytest.raises(ValueError, match=r"runs on the CPU, got device 'meta'; use engine='eager'"):
        next(compiled.run_epochs(linear_model().to("meta"), data.X, data.y, recipe_of(20, 1, 5)))


@pytest.mark.parametrize("setting", [{"amsgrad": True}, {"nesterov": True}])
def test_settings_that_it_does_not_compute_are_refused_by_name(monkeypatch, setting):
    monkeypatch.setitem(OPTIMIZERS, "adam", {**OPTIMIZERS["adam"], **setting})
    data = simulate_line(n=20)
    with pytest.raises(ValueError, match=f"{next(iter(setting))}.* not compiled; use engine='eager'"):
        next(compiled.run_epochs(linear_model(), data.X, data.y, recipe_of(20, 1, 5)))


def test_warming_up_compiles_all_that_training_uses():
    compiled.warm_up()
    kernels = [linear.run_chunk, network.run_chunk, quadratic.run_chunk, quadratic.fill]
    kernels += [shuffling.seed_generators, shuffling.draw_permutations, shuffling.draw_integers]
    compiled_for = [len(kernel.signatures) for kernel in kernels]
    assert compiled_for == [4, 2, 4, 2, 1, 1, 1]
    for dtype in (torch.float32, torch.float64):
        data = simulate_line(n=40).to(dtype)
        for method in recipes.METHODS:
            for model in (None, mlp((2, 3, 1), "tanh", bias=True)):
                train(data, method, model=model, epochs=2)
                recipe = {"method": method, "model": model, "epochs": 2, "replacement": method == "mini-batch"}
                for vary, its_data in (("init", data), ("data", lambda seed, like=data: like)):
                    replicate({"": recipe}, LANES, data=its_data, vary=vary, jobs=1)
    strided = set_weights(linear_model(), [0, 0]), simulate_line(n=20).X.T.contiguous().T
    next(compiled.run_epochs(*strided, simulate_line(n=20).y, recipe_of(20, 1, 5)))
    assert [len(kernel.signatures) for kernel in kernels] == compiled_for
