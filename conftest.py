"""The environment of every test, and of the kernels in which the chapters are compared with their stored outputs."""

import os

import hypothesis
import matplotlib
from nbval.plugin import IPyNbFile

from gd_helpers.lesson.results import RESULTS_MIME

os.environ["GD_HEADLESS"] = "1"
os.environ.pop("MPLBACKEND", None)  # kernels choose their own; this process draws into memory
matplotlib.use("Agg")

# No test asserts a time: the first example of a property may compile a kernel.
hypothesis.settings.register_profile("course", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("course")


def pytest_collectstart(collector):
    """Compare the results that a chapter records by the digits that it shows: the kernel keeps all, the file these."""
    if isinstance(collector, IPyNbFile):
        collector.skip_compare += (RESULTS_MIME,)
