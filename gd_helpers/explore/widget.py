"""An explorer in a cell's output: a picture of its first settings, and alive below it where somebody watches."""

from pathlib import Path

import anywidget
import traitlets
from IPython.display import display

from gd_helpers.headless import is_headless
from gd_helpers.mime import EXPLORER_MIME, WIDGET_MIME
from gd_helpers.plotting import figures

FOLDER = Path(__file__).parent


class ExplorerWidget(anywidget.AnyWidget):
    """What puts `explorer.mjs` into JupyterLab, VS Code and Colab; it needs the kernel for nothing else."""

    _esm = FOLDER / "explorer.mjs"
    _css = FOLDER / "explorer.css"
    bundle = traitlets.Dict().tag(sync=True)


def display_explorer(figure, alt, bundle):
    """Display the picture of an explorer with the bundle that a page makes it live from; if watched, live as well.

    The live one is an output of its own, since a notebook that is opened again without a kernel shows an error in the
    place of a widget. Where it can, it hides the picture.
    """
    figures.show(figure, alt, extra={EXPLORER_MIME: bundle})
    if not is_headless():
        view = ExplorerWidget(bundle=bundle).get_view_spec()
        display({WIDGET_MIME: view, "text/plain": "The explorer above, live."}, raw=True)
