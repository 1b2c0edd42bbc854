"""Descriptions of figures: the numbers behind what is drawn, as text that a comparison of stored outputs can check."""

import numpy as np
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.contour import ContourSet

from gd_helpers.formatting import format_number

MAX_ARTISTS = 16  # per axes, that the text lists


def describe(figure):
    """Return a summary of the numbers behind `figure`, to three digits: a few lines for each of its axes.

    Numbers are also rounded to a hundred-thousandth of the largest of their kind, because single precision differs
    between processors below that.

    Examples
    --------
    >>> from gd_helpers.plotting.figures import subplots
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
        artists = [f"  {text}" for text in _describe_artists(ax)]
        lines += artists[:MAX_ARTISTS]
        if len(artists) > MAX_ARTISTS:
            lines.append(f"  and {len(artists) - MAX_ARTISTS} more")
    return "\n".join(lines)


def _describe_artists(ax):
    """Yield a line of text for each artist on `ax` that shows numbers."""
    parts = set()  # of containers, which are described as a whole
    for container in ax.containers:
        parts.update(_parts_of(container))
        yield from _describe_container(container)
    for line in ax.lines:
        if line not in parts and len(line.get_xdata()):  # an empty one only explains a mark in the legend
            yield _describe_line(ax, line)
    for collection in ax.collections:
        if collection not in parts:
            yield from _describe_collection(collection)
    for patch in ax.patches:
        if patch not in parts:
            yield f"{type(patch).__name__}{_label(patch)}"
    for image in ax.images:
        values = np.asarray(image.get_array())
        yield f"image: {' by '.join(map(str, values.shape))}; values {_range(values)}"


def _parts_of(container):
    if isinstance(container, BarContainer):
        return container.patches
    if isinstance(container, ErrorbarContainer):
        line, caps, bars = container
        return [line, *caps, *bars]
    return []


def _describe_container(container):
    if isinstance(container, BarContainer):
        x = [bar.get_x() + bar.get_width() / 2 for bar in container]
        yield _describe_points("bars", container, x, [bar.get_height() for bar in container])
    elif isinstance(container, ErrorbarContainer):
        line, _, bars = container
        yield _describe_points("points with intervals", container, *line.get_data())
        for bar in bars:
            drawn = [ends for ends in bar.get_segments() if len(ends)]  # a NaN leaves an empty segment
            ends = np.reshape(drawn, (-1, 2, 2))
            yield _describe_points("intervals", bar, ends[..., 0], ends[..., 1])


def _describe_line(ax, line):
    x, y = line.get_data(orig=False)
    for name, transform, values in (("y", ax.get_yaxis_transform(), y), ("x", ax.get_xaxis_transform(), x)):
        if line.get_transform() == transform:  # of axhline or axvline, which store their level twice
            return f"level{_label(line)}: {name} {_range(values[:1])}"
    return _describe_points("line", line, x, y)


def _describe_collection(collection):
    if isinstance(collection, ContourSet):
        if not collection.filled:
            yield f"contours: {len(collection.levels)} levels {_range(collection.levels)}"
    elif isinstance(collection, LineCollection):
        yield _describe_points("segments' ends", collection, *np.vstack(collection.get_segments()).T)
    elif isinstance(collection, PathCollection):
        yield _describe_points("scatter", collection, *np.asarray(collection.get_offsets()).T)
    elif isinstance(collection, PolyCollection):
        x, y = np.vstack([path.vertices for path in collection.get_paths()]).T
        yield f"band{_label(collection)}: x {_range(x)}; y {_range(y)}"
    else:
        yield f"{type(collection).__name__}{_label(collection)}"


def _describe_points(kind, artist, x, y):
    count = np.size(x)
    return f"{kind}{_label(artist)}: {count:,} point{'s' * (count != 1)}; x {_summary(x)}; y {_summary(y)}"


def _label(artist):
    label = str(artist.get_label())
    return "" if not label or label.startswith("_") else f" {label!r}"


def _summary(values):
    """Return "first → last", with the range where it is wider than that, and the mean of three or more values."""
    values = _floats(values)
    if values.size == 0:
        return "none"
    finite = values[np.isfinite(values)]
    mean = finite.mean() if finite.size else np.nan
    first, last, low, high, mean = _format(values, [values[0], values[-1], *_finite_range(values), mean])
    summary = first if values.size == 1 else f"{first} → {last}"
    summary += "" if {low, high} <= {first, last} else f" within {low} … {high}"
    return summary if values.size < 3 else f"{summary}, mean {mean}"


def _range(values):
    """Return "low … high", or one number where the two are equal."""
    values = _floats(values)
    low, high = _format(values, _finite_range(values))
    return low if low == high else f"{low} … {high}"


def _floats(values):
    return np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan).ravel()


def _finite_range(values):
    finite = values[np.isfinite(values)]
    return (finite.min(), finite.max()) if finite.size else (np.nan, np.nan)


def _format(values, chosen):
    """Return the `chosen` ones of `values` as text: three digits, and none below 1e-5 of the largest."""
    sizes = np.abs(values[np.isfinite(values)])
    largest = sizes[sizes < 1e4].max(initial=0) or sizes.max(initial=0)  # a run that diverges does not hide its start
    grain = 10.0 ** (np.floor(np.log10(largest)) - 5) if largest > 0 else 1.0
    texts = []
    for value in chosen:
        if np.isfinite(value):
            value = float(f"{np.round(value / grain) * grain:.3g}") + 0.0  # + 0.0 turns −0 into 0
        texts.append(format_number(value, thousands=""))
    return texts
