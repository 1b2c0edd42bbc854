"""Data of several columns for the tests of the metrics, and changes to them that are refused."""

from types import SimpleNamespace

import numpy as np
from sklearn.datasets import load_diabetes


def several_inputs(n=40, p=4, seed=0):
    generator = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), generator.normal(size=(n, p - 1))])
    return SimpleNamespace(X=X, y=X @ generator.normal(size=(p, 1)) + generator.normal(size=(n, 1)))


def diabetes(standardised=False):
    """Return 442 rows of a one and ten measurements, in their own units (κ of 5e7) or with mean 0 and variance 1."""
    inputs, targets = load_diabetes(return_X_y=True, scaled=False)
    if standardised:
        inputs = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0)
    return SimpleNamespace(X=np.column_stack([np.ones(len(inputs)), inputs]), y=targets[:, None])


BAD_INPUTS = {
    "X a vector": ({"X": np.ones(40)}, r"^data\.X must have shape \(n, p\).*, got \(40,\)"),
    "X empty": ({"X": np.ones((0, 2))}, r"^data\.X must have shape \(n, p\).*, got \(0, 2\)"),
    "X with infinity": ({"X": np.full((40, 1), np.inf)}, r"^data\.X must hold finite numbers only"),
}
BAD_TARGETS = {
    "y a vector": ({"y": np.ones(40)}, r"^data\.y must be finite numbers of shape \(40, 1\).*, got shape \(40,\)"),
    "y too wide": (
        {"y": np.ones((40, 2))},
        r"^data\.y must be finite numbers of shape \(40, 1\).*, got shape \(40, 2\)",
    ),
    "y too short": (
        {"y": np.ones((5, 1))},
        r"^data\.y must be finite numbers of shape \(40, 1\).*, got shape \(5, 1\)",
    ),
    "y with NaN": ({"y": np.full((40, 1), np.nan)}, r"^data\.y must be finite numbers"),
}


def changed(change):
    return SimpleNamespace(**{**vars(several_inputs()), **change})
