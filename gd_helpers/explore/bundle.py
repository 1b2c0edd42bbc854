"""What an explorer's output carries, so that a page can bring it to life without a kernel."""

import base64
import copy
import json
import re

import numpy as np

from gd_helpers.checks import LARGEST_SEED
from gd_helpers.models import get_weights, init_weights, linear
from gd_helpers.optimizers import OPTIMIZERS
from gd_helpers.training.engines import compiled

SEEDS = 100  # whose first weights come with the data: a page cannot draw torch's
PCG_MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def make_bundle(kind, data, recipe, axes, steps, *, model=None, **rest):
    """Return the JSON of an explorer: its kind, data, first weights, settings, and the frames of its pictures.

    Parameters
    ----------
    kind : str
        As `explorer.mjs` names it.
    data : Line or Table
        On the CPU, in the dtype of the runs.
    recipe : Recipe
        Where the controls stand at first.
    axes : sequence of matplotlib.axes.Axes
        Those of the static picture, whose limits and ticks the live one takes.
    steps : dict
        By the name of a slider, the numbers that it goes through.
    model : torch.nn.Module, optional
        A network; a linear model if not given.
    **rest
        More entries, in JSON.
    """
    first = min(recipe.init_seed // SEEDS * SEEDS, LARGEST_SEED + 1 - SEEDS)
    names = ("learning_rate", "batch_size", "epochs", "optimizer")
    bundle = {
        "kind": kind,
        "data": encode_data(data),
        "frames": [_frame(ax) for ax in axes],
        "optimizers": json.loads(json.dumps(OPTIMIZERS)),  # lists, as JSON has them
        "settings": {**{name: getattr(recipe, name) for name in names}, "seed": recipe.init_seed},
        "starts": {"first": first, "weights": _first_weights(model or linear(data.X.shape[1]), first)},
        "steps": {name: " ".join(map(str, values)) for name, values in steps.items()},
    }
    if recipe.replacement:
        bundle["replacement"] = True
    if model is not None:
        bundle["network"] = {name: values.tolist() for name, values in compiled.read_layers(model)._asdict().items()}
    return bundle | rest


def encode_data(data):
    """Return X without its ones, row by row, and y as text, with the precision of the run and the variance of y.

    Numbers that single precision holds are stored in it: they are the same on every processor, which the last bits of
    others need not be.
    """
    X, y = data.X[:, 1:].numpy(), data.y[:, 0].numpy()
    fits = all(np.array_equal(values, values.astype(np.float32)) for values in (X, y))
    stored = "float32" if fits else "float64"
    return {
        "n": len(X),
        "single": X.dtype == np.float32,
        "variance": float(np.var(y, dtype=np.float64)),
        "stored": stored,
        "X": encode(X, stored),
        "y": encode(y, stored),
    }


def encode(values, dtype):
    """Return an array as the base64 text of its little-endian numbers."""
    return base64.b64encode(np.asarray(values, np.dtype(dtype).newbyteorder("<")).tobytes()).decode()


def _first_weights(model, first):
    """Return the weights that runs of `model` start from, a row for each of 100 seeds from `first` on."""
    model = copy.deepcopy(model).float()
    return encode([get_weights(init_weights(model, seed)).numpy() for seed in range(first, first + SEEDS)], "float32")


def _frame(ax):
    """Return the axes of a picture, and the heights of its contours with the places where they are written."""
    frame = {"x": _axis(ax.xaxis, ax.get_xlim()), "y": _axis(ax.yaxis, ax.get_ylim())}
    places = {text.get_text(): [float(f"{value:.4g}") for value in text.get_position()] for text in ax.texts}
    return frame | {"heights": places}


def _axis(axis, limits):
    """Return limits, scale, label and labelled ticks of one of the two axes of a picture."""
    texts = {}
    for ticker, ticks in ((axis.major, axis.get_majorticklocs()), (axis.minor, axis.get_minorticklocs())):
        ticks = [float(tick) for tick in ticks if min(limits) <= tick <= max(limits)]
        labels = zip(ticks, ticker.formatter.format_ticks(ticks), strict=True)
        texts |= {f"{tick:.6g}": _plain(text) for tick, text in labels if text}
    return {
        "limits": [float(limit) for limit in limits],
        "scale": axis.get_scale(),
        "label": axis.label.get_text(),
        "ticks": " ".join(texts),
        "texts": "|".join(texts.values()),
    }


def _plain(text):
    """Return the label of a tick without matplotlib's mathematics: 10³ for $10^{3}$."""
    return re.sub(r"\$10\^\{(.*)\}\$", lambda match: f"10{match[1].translate(SUPERSCRIPTS)}", text)


def ziggurat_edges():
    """Return the edges of the 256 layers of NumPy's ziggurat, from which it draws normal numbers, encoded.

    NumPy keeps the table to itself. A word of its generator has the layer in its lowest 8 bits and from bit 9 on the
    integer that is multiplied by edge / 2⁵². So each edge shows in the draw from a generator whose next word is known.

    Source: Marsaglia & Tsang (2000), The ziggurat method for generating random variables, Journal of Statistical
    Software 5; O'Neill (2014), PCG, for the step s ← s M + i and a word of the lower half of s where the upper is 0.
    """
    bits = np.random.PCG64(0)
    state, undone, edges = bits.state, pow(PCG_MULTIPLIER, -1, 2**128), []
    for layer in range(256):
        state["state"]["state"] = ((2**49 + layer) - state["state"]["inc"]) * undone % 2**128  # the integer is 2⁴⁰
        bits.state = state
        edges.append(np.random.Generator(bits).standard_normal() * 2**12)
    return encode(edges, "float64")
