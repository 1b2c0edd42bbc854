import numpy as np
import pytest
from against_torch import recipe_of
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gd_helpers.training.engines.plans import Average, Plan, add_iterate, rate_of, report
from gd_helpers.training.engines.steps import State


def test_a_plan_holds_the_rates_of_its_own_epochs():
    recipe = recipe_of(10, 6, 5, learning_rate=0.5, schedule=lambda t: t)
    plan = Plan.of(recipe, 2, 3)
    assert [rate_of.py_func(plan, update) for update in range(6)] == [2, 2.5, 3, 3.5, 4, 4.5]


def test_a_constant_rate_is_that_of_every_update():
    plan = Plan.of(recipe_of(10, 6, 5, learning_rate=0.5), 2, 3)
    assert [rate_of.py_func(plan, update) for update in range(6)] == [0.5] * 6


@pytest.mark.parametrize(("first", "plain_epochs"), [(0, 4), (3, 1), (4, 0), (5, 0)])
def test_the_plain_epochs_of_a_chunk_end_where_averaging_begins(first, plain_epochs):
    assert Plan.of(recipe_of(10, 6, 5, average_after=4), first, 1).plain_epochs == plain_epochs


def test_without_averaging_every_epoch_is_plain():
    assert [Plan.of(recipe_of(10, 6, 5), first, 2).plain_epochs for first in (0, 2, 4)] == [6, 4, 2]


@given(arrays(np.float32, array_shapes(min_dims=3, max_dims=3), elements=st.floats(-100, 100, width=32)))
def test_the_mean_of_the_iterates_is_that_of_numpy_in_float64(iterates):
    average = Average.like(iterates[0])
    for w in iterates:
        add_iterate.py_func(average, State.at(w))
    np.testing.assert_allclose(average.mean, iterates.mean(axis=0, dtype=np.float64), rtol=1e-12, atol=1e-12)
    for averages, expected in ((True, average.mean.astype(np.float32)), (False, iterates[0])):
        report.py_func(average, State.at(iterates[0]), averages)
        assert np.array_equal(average.reported, expected.astype(np.float64))
