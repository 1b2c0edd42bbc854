"""What chapter 09 says of its networks on new points, from networks trained side by side in NumPy.

Nothing of the package computes here; what was claimed is read out of the chapter's stored outputs.
"""

import numpy as np
import pytest
import torch
from found_claims import read_found
from scipy.optimize import least_squares

SEEDS, N, BATCH, RATE = range(20), 1000, 32, 1e-3


@pytest.fixture(scope="module")
def bound():
    """Return a function that gives the bound that the one stored claim with certain words holds to."""
    found = read_found("09_three_layers")
    return lambda words: found(words)[0]["more than"]


def draw(seed, n):
    """Draw points as chapter 01 does: x, then the noise twice."""
    stream = np.random.RandomState(seed)
    x = stream.normal(2, 1, n)
    return x, stream.normal(5 + 2 * x, 1) + stream.normal(0, 1, n)


def draw_weights(seed):
    """Draw the first weights of PyTorch's layers, in the order a1, c1, a2, c2, v1, v2."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 1, bias=False)
    return np.concatenate([layer.weight.detach().numpy().ravel() for layer in layers]).astype(float)


def predict(weights, x):
    """Return the predictions of all networks, shape (networks, points), and their hidden units."""
    a, c, v = (weights[:, [k, m], None] for k, m in ((0, 2), (1, 3), (4, 5)))
    with np.errstate(over="ignore"):
        h = 1 / (1 + np.exp(-a - c * x[..., None, :]))
    return (v * h).sum(axis=1), h


def train(x, y, seeds):
    """Train a network for each seed with Adam, as the chapter does, each on its row of x and y; return the weights."""
    w = np.array([draw_weights(seed) for seed in seeds])
    m, v, t, orders = np.zeros_like(w), np.zeros_like(w), 0, [np.random.default_rng(seed) for seed in seeds]
    for _ in range(1000):
        order = np.array([each.permutation(N) for each in orders])
        for first in range(0, N, BATCH):
            rows, t = order[:, first : first + BATCH], t + 1
            inputs, targets = (np.take_along_axis(values, rows, axis=1) for values in (x, y))
            said, h = predict(w, inputs)
            error = 2 * (said - targets)[:, None] / rows.shape[1]
            delta = error * w[:, 4:, None] * h * (1 - h)
            a, c, out = delta.sum(axis=2), (delta * inputs[:, None]).sum(axis=2), (error * h).sum(axis=2)
            g = np.column_stack([a[:, 0], c[:, 0], a[:, 1], c[:, 1], out])
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            w = w - RATE * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return w


def r2(y, said):
    return 1 - np.mean((y - said) ** 2, axis=-1) / y.var()


def test_the_networks_lose_to_the_line_at_the_ends_and_most_of_them_on_their_own_points_too(bound):
    (x, y), (x_new, y_new) = draw(37, N), draw(38, 100_000)
    networks = train(*(np.tile(values, (len(SEEDS), 1)) for values in (x, y)), SEEDS)
    said, line = predict(networks, x_new)[0], np.polyfit(x, y, 1)
    own, new = r2(y, predict(networks, x)[0]), r2(y_new, said)
    assert new.max() < r2(y_new, np.polyval(line, x_new))
    assert 0 < np.sum(own > r2(y, np.polyval(line, x))) < len(SEEDS) / 2
    missed = (said - 5 - 2 * x_new) ** 2
    outer = (x_new < np.quantile(x, 0.025)) | (x_new > np.quantile(x, 0.975))
    assert missed[:, outer].sum() / missed.sum() > bound("of their squared distances")
    too_low = np.polyval(line, x.max()) - predict(networks, x[[x.argmax()]])[0]
    assert too_low.min() > bound("At the highest temperature")


@pytest.mark.parametrize("bends", [False, True])
def test_the_line_wins_on_new_points_unless_the_truth_bends(bends):
    def follow(drawn):
        x, y = drawn
        return x, y - 5 - 2 * x + 16 / (1 + np.exp(1.2 - 0.75 * x)) if bends else y

    sets, (x_new, y_new) = [follow(draw(seed, N)) for seed in SEEDS], follow(draw(38, 100_000))
    x, y = (np.array(values) for values in zip(*sets, strict=True))
    new = r2(y_new, predict(train(x, y, SEEDS), x_new)[0])
    lines = [r2(y_new, np.polyval(np.polyfit(*each, 1), x_new)) for each in sets]
    assert np.all((new > lines) == bends)


def test_the_minimum_over_fits():
    (x_new, y_new), leads = draw(38, 100_000), []
    for seed in SEEDS:
        x, y = draw(100 + seed, N)
        start = np.array([-1.0, 0.5, 0.0, 0.9, 8.0, 7.0])
        end = least_squares(lambda w, x=x, y=y: predict(w[None], x)[0][0] - y, start, max_nfev=200).x
        line = np.polyfit(x, y, 1)
        leads.append(
            [r2(b, predict(end[None], a)[0][0]) - r2(b, np.polyval(line, a)) for a, b in ((x, y), (x_new, y_new))]
        )
    own, new = np.transpose(leads)
    assert np.mean(own > 0) >= 0.9
    assert new.max() < 0
