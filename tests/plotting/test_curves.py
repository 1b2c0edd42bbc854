import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from gd_helpers import plotting
from gd_helpers.data import simulate_line
from gd_helpers.plotting.figures import render

finite = st.floats(-1e3, 1e3)


def labelled(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


# plot_data and plot_line


def test_the_scatter_shows_every_point_of_the_data(ax, data):
    (points,) = [c for c in plotting.plot_data(data, ax).collections if len(c.get_offsets()) > 1]
    np.testing.assert_array_equal(points.get_offsets(), np.column_stack([data.x, data.y]))


def test_the_true_line_is_the_one_the_data_were_drawn_around(ax):
    plotting.plot_data(simulate_line(n=60, intercept=-3, slope=0.5), ax)
    np.testing.assert_allclose(np.polyfit(*labelled(ax, "true line").get_data(), 1), [0.5, -3])


def test_the_band_reaches_two_standard_deviations_to_both_sides(ax):
    plotting.plot_data(simulate_line(n=60, noise=(3.0, 4.0)), ax)  # together a standard deviation of 5
    (band,) = [c for c in ax.collections if c.get_label() == "true line ± 2σ"]
    corners = band.get_paths()[0].vertices
    off_the_line = corners[:, 1] - np.polyval([2, 5], corners[:, 0])
    np.testing.assert_allclose(np.abs(off_the_line), 10, rtol=1e-6)
    assert {-1.0, 1.0} == set(np.sign(off_the_line))


@settings(deadline=None, max_examples=20)
@given(intercept=finite, slope=finite)
def test_a_fitted_line_has_the_weights_it_was_given(intercept, slope):
    data, ax = simulate_line(n=3), plotting.subplots()[1]
    x, y = labelled(plotting.plot_line([intercept, slope], data, ax, label="fit"), "fit").get_data()
    np.testing.assert_allclose(y, np.polyval([slope, intercept], x), atol=1e-9)
    assert (x.min(), x.max()) == (data.x.min(), data.x.max())


def test_the_axes_of_the_data_name_their_units(ax, data):
    plotting.plot_data(data, ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("air temperature x (°C)", "flow y (L/s)")


# plot_loss


@pytest.mark.parametrize("against", ["updates", "examples", "epoch"])
@pytest.mark.parametrize("column", ["loss", "batch_loss"])
def test_the_losses_are_drawn_as_the_trace_has_them(ax, run, against, column):
    x, y = labelled(plotting.plot_loss(run, ax, against=against, column=column), "mini-batch").get_data()
    np.testing.assert_array_equal(x, run.trace[against])
    np.testing.assert_array_equal(y, run.trace[column])


def test_losses_in_an_array_are_counted_from_before_the_first_update(ax):
    (line,) = plotting.plot_loss(np.array([4.0, 2.0, 1.0]), ax).lines
    np.testing.assert_array_equal(line.get_xydata(), [[0, 4], [1, 2], [2, 1]])


def test_a_trace_is_drawn_like_its_run(ax, run):
    (line,) = plotting.plot_loss(run.trace, ax).lines
    np.testing.assert_array_equal(line.get_xydata(), run.trace[["updates", "loss"]])


def test_several_runs_are_named_in_the_legend_in_their_order(ax, run):
    plotting.plot_loss({"first": run, "second": run}, ax)
    assert legend_texts(ax) == ["first", "second"]


def test_the_axes_of_the_loss_name_their_units(ax, run):
    plotting.plot_loss(run, ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("updates", "mean squared error ((L/s)²)")


@pytest.mark.parametrize(("log_y", "scale"), [(True, "log"), (False, "linear")])
def test_the_loss_is_on_the_scale_that_was_asked_for(ax, run, log_y, scale):
    assert plotting.plot_loss(run, ax, log_y=log_y).get_yscale() == scale


def test_the_ols_level_stands_where_it_was_given(ax, run):
    level = labelled(plotting.plot_loss(run, ax, ols_mse=1.25), "OLS")
    assert list(level.get_ydata()) == [1.25, 1.25]


def test_a_single_loss_is_drawn_as_a_point(ax):
    (line,) = plotting.plot_loss([3.0], ax).lines
    assert line.get_marker() == "o"


def test_a_diverged_run_is_drawn_up_to_a_cross_at_its_last_finite_loss(ax, diverged):
    line, cross, *_ = plotting.plot_loss(diverged, ax).lines
    finite_losses = diverged.trace[np.isfinite(diverged.trace["loss"])]
    np.testing.assert_array_equal(line.get_ydata()[: len(finite_losses)], finite_losses["loss"])
    np.testing.assert_array_equal(cross.get_xydata(), finite_losses[["updates", "loss"]].tail(1))
    assert "diverged" in legend_texts(ax)
    render(ax.figure)


def test_two_diverged_runs_are_explained_once(ax, diverged):
    plotting.plot_loss({"one": diverged, "two": diverged}, ax)
    assert legend_texts(ax).count("diverged") == 1


def test_a_run_that_is_finite_has_no_cross(ax, run):
    assert len(plotting.plot_loss(run, ax).lines) == 1


@pytest.mark.parametrize("wrong", [{"against": "seconds"}, {"column": "mse"}])
def test_an_unknown_column_is_refused_with_what_is_allowed(ax, run, wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"{name} must be one of .* got '{value}'"):
        plotting.plot_loss(run, ax, **wrong)


def test_a_trace_without_the_column_is_refused(ax):
    with pytest.raises(ValueError, match="'examples' must have that column, got updates, loss"):
        plotting.plot_loss([3.0, 2.0], ax, against="examples")


# plot_weights


def test_the_weights_are_drawn_from_the_start_on(ax, run):
    b0, w1 = plotting.plot_weights(run, ax).lines
    np.testing.assert_array_equal(b0.get_xydata(), np.column_stack([[0, *run.trace["updates"]], run.path[:, 0]]))
    np.testing.assert_array_equal(w1.get_xydata(), np.column_stack([[0, *run.trace["updates"]], run.path[:, 1]]))


def test_the_least_squares_weights_are_levels_in_the_colours_of_their_curves(ax, run):
    b0, w1, *levels = plotting.plot_weights(run, ax, ols_weights=[5, 2]).lines
    levels = [line for line in levels if len(line.get_xdata())]
    assert [(level.get_ydata()[0], level.get_color()) for level in levels] == [(5, b0.get_color()), (2, w1.get_color())]
    assert b0.get_color() != w1.get_color()


# plot_intervals


@pytest.fixture
def table():
    values = {"mean": [0.5, 0.1], "low": [0.4, -0.1], "high": [0.7, 0.2]}
    return pd.DataFrame(values, index=["batch", "stochastic"])


def test_each_interval_reaches_from_low_to_high_in_its_row(ax, table):
    (points,) = plotting.plot_intervals(table, ax, xlabel="excess").containers
    ends = np.array(points.lines[2][0].get_segments())
    np.testing.assert_allclose(ends, [[[0.4, 0], [0.7, 0]], [[-0.1, 1], [0.2, 1]]])
    np.testing.assert_array_equal(points.lines[0].get_xydata(), [[0.5, 0], [0.1, 1]])


def test_the_first_row_is_on_top(ax, table):
    plotting.plot_intervals(table, ax, xlabel="excess")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["batch", "stochastic"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_a_column_of_recipes_names_the_rows(ax, table):
    plotting.plot_intervals(table.rename_axis("recipe").reset_index(), ax, xlabel="excess")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["batch", "stochastic"]


def test_intervals_have_no_method_s_colour(ax, table):
    (points,) = plotting.plot_intervals(table, ax, xlabel="excess").containers
    assert points[0].get_color().upper() not in plotting.METHOD_COLOURS.values()


def test_an_interval_that_does_not_hold_its_mean_is_refused(ax, table):
    with pytest.raises(ValueError, match="low ≤ mean ≤ high"):
        plotting.plot_intervals(table.rename(columns={"low": "high", "high": "low"}), ax, xlabel="excess")


def test_a_table_without_intervals_is_refused(ax, table):
    with pytest.raises(ValueError, match="none called low, high"):
        plotting.plot_intervals(table[["mean"]], ax, xlabel="excess")


# plot_band


@given(arrays(np.float64, array_shapes(min_dims=2, max_dims=2), elements=finite))
@settings(max_examples=20, deadline=None)
def test_the_band_reaches_from_the_lowest_to_the_highest_curve_around_their_median(curves):
    x, (_, ax) = np.arange(curves.shape[1]), plotting.subplots()
    plotting.plot_band(x, curves, ax, label="runs")
    np.testing.assert_array_equal(labelled(ax, "runs, median").get_ydata(), np.median(curves, axis=0))
    (band,) = ax.collections
    for position in x:
        corners = band.get_paths()[0].vertices
        heights = corners[corners[:, 0] == position, 1]
        assert (heights.min(), heights.max()) == (curves[:, position].min(), curves[:, position].max())


def test_a_curve_that_is_not_finite_is_left_out_of_the_band(ax):
    plotting.plot_band([0, 1], [[1, 2], [np.nan, 90], [3, np.inf]], ax, label="runs")
    assert labelled(ax, "runs, median").get_ydata().tolist() == [1, 2]


def test_without_finite_curves_there_is_no_band(ax):
    plotting.plot_band([0, 1], [[np.nan, 1]], ax, label="runs")
    assert not ax.lines
    assert not ax.collections


@pytest.mark.parametrize("curves", [[1.0, 2.0], [[1.0, 2.0, 3.0]]], ids=["one row", "other width"])
def test_curves_of_another_shape_are_refused(ax, curves):
    with pytest.raises(ValueError, match=r"curves must have shape \(k, m\)"):
        plotting.plot_band([0, 1], curves, ax, label="runs")
