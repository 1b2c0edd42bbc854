"""Figures in notebooks: made in the style of the course, shown with a description and with the numbers behind them."""

import base64
import html
import io

import numpy as np
from IPython.display import display
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.pyplot import close
from PIL import Image
from scipy.spatial.distance import cdist

from gd_helpers.plotting.style import course_style

CSS_PIXELS_PER_INCH = 96
WIDTHS = {1: 7.2, 2: 10.0, 3: 12.0}  # inches, by number of columns
OUT_OF_SIGHT = "position: absolute; width: 1px; height: 1px; overflow: hidden"
MOST_ARTISTS = 16  # per axes that the text lists


def subplots(nrows=1, ncols=1, *, height=4.2, **sharing):
    """Return a figure in the style of the course and its axes, as ``matplotlib.pyplot.subplots`` does.

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
        If there are more than three columns.

    Examples
    --------
    >>> fig, (left, right) = subplots(ncols=2, sharey=True)
    >>> len(fig.axes)
    2
    """
    if ncols not in WIDTHS:
        raise ValueError(f"ncols must be 1, 2 or 3, got {ncols!r}")
    with course_style():
        figure = Figure(figsize=(WIDTHS[ncols], height * nrows))
        return figure, figure.subplots(nrows, ncols, **sharing)


def show(figure, alt, *, live=None):
    """Put `figure` into the cell's output as a picture with a description and with the numbers behind it.

    The same figure gives the same bytes. The text beside the picture (`describe`) is what a strict comparison of stored
    outputs checks. The description stands in the output's metadata, where nbconvert looks for it, and behind the
    picture in words that only a screen reader meets, since JupyterLab does not look there.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        It is closed afterwards, so that no backend shows it again.
    alt : str
        One or more sentences that say what the picture shows, for those who cannot see it.
    live : callable, optional
        Returns an ``ipywidgets.Widget`` to be shown in place of the picture where widgets are; called when the picture
        is drawn.

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
    if live is not None:
        bundle["application/vnd.jupyter.widget-view+json"] = live().get_view_spec()
    display(bundle, raw=True, metadata={"image/png": {"alt": alt, "width": width, "height": height}})
    # JupyterLab gives the picture no alt attribute, so it finds the words behind the picture, out of sight
    display({"text/html": f'<p style="{OUT_OF_SIGHT}">{html.escape(alt)}</p>', "text/plain": alt}, raw=True)
    close(figure)


def render(figure):
    """Return `figure` as PNG bytes that hold neither a date nor a version, in its 256 most frequent colours.

    The colours left out are a few of the shades that smooth the edges of lines and letters; each becomes the nearest
    that is kept. The notebooks that store the pictures take a third of the bytes for it.
    """
    full, small = io.BytesIO(), io.BytesIO()
    with course_style():
        figure.savefig(full, format="png", pil_kwargs={"compress_level": 0})
    pixels = np.asarray(Image.open(full).convert("RGB"), dtype=np.int32)
    codes, where, counts = np.unique(pixels @ [2**16, 2**8, 1], return_inverse=True, return_counts=True)
    colours = np.column_stack([codes >> 16, codes >> 8 & 255, codes & 255])
    kept = colours[np.argsort(-counts, kind="stable")[:256]]
    nearest = cdist(colours, kept).argmin(axis=1).astype(np.uint8)
    picture = Image.fromarray(nearest[where].reshape(pixels.shape[:2]))
    picture.putpalette(kept.astype(np.uint8).tobytes())
    picture.save(small, "PNG", optimize=True)
    return small.getvalue()


def describe(figure):
    """Return the numbers behind `figure`, to three digits: a few lines for each of its axes.

    A number is rounded to a hundred-thousandth of the largest of its kind as well: below that, single precision
    differs between processors.

    Examples
    --------
    >>> fig, ax = subplots()
    >>> _ = ax.plot([1, 2, 3], [1.0, 4.0, 9.0], label="squares")
    >>> print(describe(fig))
    Figure with 1 axes
    axes 1: x linear, y linear
      line 'squares': 3 points; x 1 → 3, mean 2; y 1 → 9, mean 4.67
    """
    lines = [f"Figure with {len(figure.axes)} axes"]
    for position, ax in enumerate(figure.axes, 1):
        title = ax.get_title(loc="left") or ax.get_title()
        scales = [
            f"{name} {axis.label.get_text()!r} {axis.get_scale()}".replace(" ''", "")
            for name, axis in (("x", ax.xaxis), ("y", ax.yaxis))
        ]
        lines.append(f"axes {position}: " + ", ".join([repr(title)] * bool(title) + scales))
        artists = [f"  {text}" for text in _artists(ax)]
        lines += artists[:MOST_ARTISTS]
        if len(artists) > MOST_ARTISTS:
            lines.append(f"  and {len(artists) - MOST_ARTISTS} more")
    return "\n".join(lines)


def _artists(ax):
    """Yield a line of text for everything on `ax` that stands for numbers."""
    parts = set()
    for container in ax.containers:
        if isinstance(container, BarContainer):
            x = [bar.get_x() + bar.get_width() / 2 for bar in container]
            yield _points("bars", container, x, [bar.get_height() for bar in container])
            parts.update(container)
        elif isinstance(container, ErrorbarContainer):
            line, caps, bars = container
            yield _points("points with intervals", container, *line.get_data())
            for bar in bars:
                drawn = [ends for ends in bar.get_segments() if len(ends)]  # of a NaN, nothing
                ends = np.reshape(drawn, (-1, 2, 2))
                yield _points("intervals", bar, ends[..., 0], ends[..., 1])
            parts.update({line, *caps, *bars})
    for line in ax.lines:
        if line not in parts and len(line.get_xdata()):  # an empty one only explains a mark in the legend
            yield _line(ax, line)
    for collection in ax.collections:
        if collection in parts:
            continue
        if isinstance(collection, ContourSet):
            if not collection.filled:
                yield f"contours: {len(collection.levels)} levels {_span(collection.levels)}"
        elif isinstance(collection, LineCollection):
            yield _points("segments' ends", collection, *np.vstack(collection.get_segments()).T)
        elif isinstance(collection, PathCollection):
            yield _points("scatter", collection, *np.asarray(collection.get_offsets()).T)
        elif isinstance(collection, PolyCollection):
            x, y = np.vstack([path.vertices for path in collection.get_paths()]).T
            yield f"band{_label(collection)}: x {_span(x)}; y {_span(y)}"
        else:
            yield f"{type(collection).__name__}{_label(collection)}"
    for patch in ax.patches:
        if patch not in parts:
            yield f"{type(patch).__name__}{_label(patch)}"
    for image in ax.images:
        values = np.asarray(image.get_array())
        yield f"image: {' by '.join(map(str, values.shape))}; values {_span(values)}"


def _line(ax, line):
    x, y = line.get_data(orig=False)
    for name, transform, values in (("y", ax.get_yaxis_transform(), y), ("x", ax.get_xaxis_transform(), x)):
        if line.get_transform() == transform:  # of axhline and axvline, which hold their level twice
            return f"level{_label(line)}: {name} {_span(values[:1])}"
    return _points("line", line, x, y)


def _points(kind, artist, x, y):
    count = np.size(x)
    return f"{kind}{_label(artist)}: {count:,} point{'s' * (count != 1)}; x {_course(x)}; y {_course(y)}"


def _label(artist):
    label = str(artist.get_label())
    return "" if not label or label.startswith("_") else f" {label!r}"


def _course(values):
    """Return "first → last", the range where it goes beyond them, and the mean where there are more."""
    values = _floats(values)
    if values.size == 0:
        return "none"
    finite = values[np.isfinite(values)]
    mean = finite.mean() if finite.size else np.nan
    first, last, low, high, mean = _numbers(values, [values[0], values[-1], *_finite_range(values), mean])
    course = first if values.size == 1 else f"{first} → {last}"
    course += "" if {low, high} <= {first, last} else f" within {low} … {high}"
    return course if values.size < 3 else f"{course}, mean {mean}"


def _span(values):
    """Return "low … high", or the one number that both are."""
    values = _floats(values)
    low, high = _numbers(values, _finite_range(values))
    return low if low == high else f"{low} … {high}"


def _floats(values):
    return np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan).ravel()


def _finite_range(values):
    finite = values[np.isfinite(values)]
    return (finite.min(), finite.max()) if finite.size else (np.nan, np.nan)


def _numbers(values, chosen):
    """Return the `chosen` ones of `values` as text: three digits, and none below 1e-5 of the largest."""
    sizes = np.abs(values[np.isfinite(values)])
    largest = sizes[sizes < 1e4].max(initial=0) or sizes.max(initial=0)  # a run that diverges does not hide its start
    grain = 10.0 ** (np.floor(np.log10(largest)) - 5) if largest > 0 else 1.0
    texts = []
    for value in chosen:
        if np.isfinite(value):
            value = float(f"{np.round(value / grain) * grain:.3g}") + 0.0  # + 0.0 turns −0 into 0
        texts.append(f"{value:g}")
    return texts
