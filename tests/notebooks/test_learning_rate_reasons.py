"""What chapter 12 says of line search, correlations and sharpness, with runs of NumPy and PyTorch alone."""

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
    without, standardised = found("Each column shuffled by itself")
    assert correlated == pytest.approx(standardised, rel=0.01)
    assert np.linalg.cond(np.corrcoef(shuffled.T)) == pytest.approx(without, abs=0.3)


def start_of_net(seed):
    """Return a winter in which nothing melts below 0 °C, standardised, and a net of five tanh units at its start."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.linspace(-10, 20, 60, dtype=torch.float64)
    y = 5 + 2 * torch.relu(x) + 1.4 * torch.randn(60, generator=generator, dtype=torch.float64)
    inputs, targets = ((each - each.mean())[:, None] / each.std(correction=0) for each in (x, y))
    net = torch.nn.Sequential(torch.nn.Linear(1, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1)).double()
    torch.nn.utils.vector_to_parameters(torch.randn(16, generator=generator, dtype=torch.float64), net.parameters())
    net[2].weight.data /= 5**0.5
    return inputs, targets, net


def sharpness_of(net, inputs, targets, updates=300):
    """Return the largest curvature of the loss, by power iteration with products of Hessian and vector."""
    weights = list(net.parameters())
    slopes = torch.autograd.grad(torch.nn.functional.mse_loss(net(inputs), targets), weights, create_graph=True)
    vector = [torch.ones_like(each) for each in weights]
    for _ in range(updates):
        product = torch.autograd.grad(slopes, weights, vector, retain_graph=True)
        length = torch.sqrt(sum((each**2).sum() for each in product))
        vector = [each / length for each in product]
    return length.item()


def late_shares(seed, rate, updates=2000):
    """Return the sharpness as a share of 2/α, at ten moments of the later half of a run of torch.optim."""
    inputs, targets, net = start_of_net(seed)
    optimizer, shares = torch.optim.SGD(net.parameters(), lr=rate), []
    generator = torch.Generator().manual_seed(1)  # other pushes than the chapter's
    for update in range(updates):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(net(inputs), targets).backward()
        optimizer.step()
        for parameter in net.parameters():
            parameter.data += 1e-4 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        if update > updates // 2 and update % 100 == 99:
            shares.append(sharpness_of(net, inputs, targets) * rate / 2)
    return shares


@pytest.mark.parametrize("rate", [0.3, 0.4])
def test_the_network_stays_where_its_sharpness_is_two_by_the_rate(found, rate):
    *_, margin = found("the network's sharpness stays within")
    assert late_shares(37, rate) == pytest.approx([1] * 10, abs=margin["within"])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_networks_from_other_starts_end_no_sharper(seed):
    assert max(late_shares(seed, 0.3)) < 1.04


def test_along_an_axis_without_curvature_nothing_moves():
    generator = np.random.default_rng(3)
    x = generator.normal(2, 1, 200)
    X, y = np.column_stack([np.ones(200), x, x]), 5 + 2 * x + generator.normal(0, 1.4, 200)
    begin, w = np.array([1.0, 2.0, -3.0]), np.array([1.0, 2.0, -3.0])
    for _ in range(5000):
        w = w - 0.05 * 2 / 200 * X.T @ (X @ w - y)
    assert w[1] - w[2] == pytest.approx(begin[1] - begin[2], abs=1e-9)
    assert X @ w == pytest.approx(np.polyval(np.polyfit(x, y, 1), x), abs=1e-6)
