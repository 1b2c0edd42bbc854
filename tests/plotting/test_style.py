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


# What is seen of linear RGB: Machado, Oliveira and Fernandes (2009), at full severity
EYES = {
    "colour vision": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}
SRGB_TO_XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]


def lab(colour, eye):
    """Return CIELAB's coordinates of what an eye sees of a colour, under daylight (D65)."""
    encoded = np.array(matplotlib.colors.to_rgb(colour))
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    xyz = SRGB_TO_XYZ @ np.clip(eye @ linear, 0, 1) / [0.95047, 1, 1.08883]
    x, y, z = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), (29 / 3) ** 3 * xyz / 116 + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("name", EYES)
def test_any_two_colours_and_that_of_least_squares_can_be_told_apart(name):
    colours = [*style.COLOURS, style.NEUTRAL]
    for first, second in itertools.combinations(colours, 2):
        distance = np.linalg.norm(lab(first, EYES[name]) - lab(second, EYES[name]))
        assert distance > 15, f"{first} and {second} are {distance:.1f} apart"  # 2.3 is just noticeable


def test_no_colour_but_that_of_least_squares_is_black():
    assert lab(style.NEUTRAL, np.eye(3))[0] < 15
    assert min(lab(colour, np.eye(3))[0] for colour in [*style.COLOURS, style.OTHER]) > 20


def test_a_line_too_many_is_grey_not_black(ax):
    for k in range(len(style.COLOURS)):
        ax.plot([0, 1], color=style.free_colour(ax, f"line {k}"))
    assert style.free_colour(ax, "one more") == style.OTHER


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
