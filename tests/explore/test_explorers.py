import re
import threading

import numpy as np
import pytest
import torch
from explorers import catch, catch_live, difference, numbers, put_back
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression

from gd_helpers import explore
from gd_helpers.data import simulate_line
from gd_helpers.explore import explorer as module
from gd_helpers.explore.controls import BATCHES, COUNTS, FRAMES, RATES, Controls, logarithmic
from gd_helpers.models import mlp
from gd_helpers.optimizers import OPTIMIZERS
from gd_helpers.plotting import figures
from gd_helpers.plotting.style import METHOD_COLOURS
from gd_helpers.training.recipes import Recipe
from gd_helpers.training.trainer import train

DEFAULTS = {"learning_rate": 0.1, "batch_size": 16, "epochs": 20, "seed": 37, "optimizer": "sgd"}
OTHERS = {"learning_rate": 0.05, "batch_size": 60, "epochs": 30, "seed": 38, "optimizer": "adam"}
CALLS = {"descent": explore.descent, "fitted_curve": explore.fitted_curve}


@pytest.fixture(scope="module")
def data():
    return simulate_line(n=60)


@pytest.fixture(scope="module")
def made(data):
    """Make both explorers live once: a background takes a while."""
    return {name: catch_live(call, data, "mini-batch", **DEFAULTS) for name, call in CALLS.items()}


@pytest.fixture(params=CALLS)
def explorer(made, request):
    return put_back(made[request.param], DEFAULTS)


@pytest.fixture
def descent(made):
    return put_back(made["descent"], DEFAULTS)


# what the controls do


def test_at_first_it_shows_the_run_of_its_arguments(explorer, data):
    np.testing.assert_array_equal(explorer.run.path, train(data, "mini-batch", model=explorer.model, **DEFAULTS).path)


@pytest.mark.parametrize("name", OTHERS)
def test_every_control_retrains_as_train_does(explorer, data, name):
    explorer.controls.recipe[name].value = OTHERS[name]
    run = train(data, "mini-batch", model=explorer.model, **DEFAULTS | {name: OTHERS[name]})
    np.testing.assert_array_equal(explorer.run.path, run.path)
    np.testing.assert_allclose(numbers(explorer)[-2:], [run.mse, run.r2], atol=5e-5)


@pytest.mark.parametrize("name", OTHERS)
def test_every_control_changes_the_picture_and_its_description(explorer, name):
    before = bytes(explorer.image.value), explorer.alt.value
    explorer.controls.recipe[name].value = OTHERS[name]
    assert bytes(explorer.image.value) != before[0]
    assert explorer.alt.value != before[1]


def test_a_batch_of_all_examples_is_batch_gradient_descent(descent, data):
    descent.controls.recipe["batch_size"].value = 60
    run = train(data, "batch", **DEFAULTS | {"batch_size": None})
    np.testing.assert_array_equal(descent.run.path, run.path)


def test_smaller_batches_are_drawn_in_a_new_order_each_epoch_whatever_the_method(data):
    explorer = catch(explore.descent, data, "batch", **DEFAULTS)
    np.testing.assert_array_equal(explorer.run.path, train(data, "mini-batch", **DEFAULTS).path)


def test_the_loss_is_drawn_against_examples_when_asked_to(explorer):
    explorer.controls.against.value = "examples"
    np.testing.assert_array_equal(explorer.right.line.get_xdata(), 60 * np.arange(1, 21))
    assert explorer.right.ax.get_xlabel() == "examples seen"
    assert "against examples" in explorer.alt.value


def test_the_weights_and_scores_of_least_squares_stand_below(descent, data):
    fit = LinearRegression().fit(data.x[:, None], data.y[:, 0])
    expected = [fit.intercept_, *fit.coef_]
    np.testing.assert_allclose(numbers(descent, "ols")[:2], expected, atol=1e-4)
    np.testing.assert_allclose(numbers(descent, "ols")[3], fit.score(data.x[:, None], data.y[:, 0]), atol=1e-4)


def test_the_weights_of_the_run_stand_below(descent):
    np.testing.assert_allclose(numbers(descent)[:2], descent.run.weights, atol=5e-5)


def test_height_and_slope_of_a_curve_stand_below(made, data):
    explorer = put_back(made["fitted_curve"], DEFAULTS)
    middle, step = float(data.x.mean()), 1e-2
    x = torch.tensor([0.0, middle - step, middle + step])
    at_zero, low, high = explorer.run.predict(torch.stack([torch.ones(3), x], dim=1))[:, 0].tolist()
    np.testing.assert_allclose(numbers(explorer)[:2], [at_zero, (high - low) / (2 * step)], rtol=1e-3)


@pytest.mark.parametrize("method", ["batch", "stochastic", "mini-batch"])
def test_the_sliders_stand_at_the_settings_of_the_method(data, method):
    controls, run = Controls(catch(explore.descent, data, method).recipe), train(data, method)
    assert controls.values() == {
        "learning_rate": 1e-3, "batch_size": run.recipe.batch_size, "epochs": run.recipe.epochs,
        "seed": 37, "optimizer": "adam",
    }  # fmt: skip


@settings(max_examples=25)
@given(
    rate=st.floats(1e-9, 1e3),
    n=st.integers(32, 10**7),
    epochs=st.integers(1, 10**6),
    seed=st.integers(0, 2**32 - 1),
)
def test_sliders_reach_from_1_to_all_and_stand_where_they_are_told(rate, n, epochs, seed):
    recipe = Recipe.complete(
        "mini-batch", n, epochs=epochs, learning_rate=rate, optimizer="sgd", init_seed=seed, shuffle_seed=seed
    )
    controls = Controls(recipe)
    expected = {"learning_rate": rate, "batch_size": 32, "epochs": epochs, "seed": seed, "optimizer": "sgd"}
    assert controls.values() == expected
    sizes = [value for _, value in controls.recipe["batch_size"].options]
    assert (sizes[0], sizes[-1], sizes == sorted(set(sizes))) == (1, n, True)
    assert controls.recipe["epochs"].options[0] == ("1", 1)
    assert list(controls.recipe["optimizer"].options) == list(OPTIMIZERS)


@pytest.mark.parametrize(("steps", "base"), [(RATES, 10), (COUNTS, 10), (BATCHES, 2)])
def test_a_logarithmic_slider_moves_by_ratios_of_one_size(steps, base):
    values = sorted(logarithmic(1, 1e6, steps, base))
    ratios = np.divide(values[1:], values[:-1])
    assert ratios.min() > 1.05
    assert ratios.max() < 1.6


@pytest.mark.parametrize(("size", "method"), [(60, "batch"), (1, "stochastic"), (16, "mini-batch")])
def test_the_status_names_the_method_beside_its_colour(explorer, size, method):
    explorer.controls.recipe["batch_size"].value = size
    assert f'{METHOD_COLOURS[method]}">●</span> {method} gradient descent' in explorer.status.value
    assert explorer.left.line.get_color() == METHOD_COLOURS[method]


@pytest.mark.parametrize(
    ("ratio", "words"),
    [(1, "less than 0.1% above"), (1.0009, "less than 0.1% above"), (1.0011, "0.1% above"), (2.5, "150.0% above"),
     (12, "12 times"), (1e9, "more than a million times")],
)  # fmt: skip
def test_a_difference_too_small_to_print_is_not_called_zero(ratio, words):
    assert module.beyond(ratio) == words


# the walk through the epochs


@pytest.mark.parametrize("epoch", [0, 1, 7, 20])
def test_a_shown_epoch_has_the_weights_and_scores_that_so_many_epochs_give(descent, data, epoch):
    descent.controls.shown.value = epoch
    np.testing.assert_allclose(numbers(descent)[:2], descent.run.path[epoch], atol=5e-5)
    assert len(descent.left.line.get_xdata()) == epoch + 1
    assert len(descent.right.line.get_xdata()) == epoch
    if epoch:
        run = train(data, "mini-batch", **DEFAULTS | {"epochs": epoch})
        np.testing.assert_allclose(numbers(descent)[2:], [run.mse, run.r2], atol=5e-5)


@settings(max_examples=30)
@given(epochs=st.integers(1, 20_000), begin=st.integers(0, 20_000))
def test_the_player_ends_at_the_last_epoch_wherever_it_began(epochs, begin):
    recipe = Recipe.complete(
        "batch", 60, epochs=epochs, learning_rate=0.1, optimizer="sgd", init_seed=0, shuffle_seed=0
    )
    controls = Controls(recipe)
    controls.allow_epochs(epochs)
    controls.player.value = min(begin, epochs)
    steps = 0
    while controls.player.value + controls.player.step <= controls.player.max:  # as the browser does it
        controls.player.value += controls.player.step
        steps += 1
    controls.follow_player()
    assert controls.shown.value == epochs
    assert steps <= FRAMES


@pytest.mark.parametrize("epoch", [0, 1, 20])
def test_a_dotted_line_leads_from_the_start_to_the_loss_after_the_first_epoch(explorer, epoch):
    explorer.controls.shown.value = epoch
    start, first = explorer.right.start.get_xydata(), explorer.right.line.get_xydata()[:1]
    np.testing.assert_array_equal(explorer.right.lead.get_xydata(), np.vstack([start, first]))


def test_every_tick_of_the_effort_but_0_is_labelled_as_a_power_of_ten(explorer):
    ax = explorer.right.ax
    labels = {value: ax.xaxis.get_major_formatter()(value, None) for value in ax.get_xticks()}
    assert labels == {value: f"$10^{{{round(np.log10(value))}}}$" if value else "0" for value in labels}


def test_the_player_moves_the_picture(explorer):
    explorer.controls.player.value = 3
    assert explorer.controls.shown.value == explorer.snapshot.epoch == 3
    assert "After epoch 3 of 20" in explorer.status.value


def test_a_move_that_comes_in_another_thread_waits_for_the_one_under_way(explorer, monkeypatch):
    under_way, may_end = threading.Event(), threading.Event()

    def refresh_slowly(refresh=explorer.refresh):
        if threading.current_thread() is first:
            under_way.set()
            may_end.wait(timeout=60)
        refresh()

    monkeypatch.setattr(explorer, "refresh", refresh_slowly)
    first = threading.Thread(target=setattr, args=(explorer.controls.player, "value", 0))
    second = threading.Thread(target=setattr, args=(explorer.controls.shown, "value", 1))
    first.start()
    assert under_way.wait(timeout=60)
    second.start()
    second.join(timeout=0.2)
    assert second.is_alive()
    may_end.set()
    for thread in (first, second):
        thread.join()
    assert explorer.snapshot.epoch == 1
    assert "After epoch 1 of 20" in explorer.status.value


def test_the_player_at_the_end_starts_over(explorer):
    explorer.controls.shown.value = 5
    assert explorer.controls.player.value == 5
    explorer.controls.shown.value = 20
    assert explorer.controls.player.value == explorer.controls.player.max  # from there a browser goes to the start


def test_a_move_ends_the_walk_at_the_end_of_the_new_run(explorer):
    explorer.controls.player.playing = True
    explorer.controls.player.value = 3
    explorer.controls.recipe["epochs"].value = 30
    assert not explorer.controls.player.playing
    assert explorer.controls.shown.value == explorer.controls.shown.max == explorer.snapshot.epoch == 30


# the picture


@pytest.mark.parametrize(
    "moves", [{}, {"optimizer": "adam"}, {"batch_size": 1}, {"batch_size": 60}, {"learning_rate": 1.0}]
)
def test_the_picture_is_the_one_that_matplotlib_draws_in_full(explorer, moves):
    for name, value in moves.items():
        explorer.controls.recipe[name].value = value
    off = difference(explorer)
    assert np.mean(np.abs(off).max(axis=-1) > 40) < 5e-4  # where lines cross, another may be on top
    assert np.sqrt(np.mean(off**2)) < 3  # of 255


def test_a_path_leaves_no_trace_in_the_next_picture(explorer):
    before = bytes(explorer.image.value)
    explorer.controls.recipe["optimizer"].value = "adam"
    explorer.controls.recipe["optimizer"].value = "sgd"
    assert bytes(explorer.image.value) == before


def test_the_frame_stays_where_it_is_whatever_the_run_does(explorer):
    before = [(*ax.get_xlim(), *ax.get_ylim(), *ax.get_position().bounds) for ax in explorer.figure.axes]
    for name, value in {"learning_rate": 1.0, "epochs": 1000, "optimizer": "momentum"}.items():
        explorer.controls.recipe[name].value = value
    explorer.controls.against.value = "examples"
    assert before == [(*ax.get_xlim(), *ax.get_ylim(), *ax.get_position().bounds) for ax in explorer.figure.axes]


def test_the_live_picture_has_the_frame_of_the_stored_one(data):
    explorer = catch(explore.descent, data, **DEFAULTS)
    figures.render(explorer.figure)
    before = [ax.get_position().bounds for ax in explorer.figure.axes]
    explorer.make_live()
    assert before == [ax.get_position().bounds for ax in explorer.figure.axes]


def test_a_run_that_diverges_says_so_in_the_picture_in_the_numbers_and_in_words(descent):
    descent.controls.recipe["batch_size"].value = 60
    descent.controls.recipe["epochs"].value = 1000
    descent.controls.recipe["learning_rate"].value = 1.0
    assert descent.run.diverged
    last = len(descent.run.trace)
    assert descent.right.note.get_text() == f"diverged: not finite after epoch {last}"
    for panel in (descent.left, descent.right):
        (x,), (y,) = panel.beyond.get_data()
        low, high = np.transpose([panel.ax.get_xlim(), panel.ax.get_ylim()])
        assert (low <= (x, y)).all()
        assert ((x, y) <= high).all()
        assert not len(panel.end.get_xdata())
    assert not np.isfinite(numbers(descent)).all() or max(np.abs(numbers(descent))) > 1e15
    assert "Diverged" in descent.status.value
    assert "The run diverged" in descent.alt.value
    assert descent.controls.shown.max == last


def test_a_loss_beyond_the_picture_is_told(descent):
    descent.controls.recipe["batch_size"].value = 60
    descent.controls.recipe["learning_rate"].value = 0.2
    assert not descent.run.diverged
    assert descent.right.note.get_text() == f"beyond the picture: {descent.run.mse:.2g}"


def test_a_run_that_is_back_within_the_picture_is_no_longer_marked(descent):
    descent.controls.recipe["learning_rate"].value = 1.0
    descent.controls.recipe["learning_rate"].value = 0.1
    assert descent.right.note.get_text() == ""
    for panel in (descent.left, descent.right):
        assert not len(panel.beyond.get_xdata())
        assert len(panel.end.get_xdata()) == 1


def test_a_run_that_would_take_too_long_is_cut_and_says_so(descent, monkeypatch):
    monkeypatch.setattr(module, "MOST_UPDATES", 100)
    descent.controls.recipe["batch_size"].value = 1
    assert len(descent.run.trace) == 1
    assert "no further than epoch 1 here" in descent.status.value
    monkeypatch.setattr(module, "MOST_UPDATES", 100_000)
    monkeypatch.setattr(module, "MOST_EXAMPLES", 600)
    descent.controls.recipe["batch_size"].value = 12
    assert len(descent.run.trace) == 10


# what a notebook stores


@pytest.fixture
def shown(monkeypatch):
    outputs = []
    monkeypatch.setattr(figures, "display", lambda data, raw, metadata=None: outputs.append((data, metadata)))
    return outputs


@pytest.mark.parametrize("name", CALLS)
def test_live_output_is_the_headless_output_and_the_widget(monkeypatch, shown, data, name):
    CALLS[name](data, "mini-batch", **DEFAULTS)
    monkeypatch.delenv("GD_HEADLESS")
    CALLS[name](data, "mini-batch", **DEFAULTS)
    assert len(shown) == 4
    view = shown[2][0].pop("application/vnd.jupyter.widget-view+json")
    assert view["model_id"]
    assert shown[2:] == shown[:2]


def test_the_alt_text_says_settings_path_and_losses(shown, data):
    explore.descent(data, "mini-batch", **DEFAULTS)
    alt, run = shown[0][1]["image/png"]["alt"], train(data, "mini-batch", **DEFAULTS)
    for text in ("learning rate 0.1", "batch size 16", "sgd", "seed 37", "epoch 20", f"{run.mse:.3g}"):
        assert text in alt
    assert "({:.3g}, {:.3g})".format(*run.weights) in alt


# what is refused


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("method", "newton"), ("epochs", 0), ("batch_size", 61), ("learning_rate", 0.0), ("optimizer", "lbfgs"),
        ("seed", -1), ("seed", "37"),
    ],
)  # fmt: skip
def test_an_argument_that_is_not_allowed_is_refused_by_its_name(shown, data, call, name, value):
    with pytest.raises(ValueError, match=rf"^{name} must be .*{re.escape(repr(value))}"):
        call(data, **{name: value})
    assert not shown


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("data", [None, [1, 2], torch.ones(60, 2)])
def test_what_is_no_line_is_refused(call, data):
    with pytest.raises(ValueError, match=r"^data must be a Line"):
        call(data)


def test_a_model_that_train_cannot_compile_is_refused(shown, data):
    with pytest.raises(ValueError, match="model"):
        explore.fitted_curve(data, model=3)
    with pytest.raises(ValueError, match="compiled"):
        explore.fitted_curve(data, model=torch.nn.Sequential(mlp((2, 2)), torch.nn.GELU(), mlp((2, 1))))
    assert not shown
