"""Figures in notebooks: made in the style of the course, and shown as a picture with a description."""

import base64
import html
import io

from IPython.display import display
from matplotlib.pyplot import close
from PIL import Image

from gd_helpers.formatting import mark_code
from gd_helpers.plotting.axes import CourseFigure
from gd_helpers.plotting.descriptions import describe
from gd_helpers.plotting.style import course_style

CSS_PIXELS_PER_INCH = 96
WIDTHS = {1: 7.2, 2: 10.0, 3: 12.0}  # inches, by number of columns
VISUALLY_HIDDEN = "position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden"
CAPTION = "max-width: 45em; margin: 0 0 1em; font-style: italic"


def subplots(nrows=1, ncols=1, *, height=4.2, **sharing):
    """Return a figure in the style of the course and its axes, as ``matplotlib.pyplot.subplots`` does.

    The session's own matplotlib settings have no effect on the figure or on what is drawn on its axes later.

    Parameters
    ----------
    nrows, ncols : int
        At most three columns. The width is fixed by their number.
    height : float
        Of a row, in inches.
    **sharing
        ``sharex``, ``sharey``, ``width_ratios``, ``height_ratios``.

    Returns
    -------
    matplotlib.figure.Figure
    matplotlib.axes.Axes, or array of them

    Raises
    ------
    ValueError
        If the number of columns is not 1, 2 or 3.

    Examples
    --------
    >>> fig, (left, right) = subplots(ncols=2, sharey=True)
    >>> len(fig.axes)
    2
    """
    if ncols not in WIDTHS:
        raise ValueError(f"ncols must be 1, 2 or 3, got {ncols!r}")
    figure = CourseFigure(figsize=(WIDTHS[ncols], height * nrows))
    return figure, figure.subplots(nrows, ncols, **sharing)


def show(figure, alt, *, caption="", extra=None):
    """Display `figure` as a picture with its caption, with alternative text and a summary of the numbers behind it.

    The same figure gives the same bytes. The plain-text form of the output (`describe`) lets a comparison of stored
    outputs check the numbers. Both texts are stored in the output's metadata, where nbconvert looks for the alternative
    one, and again below the picture, the alternative one out of sight, because JupyterLab ignores the metadata.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        It is closed afterwards, so that no backend shows it again.
    alt : str
        One or more sentences that say what the picture shows, for readers who cannot see it.
    caption : str
        One or two sentences for everyone: what to look at. Backticks mark code.
    extra : dict, optional
        More forms of the output, by MIME type.

    Raises
    ------
    ValueError
        If `alt` or `caption` is not a sentence.
    """
    alt = _read_sentence("alt", alt)
    caption = _read_sentence("caption", caption) if caption != "" else ""
    width, height = (round(inches * CSS_PIXELS_PER_INCH) for inches in figure.get_size_inches())
    bundle = {"image/png": base64.b64encode(render(figure)).decode("ascii"), "text/plain": describe(figure)}
    bundle |= extra or {}
    texts = {"alt": alt, "caption": caption} if caption else {"alt": alt}
    display(bundle, raw=True, metadata={"image/png": {**texts, "width": width, "height": height}})
    # JupyterLab gives the picture no alt attribute, so a screen reader reads this instead
    words = [f'<p class="caption" style="{CAPTION}">{mark_code(caption)}</p>'] if caption else []
    words.append(f'<p style="{VISUALLY_HIDDEN}">{html.escape(alt)}</p>')
    display({"text/html": "".join(words), "text/plain": f"{caption}\n{alt}".strip()}, raw=True)
    close(figure)


def _read_sentence(name, text):
    """Return `text`, which must be a sentence or more, on one line."""
    if not isinstance(text, str) or len(text.split()) < 3 or text.strip()[-1] not in ".!?":
        raise ValueError(f"{name} must be a sentence about the picture, with its full stop, got {text!r}")
    return " ".join(text.split())


def render(figure):
    """Return `figure` as an opaque PNG of 256 colours that holds neither a date nor a version.

    Reducing the colours affects only the shades that smooth the edges of lines and letters, and makes the notebooks
    that store the pictures a third as large.
    """
    full, reduced = io.BytesIO(), io.BytesIO()
    with course_style():
        figure.savefig(full, format="png", pil_kwargs={"compress_level": 0})
    # median cut, Pillow's default for RGB: no dithering, so the same pixels always give the same palette
    Image.open(full).convert("RGB").quantize(256).save(reduced, "PNG", optimize=True)
    return reduced.getvalue()
