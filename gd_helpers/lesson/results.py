"""The results of a chapter: shown to the reader, and kept in the notebook for programs."""

import html
import math
import numbers

import numpy as np
from IPython.display import display

# The format of papermill's record: one dict by name, which scrapbook and its like collect from a notebook's outputs.
RESULTS_MIME = "application/papermill.record+json"
DIGITS = 4  # significant ones, which other machines reproduce

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Results:
    """What a chapter found; a notebook shows it as a line, and its MIME bundle carries it for programs."""

    def __init__(self, values):
        self.values = values

    def __repr__(self):
        return "Recorded: " + ", ".join(f"{name} = {_shown(value)}" for name, value in self.values.items())

    def _repr_mimebundle_(self, include=None, exclude=None):
        listed = ", ".join(f"<code>{name}</code> = {html.escape(_shown(value))}" for name, value in self.values.items())
        return {
            "text/plain": repr(self),
            "text/html": (
                f'<div style="border-left: 4px solid #4c72b0; padding: 2px 10px;">'
                f"<strong>Recorded:</strong> {listed}</div>"
            ),
            RESULTS_MIME: {name: _encoded(value) for name, value in self.values.items()},
        }


def record(**results):
    """Show `results` by name, and keep them in the notebook, where a sweep finds them.

    Shown are four significant digits, kept are all; a refreshed chapter stores the four.

    Parameters
    ----------
    **results
        A number, a truth value or a text each; of NumPy's, single ones. No text may read "NaN" or "Infinity".

    Raises
    ------
    ValueError
        If a result is none of these, or there is none at all.

    Examples
    --------
    >>> record(intercept=5.00515, updates=4500)
    Recorded: intercept = 5.005, updates = 4500
    """
    if not results:
        raise ValueError("results must be given by name, such as mse=1.8, got none")
    display(Results({name: _plain(name, value) for name, value in results.items()}))


def read_results(notebook):
    """Return what the outputs of `notebook` keep as its results, by name; of two by one name, the later.

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
    """Return the dict `data` of an output with its results rounded to the digits that are shown."""
    if RESULTS_MIME not in data:
        return data
    rounded = {
        name: float(_shown(value)) if isinstance(value, float) else value for name, value in data[RESULTS_MIME].items()
    }
    return {**data, RESULTS_MIME: rounded}


def _plain(name, value):
    """Return `value` as the plain bool, int, float or str that it is."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, str) and value not in _NOT_FINITE:
        return str(value)
    raise ValueError(f"{name} must be a number, True or False, or a text, got {type(value).__name__}: {value!r}")


def _shown(value):
    return f"{value:.{DIGITS}g}" if isinstance(value, float) else str(value)


def _encoded(value):
    """Return `value` as JSON has it, which knows no number that is not finite."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' * (value < 0)}Infinity"
    return value
