import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linear_data import diabetes

from gd_helpers.training.early_stopping import stopping_epoch, train_until_stopped
from gd_helpers.training.engines import compiled
from gd_helpers.training.recipes import Recipe


def recipe_of(epochs=1000, learning_rate=1e-3):
    return Recipe.complete(
        "mini-batch", 442, epochs=epochs, learning_rate=learning_rate, optimizer="sgd", init_seed=0, shuffle_seed=3
    )


@pytest.fixture(scope="module")
def columns():
    data = diabetes(standardised=True)
    return data.X, data.y[:, 0]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(0, 3), st.integers(1, 5))
def test_the_rule_stops_at_the_first_window_of_epochs_that_are_no_better(losses, tol, n_iter_no_change):
    waits = [epoch > 0 and loss > min(losses[:epoch]) - tol for epoch, loss in enumerate(losses)]
    ends = [end for end in range(n_iter_no_change, len(waits) + 1) if all(waits[end - n_iter_no_change : end])]
    assert stopping_epoch(losses, tol, n_iter_no_change) == (ends[0] if ends else None)


def test_what_stops_is_the_beginning_of_what_does_not(columns):
    stopped = train_until_stopped(*columns, np.zeros(11), recipe=recipe_of(), rule=(1.0, 3))
    whole = train_until_stopped(*columns, np.zeros(11), recipe=recipe_of())
    epochs = len(stopped.losses)
    assert (stopped.ended, whole.ended, len(whole.losses)) == ("stopped", "finished", 1000)
    assert 16 < epochs == stopping_epoch(whole.losses, 1.0, 3)  # beyond the first chunk
    assert stopped.losses == whole.losses[:epochs]
    cut = train_until_stopped(*columns, np.zeros(11), recipe=recipe_of(epochs))
    np.testing.assert_array_equal(stopped.weights, cut.weights)


def test_a_rule_that_looks_at_scores_stops_by_them(columns):
    def score(path):
        return (-abs(path[:, 0] - 100)).tolist()  # the intercept grows from 0 to 152

    run = train_until_stopped(*columns, np.zeros(11), recipe=recipe_of(), rule=(0.0, 2), score=score)
    best = int(np.argmax(run.scores))
    assert run.ended == "stopped"
    assert len(run.scores) == len(run.losses) == best + 3
    assert score(run.weights[None, :])[0] == run.scores[best] > run.scores[-1]


@pytest.mark.parametrize("epochs", [40, 1000])
def test_the_best_weights_are_kept_whether_the_rule_holds_or_not(columns, epochs):
    def score(path):
        return (-abs(path[:, 0] - 100)).tolist()

    run = train_until_stopped(*columns, np.zeros(11), recipe=recipe_of(epochs), rule=(0.0, 30), score=score)
    best = int(np.argmax(run.scores))
    assert run.ended == ("stopped" if epochs == 1000 else "finished")
    assert best + 1 < len(run.scores)
    cut = train_until_stopped(*columns, np.zeros(11), recipe=recipe_of(best + 1))
    np.testing.assert_array_equal(run.weights, cut.weights)


def test_of_equal_scores_the_first_is_kept(columns):
    run = train_until_stopped(
        *columns, np.zeros(11), recipe=recipe_of(), rule=(1e-9, 3), score=lambda p: [1.0] * len(p)
    )
    cut = train_until_stopped(*columns, np.zeros(11), recipe=recipe_of(1))
    np.testing.assert_array_equal(run.weights, cut.weights)


def test_a_run_that_diverges_keeps_the_last_finite_weights(columns):
    run = train_until_stopped(
        *columns, np.zeros(11), recipe=recipe_of(learning_rate=2.0), score=lambda p: [0.0] * len(p)
    )
    assert run.ended == "diverged"
    assert not np.isfinite(run.losses[-1])
    assert np.isfinite(run.losses[:-1]).all()
    assert np.isfinite(run.weights).all()
    assert run.scores[:-1] == [0.0] * (len(run.losses) - 1)
    assert np.isnan(run.scores[-1])


def test_neither_the_start_nor_the_data_is_changed(columns):
    X, y = columns[0].copy(), columns[1].copy()
    start = np.ones(11)
    train_until_stopped(X, y, start, recipe=recipe_of(3))
    np.testing.assert_array_equal(start, np.ones(11))
    np.testing.assert_array_equal(X, columns[0])
    np.testing.assert_array_equal(y, columns[1])


def test_a_run_that_stops_trains_little_beyond(columns, monkeypatch):
    trained = []

    def run_layers(*args, run=compiled.run_layers):
        for chunk in run(*args):
            trained.append(len(chunk[0]))
            yield chunk

    monkeypatch.setattr(compiled, "run_layers", run_layers)
    run = train_until_stopped(*columns, np.zeros(11), recipe=recipe_of(), rule=(1.0, 5))
    assert sum(trained) <= 2 * len(run.losses) + 16 < 1000
