import copy
import itertools
import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from gd_helpers import models
from gd_helpers.models import get_weights, init_weights, linear, mlp, set_weights, weight_names

WIDTHS = st.lists(st.integers(1, 6), min_size=2, max_size=5)
SEEDS = st.integers(0, 2**32 - 1)


def fresh_linear_layers(widths, seed, bias=False):
    """Build the layers as one would without us: seed PyTorch, then make one layer after the other."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return [nn.Linear(*pair, bias=bias) for pair in itertools.pairwise(widths)]


@given(WIDTHS, SEEDS, st.booleans())
@settings(max_examples=30)
def test_the_start_is_that_of_fresh_layers_after_manual_seed(widths, seed, bias):
    expected = [weight for layer in fresh_linear_layers(widths, seed, bias) for weight in layer.parameters()]
    drawn = list(mlp(widths, bias=bias, seed=seed).parameters())
    assert len(drawn) == len(expected)
    assert all(torch.equal(one, other) for one, other in zip(drawn, expected, strict=True))


def test_the_linear_model_is_one_layer_without_bias():
    (layer,) = fresh_linear_layers((2, 1), seed=37)
    model, X = linear(), torch.tensor([[1.0, 3.0], [1.0, -2.0]])
    assert [tuple(weight.shape) for weight in model.parameters()] == [(1, 2)]
    assert torch.equal(model(X), X @ layer.weight.T)


@pytest.mark.parametrize(
    ("name", "function"),
    [("sigmoid", torch.sigmoid), ("tanh", torch.tanh), ("relu", torch.relu), ("identity", lambda values: values)],
)
def test_the_activation_stands_between_layers_and_not_after_the_last(name, function):
    first, second, third = fresh_linear_layers((2, 3, 4, 1), seed=1, bias=True)
    X = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    expected = third(function(second(function(first(X)))))
    assert torch.equal(mlp((2, 3, 4, 1), activation=name, bias=True, seed=1)(X), expected)


def test_the_five_layer_network_of_the_source_has_262_weights():
    assert get_weights(mlp((2, 10, 20, 2, 1))).shape == (262,)


def test_another_seed_gives_another_start():
    assert not torch.equal(get_weights(linear(seed=1)), get_weights(linear(seed=2)))


@pytest.mark.parametrize("make", [linear, lambda: mlp((2, 3, 1)), lambda: init_weights(linear(), 5)])
def test_global_random_state_is_not_changed(global_random_state, make):
    before = global_random_state()
    make()
    assert global_random_state() == before


def test_global_random_state_is_not_read(seed_globally):
    seed_globally(1)
    first = get_weights(mlp((2, 3, 1)))
    seed_globally(2)
    assert torch.equal(first, get_weights(mlp((2, 3, 1))))


class SlowLinear(nn.Linear):
    """A layer that lets other threads run before it draws."""

    def reset_parameters(self):
        time.sleep(0.01)
        super().reset_parameters()


def test_threads_that_draw_at_once_each_get_the_start_of_their_seed():
    models = {seed: nn.Sequential(SlowLinear(2, 3, bias=False), SlowLinear(3, 1, bias=False)) for seed in range(4)}
    threads = [threading.Thread(target=init_weights, args=(model, seed)) for seed, model in models.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, model in models.items():
        layers = fresh_linear_layers((2, 3, 1), seed)
        assert torch.equal(get_weights(model), torch.cat([layer.weight.flatten() for layer in layers]).detach())


def test_drawing_a_start_again_forgets_what_was_trained():
    model = linear(seed=3)
    start = get_weights(model)
    set_weights(model, [100.0, 200.0])
    assert torch.equal(get_weights(init_weights(model, 3)), start)


def test_a_float64_model_gets_the_weights_of_the_float32_one():
    start = get_weights(init_weights(mlp((2, 3, 1)).double(), 5))
    assert start.dtype == torch.float64
    assert torch.equal(start, get_weights(mlp((2, 3, 1), seed=5)).double())


def test_a_start_on_another_device_is_refused():
    with pytest.raises(ValueError, match=r"^model must be on the CPU when its weights are drawn, got weights on meta$"):
        init_weights(linear().to("meta"), 3)


@given(WIDTHS, st.booleans(), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_weights_that_are_set_are_the_weights_one_gets(widths, bias, random):
    model = mlp(widths, bias=bias)
    weights = np.array([random.uniform(-5, 5) for _ in get_weights(model)], dtype=np.float32)
    assert np.array_equal(get_weights(set_weights(model, weights)).numpy(), weights)


def test_the_vector_holds_the_weights_row_by_row_layer_after_layer():
    model = set_weights(mlp((2, 2, 1)), [1, 2, 3, 4, 5, 6])
    assert model[0].weight.tolist() == [[1, 2], [3, 4]]
    assert model[2].weight.tolist() == [[5, 6]]


def test_the_vector_shares_no_memory_with_the_model():
    model, weights = linear(), torch.tensor([1.0, 2.0])
    set_weights(model, weights)
    weights[0] = 9
    taken = get_weights(model)
    taken[1] = 9
    assert get_weights(model).tolist() == [1, 2]
    assert not taken.requires_grad


def test_a_float64_model_keeps_float64_weights():
    model = set_weights(linear().double(), [0.1, 0.2])
    assert get_weights(model).dtype == torch.float64
    assert get_weights(model).tolist() == [0.1, 0.2]


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_a_model_whose_weights_are_set_in_any_mode_can_be_trained(mode):
    model = linear()
    with mode():
        set_weights(model, torch.tensor([1.0, 2.0]))
    model(torch.ones(1, 2)).sum().backward()
    assert model[0].weight.grad.tolist() == [[1, 1]]


@pytest.mark.parametrize("weights", [[1], [1, 2, 3], [[1, 2]], [], 1.0, "x", None, ["a", "b"], [1, [2]]], ids=repr)
def test_weights_that_do_not_fit_are_refused_and_the_model_kept(weights):
    model = linear()
    before = get_weights(model)
    with pytest.raises(ValueError, match=r"^weights must be numbers of shape \(2,\), one per weight, got "):
        set_weights(model, weights)
    assert torch.equal(get_weights(model), before)


def test_the_weights_of_a_linear_model_are_an_intercept_and_slopes():
    assert weight_names(linear(3)) == ["b0", "w1", "w2"]
    assert weight_names(nn.Linear(2, 1, bias=False)) == ["b0", "w1"]


@pytest.mark.parametrize("model", [mlp((2, 2, 1)), mlp((2, 1), bias=True), mlp((2, 3)), nn.Linear(2, 1)], ids=str)
def test_no_weight_of_another_model_is_called_an_intercept_or_a_slope(model):
    names = weight_names(model)
    assert len(names) == len(set(names)) == len(get_weights(model))
    assert not any(name in ("b0", "w1", "w2") for name in names)


def test_the_names_stand_in_the_order_of_the_vector():
    model = mlp((2, 3, 1), bias=True)
    model = set_weights(model, range(len(get_weights(model))))
    places = {
        "0.weight[1,0]": model[0].weight[1, 0],
        "0.bias[2]": model[0].bias[2],
        "2.weight[0,1]": model[2].weight[0, 1],
    }
    assert {name: weight_names(model).index(name) for name in places} == {name: int(w) for name, w in places.items()}


BAD_ARGUMENTS = [
    *[("linear", "inputs", value) for value in (-1, 0, 2.5, float("nan"), True, "x", None)],
    *[("linear", "seed", value) for value in (-1, 2**32, 2.5, True, "x", None)],
    *[("mlp", "widths", value) for value in ((), (2,), (2, 0), (2, -1, 1), (2, 2.5, 1), (True, 1), "21", 3, None)],
    *[("mlp", "activation", value) for value in ("Sigmoid", "gelu", None, 1, nn.Sigmoid)],
    *[("mlp", "bias", value) for value in (1, 0, "yes", None)],
    *[("mlp", "seed", value) for value in (-1, 2**32, 2.5, True, "x", None)],
]


@pytest.mark.parametrize(("function", "name", "value"), BAD_ARGUMENTS, ids=lambda value: repr(value)[:20])
def test_a_bad_argument_is_refused_by_name(function, name, value):
    arguments = {"widths": (2, 1)} if function == "mlp" else {}
    with pytest.raises(ValueError, match=rf"^(each of )?{name} must .*, got "):
        getattr(models, function)(**{**arguments, name: value})


def test_a_copy_of_a_model_with_set_weights_is_independent():
    model = set_weights(linear(), [1, 2])
    other = set_weights(copy.deepcopy(model), [3, 4])
    assert (get_weights(model).tolist(), get_weights(other).tolist()) == ([1, 2], [3, 4])
