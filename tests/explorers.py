"""Explorers in tests: caught before they are displayed, made live, put back to their settings, and read."""

import io
import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from gd_helpers.explore.explorer import Explorer
from gd_helpers.plotting import figures

SIGNS = str.maketrans({"−": "-"})
WORDS = {"–": "nan", "not finite": "inf"}


def catch(show, *data, **arguments):
    """Return the explorer that ``show(*data, **arguments)`` is about to display."""
    explorers = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Explorer, "display", lambda explorer: explorers.append(explorer))
        show(*data, **arguments)
    (explorer,) = explorers
    return explorer


def catch_live(show, *data, **arguments):
    """Return the explorer laid out and live, as a reader has it."""
    explorer = catch(show, *data, **arguments)
    figures.render(explorer.figure)  # which lays it out
    explorer.make_live()
    return explorer


def put_back(explorer, values):
    """Put the controls of `explorer` to `values`, its run to its end, and return it."""
    explorer.controls.against.value = "updates"
    for name, value in values.items():
        explorer.controls.recipe[name].value = value
    explorer.controls.shown.value = explorer.controls.shown.max
    return explorer


def numbers(explorer, row="run"):
    """Return a row of the table below the picture; what is not finite is infinite, what is left out NaN."""
    cells = re.search(rf'<tr class="gd-{row}">(.*?)</tr>', explorer.numbers.value)[1]
    return [float(WORDS.get(text, text).translate(SIGNS)) for text in re.findall("<td>(.*?)</td>", cells)]


def difference(explorer):
    """Return the picture that is shown minus the one that matplotlib draws in full, shape (height, width, 3)."""
    canvas = FigureCanvasAgg(explorer.figure)
    with figures.course_style():
        canvas.draw()
    shown = Image.open(io.BytesIO(bytes(explorer.image.value))).convert("RGB")
    return np.asarray(shown, dtype=float) - np.asarray(canvas.buffer_rgba())[..., :3]
