"""Figures in notebooks: made in the style of the course, and shown as a picture with a description."""

import base64
import html
import io

from IPython.display import display
from matplotlib.pyplot import close
from PIL import Image

from gd_helpers.plotting.axes import CourseFigure
from gd_helpers.plotting.descriptions import describe
from gd_helpers.plotting.style import course_style

CSS_PIXELS_PER_INCH = 96
WIDTHS = {1: 7.2, 2: 10.0, 3: 12.0}  # inches, by number of columns
VISUALLY_HIDDEN = "position: absolute; width: 1px; height: 1px; overflow: hidden"


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


def show(figure, alt, *, extra=None):
    """Display `figure` as a picture with alternative text and with a summary of the numbers behind it.

    The same figure gives the same bytes. The plain-text form of the output (`describe`) lets a comparison of stored
    outputs check the numbers. The alternative text is stored in the output's metadata, where nbconvert looks for it,
    and again as visually hidden text below the picture, because JupyterLab ignores the metadata.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        It is closed afterwards, so that no backend shows it again.
    alt : str
        One or more sentences that say what the picture shows, for readers who cannot see it.
    extra : dict, optional
        More forms of the output, by MIME type.

    Raises
    ------
    ValueError
        If `alt` is not a sentence.
    """
    if not isinstance(alt, str) or len(alt.split()) < 3 or alt.strip()[-1] not in ".!?":
        raise ValueError(f"alt must be a sentence that says what the picture shows, with its full stop, got {alt!r}")
    alt = " ".join(alt.split())
    width, height = (round(inches * CSS_PIXELS_PER_INCH) for inches in figure.get_size_inches())
    bundle = {"image/png": base64.b64encode(render(figure)).decode("ascii"), "text/plain": describe(figure)}
    bundle |= extra or {}
    display(bundle, raw=True, metadata={"image/png": {"alt": alt, "width": width, "height": height}})
    # JupyterLab gives the picture no alt attribute, so a screen reader reads this instead
    display({"text/html": f'<p style="{VISUALLY_HIDDEN}">{html.escape(alt)}</p>', "text/plain": alt}, raw=True)
    close(figure)


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
