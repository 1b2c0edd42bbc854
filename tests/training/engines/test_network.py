import pytest
from against_torch import SEEDS, assert_same, draw_data, few_examples, recipe_of, tasks
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from gd_helpers.models import mlp
from gd_helpers.optimizers import OPTIMIZERS
from gd_helpers.training.engines import network
from gd_helpers.training.recipes import Recipe


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "identity"])
@few_examples
@given(
    task=tasks(),
    widths=st.lists(st.integers(1, 6), min_size=2, max_size=4),
    bias=st.booleans(),
    optimizer=st.sampled_from(list(OPTIMIZERS)),
    seed=SEEDS,
)
def test_200_updates_of_a_network_are_those_of_torch(activation, task, widths, bias, optimizer, seed):
    recipe = Recipe(**{**vars(task), "optimizer": optimizer, "learning_rate": 0.001})
    X, y = draw_data(seed, recipe.n, widths[0])
    y = (y - y.mean()) / y.std() + 5  # neither so near that it gets there, nor so steep that it leaps about
    assert_same(mlp((*widths, 1), activation, bias, seed).double(), X, y, recipe, rtol=1e-7)


@pytest.mark.parametrize("batch_size", [network.FEW, network.FEW + 1, network.BLOCK - 1, network.BLOCK + 1, 600])
def test_batches_of_one_and_several_blocks_train_as_in_torch(batch_size):
    assert_same(mlp((3, 4, 1)).double(), *draw_data(4, 600, 3), recipe_of(600, 5, batch_size), rtol=1e-9)


def test_layers_that_differ_and_nest_train_as_in_torch():
    head = nn.Sequential(nn.Linear(3, 5), nn.Identity(), nn.Linear(5, 4, bias=False), nn.ReLU())
    model = nn.Sequential(head, nn.Linear(4, 2), nn.Tanh(), nn.Linear(2, 1, bias=False), nn.Sigmoid()).double()
    assert_same(model, *draw_data(5, 40, 3), recipe_of(40, 20, 7), rtol=1e-9)
