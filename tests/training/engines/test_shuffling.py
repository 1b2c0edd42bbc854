import numpy as np
import pytest
from against_torch import SEEDS, recipe_of
from hypothesis import example, given
from hypothesis import strategies as st

from gd_helpers.training.engines import shuffling

DRAWS = {
    "permutation": (shuffling.draw_permutations, lambda generator, n: generator.permutation(n)),
    "integers": (shuffling.draw_integers, lambda generator, n: generator.integers(n, size=n)),
}


def orders_of(draw, seeds, epochs, n):
    orders = np.empty((epochs, len(seeds), n), np.int64)
    draw(shuffling.seed_generators(np.array(seeds, np.uint64)), orders)
    return orders


@pytest.mark.parametrize("name", DRAWS)
@given(seeds=st.lists(SEEDS, min_size=1, max_size=3), epochs=st.integers(1, 4), n=st.integers(1, 2000))
@example(seeds=[0, 2**32 - 1], epochs=3, n=1)
@example(seeds=[0], epochs=2, n=2**17 + 1)  # more than half of the draws are taken again
def test_orders_are_those_of_numpy(name, seeds, epochs, n):
    draw, of_numpy = DRAWS[name]
    orders = orders_of(draw, seeds, epochs, n)
    for run, seed in enumerate(seeds):
        generator = np.random.default_rng(seed)
        for epoch in range(epochs):
            assert np.array_equal(orders[epoch, run], of_numpy(generator, n))


@pytest.mark.parametrize("name", DRAWS)
def test_a_second_call_goes_on_where_the_first_has_ended(name):
    draw, _ = DRAWS[name]
    generators, orders = shuffling.seed_generators(np.array([5], np.uint64)), np.empty((3, 1, 7), np.int64)
    for epoch in range(3):
        draw(generators, orders[epoch : epoch + 1])
    assert np.array_equal(orders, orders_of(draw, [5], 3, 7))


@given(seeds=st.lists(SEEDS, min_size=1, max_size=5), replacement=st.booleans())
def test_a_recipe_draws_the_orders_of_each_seed_that_it_is_given(seeds, replacement):
    recipe = recipe_of(11, 4, 3, replacement=replacement)
    ((_, orders),) = recipe.order_chunks(seeds)
    for run, seed in enumerate(seeds):
        alone = recipe_of(11, 4, 3, replacement=replacement, shuffle_seed=seed)
        assert np.array_equal(orders[:, run], list(alone.epoch_orders()))
