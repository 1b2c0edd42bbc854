"""What chapter 14 says of its seven rules: its own functions, read out of its cells, against torch and SciPy."""

import ast
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from gd_helpers.data import simulate_line
from gd_helpers.metrics import ols
from gd_helpers.models import linear
from gd_helpers.plotting import COLOURS, METHOD_COLOURS, NEUTRAL
from gd_helpers.runner.cells import code_cells, parse
from gd_helpers.runner.chapters import NOTEBOOKS

UPDATES = 100
OPTIMIZERS = {
    "sgd": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "adagrad": (torch.optim.Adagrad, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
}
every_rule = pytest.mark.parametrize("name", OPTIMIZERS)


@pytest.fixture(scope="module")
def functions():
    """The source of each function that the chapter defines, by name."""
    notebook = nbformat.read(NOTEBOOKS / "14_optimizers.ipynb", as_version=4)
    nodes = [node for cell in code_cells(notebook) for node in parse(cell).body]
    return {node.name: ast.unparse(node) for node in nodes if isinstance(node, ast.FunctionDef)}


@pytest.fixture(scope="module")
def chapter(functions):
    """Return a function that defines the chapter's functions anew, with other globals."""

    def define(**names):
        space = {"np": np, "SimpleNamespace": SimpleNamespace, **names}
        for source in functions.values():
            exec(source, space)
        return SimpleNamespace(**space)

    return define


def steps_of_torch(optimizer, start, gradients, rate, settings):
    w = torch.nn.Parameter(torch.tensor(start))
    rule, path = optimizer([w], lr=rate, **settings), []
    for gradient in gradients:
        w.grad = torch.tensor(gradient)
        rule.step()
        path.append(w.detach().numpy().copy())
    return np.array(path)


def steps_of_chapter(step, start, gradients, rate):
    w, s, path = start, SimpleNamespace(t=0, v=0, r=0, m=0), []
    for gradient in gradients:
        w = step(w, gradient, rate, s)
        path.append(w)
    return np.array(path)


def test_each_optimizer_has_a_colour_of_its_own_that_is_none_of_a_method():
    cells = code_cells(nbformat.read(NOTEBOOKS / "14_optimizers.ipynb", as_version=4))
    (values,) = (
        node.value
        for cell in cells
        for node in parse(cell).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "colours"
    )
    colours = eval(ast.unparse(values), {"COLOURS": COLOURS})
    assert len({*colours, *METHOD_COLOURS.values(), NEUTRAL}) == len(OPTIMIZERS) + len(METHOD_COLOURS) + 1


@every_rule
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.floats(-4, 1), rate=st.floats(-4, -1))
def test_each_step_of_the_chapter_is_that_of_torch_over_100_updates(chapter, name, seed, size, rate):
    generator = np.random.default_rng(seed)
    start = generator.normal(size=3)
    gradients = 10.0**size * generator.normal(size=(UPDATES, 3)) * [1, 0.01, 10]
    gradients[generator.random(gradients.shape) < 0.1] = 0  # a weight that an update leaves alone
    optimizer, extra = OPTIMIZERS[name]
    theirs = steps_of_torch(optimizer, start, gradients, 10.0**rate, extra)
    ours = steps_of_chapter(getattr(chapter(), name), start, gradients, 10.0**rate)
    assert np.abs(ours - theirs).max() < 1e-10


def test_the_rules_of_the_chapter_are_seven_different_ones(chapter):
    gradients = np.random.default_rng(0).normal(size=(UPDATES, 2))
    ends = [steps_of_chapter(getattr(chapter(), name), np.ones(2), gradients, 0.01)[-1, 0] for name in OPTIMIZERS]
    assert np.min(np.diff(np.sort(ends))) > 1e-4


def test_without_correction_it_is_adam_of_torch_at_the_rate_that_undoes_it(chapter):
    generator = np.random.default_rng(0)
    start, gradients = generator.normal(size=2), generator.normal(size=(UPDATES, 2))
    ours = steps_of_chapter(chapter().uncorrected, start, gradients, 0.01)
    w, path = torch.nn.Parameter(torch.tensor(start)), []
    rule = torch.optim.Adam([w], eps=0)  # ε, which torch adds to the corrected root, is of no account here
    for t, gradient in enumerate(gradients, 1):
        rule.param_groups[0]["lr"] = 0.01 * (1 - 0.9**t) / np.sqrt(1 - 0.999**t)
        w.grad = torch.tensor(gradient)
        rule.step()
        path.append(w.detach().numpy().copy())
    assert np.abs(ours - path).max() < 1e-5


@pytest.mark.parametrize("ahead", [False, True], ids=["momentum", "Nesterov"])
@settings(max_examples=30, deadline=None)
@given(rate=st.floats(0.01, 1.2), inertia=st.floats(0, 0.95), flattest=st.floats(0.02, 0.9))
def test_the_predicted_factor_is_the_spectral_radius_of_an_update(chapter, ahead, rate, inertia, flattest):
    space = chapter(curvatures=lambda data: np.array([flattest, 1.0]), data=None)
    radii = []
    for curvature in (flattest, 1.0):
        velocity = np.array([curvature, inertia])  # the rows of what an update makes of (w, v), as g = curvature · w
        step = velocity if not ahead else np.array([curvature, 0]) + inertia * velocity
        update = np.array([np.array([1, 0]) - rate * step, velocity])
        radii.append(np.abs(np.linalg.eigvals(update)).max())
    assert space.predict_factor(rate, inertia, ahead) == pytest.approx(max(radii), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("condition", [4.0, 35.546, 1000.0])
def test_no_rate_and_momentum_shrink_the_distance_faster_than_the_best_ones_of_the_chapter(chapter, condition):
    space = chapter(curvatures=lambda data: np.array([1.0, condition]), data=None)
    best = (np.sqrt(condition) - 1) / (np.sqrt(condition) + 1)
    at_best = space.predict_factor(4 / (1 + np.sqrt(condition)) ** 2, best**2)
    assert at_best == pytest.approx(best, abs=1e-6)
    for start in ((0.5, 0.3), (1.0, 0.6), (2.0, 0.9)):
        found = minimize(
            lambda pair: space.predict_factor(abs(pair[0]) / condition, pair[1]), start, method="Nelder-Mead"
        )
        assert found.fun > best - 1e-6


def tune(space, data, rules, updates=300):
    """Return the mean number of updates of each rule at its best rate, from 12 starts."""
    grid = 10 ** np.arange(-2.5, 1.26, 1 / 8)
    starts = np.array([linear(seed=k)[0].weight.detach().double().numpy()[0] for k in range(12)])
    full_batch = [space.bowls(np.arange(len(data))[None, :])] * updates
    walks = (space.walk(getattr(space, name), grid, starts, full_batch) for name in rules)
    return {name: space.arrival(walk).mean(axis=1).min() for name, walk in zip(rules, walks, strict=True)}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_order_with_all_the_data_is_the_same_on_other_data(chapter, seed):
    data = simulate_line(n=500, seed=seed).to(torch.float64)
    X, y = data.X.numpy(), data.y.numpy()[:, 0]
    space = chapter(X=X, y=y, best=ols(data), A=2 / len(X) * X.T @ X)
    needed = tune(space, data, OPTIMIZERS)
    assert max(needed["nesterov"], needed["adagrad"]) < needed["sgd"]
    assert needed["sgd"] < min(needed["adam"], needed["momentum"])
    assert needed["adam"] == pytest.approx(needed["momentum"], rel=0.06)
    assert needed["adam"] < needed["rmsprop"]
    assert needed["adamw"] == 301


# What the chapter says in between, with code of its own


@pytest.fixture(scope="module")
def line():
    data = simulate_line().to(torch.float64)
    return data.X.numpy(), data.y.numpy()[:, 0]


def test_the_longest_step_of_adam_is_7_27_times_the_rate_and_growing_gradients_reach_it():
    bound = (1 - 0.9) / np.sqrt((1 - 0.999) * (1 - 0.9**2 / 0.999))
    w, lengths = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)), []
    rule = torch.optim.Adam([w], lr=1.0)
    for gradient in [0.0] * 10_000 + [(0.999 / 0.9) ** s for s in range(200)]:
        before = w.item()
        w.grad = torch.tensor([gradient], dtype=torch.float64)
        rule.step()
        lengths.append(before - w.item())
    assert bound == pytest.approx(7.27, abs=0.005)
    assert lengths[-1] == pytest.approx(bound, abs=0.005)
    assert max(lengths) < bound


def test_plain_descent_needs_81_updates_on_the_coarse_grid_and_67_at_its_best_rate(line):
    X, y = line
    A, best = 2 / len(X) * X.T @ X, np.linalg.lstsq(X, y)[0]
    starts = np.random.default_rng(0).uniform(-1, 1, (500, 2)) / np.sqrt(2) - best
    mse = np.mean((y - X @ best) ** 2)

    def needed(rate):
        shrink = np.eye(2) - rate * A
        away, last = starts, np.zeros(len(starts))
        for update in range(301):
            last[np.einsum("ri,ij,rj->r", away, A, away) / 2 >= 1e-3 * mse] = update + 1
            away = away @ shrink
        return last.mean()

    assert needed(0.133) == pytest.approx(81, abs=1)
    assert needed(0.159) == pytest.approx(67, abs=1)


def test_over_many_seeds_adagrad_is_ahead_of_nesterov_and_nesterov_of_momentum(line):
    X, y = line
    best, seeds = np.linalg.lstsq(X, y)[0], 1500
    A, mse = 2 / len(X) * X.T @ X, np.mean((y - X @ best) ** 2)
    ends = {}
    for name, rate in (("adagrad", 0.9), ("nesterov", 0.0027), ("momentum", 0.0026)):
        rng = np.random.default_rng(1)  # the same starts and orders for all
        w, memory = rng.uniform(-1, 1, (seeds, 2)) / np.sqrt(2), np.zeros((seeds, 2))
        for _ in range(10):
            orders = rng.permuted(np.tile(np.arange(len(X)), (seeds, 1)), axis=1).reshape(seeds, -1, 25)
            for batch in orders.swapaxes(0, 1):
                errors = np.einsum("sbi,si->sb", X[batch], w) - y[batch]
                gradient = 2 / 25 * np.einsum("sb,sbi->si", errors, X[batch])
                if name == "adagrad":
                    memory = memory + gradient**2
                    w = w - rate * gradient / np.sqrt(memory)
                else:
                    memory = 0.9 * memory + gradient
                    w = w - rate * (gradient + 0.9 * memory if name == "nesterov" else memory)
        ends[name] = 100 * np.einsum("si,ij,sj->s", w - best, A, w - best) / 2 / mse
    for better, worse, at_least in (("adagrad", "nesterov", 0.03), ("nesterov", "momentum", 0.05)):
        differences = ends[worse] - ends[better]
        assert differences.mean() > at_least
        assert differences.mean() > 3 * differences.std() / np.sqrt(seeds)
    assert ends["momentum"].mean() - ends["adagrad"].mean() < 0.3


def net_losses(optimizer, rates, seeds, settings):
    """Return the final loss of torch's optimizer on a winter with frost, per rate and seed: 1 where it is lost."""
    ends = np.empty((len(rates), len(seeds)))
    for i, rate in enumerate(rates):
        for j, seed in enumerate(seeds):
            generator = torch.Generator().manual_seed(seed)
            rng = np.random.default_rng(5)
            x = rng.uniform(-10, 20, 400)
            y = 5 + 2 * np.maximum(x, 0) + 1.4 * rng.normal(size=400)
            x, y = (torch.tensor((each - each.mean()) / each.std())[:, None] for each in (x, y))
            net = torch.nn.Sequential(torch.nn.Linear(1, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1, bias=False))
            net = net.double()
            for weight in net.parameters():
                reach = weight.shape[-1] ** -0.5 if weight.shape != (5, 1) else 2**-0.5
                weight.data = reach * (2 * torch.rand(weight.shape, generator=generator, dtype=torch.float64) - 1)
            rule = optimizer(net.parameters(), lr=rate, **settings)
            for _ in range(10):
                for batch in torch.randperm(400, generator=generator).split(25):
                    rule.zero_grad()
                    torch.nn.functional.mse_loss(net(x[batch]), y[batch]).backward()
                    rule.step()
            ends[i, j] = np.nan_to_num(torch.nn.functional.mse_loss(net(x), y).item(), nan=1, posinf=1)
    return ends.clip(max=1)


def test_on_a_net_adagrad_is_behind_nesterov_as_torch_computes_both():
    seeds = range(30)
    nesterov = net_losses(torch.optim.SGD, [0.06, 0.1], seeds, {"momentum": 0.9, "nesterov": True})
    adagrad = net_losses(torch.optim.Adagrad, [0.3, 0.6, 1.0], seeds, {})
    gaps = adagrad.min(axis=0) - nesterov[nesterov.mean(axis=1).argmin()]  # AdaGrad even has the best rate of each seed
    assert np.median(gaps) > 0


def test_adagrad_leads_at_forty_epochs_because_its_steps_shrink(line):
    X, y = line
    best, seeds, rng = np.linalg.lstsq(X, y)[0], 500, np.random.default_rng(3)
    A, mse = 2 / len(X) * X.T @ X, np.mean((y - X @ best) ** 2)
    start = rng.uniform(-1, 1, (seeds, 2)) / np.sqrt(2)  # the same starts and orders for all
    rules = [("adagrad", 0.45, 0.0), ("nesterov", 0.0008, 0.0), ("nesterov", 0.02, -0.5)]  # rate times t to a power
    rules += [("adagrad", rate, 0.5) for rate in (0.03, 0.04, 0.05)]  # its steps no longer shrink
    runs, t = {rule: (start, np.zeros_like(start)) for rule in rules}, 0
    for _ in range(40):
        orders = rng.permuted(np.tile(np.arange(len(X)), (seeds, 1)), axis=1).reshape(seeds, -1, 25)
        for batch in orders.swapaxes(0, 1):
            t, x, flow = t + 1, X[batch, 1], y[batch]
            for rule, (w, memory) in runs.items():
                name, rate, power = rule
                errors = w[:, :1] + w[:, 1:] * x - flow
                g = 2 / 25 * np.stack([errors.sum(axis=1), (errors * x).sum(axis=1)], axis=1)
                memory = memory + g**2 if name == "adagrad" else 0.9 * memory + g
                step = g / np.sqrt(memory) if name == "adagrad" else g + 0.9 * memory
                runs[rule] = w - rate * t**power * step, memory
    ends = [np.einsum("si,ij,sj->s", w - best, A, w - best) / 2 / mse for w, _ in runs.values()]
    adagrad, nesterov, shrinking, *kept = ends
    for gap in (nesterov - adagrad, min(kept, key=np.mean) - nesterov, adagrad - shrinking):
        assert gap.mean() > 3 * gap.std() / np.sqrt(seeds)
