"""What chapter 03 says of Adam's memory and of the best constant rate, computed again in NumPy alone."""

import nbformat
import numpy as np
import pytest
import torch
from adam_by_hand import adam
from published_data import BEST, HESSIAN, LEAST

from gd_helpers.lesson.fold import read_claims
from gd_helpers.runner.chapters import NOTEBOOKS

EPOCHS, RATE = 4500, 0.001


@pytest.fixture(scope="module")
def found():
    """Return a function that gives what was found for the numbers of the one stored claim that holds certain words."""
    notebook = nbformat.read(NOTEBOOKS / "03_batch.ipynb", as_version=4)
    claims = read_claims(notebook)

    def find(words):
        (claim,) = [claim for claim in claims if words in claim["statement"]]
        return claim["found"]

    return find


@pytest.fixture(scope="module")
def valley():
    """Return the Hessian of the loss over the published data, the least squares weights and their loss."""
    return HESSIAN, BEST, LEAST


@pytest.fixture(scope="module")
def starts():
    """Draw the weights of ``torch.nn.Linear(2, 1, bias=False)`` for the seeds 0 to 59."""
    drawn = []
    for seed in range(60):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            drawn.append(torch.nn.Linear(2, 1, bias=False).weight.detach().double().numpy()[0])
    return np.array(drawn)


def descend(valley, weights, β2, updates=EPOCHS):
    """Return the excess over least squares of each row of `weights` after `updates` of Adam."""
    hessian, best, least = valley
    m = v = np.zeros_like(weights)
    for k in range(1, updates + 1):
        gradient = (weights - best) @ hessian
        m, v, step = adam(m, v, gradient, k, β2=β2)
        weights = weights - RATE * step
    off = weights - best
    return ((off @ hessian) * off).sum(axis=1) / 2 / least


def test_a_short_memory_alone_brings_the_same_starts_down(found, valley, starts):
    long, short = (descend(valley, starts, β2) for β2 in (0.999, 0.9))
    assert found("the median of the 60")[2:] == [round(np.median(short), 3), round(np.median(long), 2)]
    assert long.min() > 0.27
    assert short.max() < 0.16
    assert (short < long).all()


def test_starts_with_less_to_go_than_the_steps_make_do_not_arrive_either(found, valley, starts):
    farthest = np.abs(starts - valley[1]).max(axis=1)
    long = descend(valley, starts, 0.999)
    near = long[farthest < EPOCHS * RATE]
    assert found("with less than 4.5 to go")[::2] == [len(near), near.min().round(2)]
    assert found("with less than 4.5 to go")[3] == near.max().round(2)
    nearer = farthest <= np.median(farthest)
    halves = np.median(long[nearer]), np.median(long[~nearer])
    assert found("The nearer half of all 60")[1:] == [round(median, 2) for median in halves]


def test_a_rate_below_the_one_with_the_best_worst_case_is_first_from_most_starts(valley, starts):
    hessian, best, least = valley
    curvatures = np.linalg.eigvalsh(hessian)
    arrivals = []
    for rate in (2 / curvatures.sum(), 0.98 * 2 / curvatures.sum()):
        off, first = starts - best, np.full(len(starts), 0)
        for k in range(1, 301):
            off = off - rate * off @ hessian
            arrived = ((off @ hessian) * off).sum(axis=1) / 2 < 0.001 * least
            first = np.where(arrived & (first == 0), k, first)
        arrivals.append(first)
    assert np.median(arrivals[0]) == pytest.approx(96, abs=1)
    assert np.median(arrivals[1]) == pytest.approx(67, abs=1)
    rates = np.linspace(0.5, 2.05, 3101) / curvatures.sum()
    worst = np.abs(1 - np.outer(rates, curvatures)).max(axis=1)
    assert rates[np.argmin(worst)] == pytest.approx(2 / curvatures.sum(), rel=0.001)


def test_a_shrinking_gradient_shortens_the_steps_only_if_the_memory_is_long(valley):
    """At β₂ = 0.9 the gradient falls below a tenth of what it was, and the steps of the intercept are still α long."""
    hessian, best, _ = valley
    strides, left = [], []
    for β2, updates in ((0.999, 4400), (0.9, 4050)):
        w, m, v = np.array([0.4117, 0.2006]), 0.0, 0.0
        first = ((w - best) @ hessian)[0]
        for k in range(1, updates + 1):
            gradient = (w - best) @ hessian
            m, v, step = adam(m, v, gradient, k, β2=β2)
            step = RATE * step
            w = w - step
        strides.append(abs(step[0]) / RATE)
        left.append(gradient[0] / first)
    assert max(left) < 0.1
    assert strides[0] == pytest.approx(0.25, abs=0.03)
    assert strides[1] == pytest.approx(1, abs=0.05)
