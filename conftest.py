"""The environment of every test, and of the kernels in which the chapters are compared with their stored outputs."""

import os

import hypothesis
import matplotlib
from nbval import plugin as nbval

from gd_helpers.runner.comparison import find_differences
from gd_helpers.runner.outputs import join_streams

os.environ["GD_HEADLESS"] = "1"
os.environ.setdefault("OMP_NUM_THREADS", "1")  # several chapters run side by side
os.environ.pop("MPLBACKEND", None)  # kernels choose their own; this process draws into memory
matplotlib.use("Agg")

# No test asserts a time: the first example of a property may compile a kernel.
hypothesis.settings.register_profile("course", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("course")


def compare_outputs(cell, fresh, stored):
    """Compare the outputs of a cell in place of nbval, which knows no pictures, no order and no rounding."""
    cell.comparison_traceback = find_differences(stored, fresh)
    return not cell.comparison_traceback


nbval.IPyNbCell.compare_outputs = compare_outputs
nbval.coalesce_streams = join_streams  # nbval's own loses where among other outputs a text came
