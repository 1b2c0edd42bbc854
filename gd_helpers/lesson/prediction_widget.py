"""A prediction in the page: its module ``prediction.mjs`` with its style, as a widget."""

from pathlib import Path

import anywidget
import traitlets

HERE = Path(__file__).parent


class PredictionWidget(anywidget.AnyWidget):
    """What the page and the kernel know of a prediction.

    Attributes
    ----------
    prediction : dict
        Question, options and, once it is known, the answer: what a notebook stores under `PREDICTION_MIME`.
    chosen : str, float or None
        What the reader has committed to; the page sets it once.
    note : str
        A line below it.
    """

    _esm = HERE / "prediction.mjs"
    _css = HERE / "prediction.css"

    prediction = traitlets.Dict().tag(sync=True)
    chosen = traitlets.Any(None, allow_none=True).tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
