"""Another way to the answers of chapter 03."""

import ast
import itertools
import re

import nbformat
import numpy as np
import torch
from exercises.oracles import adam

from gd_helpers.data import simulate_line
from gd_helpers.models import linear
from gd_helpers.runner.chapters import NOTEBOOKS


def bowl(data):
    """Return the Hessian of the loss, the weights at its minimum, and its value there."""
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    return 2 / len(y) * X.T @ X, best, np.mean((X @ best - y) ** 2)


def start(seed):
    return linear(seed=seed)[0].weight.detach().double().numpy().ravel()


def updates_at_ten_times_the_rate(n, seed):
    """Count by Adam in NumPy, and sort the ratio between the geometric means of neighbouring answers."""
    hessian, best, least = bowl(simulate_line(n=n, seed=seed))
    slow, fast = (adam.count_updates(hessian, start(seed) - best, 0.001 * least, rate) for rate in (0.001, 0.01))
    ratio = fast / slow
    place = np.searchsorted(np.sqrt([1 / 100 / 10, 1 / 10 / 3, 1 / 3]), ratio)
    return ("a hundredth", "a tenth", "a third", "as many")[place]


def intercept_of_fifty(n, seed):
    """Descend by Adam in NumPy, on the loss as a quadratic function of two weights."""
    hessian, best, _ = bowl(simulate_line(n=n, intercept=50.0, seed=seed))
    walk = adam.descend(lambda w: hessian @ (w - best), start(seed))
    return next(itertools.islice(walk, 4500, None))[0]


def bug_of_the_flat_curve():
    """Take the curve that the chapter draws: it does not move, and Adam by hand moves under all bugs but one."""
    notebook = nbformat.read(NOTEBOOKS / "03_batch.ipynb", as_version=4)
    (drawn,) = re.findall(r"^curve = (\[.*\])$", "\n".join(cell.source for cell in notebook.cells), re.MULTILINE)
    hessian, best, least = bowl(simulate_line())

    def loss(w):
        return least + (w - best) @ hessian @ (w - best) / 2

    seen, first = ast.literal_eval(drawn), start(37)
    assert seen == [round(loss(first), 1)] * len(seen)
    bugs = {
        "the step goes along the gradient": (lambda w: -hessian @ (w - best), 0.001),
        "the rate is ten times too large": (lambda w: hessian @ (w - best), 0.01),
    }
    summed = np.zeros(2)

    def sum_up(w):
        summed[:] += hessian @ (w - best)
        return summed.copy()

    bugs["zero_grad is missing"] = (sum_up, 0.001)
    for gradient, rate in bugs.values():
        ended = next(itertools.islice(adam.descend(gradient, first, rate), 300, None))
        assert abs(loss(ended) - seen[-1]) > 1
    return "opt was made for another model"


def stopping_update(losses, fall, window):
    """Compare the whole curve with itself, `window` updates later."""
    return window + np.flatnonzero(losses[:-window] - losses[window:] < fall)[0]


def best_worst_case_rate(X):
    singular = torch.linalg.svdvals(torch.from_numpy(X)).numpy()
    return 2 / (2 / len(X) * (singular[0] ** 2 + singular[-1] ** 2))
