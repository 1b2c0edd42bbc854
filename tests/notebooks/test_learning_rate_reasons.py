"""What chapter 12 says of line search, correlations and momentum, with runs of NumPy and PyTorch alone."""

import numpy as np
import pytest
import torch
from found_claims import read_found
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import StandardScaler


@pytest.fixture(scope="module")
def found():
    return read_found("12_learning_rate")


@pytest.fixture(scope="module")
def hessian():
    """Return the Hessian of the loss over the diabetes data, standardised, with a column of ones."""
    columns = StandardScaler().fit_transform(load_diabetes(return_X_y=True, scaled=False)[0])
    X = np.column_stack([np.ones(len(columns)), columns])
    return 2 / len(X) * X.T @ X


def line_searches(hessian, away, updates):
    """Return by which factor the last of some exact line searches shrinks the loss, from each row of `away`."""
    for _ in range(updates):
        before, g = np.einsum("si,ij,sj->s", away, hessian, away), away @ hessian
        steps = np.einsum("si,si->s", g, g) / np.einsum("si,ij,sj->s", g, hessian, g)
        away = away - steps[:, None] * g
    return np.einsum("si,ij,sj->s", away, hessian, away) / before


def test_in_eleven_dimensions_line_search_ends_nearly_as_slow_as_the_best_constant_rate(found, hessian):
    away = np.random.default_rng(5).normal(size=(200, 11))  # other starts than the chapter's
    factors = line_searches(hessian, away, 2000)
    least, most, median = found("In the end line search shrinks")
    assert np.median(factors) == pytest.approx(median, abs=0.002)
    assert factors.min() > least - 0.005
    assert factors.max() < most + 0.0005
    kappa = np.linalg.cond(hessian)
    assert round(((kappa - 1) / (kappa + 1)) ** 2, 3) == found("The best constant rate does so by")[0]


def test_what_standardising_leaves_of_kappa_is_the_correlations(found):
    columns = StandardScaler().fit_transform(load_diabetes(return_X_y=True, scaled=False)[0])
    correlated = np.linalg.cond(np.corrcoef(columns.T))
    generator = np.random.default_rng(1)
    shuffled = np.column_stack([generator.permutation(column) for column in columns.T])
    without, standardised = found("Without their correlations")
    assert correlated == pytest.approx(standardised, rel=0.01)
    assert np.linalg.cond(np.corrcoef(shuffled.T)) == pytest.approx(without, abs=0.3)


def test_momentum_has_a_limit_of_its_own(found):
    stream = np.random.RandomState(37)
    x = stream.normal(2, 1, 1000)
    y = stream.normal(5 + 2 * x, 1) + stream.normal(0, 1, 1000)
    X, y = torch.tensor(np.column_stack([np.ones(1000), x])), torch.tensor(y)
    best = torch.linalg.lstsq(X, y[:, None]).solution[:, 0]
    limit = 2 / torch.linalg.eigvalsh(2 / 1000 * X.T @ X)[-1].item()
    ends = {}
    for multiple in (found("With momentum it arrives at")[0], found("And diverges at")[0]):
        weights = torch.zeros(2, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.SGD([weights], lr=multiple * limit, momentum=0.9)
        for _ in range(2000):
            optimizer.zero_grad()
            ((X @ weights - y) ** 2).mean().backward()
            optimizer.step()
        ends[multiple] = (weights.detach() - best).abs().max()
    arrives, diverges = ends.values()
    assert arrives < 1e-6
    assert not diverges < 1e6
