import inspect
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gd_helpers.optimizers import OPTIMIZERS
from gd_helpers.training import recipes
from gd_helpers.training.recipes import METHODS, SCHEDULES, Recipe

REST = {"learning_rate": 1e-3, "optimizer": "adam", "init_seed": 37, "shuffle_seed": 37}


def recipe_of(method="mini-batch", n=100, **changes):
    return Recipe.complete(method, n, **{**REST, **changes})


@pytest.mark.parametrize(
    ("method", "epochs", "batch_size", "shuffle", "updates"),
    [
        ("batch", 4500, 1000, False, 4500),
        ("stochastic", 500, 1, True, 500_000),
        ("mini-batch", 300, 32, True, 9600),
    ],
)
def test_a_method_brings_the_settings_of_the_source(method, epochs, batch_size, shuffle, updates):
    recipe = recipe_of(method, 1000)
    assert (recipe.epochs, recipe.batch_size, recipe.shuffle) == (epochs, batch_size, shuffle)
    assert recipe.epochs * recipe.updates_per_epoch == updates


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_the_updates_of_an_epoch_are_the_slices_that_cover_the_examples(n, batch_size):
    batch_size = min(n, batch_size)
    assert recipe_of(n=n, batch_size=batch_size).updates_per_epoch == len(range(0, n, batch_size))


@pytest.mark.parametrize(("batch_size", "updates"), [(1, 1000), (32, 32), (500, 2), (501, 2), (999, 2), (1000, 1)])
def test_the_updates_of_an_epoch_are_n_over_b_rounded_up(batch_size, updates):
    assert recipe_of(n=1000, batch_size=batch_size).updates_per_epoch == updates


@pytest.mark.parametrize("method", METHODS)
def test_any_setting_of_a_method_can_be_replaced(method):
    recipe = recipe_of(method, epochs=7, batch_size=9, shuffle=method == "batch")
    assert (recipe.epochs, recipe.batch_size, recipe.shuffle) == (7, 9, method == "batch")


TORCH_CLASSES = {
    "sgd": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "adagrad": (torch.optim.Adagrad, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_settings_are_the_defaults_of_torch_but_for_the_customary_momentum(optimizer):
    torch_class, ours = TORCH_CLASSES[optimizer]
    defaults = {name: parameter.default for name, parameter in inspect.signature(torch_class).parameters.items()}
    settings = recipe_of(optimizer=optimizer).settings
    assert {**defaults, **settings} == {**defaults, **ours}


def orders_of(recipe):
    return np.array(list(recipe.epoch_orders()))


@settings(max_examples=30)
@given(st.integers(1, 50), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_every_shuffled_order_is_a_permutation(n, epochs, seed):
    orders = orders_of(recipe_of("stochastic", n, epochs=epochs, shuffle_seed=seed))
    assert orders.shape == (epochs, n)
    assert orders.dtype == np.int64
    assert (np.sort(orders, axis=1) == np.arange(n)).all()


def test_shuffled_orders_are_the_permutations_of_one_numpy_generator():
    generator = np.random.default_rng(5)
    expected = [generator.permutation(30) for _ in range(4)]
    assert np.array_equal(orders_of(recipe_of("stochastic", 30, epochs=4, shuffle_seed=5)), expected)


def test_every_shuffled_epoch_has_another_order():
    orders = orders_of(recipe_of("stochastic", 20, epochs=50))
    assert len(np.unique(orders, axis=0)) == 50
    assert not (orders == np.arange(20)).all(axis=1).any()


def test_shuffled_orders_put_every_example_everywhere_equally_often():
    orders = orders_of(recipe_of("stochastic", 4, epochs=8000))
    counts = np.array([np.bincount(position, minlength=4) for position in orders.T])
    # Five standard deviations of a binomial count with p = 1/4.
    assert (abs(counts - 2000) < 5 * np.sqrt(8000 * 0.25 * 0.75)).all()


def test_orders_with_replacement_are_the_whole_numbers_of_one_numpy_generator():
    orders = orders_of(recipe_of("stochastic", 30, epochs=4, shuffle_seed=5, replacement=True))
    assert orders.dtype == np.int64
    assert np.array_equal(orders, np.random.default_rng(5).integers(0, 30, (4, 30)))


def test_with_replacement_every_place_draws_every_example_equally_often_whatever_stands_before_it():
    first, second = orders_of(recipe_of("stochastic", 4, epochs=8000, replacement=True))[:, :2].T
    pairs = np.bincount(4 * first + second, minlength=16)
    # Five standard deviations of a binomial count with p = 1/16.
    assert (abs(pairs - 500) < 5 * np.sqrt(8000 / 16 * 15 / 16)).all()


@pytest.mark.parametrize("method", METHODS)
def test_drawing_with_replacement_is_shuffling(method):
    assert recipe_of(method, replacement=True).shuffle is True
    assert recipe_of(method).replacement is False


def test_replacement_without_shuffling_is_refused():
    with pytest.raises(ValueError, match=r"^shuffle must be True, or not given, if replacement is True, got False$"):
        recipe_of(replacement=True, shuffle=False)


def test_without_shuffling_every_epoch_takes_the_examples_as_they_stand():
    assert (orders_of(recipe_of("batch", 20, epochs=3)) == np.arange(20)).all()


@pytest.mark.parametrize(("shuffle", "replacement"), [(True, False), (True, True), (False, False)])
@pytest.mark.parametrize("n", [100, 101])
@pytest.mark.parametrize("examples", [1, 100, 250, 700, 10**6])
def test_the_orders_do_not_depend_on_how_epochs_fall_into_chunks(monkeypatch, examples, n, shuffle, replacement):
    recipe = recipe_of(n=n, epochs=7, shuffle=shuffle, replacement=replacement)
    expected = orders_of(recipe)
    monkeypatch.setattr(recipes, "EXAMPLES_PER_CHUNK", examples)
    assert np.array_equal(orders_of(recipe), expected)
    chunks = list(recipe.order_chunks())
    assert sum(count for count, _ in chunks) == 7
    assert all(orders.shape == (count if shuffle else 1, 1, n) for count, orders in chunks)
    assert all(count * n <= max(examples, n) for count, _ in chunks)


FACTORS = {  # of the updates t, where T = 12 are made, τ = 4 an epoch
    "constant": lambda t: [1] * 12,
    "linear": lambda t: np.linspace(1, 0, 13)[:-1],
    "cosine": lambda t: np.cos(np.pi * t / 24) ** 2,
    "inverse-time": lambda t: 4 / (4 + t),
    "inverse-sqrt": lambda t: np.sqrt(4 / (4 + t)),
}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_schedule_multiplies_the_learning_rate_by_its_formula(schedule):
    recipe = recipe_of(n=100, batch_size=32, epochs=3, schedule=schedule, learning_rate=0.5)
    rates = np.broadcast_to(recipe.learning_rates(0, 3), 12)
    np.testing.assert_allclose(rates, 0.5 * np.array(FACTORS[schedule](np.arange(12))), rtol=1e-14)


@given(
    st.sampled_from([name for name in SCHEDULES if name != "constant"]),
    st.integers(1, 40),
    st.integers(1, 30),
    st.data(),
)
def test_the_rates_do_not_depend_on_which_epochs_are_asked_for_together(schedule, n, epochs, data):
    recipe = recipe_of("mini-batch", n, batch_size=data.draw(st.integers(1, n)), epochs=epochs, schedule=schedule)
    first = data.draw(st.integers(0, epochs - 1))
    count = data.draw(st.integers(1, epochs - first))
    updates = recipe.updates_per_epoch
    expected = recipe.learning_rates(0, epochs)[first * updates : (first + count) * updates]
    assert expected.shape == (count * updates,)
    np.testing.assert_allclose(recipe.learning_rates(first, count), expected, rtol=1e-14)


def test_a_constant_rate_comes_once():
    assert recipe_of(epochs=10**6, learning_rate=0.25).learning_rates(0, 10**6).tolist() == [0.25]


def test_a_schedule_can_be_a_function_of_the_numbers_of_the_updates():
    recipe = recipe_of(n=100, batch_size=50, epochs=4, learning_rate=0.5, schedule=lambda t: t >= 3)
    assert recipe.learning_rates(0, 4).tolist() == [0, 0, 0, 0.5, 0.5, 0.5, 0.5, 0.5]
    assert recipe.learning_rates(1).tolist() == [0, 0.5]
    assert recipe.learning_rates(1).dtype == np.float64


BAD_FUNCTIONS = {
    r"got shape \(\) for shape \(28,\)": lambda t: 0.5,
    r"got shape \(27,\) for shape \(28,\)": lambda t: t[1:],
    "got nan for update 27": lambda t: np.where(t == 27, np.nan, 1),
    "got inf for update 3": lambda t: np.where(t == 3, np.inf, 1),
    "got -1.0 for update 11": lambda t: 10.0 - t,
    "got ValueError: The truth value": lambda t: 1 if t < 10 else 0.1,
    "got TypeError: ": lambda: 1,
    "got ValueError: could not convert": lambda t: ["a"] * len(t),
}


@pytest.mark.parametrize("message", BAD_FUNCTIONS)
def test_a_function_that_does_not_give_factors_is_refused_with_what_it_gave(message):
    allowed = "^schedule must return a finite factor of at least 0 for each entry of an array of update numbers, "
    with pytest.raises(ValueError, match=allowed + message):
        recipe_of(n=100, batch_size=25, epochs=7, schedule=BAD_FUNCTIONS[message])


def test_a_bad_factor_is_found_beyond_the_first_chunk(monkeypatch):
    monkeypatch.setattr(recipes, "EXAMPLES_PER_CHUNK", 10)
    with pytest.raises(ValueError, match=r"got nan for update 27$"):
        recipe_of(n=100, batch_size=25, epochs=7, schedule=BAD_FUNCTIONS["got nan for update 27"])


@pytest.mark.parametrize(
    "schedule",
    [lambda t: np.linspace(1, 0, len(t)), lambda t: t / t.max(), lambda t: np.random.default_rng().random(len(t))],
)
def test_a_function_whose_factors_depend_on_their_neighbours_is_refused(schedule):
    with pytest.raises(ValueError, match=r"^schedule must give an update the same factor whichever other "):
        recipe_of(n=100, batch_size=25, epochs=7, schedule=schedule)


def test_epochs_report_the_last_iterate_up_to_where_averaging_begins():
    assert recipe_of(epochs=7).plain_epochs == 7
    assert [recipe_of(epochs=7, average_after=after).plain_epochs for after in (0, 3, 6)] == [0, 3, 6]


def test_averaging_after_the_last_epoch_is_refused():
    with pytest.raises(ValueError, match=r"^average_after must be a whole number from 0 to 6, got 7$"):
        recipe_of(epochs=7, average_after=7)


def test_the_order_seed_alone_decides_the_orders():
    expected = orders_of(recipe_of("stochastic", 20, epochs=3, shuffle_seed=1))
    assert np.array_equal(orders_of(recipe_of("stochastic", 20, epochs=3, shuffle_seed=1, init_seed=9)), expected)
    assert not np.array_equal(orders_of(recipe_of("stochastic", 20, epochs=3, shuffle_seed=2)), expected)


def test_the_batch_size_does_not_change_the_orders():
    expected = orders_of(recipe_of("stochastic", 20, epochs=3))
    assert np.array_equal(orders_of(recipe_of("mini-batch", 20, epochs=3, batch_size=7)), expected)


def test_the_orders_can_be_read_again():
    recipe = recipe_of("stochastic", 20, epochs=3)
    assert np.array_equal(orders_of(recipe), orders_of(recipe))


def test_global_random_state_is_not_changed(global_random_state):
    before = global_random_state()
    orders_of(recipe_of("stochastic", 20, epochs=3))
    assert global_random_state() == before


def test_global_random_state_is_not_read(seed_globally):
    seed_globally(1)
    first = orders_of(recipe_of("stochastic", 20, epochs=3))
    seed_globally(2)
    assert np.array_equal(first, orders_of(recipe_of("stochastic", 20, epochs=3)))


def test_numpy_numbers_become_plain_ones():
    recipe = recipe_of(
        epochs=np.int64(3), batch_size=np.int32(7), learning_rate=np.float32(0.5), shuffle_seed=np.int64(1)
    )
    kinds = [type(value) for value in (recipe.epochs, recipe.batch_size, recipe.learning_rate, recipe.shuffle_seed)]
    assert kinds == [int, int, float, int]
    assert recipe == recipe_of(epochs=3, batch_size=7, learning_rate=0.5, shuffle_seed=1)


@pytest.mark.parametrize("value", [True, False])
def test_numpy_booleans_become_plain_ones(value):
    recipe = recipe_of(shuffle=np.bool_(value), replacement=np.bool_(False))
    assert (recipe.shuffle, recipe.replacement) == (value, False)
    assert recipe_of(shuffle=np.True_, replacement=np.bool_(value)).replacement is value


def test_a_schedule_that_lifts_the_rate_beyond_the_largest_is_refused():
    assert recipe_of(learning_rate=1e36, schedule=lambda t: 0 * t + 10).learning_rates(0)[0] == pytest.approx(1e37)
    with pytest.raises(ValueError, match=r"^schedule must keep the learning rate at or below 1e\+37, got 11\.0 for "):
        recipe_of(learning_rate=1e36, schedule=lambda t: 0 * t + 11)


def test_a_recipe_cannot_be_changed_by_assignment():
    with pytest.raises(FrozenInstanceError):
        recipe_of().epochs = 5


NOT_WHOLE = (-1, 2.5, float("nan"), float("inf"), True, "x")
BAD_SETTINGS = [
    *[("method", value) for value in ("Batch", "sgd", "", None, 1, ["batch"])],
    *[("n", value) for value in (0, None, *NOT_WHOLE)],
    *[("epochs", value) for value in (0, *NOT_WHOLE)],
    *[("batch_size", value) for value in (0, False, 101, *NOT_WHOLE)],
    *[("shuffle", value) for value in (0, 1, "yes", float("nan"))],
    *[("learning_rate", value) for value in (-1, 0, 0.0, float("nan"), float("inf"), True, "x", None, 1.1e37, 10**400)],
    *[("replacement", value) for value in (0, 1, "yes", None, float("nan"))],
    *[("schedule", value) for value in ("Cosine", "", None, 1, ["cosine"])],
    *[("average_after", value) for value in (300, *NOT_WHOLE)],
    *[("optimizer", value) for value in ("foo", "Adam", "", None, 1, torch.optim.Adam)],
    *[(name, value) for name in ("init_seed", "shuffle_seed") for value in (2**32, None, *NOT_WHOLE)],
]


@pytest.mark.parametrize(("name", "value"), BAD_SETTINGS, ids=lambda value: repr(value)[:12])
def test_a_bad_setting_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be .*, got ") as refusal:
        recipe_of(**{name: value})
    assert str(refusal.value).endswith(f"got {value!r}")


def test_a_batch_size_above_n_is_refused_with_n():
    with pytest.raises(ValueError, match=r"^batch_size must be a whole number from 1 to 100, got 101$"):
        recipe_of(n=100, batch_size=101)


@pytest.mark.parametrize("n", [1, 31, 32, 33])
def test_a_mini_batch_of_fewer_than_32_examples_is_all_of_them_unless_a_batch_size_is_given(n):
    assert recipe_of("mini-batch", n).batch_size == min(n, 32)
    with pytest.raises(ValueError, match=rf"^batch_size must be a whole number from 1 to {n}, got {n + 1}$"):
        recipe_of("mini-batch", n, batch_size=n + 1)
