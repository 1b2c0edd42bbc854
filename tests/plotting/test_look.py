from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import ft2font
from matplotlib.testing.compare import compare_images

from gd_helpers import plotting
from gd_helpers.data import simulate_line
from gd_helpers.plotting.figures import render

BASELINES = Path(__file__).with_name("baseline")


def labelled(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def drawings(data, run):
    yield lambda ax: plotting.plot_data(data, ax)
    yield lambda ax: plotting.plot_line([5, 2], data, ax, label="line")
    yield lambda ax: plotting.plot_loss(run, ax)
    yield lambda ax: plotting.plot_weights(run, ax)
    yield lambda ax: plotting.plot_loss_surface(data, ax)
    yield lambda ax: plotting.plot_path(run, ax)
    yield lambda ax: plotting.plot_intervals(pd.DataFrame({"mean": [1], "low": [0], "high": [2]}), ax, xlabel="x")
    yield lambda ax: plotting.plot_band([0, 1], [[0, 1], [1, 2]], ax, label="runs")


def test_every_function_returns_the_axes_it_drew_on(data, run):
    for draw in drawings(data, run):
        _, ax = plotting.subplots()
        assert draw(ax) is ax


def test_drawing_leaves_the_settings_of_the_session_alone(data, run):
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        before = dict(matplotlib.rcParams)
        for draw in drawings(data, run):
            draw(plotting.subplots()[1])
        assert dict(matplotlib.rcParams) == before


def test_a_method_has_one_colour_in_every_figure(data, run):
    _, (left, right) = plotting.subplots(ncols=2)
    plotting.plot_loss({"batch": run, "mini-batch": run}, left)
    plotting.plot_path({"mini-batch": run}, right)
    assert labelled(left, "mini-batch").get_color() == labelled(right, "mini-batch").get_color()


# pictures, compared with stored ones: colours, marks, legends and their places


def picture_of_the_data():
    data, (figure, ax) = simulate_line(n=200), plotting.subplots()
    plotting.plot_data(data, ax)
    plotting.plot_line([3, 2.5], data, ax, label="fitted line")
    return figure


def picture_of_losses():
    figure, (left, right) = plotting.subplots(ncols=2, sharey=True)
    steps = np.arange(200)
    plotting.plot_loss({"batch": 2 + 70 * 0.95**steps, "stochastic": 3 + np.sin(steps)}, left, ols_mse=1.8)
    plotting.plot_loss({"rate 0.2": np.append(3 * 1.02**steps, np.inf)}, right)
    return figure


def picture_of_paths():
    figure, ax = plotting.subplots(height=5)
    turns = np.linspace(0, 6, 80)[:, None]
    spiral = [5, 2] + 3 * np.exp(-turns / 2) * np.hstack([-np.cos(turns), 0.4 * np.sin(turns)])
    paths = {"batch": spiral, "mini-batch": [[0, 0], [2, 3], [4, 2.4]], "leaves": [[0, 0], [4, 4], [8, -90]]}
    plotting.plot_loss_surface(simulate_line(n=200), ax, limits=((-1, 8), (-1, 5)))
    plotting.plot_path({name: np.asarray(path, dtype=float) for name, path in paths.items()}, ax)
    return figure


def picture_of_intervals():
    figure, ax = plotting.subplots(height=2.4)
    table = pd.DataFrame({"mean": [0.5, 0.1], "low": [0.4, -0.1], "high": [0.7, 0.2]}, index=["batch", "stochastic"])
    plotting.plot_intervals(table, ax, xlabel="excess over OLS (%)", reference=0, reference_label="OLS")
    return figure


@pytest.mark.skipif(ft2font.__freetype_build_type__ != "local", reason="letters are those of matplotlib's own FreeType")
@pytest.mark.parametrize("draw", [picture_of_the_data, picture_of_losses, picture_of_paths, picture_of_intervals])
def test_the_picture_looks_like_the_stored_one(draw, tmp_path):
    # After a wanted change of the look, copy the new picture over tests/baseline. In steps of 255, root mean square:
    # all points moved by a hundred-thousandth, up to 0.3; a line in another colour, 4 and more; letters 1 % larger, 1.5
    # to 3; a legend in another corner, 8 and more.
    name = f"{draw.__name__.removeprefix('picture_of_')}.png"
    (tmp_path / name).write_bytes(render(draw()))
    assert compare_images(BASELINES / name, tmp_path / name, tol=1.4) is None
