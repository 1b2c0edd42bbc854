"""A figure as a stream of pictures: what stands still is drawn once, and only what moves is drawn again."""

import io
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from PIL import Image

from gd_helpers.plotting.style import DRAWN_DPI, in_course_style

OPACITIES = np.linspace(0.2, 1, 5)[:, None]  # the edges of lines and letters are mixed with what is below them


@dataclass(frozen=True, eq=False)
class Background:
    """What stands still.

    Attributes
    ----------
    region : object
        What the canvas restores.
    pixels : numpy.ndarray, uint32, shape (height, width)
    palette : PIL.Image.Image
        Has the 256 colours of the pictures.
    reduced : PIL.Image.Image
        The pixels in those colours.
    """

    region: object
    pixels: np.ndarray
    palette: Image.Image
    reduced: Image.Image


class Picture:
    """The pixels of `figure`, over backgrounds that are kept.

    Most of the time goes into the PNG: one of all colours takes tens of milliseconds. So a picture has 256 colours, as
    the stored figures of notebooks have, and only the box in which something moved is reduced to them anew.

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

    @in_course_style
    def keep_background(self, name):
        """Draw what stands still, as it is now, and keep it under `name`."""
        self._animate(True)  # a full drawing leaves out what is animated
        self._canvas.draw()
        self._animate(False)
        picture, palette = Image.fromarray(self._rgb()), Image.new("P", (1, 1))
        frequent = picture.quantize(256 - len(self._colours)).getpalette()
        palette.putpalette([*frequent, *self._colours.round().astype(int).ravel().tolist()])
        self._backgrounds[name] = Background(
            region=self._canvas.copy_from_bbox(self.figure.bbox),
            pixels=self._pixels().copy(),
            palette=palette,
            reduced=picture.quantize(palette=palette, dither=Image.Dither.NONE),
        )

    @in_course_style
    def png(self, name):
        """Return what moves, as it is now, over the background kept under `name`, as PNG bytes."""
        below = self._backgrounds[name]
        self._canvas.restore_region(below.region)
        for artist in self.moving:
            artist.draw(self._canvas.get_renderer())
        picture, png = below.reduced.copy(), io.BytesIO()
        if box := Image.fromarray(self._pixels() != below.pixels).getbbox():
            moved = Image.fromarray(self._rgb()).crop(box)
            picture.paste(moved.quantize(palette=below.palette, dither=Image.Dither.NONE), box)
        picture.save(png, "PNG", compress_level=1)
        return png.getvalue()

    def _animate(self, animated):
        for artist in self.moving:
            artist.set_animated(animated)

    def _pixels(self):
        """Return the pixels as they are now, one number each."""
        return np.asarray(self._canvas.buffer_rgba()).view(np.uint32)[..., 0]

    def _rgb(self):
        return np.asarray(self._canvas.buffer_rgba())[..., :3]
