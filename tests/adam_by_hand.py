"""Adam in NumPy, for tests that walk many runs side by side."""

import numpy as np


def adam(m, v, gradient, k, *, β2=0.999, size=None):
    """Return the moments after update k, counted from 1, and the step in units of the rate.

    The second moment is that of `size`, if it is given, in place of the gradient.
    Source: Kingma & Ba (2015), Adam, algorithm 1, with β₁ = 0.9.
    """
    m, v = 0.9 * m + 0.1 * gradient, β2 * v + (1 - β2) * (gradient if size is None else size) ** 2
    return m, v, m / (1 - 0.9**k) / (np.sqrt(v / (1 - β2**k)) + 1e-8)
