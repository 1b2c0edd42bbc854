import itertools

import matplotlib
import numpy as np
import pytest

from gd_helpers.plotting import figures, style
from gd_helpers.training.recipes import METHODS


def tick_texts(axis):
    figures.render(axis.get_figure())
    low, high = sorted(axis.get_view_interval())
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    return {tick.label1.get_text() for tick in ticks if low <= tick.get_loc() <= high} - {""}


def test_the_style_ends_with_its_context():
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        with style.course_style(), style.course_style():
            assert matplotlib.rcParams["axes.grid"]
        assert not matplotlib.rcParams["axes.grid"]


def test_the_style_takes_the_place_of_what_the_session_has_set():
    with matplotlib.rc_context({"lines.marker": "x", "font.size": 99}):
        with style.course_style():
            assert matplotlib.rcParams["lines.marker"] == "None"
            assert matplotlib.rcParams["font.size"] == 10.5
        assert matplotlib.rcParams["font.size"] == 99


def test_every_method_has_a_colour_of_its_own():
    assert set(style.METHOD_COLOURS) == set(METHODS)
    assert len(set(style.METHOD_COLOURS.values())) == len(METHODS)


def test_lines_with_other_names_get_colours_that_are_free(ax):
    for name in ("stochastic", "a", "b", "c", "d"):
        ax.plot([0, 1], color=style.free_colour(ax, name))
    assert len({line.get_color() for line in ax.lines}) == 5


def test_any_two_colours_differ_to_the_colour_blind():
    # what a protanope sees, in linear RGB: Viénot, Brettel and Mollon (1999)
    protanope = np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]])
    linear = [np.array(matplotlib.colors.to_rgb(colour)) ** 2.2 for colour in style.COLOURS]
    seen = [np.clip(protanope @ colour, 0, 1) ** (1 / 2.2) for colour in linear]
    for first, second in itertools.combinations(seen, 2):
        assert np.abs(first - second).max() > 0.1


def test_a_mark_is_explained_once(ax):
    for _ in range(2):
        style.explain_mark(ax, "start", marker="o")
    style.add_legend(ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["start"]


def test_axes_without_labels_get_no_legend(ax):
    ax.plot([0, 1])
    style.add_legend(ax)
    assert ax.get_legend() is None


def test_counts_are_labelled_with_whole_numbers(ax):
    ax.plot([1, 4], [0, 0])
    style.count_in_whole_numbers(ax.xaxis)
    assert tick_texts(ax.xaxis) == {"1", "2", "3", "4"}


def test_thousands_are_set_apart(ax):
    ax.plot([0, 500_000], [0, 0])
    style.count_in_whole_numbers(ax.xaxis)
    assert "500,000" in tick_texts(ax.xaxis)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((1.5, 80), {"2", "5", "10", "20", "50"}),
        ((1.5, 4.5), {"2", "3", "4"}),
        ((0.5, 1e38), {"$10^{31}$"}),
    ],
)
def test_a_logarithmic_scale_is_labelled_as_finely_as_it_has_room(ax, limits, expected):
    ax.plot([0, 1], limits)
    style.scale_by_powers(ax)
    ax.set_ylim(limits)
    texts = tick_texts(ax.yaxis)
    assert expected <= texts
    assert len(texts) <= 10
