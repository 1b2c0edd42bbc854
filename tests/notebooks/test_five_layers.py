"""What chapter 10 says of its nets, from networks trained side by side in PyTorch: seeds are one dimension of tensors.

Nothing of the package computes here; what was found is read out of the chapter's stored outputs.
"""

import itertools

import numpy as np
import pytest
import torch
from found_claims import read_found

WIDTHS, SEEDS = (2, 10, 20, 2, 1), range(10)


@pytest.fixture(scope="module")
def found():
    return read_found("10_five_layers")


def draw(seed, n):
    """Draw points as chapter 01 does: x, then the noise twice."""
    stream = np.random.RandomState(seed)
    x = stream.normal(2, 1, n)
    y = stream.normal(5 + 2 * x, 1) + stream.normal(0, 1, n)
    return torch.tensor(np.column_stack([np.ones(n), x])).float(), torch.tensor(y).float()[:, None]


def draw_layers(seeds):
    """Draw the first weights of PyTorch's layers for each seed, a tensor (seeds, inputs, outputs) for each layer."""
    nets = []
    for seed in seeds:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            nets.append([torch.nn.Linear(i, o, bias=False).weight.detach().T for i, o in itertools.pairwise(WIDTHS)])
    return [torch.stack(layers).clone() for layers in zip(*nets, strict=True)]


def predict(layers, bias, X, activation=torch.sigmoid):
    """Return the predictions of all nets, shape (nets, n, 1)."""
    h = X.expand(len(bias), *X.shape)
    for layer in layers[:-1]:
        h = activation(h @ layer)
    return h @ layers[-1] + bias


def fit(layers, bias, y, epochs, learns_bias=None):
    """Train all nets in place with Adam as published; `y`, shape (nets, n, 1), may differ from net to net.

    Returns the loss of each net over all its points after each epoch, shape (epochs, nets).
    """
    X, _ = draw(37, 1000)
    learns_bias = torch.zeros_like(bias) if learns_bias is None else learns_bias
    for each in (*layers, bias):
        each.requires_grad_()
    optimizer, losses = torch.optim.Adam([*layers, bias], lr=0.001), []
    for _ in range(epochs):
        for first in range(0, 1000, 64):
            batch = slice(first, first + 64)
            optimizer.zero_grad()
            ((predict(layers, bias, X[batch]) - y[:, batch]) ** 2).mean(dim=1).sum().backward()
            bias.grad *= learns_bias
            optimizer.step()
        with torch.no_grad():
            losses.append(((predict(layers, bias, X) - y) ** 2).mean(dim=(1, 2)))
    return torch.stack(losses)


@pytest.fixture(scope="module")
def trained():
    """Train 10 seeds of each of four recipes; return R² below the line's on new points and when the plateau is left."""
    X, y = draw(37, 1000)
    mean, recipes = y.mean(), ["published", "bias at mean y", "bias at 0", "centred y"]
    layers = [torch.cat([layer] * 4) for layer in draw_layers(SEEDS)]
    of = torch.arange(4).repeat_interleave(len(SEEDS))[:, None, None]
    bias, targets = mean * (of == 1), y - mean * (of == 3)
    losses = fit(layers, bias, targets, 1000, ((of == 1) | (of == 2)).float())
    X_new, y_new = draw(38, 100_000)
    line = np.linalg.lstsq(X.double().numpy(), y.double().numpy(), rcond=None)[0]
    errors = ((X_new.double() @ torch.tensor(line) - y_new) ** 2).mean()
    with torch.no_grad():
        missing = [
            ((predict([layer[[k]] for layer in layers], bias[[k]], X_new) + mean * (of[k] == 3) - y_new) ** 2).mean()
            for k in range(len(of))
        ]
    missing = (torch.stack(missing) - errors) / y_new.var(correction=0)
    left = (losses < 0.9 * y.var(correction=0)).int().argmax(dim=0) + 1
    return {name: (missing[of.ravel() == k], left[of.ravel() == k]) for k, name in enumerate(recipes)}


def test_as_many_of_ten_nets_arrive_as_claimed(found, trained):
    arrived = {name: int((missing < 0.03).sum()) for name, (missing, _) in trained.items()}
    assert arrived["bias at mean y"] == arrived["bias at 0"] == found("10 arrive with either bias")[1] == 10
    assert [arrived["published"], arrived["centred y"]] == found("As published")[:2]


def test_the_bias_at_the_mean_removes_the_plateau_and_the_bias_at_zero_does_not(found, trained):
    at_most, at_least = found("leaves the plateau after")
    assert trained["bias at mean y"][1].max() == pytest.approx(at_most, abs=2)
    assert trained["bias at 0"][1].min() == pytest.approx(at_least, abs=20)
    assert trained["published"][1].min() > 10 * at_most


def test_from_all_starts_both_units_work_if_their_output_weights_are_made_positive(found):
    epochs, works, published = found("With positive signs both units work")
    layers = draw_layers(range(100))
    layers[-1] = layers[-1].abs()
    _, y = draw(37, 1000)
    fit(layers, torch.zeros(100, 1, 1), y.expand(100, -1, -1), int(epochs))
    assert int((layers[-1] > 1).all(dim=1).sum()) == works == 100
    assert published < works


def test_most_of_what_weakens_the_gradient_on_its_way_down_is_the_sigmoids(found):
    X, y = (each.double() for each in draw(37, 1000))
    shrinks = {}
    for name, activation in {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "": lambda h: h}.items():
        h, sums = X.expand(100, *X.shape), []
        for layer in draw_layers(range(100)):
            sums.append((h @ layer.double()).requires_grad_())
            h = activation(sums[-1])
        loss = ((sums[-1] - y) ** 2).mean(dim=1).sum()
        first, last = (
            np.median(each.square().mean(dim=(1, 2)).sqrt().numpy())
            for each in torch.autograd.grad(loss, [sums[0], sums[-1]])
        )
        shrinks[name] = last / first
    assert round(shrinks["sigmoid"], -1) == found("With sigmoids the gradient")[0]
    assert [round(shrinks[""]), round(shrinks["sigmoid"] / shrinks[""])] == found("Without sigmoids it is")
    assert [round(shrinks["tanh"]), round(shrinks["relu"])] == found("With tanh and ReLU it is")


def test_saturated_units_and_adams_memory_hold_a_run_on_the_plateau_and_without_either_it_wakes_up(found):
    X, y = draw(37, 1000)
    starts = draw_layers([37, 1, 2, 7])  # after 450 epochs all four are on the plateau
    no_bias, targets, awake = torch.zeros(4, 1, 1), y.expand(4, -1, -1), 0.9 * y.var(correction=0)

    def sleep(layers, optimizer, epochs):
        """Train on and return for how many of the epochs each net is still on the plateau, or above."""
        asleep = 0
        for _ in range(epochs):
            for first in range(0, 1000, 64):
                batch = slice(first, first + 64)
                optimizer.zero_grad()
                ((predict(layers, no_bias, X[batch]) - targets[:, batch]) ** 2).mean(dim=1).sum().backward()
                optimizer.step()
            with torch.no_grad():
                asleep = asleep + (((predict(layers, no_bias, X) - targets) ** 2).mean(dim=(1, 2)) > awake).int()
        return asleep

    def from_there(*, memory, saturated):
        layers = [layer.detach().clone() for layer in starts]
        if not saturated:  # bring the sums of the last hidden units to 1 on average, and keep the mean forecast
            h = torch.sigmoid(torch.sigmoid(X @ layers[0]) @ layers[1])
            sums = (h @ layers[2]).mean(dim=1, keepdim=True)
            before = torch.sigmoid(h @ layers[2]).mean(dim=1)
            layers[2] /= sums
            layers[3] *= (before / torch.sigmoid(h @ layers[2]).mean(dim=1))[:, :, None]
        optimizer = torch.optim.Adam([layer.requires_grad_() for layer in layers], lr=0.001)
        if memory:
            optimizer.load_state_dict(published.state_dict())
        return sleep(layers, optimizer, 60)

    published = torch.optim.Adam([layer.requires_grad_() for layer in starts], lr=0.001)
    assert torch.all(sleep(starts, published, 450) == 450)
    asleep, longer = found("Started anew, Adam sleeps")
    assert torch.all(from_there(memory=True, saturated=True) == 60)
    afresh = from_there(memory=False, saturated=True)
    assert afresh[0].item() == pytest.approx(asleep, abs=5)  # the chapter starts from a later epoch
    assert afresh.max() < 60 < longer
    assert from_there(memory=True, saturated=False).max() < 30
