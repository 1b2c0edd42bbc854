"""What the reader has set in matplotlib reaches no figure: every setting is made odd, and no pixel changes."""

import copy
import inspect
import io

import matplotlib
import matplotlib.style
import pandas as pd
import pytest
from matplotlib.axes import Axes
from PIL import Image

from gd_helpers import plotting
from gd_helpers.plotting.figures import render

NO_STYLE = {  # what matplotlib.style leaves alone: windows, backends and the calendar
    *("backend", "backend_fallback", "date.epoch", "docstring.hardcopy", "figure.max_open_warning"),
    *("figure.raise_window", "interactive", "savefig.directory", "timezone", "tk.window_focus", "toolbar"),
    *("webagg.address", "webagg.open_in_browser", "webagg.port", "webagg.port_retries"),
}
ODD_TEXTS = (
    *("#AB1234", "dashed", "serif", "right", "top", "both", "cm", "magma", "s", "log", "nearest", "tight", "svg", "x"),
    *("round_numbers", "serial", "data", "lower", "miter", "round", "it", "stix", "landscape", "none", "in", "a4"),
)
ODD_LISTS = ([-2, 3], ["monospace"], [["#AB1234"]], matplotlib.cycler(color=["#AB1234", "lime"]), (3, 120, 2))


def odd_values():
    """Return for each setting another value than matplotlib's own, where one of a few odd ones is allowed."""
    odd = {}
    for name, default in matplotlib.rcParamsDefault.items():
        candidates = [*ODD_TEXTS, *ODD_LISTS, True, 7]
        if isinstance(default, bool):
            candidates = [not default]
        elif isinstance(default, int | float):
            candidates = [2 * default + 1, default / 3, 42, not default]
        for candidate in candidates if name not in NO_STYLE else []:
            settings = copy.copy(matplotlib.rcParamsDefault)
            try:
                settings[name] = candidate
            except Exception:  # whatever the check of this setting raises
                continue
            if settings[name] != default:
                odd[name] = settings[name]
                break
    return odd


ODD = odd_values()

pytestmark = pytest.mark.filterwarnings("ignore:.*rcParam was deprecated")


def draw_records(data, run):
    figure, axes = plotting.subplots(2, 3)
    plotting.plot_data(data, axes[0, 0])
    plotting.plot_line([3, 2.5], data, axes[0, 0], label="fitted")
    plotting.plot_loss(run, axes[0, 1], ols_mse=1.8)
    plotting.plot_weights(run, axes[0, 2])
    plotting.plot_loss_surface(data, axes[1, 0])
    plotting.plot_path(run, axes[1, 0])
    plotting.plot_band([0, 1], [[0, 1], [1, 3]], axes[1, 1], label="runs")
    table = {"mean": [1], "low": [0], "high": [2]}
    plotting.plot_intervals(pd.DataFrame(table), axes[1, 2], xlabel="x")
    return figure


def draw_as_a_chapter_does(data, run):
    """Draw with matplotlib's own methods on axes of the course, outside its style."""
    figure, axes = plotting.subplots(3, 3, height=3)
    for ax in axes.flat:
        ax.set(xlabel="x", ylabel="µ", title="$x^2$ in mathtext")
    axes[0, 0].plot([1, 2, 1e7], label="thousands, millions")
    axes[0, 0].semilogy([1e-3, 1, 2], ".", color="C1", label="more")
    axes[0, 0].legend(title="legend")
    axes[0, 0].annotate("note", (1, 2), xytext=(6, 6), textcoords="offset points", arrowprops={"arrowstyle": "->"})
    axes[0, 1].errorbar([1, 2], [1e5, 2e5], yerr=2, fmt="o")
    axes[0, 1].axhline(1e5)
    axes[0, 1].axvspan(1, 1.5, alpha=0.2)
    axes[0, 2].hist(data.x)
    axes[0, 2].set_xticks([0, 2, 4], ["a", "b", "c"])
    axes[1, 0].bar([0, 1], [1e-6, 2e-6])
    axes[1, 0].twinx().plot([3, 1])
    axes[1, 1].scatter([1, 2], [1, 2])
    axes[1, 1].inset_axes([0.6, 0.1, 0.3, 0.3]).plot([2, 1])
    image = axes[1, 2].imshow([[0.0, 7.0]])
    figure.colorbar(image, ax=axes[1, 2])
    axes[2, 0].contour([[0, 1], [2, -3]])
    axes[2, 0].xaxis.set_ticks([0, 0.5], minor=True)
    axes[2, 0].yaxis.set_major_formatter("{x:g}")
    axes[2, 1].boxplot([1, 2, 9])
    axes[2, 1].text(1, 5, "text", fontsize="large")
    axes[2, 2].quiver([0, 1], [0, 1], [1, 1], [0, 1])
    figure.suptitle("title of the figure")
    return figure


DRAWINGS = pytest.mark.parametrize("draw", [draw_records, draw_as_a_chapter_does])


@pytest.fixture(scope="module")
def expected(data, run):
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        return {draw: render(draw(data, run)) for draw in (draw_records, draw_as_a_chapter_does)}


def test_nearly_every_setting_has_an_odd_value():
    assert len(ODD) > 0.95 * len(matplotlib.rcParamsDefault.keys() - NO_STYLE)
    assert {"text.usetex", "axes.formatter.limits", "axes.xmargin", "savefig.bbox", "font.family"} <= ODD.keys()


@DRAWINGS
def test_no_setting_of_the_session_reaches_a_picture(draw, data, run, expected):
    with matplotlib.rc_context(ODD):
        assert render(draw(data, run)) == expected[draw]


@DRAWINGS
def test_a_dark_style_of_the_session_reaches_no_picture(draw, data, run, expected):
    with matplotlib.style.context("dark_background"):  # which VS Code applies on dark themes
        assert render(draw(data, run)) == expected[draw]


def test_the_background_is_white_and_opaque_on_a_dark_page(data, run):
    with matplotlib.rc_context({"savefig.transparent": True, "figure.facecolor": "black", "savefig.facecolor": "none"}):
        picture = Image.open(io.BytesIO(render(draw_as_a_chapter_does(data, run))))
    assert not picture.has_transparency_data
    assert {picture.convert("RGB").getpixel(corner) for corner in ((0, 0), (picture.width - 1, 0))} == {(255,) * 3}


def test_drawing_on_the_axes_leaves_the_settings_of_the_session_alone(data, run):
    with matplotlib.rc_context(ODD):
        before = dict(matplotlib.rcParams)
        render(draw_as_a_chapter_does(data, run))
        assert dict(matplotlib.rcParams) == before


def test_a_method_that_raises_leaves_the_settings_of_the_session_alone():
    before = dict(matplotlib.rcParams)
    _, ax = plotting.subplots()
    with pytest.raises(ValueError, match="same first dimension"):
        ax.plot([1, 2], [1, 2, 3])
    assert dict(matplotlib.rcParams) == before


def test_methods_keep_their_help():
    _, ax = plotting.subplots()
    assert ax.plot.__doc__ == Axes.plot.__doc__
    assert inspect.signature(type(ax).plot) == inspect.signature(Axes.plot)
