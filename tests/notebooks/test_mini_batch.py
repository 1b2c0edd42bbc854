"""Which batch sizes have arrived after 300 epochs, as chapter 05 says, in NumPy alone, 20 runs at a time."""

import numpy as np
from published_data import BEST, HESSIAN, N, X, Y

RUNS, RATE = 20, 0.001


def median_excess(batch_size, windows=((201, 300), (501, 600))):
    """Return the median over the runs of how far Adam's loss is above least squares, on average over these epochs."""
    generator = np.random.default_rng(5)
    off = generator.uniform(-(0.5**0.5), 0.5**0.5, (RUNS, 2)) - BEST
    m, v, k, found = 0.0, 0.0, 0, []
    residuals = X @ BEST - Y
    for _ in range(windows[-1][-1]):
        orders = generator.permuted(np.tile(np.arange(N), (RUNS, 1)), axis=1)
        for first in range(0, N, batch_size):
            batch, k = orders[:, first : first + batch_size], k + 1
            inputs = X[batch]
            errors = (inputs @ off[:, :, None])[..., 0] + residuals[batch]
            gradient = 2 * (errors[:, None] @ inputs)[:, 0] / batch.shape[1]
            m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
            off = off - RATE * m / (1 - 0.9**k) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8)
        found.append(np.einsum("ri,ij,rj->r", off, HESSIAN, off) / 2)
    return [np.median(np.mean(found[first - 1 : last], axis=0)) for first, last in windows]


def test_batches_of_8_have_arrived_after_300_epochs_and_batches_of_16_have_not():
    (early, late), (early_of_16, late_of_16) = map(median_excess, (8, 16))
    assert 0.75 < late / early < 1.25
    assert late_of_16 < early_of_16 / 10
