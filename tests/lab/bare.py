"""Explorers in bare pages without a kernel: their bundles, a server of static files, and a page with one of them."""

import functools
import json
import shutil
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from gd_helpers import explore
from gd_helpers.data import simulate_line, table
from gd_helpers.explore import widget
from gd_helpers.mime import EXPLORER_MIME

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>An explorer</title><style>body {{ margin: 8px; background: Canvas; color: CanvasText;
color-scheme: light dark; }}</style><main><h1>An explorer</h1><div><script type="{mime}">{bundle}</script></div></main>
<script type="module">import {{ showAll }} from "./explorer.mjs"; window.explorers = showAll();</script></html>"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and says nothing."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript"}

    def log_message(self, *_):
        """Say nothing."""


def line():
    return simulate_line(n=1000)


@functools.cache
def rows():
    """Return rows to train on and rows held out, in units of standard deviations, as the explorer rounds them."""
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    X, X_unseen, y, y_unseen = train_test_split(X, y, random_state=37)
    scaler = StandardScaler().set_output(transform="pandas").fit(X)
    parts = table(scaler.transform(X), y), table(scaler.transform(X_unseen), y_unseen)
    return tuple(part.to(torch.float32) for part in parts)


CALLS = {  # at the settings of the chapters
    "descent": lambda: explore.descent(line(), "mini-batch"),
    "stochastic": lambda: explore.descent(line(), "stochastic", epochs=100),
    "fitted_curve": lambda: explore.fitted_curve(line(), epochs=100, learning_rate=0.01),
    "noise_ball": lambda: explore.noise_ball(line()),
    "learning_rate": lambda: explore.learning_rate(line(), learning_rate=0.153867),
    "estimates": lambda: explore.estimates(line()),
    "held_out": lambda: explore.held_out(*rows(), epochs=300),
    "by_hand": lambda: explore.by_hand(line()),
}


@functools.cache
def bundle_of(name):
    """Return the bundle of an explorer, as a notebook stores it."""
    bundles = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(widget.figures, "show", lambda figure, alt, extra: bundles.append(extra[EXPLORER_MIME]))
        CALLS[name]()
    return json.loads(json.dumps(bundles[0]))


def write_file(folder, name):
    """Write a page with the module in it, since a browser lets a file import no other; return its path."""
    module = (Path(explore.__file__).parent / "explorer.mjs").read_text(encoding="utf-8")
    page = PAGE.format(mime=EXPLORER_MIME, bundle=json.dumps(bundle_of(name)))
    start, end = page.index("import {"), page.index("</script></html>")
    path = folder / f"{name}.html"
    path.write_text(f"{page[:start]}{module}\nshowAll();{page[end:]}", encoding="utf-8")
    shutil.copy(Path(explore.__file__).parent / "explorer.css", folder)
    return path


@contextmanager
def served(folder):
    """Serve the module, its style and a page for each explorer from `folder`; yield the address."""
    for path in Path(explore.__file__).parent.glob("explorer.*"):
        shutil.copy(path, folder)
    for name in CALLS:
        page = PAGE.format(mime=EXPLORER_MIME, bundle=json.dumps(bundle_of(name)))
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    with serving(folder) as address:
        yield address


@contextmanager
def serving(folder):
    """Serve the files of `folder`; yield the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
