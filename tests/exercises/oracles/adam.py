"""Adam, written out in NumPy."""

import itertools

import numpy as np


def descend(gradient, w, learning_rate=0.001):
    """Yield the weights, from `w` on, before each update by Adam; ``gradient(w)`` is asked for one update each time."""
    m = v = np.zeros_like(w)
    for k in itertools.count(1):
        yield w
        g = gradient(w)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = w - learning_rate * m / (1 - 0.9**k) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8)


def count_updates(hessian, off, height, learning_rate=0.001):
    """Return after how many updates the bowl ``off @ hessian @ off / 2`` is first at most `height` deep."""
    walk = descend(lambda off: hessian @ off, off, learning_rate)
    return next(k for k, off in enumerate(walk) if off @ hessian @ off / 2 <= height)
