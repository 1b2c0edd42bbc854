"""What chapters 01 and 02 give as reasons, computed again in NumPy and PyTorch alone."""

import nbformat
import numpy as np
import pytest
import torch
from published_data import BEST, HESSIAN, LEAST

from gd_helpers.lesson.fold import read_claims
from gd_helpers.runner.chapters import NOTEBOOKS

RATE, UPDATES = 0.1, 100


def find(chapter, words):
    """Return what was found for the numbers of the one stored claim of the chapter that holds certain words."""
    claims = read_claims(nbformat.read(NOTEBOOKS / f"{chapter}.ipynb", as_version=4))
    (claim,) = [claim for claim in claims if words in claim["statement"]]
    return claim["found"]


@pytest.fixture(scope="module")
def mornings():
    """Return the published temperatures, and their two disturbances."""
    stream = np.random.RandomState(37)
    return stream.normal(2, 1, 1000), stream.normal(0, 1, 1000), stream.normal(0, 1, 1000)


@pytest.fixture(scope="module")
def valley():
    """Return the Hessian of the loss, the least squares weights and their loss."""
    return HESSIAN, BEST, LEAST


def losses_of(path, valley):
    hessian, best, least = valley
    off = path - best
    return least + ((off @ hessian) * off).sum(axis=1) / 2


def walk(valley, updates, rate=RATE, kept=0.0):
    """Descend from (0, 0); to each gradient `kept` times the sum before is added."""
    hessian, best, _ = valley
    path, total = [np.zeros(2)], np.zeros(2)
    for _ in range(updates):
        total = kept * total + hessian @ (path[-1] - best)
        path.append(path[-1] - rate * total)
    return np.array(path)


def test_it_is_the_quiet_noise_that_lifts_the_sample_above_the_ceiling(mornings):
    x, weather, gauge = mornings
    noise = weather + gauge
    louder = noise * np.sqrt(2 / noise.var())
    y = 5 + 2 * x + louder
    r2 = 1 - np.mean(louder**2) / y.var()
    assert r2 < 2 / 3
    assert find("01_simulate_data", "Scaled up to variance 2")[1] == pytest.approx(r2, abs=0.0005)


def test_the_second_update_comes_back_across_the_floor_and_the_rest_stay_by_it(valley):
    across = (walk(valley, UPDATES) - valley[1]) @ np.linalg.eigh(valley[0])[1][:, 1]
    assert across[1] * across[0] < 0
    assert across[2] * across[1] < 0
    assert np.abs(across[2:]).max() < 0.03 * abs(across[0])


def test_half_of_the_samples_lie_above_the_ceiling():
    above = []
    for seed in range(5000, 6000):
        stream = np.random.RandomState(seed)
        x, noise = stream.normal(2, 1, 1000), stream.normal(0, 2**0.5, 1000)
        above.append(1 - np.mean(noise**2) / np.var(5 + 2 * x + noise) > 2 / 3)
    assert np.mean(above) == pytest.approx(0.5, abs=0.05)


def test_the_share_of_fall_and_distance_is_measured_from_the_lowest_point(valley):
    path = walk(valley, 1)
    above = losses_of(path, valley) - valley[2]
    far = np.linalg.norm(path - valley[1], axis=1)
    fall, distance = find("02_gradient_descent", "of the fall is left")
    assert (fall, distance) == pytest.approx((above[1] / above[0], far[1] / far[0]), abs=0.005)


def test_without_zero_grad_a_later_update_comes_near_the_minimum_and_the_next_swing_on(valley):
    losses = losses_of(walk(valley, 20_000, kept=1.0), valley)
    assert losses[: UPDATES + 1].min() > 3.5
    assert losses[:3001].min() < 1.01 * valley[2]
    for late in np.split(losses[1:], 100):
        assert late.max() > losses[0]


def test_it_is_the_leaps_that_carry_the_weights_higher_without_zero_grad(valley):
    def highest(rate, updates):
        losses = losses_of(walk(valley, updates, rate=rate, kept=1.0), valley)
        return losses.max() / losses[0]

    assert highest(RATE, UPDATES) > 1.3
    assert highest(RATE / 100, 10 * UPDATES) < 1.01  # as many swings, in steps a tenth as long


def test_what_tells_numpy_from_pytorch_is_float32(mornings, valley):
    x, weather, gauge = mornings
    path = walk(valley, UPDATES)
    gaps = []
    for dtype in (torch.float32, torch.float64):
        X = torch.tensor(np.column_stack([np.ones(1000), x]), dtype=dtype)
        y = torch.tensor(5 + 2 * x + weather + gauge, dtype=dtype)[:, None]
        layer = torch.nn.Linear(2, 1, bias=False, dtype=dtype)
        torch.nn.init.zeros_(layer.weight)
        sgd = torch.optim.SGD(layer.parameters(), lr=RATE)
        for _ in range(UPDATES):
            sgd.zero_grad()
            torch.nn.MSELoss()(layer(X), y).backward()
            sgd.step()
        gaps.append(np.abs(layer.weight.detach().numpy()[0] - path[-1]).max())
    assert gaps[0] > 1e-8
    assert gaps[1] < 1e-12


def test_the_limit_is_sharp(valley):
    limit = 2 / np.linalg.eigvalsh(valley[0]).max()
    below, above = (losses_of(walk(valley, 10_000, rate=f * limit), valley)[-1] for f in (0.999, 1.001))
    assert below == pytest.approx(valley[2], rel=0.001)
    assert above > 1e15
