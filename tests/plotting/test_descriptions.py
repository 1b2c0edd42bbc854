import numpy as np
import pytest
from matplotlib.figure import Figure

from gd_helpers.plotting import figures
from gd_helpers.plotting.descriptions import describe


def make(y=(1.0, 2.0, 4.0), **look):
    figure, ax = figures.subplots()
    ax.plot(range(len(y)), y, **look)
    return figure


def last_line(figure):
    return describe(figure).splitlines()[-1].strip()


def test_a_line_is_told_by_label_count_ends_range_and_mean():
    assert last_line(make([3.0, -1.2345, 5.0, 4.0], label="loss")) == (
        "line 'loss': 4 points; x 0 → 3, mean 1.5; y 3 → 4 within -1.23 … 5, mean 2.69"
    )


def test_the_axes_are_told_by_title_labels_and_scales():
    figure = make()
    figure.axes[0].set(title="A title", xlabel="updates", ylabel="loss (units)", yscale="log")
    assert describe(figure).splitlines()[1] == "axes 1: 'A title', x 'updates' linear, y 'loss (units)' log"


def test_every_axes_of_a_figure_is_told():
    figure, _ = figures.subplots(ncols=3)
    assert [line[:6] for line in describe(figure).splitlines()[1:]] == ["axes 1", "axes 2", "axes 3"]


@pytest.mark.parametrize(("position", "change"), [(0, 0.01), (1, 0.05), (2, -0.05)])
def test_a_third_digit_that_changes_shows(position, change):
    y = np.array([1.0, 2.0, 4.0])
    before = describe(make(y))
    y[position] += change
    assert describe(make(y)) != before


@pytest.mark.parametrize("noise", [1e-17, -1e-17, 1e-9, -3e-8])
def test_a_rounding_error_where_zero_is_meant_shows_as_zero(noise):
    assert last_line(make([noise, 0.5])) == "line: 2 points; x 0 → 1; y 0 → 0.5"


def test_small_numbers_among_small_ones_keep_their_digits():
    assert last_line(make([1.234e-9, 5.678e-9])).endswith("y 1.23e-09 → 5.68e-09")


def test_a_run_that_diverges_does_not_hide_its_start():
    assert last_line(make([3.21, 1e12, 1.5e38])).endswith("y 3.21 → 1.5e+38, mean 5e+37")


def test_infinite_and_missing_numbers_are_told_as_such():
    assert last_line(make([1.0, np.inf, np.nan])).endswith("y 1 → nan, mean 1")
    assert last_line(make([np.nan, np.nan])).endswith("y nan → nan")


def test_numbers_that_agree_in_single_precision_are_told_alike():
    y = np.random.default_rng(3).normal(size=1000).astype(np.float32)
    assert describe(make(y)) == describe(make(y * (1 + 1e-7)))


def test_counts_of_updates_are_written_out():
    figure, ax = figures.subplots()
    ax.plot([1, 500_000], [1, 1])
    assert last_line(figure) == "line: 2 points; x 1 → 500000; y 1 → 1"


def test_levels_are_told_by_where_they_stand():
    figure, ax = figures.subplots()
    ax.axhline(1.84, label="OLS")
    ax.axvline(32)
    assert describe(figure).splitlines()[2:] == ["  level 'OLS': y 1.84", "  level: x 32"]


def test_bars_are_told_once_by_their_heights():
    figure, ax = figures.subplots()
    ax.bar([0, 1, 2], [3, 1, 2], label="updates")
    assert describe(figure).splitlines()[2:] == [
        "  bars 'updates': 3 points; x 0 → 2, mean 1; y 3 → 2 within 1 … 3, mean 2"
    ]


@pytest.mark.parametrize(("reach", "told"), [([0.5, np.nan], "2 points; x 0.5 → 1.5"), ([np.nan, np.nan], "0 points")])
def test_an_interval_that_is_not_finite_is_left_out(reach, told):
    fig, ax = figures.subplots()
    ax.errorbar([1.0, 2.0], [0, 1], xerr=reach, fmt="o")
    assert f"intervals: {told}" in describe(fig)


def test_intervals_are_told_by_points_and_ends():
    figure, ax = figures.subplots()
    ax.errorbar([1, 2], [0, 1], xerr=[[0.5, 0.25], [1, 1]], fmt="o")
    assert describe(figure).splitlines()[2:] == [
        "  points with intervals: 2 points; x 1 → 2; y 0 → 1",
        "  intervals: 4 points; x 0.5 → 3, mean 1.81; y 0 → 1, mean 0.5",
    ]


def test_scatters_bands_segments_contours_and_images_are_told_by_their_ranges():
    figure, ax = figures.subplots()
    ax.scatter([3, 1, 2], [5, 6, 7], label="data")
    ax.fill_between([0, 1], [-1, -2], [1, 3], label="band")
    ax.hlines([1, 2], 0, 3)
    ax.contour([[0, 1], [2, 3]], levels=[0.5, 1.5, 2.5])
    ax.imshow([[0.0, 7.0]])
    assert describe(figure).splitlines()[2:] == [
        "  scatter 'data': 3 points; x 3 → 2 within 1 … 3, mean 2; y 5 → 7, mean 6",
        "  band 'band': x 0 … 1; y -2 … 3",
        "  segments' ends: 4 points; x 0 → 3, mean 1.5; y 1 → 2, mean 1.5",
        "  contours: 3 levels 0.5 … 2.5",
        "  image: 1 by 2; values 0 … 7",
    ]


def test_an_empty_line_that_only_fills_the_legend_is_left_out():
    figure = make()
    before = describe(figure)
    figure.axes[0].plot([], [], label="start")
    assert describe(figure) == before


def test_what_goes_beyond_a_screenful_is_counted():
    figure, ax = figures.subplots()
    for height in range(40):
        ax.plot([0, 1], [height, height])
    lines = describe(figure).splitlines()
    assert (len(lines), lines[-1]) == (19, "  and 24 more")


def test_a_figure_without_axes_is_told_as_such():
    assert describe(Figure()) == "Figure with 0 axes"
