import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error

from gd_helpers import plotting
from gd_helpers.data import simulate_line
from gd_helpers.plotting.figures import render

finite = st.floats(-1e3, 1e3)


def labelled(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


# plot_loss_surface and plot_path


def best_weights(data):
    fit = LinearRegression().fit(data.X[:, 1:], data.y[:, 0])
    return np.array([fit.intercept_, fit.coef_[0]])


def test_a_small_level_is_written_out(ax, data):
    best = best_weights(data)
    plotting.plot_loss_surface(data, ax, limits=np.column_stack([best - 0.005, best + 0.005]))
    written = [text.get_text() for text in ax.texts]
    assert written
    assert all(re.fullmatch(r"\+0\.0*[125]", text) for text in written)


def excess(data, weights):
    """MSE at each of `weights` above that of least squares, all from scikit-learn."""
    X, y = data.X.numpy().astype(float), data.y.numpy().astype(float)
    least = mean_squared_error(y, LinearRegression().fit(X[:, 1:], y).predict(X[:, 1:]))
    return np.array([mean_squared_error(y, X @ np.reshape(w, (2, 1))) for w in weights]) - least


def test_a_contour_joins_the_weights_whose_loss_is_above_ols_by_its_label(ax, data):
    plotting.plot_loss_surface(data, ax, limits=((0, 9), (-1, 5)))
    (contours,) = [c for c in ax.collections if hasattr(c, "levels") and not c.filled]
    for level, path in zip(contours.levels, contours.get_paths(), strict=True):
        if level >= 2:  # nearer to the middle, straight lines from one grid point to the next cut the bends
            np.testing.assert_allclose(excess(data, path.vertices[:40]), level, rtol=0.01)


def test_contour_labels_say_the_level_they_stand_on(ax, data):
    plotting.plot_loss_surface(data, ax, limits=((0, 9), (-1, 5)))
    assert len(ax.texts) >= 4
    for text in ax.texts:
        np.testing.assert_allclose(excess(data, [text.get_position()]), float(text.get_text()), rtol=0.1)


def test_the_star_is_where_scikit_learn_finds_least_squares(ax, data):
    (star,) = labelled(plotting.plot_loss_surface(data, ax), "OLS").get_xydata()
    fit = LinearRegression().fit(data.X[:, 1:], data.y[:, 0])
    np.testing.assert_allclose(star, [fit.intercept_, *fit.coef_], rtol=1e-5)


@settings(deadline=None, max_examples=10)  # each draws a figure
@given(st.lists(st.tuples(finite, finite), min_size=1, max_size=5))
def test_the_surface_holds_every_weight_it_is_drawn_around(path):
    ax = plotting.plot_loss_surface(simulate_line(n=5), plotting.subplots()[1], around=np.array(path))
    (low_b0, high_b0), (low_w1, high_w1) = ax.get_xlim(), ax.get_ylim()
    assert all(low_b0 < b0 < high_b0 and low_w1 < w1 < high_w1 for b0, w1 in path)


def test_a_path_is_drawn_through_its_weights_with_start_and_end_marked(ax, run):
    path, start, end, *_ = plotting.plot_path({"mine": run}, ax).lines
    np.testing.assert_array_equal(path.get_xydata(), run.path)
    np.testing.assert_array_equal(start.get_xydata(), run.path[:1])
    np.testing.assert_array_equal(end.get_xydata(), run.path[-1:])
    assert legend_texts(ax) == ["mine", "start", "end"]


def test_a_path_does_not_move_the_limits_of_its_surface(ax, data):
    plotting.plot_loss_surface(data, ax)
    before = ax.get_xlim(), ax.get_ylim()
    plotting.plot_path(np.array([[0.0, 0.0], [1000.0, -1000.0]]), ax)
    assert (ax.get_xlim(), ax.get_ylim()) == before


def test_a_square_marks_each_place_where_a_path_leaves_the_picture(ax):
    ax.set(xlim=(0, 10), ylim=(0, 10))
    plotting.plot_path({"out and in": np.array([[5.0, 5.0], [5.0, 15.0], [8.0, 5.0], [12.0, 9.0], [30.0, -20.0]])}, ax)
    np.testing.assert_allclose(labelled(ax, "_exits").get_xydata(), [[5, 10], [10, 7]])
    assert legend_texts(ax) == ["out and in", "leaves the picture", "start", "end"]


def test_a_path_in_view_and_one_that_sets_the_limits_have_no_square(ax, data):
    path = np.array([[1.0, 1.0], [4.0, 2.0]])
    plotting.plot_path({"sets the limits": 100 * path}, ax)
    plotting.plot_loss_surface(data, ax, around=path)
    plotting.plot_path({"in view": path}, ax)
    assert "_exits" not in [line.get_label() for line in ax.lines]


def test_a_diverged_path_is_drawn_up_to_where_it_can_be(ax, data, diverged):
    plotting.plot_loss_surface(data, ax)
    path = plotting.plot_path({"too fast": diverged}, ax).lines[2].get_xydata()
    assert 3 <= len(path) < len(diverged.path)
    np.testing.assert_array_equal(path, diverged.path[: len(path)])
    render(ax.figure)


def test_the_weights_of_a_network_are_no_path(ax):
    with pytest.raises(ValueError, match=r"path must have shape \(steps, 2\)"):
        plotting.plot_path(np.zeros((3, 6)), ax)
