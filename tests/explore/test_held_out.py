import numpy as np
import pytest
from explorers import catch_live, difference, numbers, put_back
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from gd_helpers import explore
from gd_helpers.data import simulate_line, table
from gd_helpers.training.trainer import train

DEFAULTS = {"learning_rate": 0.01, "batch_size": 32, "epochs": 30, "seed": 37, "optimizer": "sgd"}
OTHERS = {"learning_rate": 0.05, "batch_size": 331, "epochs": 40, "seed": 38, "optimizer": "momentum"}


@pytest.fixture(scope="module")
def parts():
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    X, X_test, y, y_test = train_test_split(X, y, random_state=37)
    scaler = StandardScaler().set_output(transform="pandas").fit(X)
    return table(scaler.transform(X), y), table(scaler.transform(X_test), y_test)


@pytest.fixture(scope="module")
def made(parts):
    return catch_live(explore.held_out, *parts, **DEFAULTS)


@pytest.fixture
def explorer(made):
    return put_back(made, DEFAULTS)


def scored(parts, weights):
    """Return the coefficients of bmi, s1 and s5, and R² of the training rows and of the others."""
    return [*weights[[3, 5, 9]], *(r2_score(data.y[:, 0].numpy(), data.X.numpy() @ weights) for data in parts)]


@pytest.mark.parametrize("moved", [{}, *({name: value} for name, value in OTHERS.items())], ids=str)
def test_it_shows_the_run_that_its_controls_ask_for(explorer, parts, moved):
    for name, value in moved.items():
        explorer.controls.recipe[name].value = value
    run = train(parts[0], "mini-batch", **DEFAULTS | moved)
    np.testing.assert_array_equal(explorer.run.path, run.path)
    np.testing.assert_allclose(numbers(explorer), scored(parts, run.weights), atol=5.1e-5)


def test_the_numbers_of_least_squares_are_those_of_scikit_learn(explorer, parts):
    (X, y), (X_test, y_test) = ((data.X.numpy()[:, 1:], data.y.numpy()[:, 0]) for data in parts)
    fit = LinearRegression().fit(X, y)
    np.testing.assert_allclose(numbers(explorer, "ols")[:3], fit.coef_[[2, 4, 8]], atol=5.1e-5)
    np.testing.assert_allclose(numbers(explorer, "ols")[3:], [fit.score(X, y), fit.score(X_test, y_test)], atol=5.1e-5)
    levels = [line.get_ydata()[0] for line in explorer.right.ax.lines if str(line.get_label()).startswith("OLS")]
    np.testing.assert_allclose(levels, [fit.score(X, y), fit.score(X_test, y_test)])
    (marks,) = (line for line in explorer.left.ax.lines if line.get_label() == "OLS")
    np.testing.assert_allclose(marks.get_xdata(), fit.coef_)


@pytest.mark.parametrize("epoch", [0, 1, 7, 30])
def test_a_shown_epoch_has_the_coefficients_and_scores_that_so_many_epochs_give(explorer, parts, epoch):
    explorer.controls.shown.value = epoch
    path = explorer.run.path[: epoch + 1]
    np.testing.assert_allclose(numbers(explorer), scored(parts, path[-1]), atol=5.1e-5)
    np.testing.assert_array_equal(explorer.left.line.get_xdata(), path[-1, 1:])
    expected = np.transpose([scored(parts, weights)[-2:] for weights in path])
    for line, values in zip((explorer.right.line, explorer.right.unseen), expected, strict=True):
        np.testing.assert_allclose(line.get_ydata(), values)
        assert line.get_xdata()[-1] == 11 * epoch


def test_a_trail_reaches_over_all_that_a_coefficient_has_been(explorer):
    ends = explorer.left.trail.get_xdata().reshape(10, 3)
    path = explorer.run.path[:, 1:]
    np.testing.assert_array_equal(ends[:, :2], np.transpose([path.min(axis=0), path.max(axis=0)]))
    assert np.isnan(ends[:, 2]).all()


def test_r2_is_drawn_against_examples_when_asked_to(explorer):
    explorer.controls.against.value = "examples"
    np.testing.assert_array_equal(explorer.right.line.get_xdata(), 331 * np.arange(31))
    assert explorer.right.ax.get_xlabel() == "examples seen"
    assert "against examples" in explorer.alt.value


def test_coefficients_beyond_the_picture_are_marked_at_its_edge(explorer):
    explorer.controls.recipe["batch_size"].value = 331
    explorer.controls.recipe["learning_rate"].value = 0.28  # beyond the limit of 0.249
    reach = explorer.left.ax.get_xlim()[1]
    out = np.abs(explorer.run.weights[1:]) > reach
    assert out.any()
    assert list(explorer.left.beyond.get_ydata()) == list(np.flatnonzero(out))
    assert set(np.abs(explorer.left.beyond.get_xdata())) == {reach}
    assert len(explorer.left.line.get_xdata()) == 10 - out.sum()
    explorer.controls.recipe["learning_rate"].value = 0.01
    assert not len(explorer.left.beyond.get_xdata())


def test_scores_below_the_picture_are_told(explorer):
    explorer.controls.shown.value = 0
    assert explorer.right.note.get_text() == f"below the picture: −{-min(numbers(explorer)[-2:]):.3g}"
    explorer.controls.shown.value = 30
    assert explorer.right.note.get_text() == ""


def test_a_run_that_diverges_says_so(explorer):
    explorer.controls.recipe["learning_rate"].value = 1.0
    explorer.controls.recipe["epochs"].value = 1000
    assert explorer.run.diverged
    assert explorer.right.note.get_text().startswith("diverged: not finite after epoch")
    assert "Diverged" in explorer.status.value
    assert "The run diverged" in explorer.alt.value


@pytest.mark.parametrize("name", OTHERS)
def test_every_control_changes_the_picture_and_its_description(explorer, name):
    before = bytes(explorer.image.value), explorer.alt.value
    explorer.controls.recipe[name].value = OTHERS[name]
    assert bytes(explorer.image.value) != before[0]
    assert explorer.alt.value != before[1]


@pytest.mark.parametrize("moves", [{}, {"batch_size": 1}, {"learning_rate": 0.2}])
def test_the_picture_is_the_one_that_matplotlib_draws_in_full(explorer, moves):
    for name, value in moves.items():
        explorer.controls.recipe[name].value = value
    off = difference(explorer)
    assert np.mean(np.abs(off).max(axis=-1) > 40) < 5e-4  # where lines cross, another may be on top


def test_a_run_leaves_no_trace_in_the_next_picture_and_the_frame_stays(explorer):
    before = bytes(explorer.image.value)
    frame = [(*ax.get_xlim(), *ax.get_ylim(), *ax.get_position().bounds) for ax in explorer.figure.axes]
    explorer.controls.recipe["learning_rate"].value = 1.0
    assert frame == [(*ax.get_xlim(), *ax.get_ylim(), *ax.get_position().bounds) for ax in explorer.figure.axes]
    explorer.controls.recipe["learning_rate"].value = 0.01
    assert bytes(explorer.image.value) == before


def test_other_data_is_refused(parts):
    with pytest.raises(ValueError, match=r"^training must be a Table, such as table\(\) gives, got Line$"):
        explore.held_out(simulate_line(n=60), parts[1])
    with pytest.raises(ValueError, match=r"^unseen must be a Table, .*, got ndarray$"):
        explore.held_out(parts[0], np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"^unseen must have the columns of training, .*'s6'.*, got .*'x1'"):
        explore.held_out(parts[0], table(np.ones((3, 10)), np.ones(3)))
    with pytest.raises(ValueError, match=r"^learning_rate must be .*, got -1$"):
        explore.held_out(*parts, learning_rate=-1)
