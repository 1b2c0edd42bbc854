"""Chapter 17 times as it says, on data of its own and on clocks of ours; and on a CUDA device, chapters and graph."""

import nbformat
import numpy as np
import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from gd_helpers.data import simulate_line
from gd_helpers.lesson.fold import read_claims
from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.models import get_weights, linear, mlp
from gd_helpers.optimizers import make_optimizer
from gd_helpers.runner.cells import code_cells
from gd_helpers.runner.chapters import NOTEBOOKS, run_chapters

CHAPTER = "17_speed"
on_cuda = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA device here"),
]
WITH_DEVICE = [
    pytest.param(chapter, marks=on_cuda) for chapter, values in sorted(PUBLISHED.items()) if "device" in values
]


@pytest.fixture(scope="module")
def chapter():
    """Return a function that gives the names after the chapter's imports and the cells that contain some texts."""
    cells = [cell.source for cell in code_cells(nbformat.read(NOTEBOOKS / f"{CHAPTER}.ipynb", as_version=4))]
    threads = torch.get_num_threads()

    def run(*texts, **names):
        exec(cells[0], names)
        names |= PUBLISHED[CHAPTER] | {"loss_fn": torch.nn.MSELoss()} | names
        for text in texts:
            (found,) = [cell for cell in cells if text in cell]
            exec(found, names)
        return names

    yield run
    torch.set_num_threads(threads)


def test_programs_take_turns_and_the_first_round_is_thrown_away(chapter):
    now, ran = [0.0], []
    takes = {"one": iter([50.0, 1.0, 2.0, 3.0]), "other": iter([60.0, 4.0, 5.0, 6.0])}

    def program(name):
        def run():
            ran.append(name)
            now[0] += next(takes[name])

        return run

    take_turns = chapter("def take_turns")["take_turns"]
    seconds = take_turns({name: program(name) for name in takes}, rounds=3, clock=lambda: now[0])
    assert ran == ["one", "other"] * 4
    assert seconds.to_dict("list") == {"one": [1.0, 2.0, 3.0], "other": [4.0, 5.0, 6.0]}


@pytest.mark.parametrize("seed", range(5))
def test_turns_find_the_faster_program_and_blocks_often_do_not_on_other_simulated_machines(chapter, seed):
    names = chapter("slowdown = ", "wrong = pd.DataFrame(", seed=seed)
    assert names["wrong"].loc["means", "one after the other"] > 0.2
    assert names["wrong"].loc["ratios", "in turns"] < 0.001


def test_the_wide_network_has_the_operations_that_the_chapter_counts_for_it():
    data, net = simulate_line(n=256), mlp((2, 256, 256, 1), "relu")
    with profile(activities=[ProfilerActivity.CPU], with_flops=True) as profiler:
        torch.nn.functional.mse_loss(net(data.X), data.y).backward()
    counted = sum(event.flops for event in profiler.events() if event.name == "aten::mm")
    assert counted == pytest.approx(6 * 256 * 256**2, rel=0.02)


@pytest.mark.parametrize("batch_size", [2, 32, 1000])
def test_the_calls_of_an_update_are_the_same_for_two_examples_and_for_a_thousand(chapter, batch_size):
    names = chapter("def update")
    data, model = simulate_line(), linear()
    optimizer, batch = make_optimizer("adam", model.parameters(), 1e-3), torch.arange(batch_size)
    for _ in range(2):  # the first sets up the optimizer's state
        with profile(activities=[ProfilerActivity.CPU]) as profiler:
            names["update"](model, optimizer, data.X[batch], data.y[batch])
    assert sum(event.name.startswith("aten::") for event in profiler.events()) == 78


@pytest.mark.parametrize("name", WITH_DEVICE)
def test_a_chapter_reaches_its_end_on_cuda(name, tmp_path):
    (result,) = run_chapters([name], {"device": "cuda"}, out=tmp_path, jobs=1)
    assert (result.status, result.reason) == ("finished", "")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA device here")
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_a_captured_update_repeats_the_update_on_each_new_batch(chapter, optimizer):
    names = chapter("def update", "def capture")
    data, size = simulate_line().to("cuda"), 32
    models = [linear().to("cuda") for _ in range(2)]
    rules = [make_optimizer(optimizer, model.parameters(), 1e-2) for model in models]
    batch_X, batch_y = data.X[:size].clone(), data.y[:size].clone()
    replay = names["capture"](models[0], rules[0], batch_X, batch_y)
    for _ in range(3):  # those that capturing makes
        names["update"](models[1], rules[1], batch_X, batch_y)
    for first in range(size, 20 * size, size):
        batch_X.copy_(data.X[first : first + size])
        batch_y.copy_(data.y[first : first + size])
        replay()
        names["update"](models[1], rules[1], batch_X, batch_y)
    captured, called = (get_weights(model).cpu().numpy() for model in models)
    np.testing.assert_allclose(captured, called, rtol=0, atol=1e-5)
    assert np.abs(captured - get_weights(linear()).numpy()).max() > 0.1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no CUDA device here")
def test_what_the_chapter_says_of_the_graph_holds_on_cuda(tmp_path):
    run_chapters([CHAPTER], {"device": "cuda"}, out=tmp_path, jobs=1)
    claims = read_claims(nbformat.read(tmp_path / f"{CHAPTER}.ipynb", as_version=4))
    holds = {claim["statement"]: claim["holds"] for claim in claims}
    assert holds["After 403 updates the weights are equal, to within 0.0001"]


def test_the_loop_needs_as_many_updates_as_the_chapter_says_at_both_rates():
    # full-batch Adam of torch, from the same start, to within 5 % of least squares
    data = simulate_line()
    X, y = data.X.double(), data.y.double()
    best = torch.linalg.lstsq(X, y).solution
    line = 1.05 * ((X @ best - y) ** 2).mean()
    for rate, expected in ((0.001, 8453), (0.01, 1818)):
        w = linear(seed=37)[0].weight.detach().double().T.clone()
        rule, needed = torch.optim.Adam([w], lr=rate), 0
        while ((X @ w - y) ** 2).mean() >= line:
            w.grad = 2 / len(X) * X.T @ (X @ w - y)
            rule.step()
            needed += 1
        assert needed == pytest.approx(expected, abs=2)


def test_a_float32_weight_near_5_moves_by_whole_steps_or_not_at_all():
    # so an update may count for nothing (2e-7), for more than it is (3e-7) or for less (1e-6)
    updates = np.array([2e-7, 3e-7, 1e-6], dtype=np.float32)
    moved = (np.float32(5) + updates).astype(float) - 5
    assert (moved / 2**-21).tolist() == [0, 1, 2]
    assert (np.sign(moved - updates)).tolist() == [-1, 1, -1]


@pytest.fixture
def graphs():
    """The programs that `torch.compile` makes with the backend ``noting(graphs)``."""
    torch._dynamo.reset()
    return []


def noting(graphs):
    def backend(graph, inputs):
        graphs.append(graph)
        return graph.forward

    return backend


def test_compiling_reads_a_function_at_its_first_call_and_anew_where_a_guard_fails(graphs):
    def square(x):
        return (x**2).mean()

    compiled, read = torch.compile(square, dynamic=True, backend=noting(graphs)), []
    for x in (torch.ones(32), torch.ones(32), torch.ones(1000), torch.ones(32, dtype=torch.float64)):
        compiled(x)
        read.append(len(graphs))
    assert read == [1, 1, 1, 2]


@pytest.mark.parametrize(("interrupted", "programs"), [(False, 1), (True, 2)])
def test_compiling_writes_one_program_where_it_can(interrupted, programs, graphs):
    def doubled(x):
        mean = (x**2).mean()
        if interrupted:
            print(end="")  # which no program of tensors can do
        return 2 * mean

    assert torch.compile(doubled, backend=noting(graphs))(torch.ones(3)).item() == 2.0
    assert len(graphs) == programs
