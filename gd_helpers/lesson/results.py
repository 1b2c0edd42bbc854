"""The results of a chapter: shown to the reader, and kept in the notebook for programs."""

import math
import numbers

import numpy as np
from IPython.display import display

from gd_helpers.formatting import format_number
from gd_helpers.lesson.box import BLUE, Box

# The format of papermill's former `record`: a dict of results by name
RESULTS_MIME = "application/papermill.record+json"
DIGITS = 4  # significant digits, which are the same on every machine

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Results:
    """The results of a chapter: a box for the reader, and a MIME type of its own for programs."""

    def __init__(self, values):
        self.values = values

    def __repr__(self):
        return "Recorded: " + ", ".join(f"{name} = {_format(value)}" for name, value in self.values.items())

    def _repr_mimebundle_(self, include=None, exclude=None):
        listed = ", ".join(f"`{name}` = {_format(value)}" for name, value in self.values.items())
        return {
            "text/plain": repr(self),
            "text/html": Box("Recorded:", listed, BLUE)._repr_html_(),
            RESULTS_MIME: {name: _encoded(value) for name, value in self.values.items()},
        }


def record(**results):
    """Show `results` by name, and store them in the notebook, where a sweep finds them.

    Four significant digits are shown and all are stored; a refreshed chapter stores four.

    Parameters
    ----------
    **results
        Numbers, booleans or texts, of Python or NumPy. No text may be "NaN", "Infinity" or "-Infinity".

    Raises
    ------
    ValueError
        If a result is none of these, or no result is given.

    Examples
    --------
    >>> record(intercept=5.00515, updates=4500)
    Recorded: intercept = 5.005, updates = 4500
    """
    if not results:
        raise ValueError("results must be given by name, such as mse=1.8, got none")
    display(Results({name: _plain(name, value) for name, value in results.items()}))


def read_results(notebook):
    """Return the results stored in the outputs of `notebook` by name; the last one where a name occurs twice.

    Examples
    --------
    >>> import nbformat
    >>> bundle = Results({"mse": 1.8, "r2": float("nan")})._repr_mimebundle_()
    >>> output = nbformat.v4.new_output("display_data", data=bundle)
    >>> read_results(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(outputs=[output])]))
    {'mse': 1.8, 'r2': nan}
    """
    results = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            results |= output.get("data", {}).get(RESULTS_MIME, {})
    return {name: _NOT_FINITE.get(value, value) if isinstance(value, str) else value for name, value in results.items()}


def round_results(data):
    """Return the `data` of an output with the results in it rounded to the digits that are shown."""
    if RESULTS_MIME not in data:
        return data
    rounded = {
        name: float(_format(value)) if isinstance(value, float) else value for name, value in data[RESULTS_MIME].items()
    }
    return {**data, RESULTS_MIME: rounded}


def _plain(name, value):
    """Return `value` as a built-in bool, int, float or str."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, str) and value not in _NOT_FINITE:
        return str(value)
    raise ValueError(f"{name} must be a number, True or False, or a text, got {type(value).__name__}: {value!r}")


def _format(value):
    return str(value) if isinstance(value, bool | str) else format_number(value, DIGITS, thousands="")


def _encoded(value):
    """Return `value` for JSON, which has no non-finite numbers."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' * (value < 0)}Infinity"
    return value
