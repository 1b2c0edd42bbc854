"""A figure as a stream of pictures: what stands still is drawn once, and only what moves is drawn again."""

import io
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from PIL import Image
from scipy.spatial import KDTree

from gd_helpers.plotting.style import DRAWN_DPI, course_style

OPACITIES = np.linspace(0.2, 1, 5)[:, None]  # the edges of lines and letters are mixed with what is below them
BITS = 5  # of red, green and blue each, by which the nearest colour of a palette is looked up


@dataclass(frozen=True, eq=False)
class Background:
    """What stands still.

    Attributes
    ----------
    region : object
        What the canvas restores.
    codes : numpy.ndarray, uint32, shape (height, width)
        Its pixels.
    places : numpy.ndarray, uint8, shape (height, width)
        The nearest colour of the palette for each.
    palette : numpy.ndarray, uint8, shape (256, 3)
    nearest : numpy.ndarray, uint8, shape (2**15,)
        The nearest colour of the palette for every colour of fifteen bits.
    """

    region: object
    codes: np.ndarray
    places: np.ndarray
    palette: np.ndarray
    nearest: np.ndarray


class Picture:
    """The pixels of `figure`, over backgrounds that are kept.

    Most of the time goes into the PNG: one of all colours takes tens of milliseconds. So a picture has 256 colours, as
    the figures have that notebooks store, and only where something has moved are they looked for. That takes a few.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    moving : list of matplotlib.artist.Artist
        What changes from one picture to the next, the topmost last. Everything else is background.
    colours : list of str
        Those that `moving` may take.
    """

    def __init__(self, figure, moving, colours):
        self.figure, self.moving = figure, moving
        opaque = 255 * np.array([to_rgb(colour) for colour in colours])
        self._colours = np.vstack([opacity * opaque + (1 - opacity) * 255 for opacity in OPACITIES])
        figure.set_dpi(DRAWN_DPI)
        figure.set_layout_engine("none")  # the axes stay where the last drawing has put them
        self._canvas, self._backgrounds = FigureCanvasAgg(figure), {}

    def keep_background(self, name):
        """Draw what stands still, as it is now, and keep it under `name`."""
        self._animate(True)  # a full drawing leaves out what is animated
        with course_style():
            self._canvas.draw()
        self._animate(False)
        codes = self._codes().copy()
        found, where, counts = np.unique(codes, return_inverse=True, return_counts=True)
        frequent = _colours(found[np.argsort(-counts, kind="stable")])[: 256 - len(self._colours)]
        palette = np.vstack([frequent, self._colours]).round().astype(np.uint8)
        search = KDTree(palette)
        levels = (np.arange(2**BITS) + 0.5) * 2 ** (8 - BITS)
        every = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
        self._backgrounds[name] = Background(
            region=self._canvas.copy_from_bbox(self.figure.bbox),
            codes=codes,
            places=search.query(_colours(found))[1].astype(np.uint8)[where].reshape(codes.shape),
            palette=palette,
            nearest=search.query(every)[1].astype(np.uint8),
        )

    def png(self, name):
        """Return what moves, as it is now, over the background kept under `name`, as PNG bytes."""
        below = self._backgrounds[name]
        self._canvas.restore_region(below.region)
        for artist in self.moving:
            artist.draw(self._canvas.get_renderer())
        changed = np.flatnonzero(self._codes() != below.codes)
        red, green, blue = (_colours(self._codes().flat[changed]) >> (8 - BITS)).astype(np.intp).T
        places = below.places.copy()
        places.flat[changed] = below.nearest[(red << 2 * BITS) + (green << BITS) + blue]
        picture, png = Image.fromarray(places), io.BytesIO()
        picture.putpalette(below.palette.tobytes())
        picture.save(png, "PNG", compress_level=1)
        return png.getvalue()

    def _animate(self, animated):
        for artist in self.moving:
            artist.set_animated(animated)

    def _codes(self):
        """Return the pixels as they are now, each as one number."""
        return np.asarray(self._canvas.buffer_rgba()).view(np.uint32)[..., 0]


def _colours(codes):
    """Return red, green and blue of the pixels `codes`, shape (n, 3)."""
    return np.ascontiguousarray(codes).view(np.uint8).reshape(-1, 4)[:, :3]
