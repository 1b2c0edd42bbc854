"""What chapter 18 says of k workers, by its own functions, on more data and other rules, and with a worker killed."""

import ast
import os
import re
import subprocess
import sys
import time
from contextlib import suppress

import dask
import nbformat
import numpy as np
import psutil
import pytest
import torch
from distributed import Client, LocalCluster
from linear_data import diabetes
from waiting import wait_until

from gd_helpers.data import simulate_line
from gd_helpers.lesson import launcher
from gd_helpers.lesson.launcher import launch_workers
from gd_helpers.metrics import mean_square_stability_limit, ols, stability_limit
from gd_helpers.runner.chapters import NOTEBOOKS
from gd_helpers.training.trainer import train

posix = pytest.mark.skipif(sys.platform == "win32", reason="torchrun with gloo does not run on Windows")

UPDATES, B, SEED = 100, 10, 5
RULES = {"SGD": (torch.optim.SGD, 0.02), "Adam": (torch.optim.Adam, 0.05)}


def texts_of_chapter():
    """Return the text of each function of the chapter, and of each constant, by name."""
    texts = {}
    for cell in nbformat.read(NOTEBOOKS / "18_scaling_out.ipynb", as_version=4).cells:
        for node in ast.parse(cell.source).body if cell.cell_type == "code" else ():
            name = getattr(node, "name", None) or getattr(getattr(node, "targets", [None])[0], "id", None)
            texts[name] = ast.get_source_segment(cell.source, node)
    return texts


TEXTS = texts_of_chapter()
IMPORTS = ast.literal_eval(TEXTS["IMPORTS"].partition("=")[2].strip())

RUN_ALL = """
def run_all(folder):
    rank, workers = join(folder)
    for path in sorted(folder.glob("*.task.npz")):
        task = np.load(path)
        paths = {"SGD": descend(task, rank, workers, "mean"), "Adam": descend_by_adam(task, rank, workers, "mean")}
        paths["DDP"] = descend(task, rank, workers, "DDP")
        np.savez(folder / f"{path.name.partition('.')[0]}.{rank}.npz", **paths)
    dist.destroy_process_group()
"""


def data_sets():
    raw = diabetes(standardised=True)
    return {
        "line": simulate_line(seed=1),
        "no multiple": simulate_line(n=1003, seed=2),
        "diabetes": type("Columns", (), {"X": raw.X[:, [0, 3]], "y": raw.y / 50}),
    }


DATA = {name: (np.float64(data.X), np.float64(data.y).reshape(-1, 1)) for name, data in data_sets().items()}


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """The paths of both workers by data set and rule, from one start of two processes."""
    folder = tmp_path_factory.mktemp("workers")
    by_adam = TEXTS["descend"].replace("descend(", "descend_by_adam(").replace("optim.SGD", "optim.Adam")
    parts = [IMPORTS, TEXTS["join"], TEXTS["batches_of"], TEXTS["descend"], by_adam, RUN_ALL]
    (folder / "script.py").write_text("\n\n".join([*parts, "run_all(Path(sys.argv[1]))"]))
    for name, (X, y) in DATA.items():
        for rule, (_, rate) in RULES.items():
            task = {"X": X, "y": y, "B": B, "rate": rate, "updates": UPDATES, "seed": SEED}
            np.savez(folder / f"{name} {rule}.task.npz", **task)
    launch_workers(folder / "script.py", folder)
    return {
        (name, rule): [dict(np.load(folder / f"{name} {rule}.{rank}.npz")) for rank in range(2)]
        for name in DATA
        for rule in RULES
    }


def walk_alone(X, y, start, rule):
    """Descend by torch in one process, with the doubled batch of the same orders."""
    make, rate = RULES[rule]
    w = torch.tensor(start, requires_grad=True)
    optimizer, path = make([w], lr=rate), [start]
    for epoch in range(UPDATES):
        order = torch.randperm(len(X), generator=torch.Generator().manual_seed(SEED + epoch))
        for batch in order.split(2 * B):
            if len(batch) == 2 * B and len(path) <= UPDATES:
                optimizer.zero_grad()
                torch.mean((torch.from_numpy(X)[batch] @ w - torch.from_numpy(y)[batch, 0]) ** 2).backward()
                optimizer.step()
                path.append(w.detach().numpy().copy())
    return np.array(path)


@posix
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", DATA)
def test_two_processes_agree_with_one_on_the_doubled_batch_over_100_updates(walked, name, rule):
    first, second = (each[rule] for each in walked[name, rule])
    alone = walk_alone(*DATA[name], first[0], rule)
    assert first.shape == alone.shape == (UPDATES + 1, 2)
    assert np.array_equal(first, second)
    assert np.abs(first - alone).max() < 1e-12
    assert np.abs(first[-1] - first[0]).max() > 0.1


@posix
@pytest.mark.parametrize("name", DATA)
def test_ddp_walks_the_path_of_the_written_out_average(walked, name):
    first = walked[name, "SGD"][0]
    assert np.abs(first["DDP"] - first["SGD"]).max() < 1e-12


@posix
def test_a_chapter_whose_worker_is_killed_ends_with_a_line_that_names_it_and_no_worker_is_left(tmp_path):
    command = [sys.executable, "-m", "gd_helpers", "run", "18_scaling_out", "-p", "updates", "10000000"]
    with subprocess.Popen([*command, "--out", tmp_path / "out"], stdout=subprocess.PIPE, text=True) as chapter:
        wait_until(lambda: len(workers_of(chapter)) == 2, seconds=600)
        workers = workers_of(chapter)
        workers[1].kill()
        table = chapter.communicate(timeout=600)[0]
    assert chapter.returncode == 1
    assert re.search(r"RuntimeError: worker [01] was killed by SIGKILL", table)
    assert psutil.wait_procs(workers, timeout=60)[1] == []


def workers_of(chapter):
    """Return the workers that have joined their process group, and so listen on a port: those that train."""
    found = []
    for each in psutil.Process(chapter.pid).children(recursive=True):
        with suppress(psutil.Error):  # it has just ended
            if launcher.__file__ in each.cmdline() and each.net_connections("inet"):
                found.append(each)
    return found


# Without processes


def updates_needed(data, k, rate, size):
    sgd = {"optimizer": "sgd", "learning_rate": rate, "batch_size": k * size, "replacement": True}
    trace = train(data, "mini-batch", epochs=30 * k, seed=4, **sgd).trace
    return trace.updates[trace.loss - ols(data).mse < 0.05].min()


@pytest.mark.parametrize("seed", range(1, 9))
@pytest.mark.parametrize("size", [5, 20])
def test_k_workers_are_faster_by_a_larger_rate_alone_and_up_to_the_limit(seed, size):
    data = simulate_line(seed=seed)
    rate, limit = 0.0005 * size, stability_limit(data)
    one = updates_needed(data, 1, rate, size)
    fifth = 1000 // size // 5  # batches of a fifth of the data
    assert updates_needed(data, fifth, rate, size) == pytest.approx(one, rel=0.25)
    assert updates_needed(data, fifth, fifth * rate, size) == pytest.approx(one / fifth, rel=0.25)
    beyond = 1000 // size // 2
    assert beyond * rate > limit
    assert np.isnan(updates_needed(data, beyond, beyond * rate, size))


def updates_walked(data, rate, size, start, *, warm, runs=40):
    """Return the median of the updates until the loss is within 0.05 of least squares, by a loop in NumPy."""
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    best, H, rng = ols(data).weights, 2 / len(X) * X.T @ X, np.random.default_rng(9)
    w, needed = np.tile(start, (runs, 1)), np.full(runs, np.inf)
    for update in range(1, 1001):
        batch = rng.integers(len(X), size=(runs, size))
        errors = np.einsum("rbi,ri->rb", X[batch], w) - y[batch]
        step = rate * min(1, update / 10) if warm else rate
        w = w - step * 2 / size * np.einsum("rb,rbi->ri", errors, X[batch])
        excess = np.einsum("ri,ij,rj->r", w - best, H, w - best) / 2
        needed[np.isinf(needed) & (excess < 0.05)] = update
        if np.isfinite(needed).all():
            break
    return np.median(needed)


@pytest.mark.parametrize("seed", [37, 1])
def test_warm_up_pays_right_below_the_limit_alone_where_it_takes_the_steep_error_away(seed):
    data = simulate_line(seed=seed)
    best, limit = ols(data).weights, mean_square_stability_limit(data, batch_size=340)
    X = data.X.double().numpy()
    flat = np.linalg.eigh(X.T @ X)[1][:, 0]
    zero, on_axis = np.zeros(2), best - flat * (flat @ best)  # the latter without an error in the steep direction
    needed = {
        (share, name, warm): updates_walked(data, share * limit, 340, start, warm=warm)
        for share in (0.75, 0.995)
        for name, start in (("zero", zero), ("on the axis", on_axis))
        for warm in (False, True)
    }
    assert needed[0.75, "zero", False] < needed[0.75, "zero", True]
    assert needed[0.995, "zero", False] > 2 * needed[0.995, "zero", True]
    assert needed[0.995, "on the axis", False] < 1.1 * needed[0.995, "zero", True]


@pytest.mark.parametrize("seed", [37, 1, 2, 3])
def test_a_line_changes_rapidly_at_first_too_and_keeps_its_curvature(seed):
    # Goyal and others: k small steps are one of k times the rate where the gradient stays as it is meanwhile
    data = simulate_line(seed=seed)
    X, best = data.X.double().numpy(), ols(data).weights
    H = 2 / len(X) * X.T @ X
    path = [np.zeros(2)]
    for _ in range(400):
        path.append(path[-1] - 0.005 * H @ (path[-1] - best))
    gradients = (np.array(path) - best) @ H
    changes = [np.linalg.norm(gradients[t + 25] - gradients[t]) / np.linalg.norm(gradients[t]) for t in (0, 25, 300)]
    assert min(changes[:2]) > 0.7
    assert changes[2] < 0.05


def test_doubled_gradients_double_the_rate_of_plain_sgd_and_leave_adam_where_it_was():
    X, y = (torch.from_numpy(each) for each in DATA["line"])

    def end(optimizer, rate, factor):
        w = torch.zeros(2, 1, dtype=torch.float64)
        rule = optimizer([w], lr=rate)
        for _ in range(UPDATES):
            w.grad = factor * 2 / len(X) * X.T @ (X @ w - y)
            rule.step()
        return w

    sgd, adam = torch.optim.SGD, torch.optim.Adam
    torch.testing.assert_close(end(sgd, 0.02, 2), end(sgd, 0.04, 1))
    assert (end(sgd, 0.02, 2) - end(sgd, 0.02, 1)).abs().max() > 0.1
    assert (end(adam, 0.05, 2) - end(adam, 0.05, 1)).abs().max() < 1e-6


LOSE_ONE = """
rank, workers = join(Path(sys.argv[1]))
for update in range(20):
    if update == 10 and rank == 1:
        os.kill(os.getpid(), 9)
    dist.all_reduce(torch.ones(2))
"""


@posix
def test_with_gloo_a_worker_does_not_wait_for_a_dead_one_but_gets_an_error(tmp_path):
    (tmp_path / "script.py").write_text("\n\n".join([IMPORTS, TEXTS["join"], LOSE_ONE]))
    command = [sys.executable, tmp_path / "script.py", tmp_path]
    environments = [{**os.environ, "RANK": str(rank), "WORLD_SIZE": "2"} for rank in range(2)]
    both = [subprocess.Popen(command, env=each, stderr=subprocess.PIPE, text=True) for each in environments]
    (_, error), _ = (each.communicate(timeout=60) for each in both)
    assert [each.returncode for each in both] == [1, -9]
    assert "RuntimeError" in error


@posix
def test_with_dask_all_tasks_of_a_dead_worker_are_done_again_the_finished_ones_too(tmp_path):
    def run(task):
        with (tmp_path / f"task{task}").open("a") as starts:
            starts.write(f"{os.getpid()}\n")
        if task == 9 and not (tmp_path / "killed").exists():
            (tmp_path / "killed").write_text(str(os.getpid()))
            os.kill(os.getpid(), 9)
        time.sleep(0.1)
        return os.getpid()

    at_loopback = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "local_directory": tmp_path}
    how = {"n_workers": 2, "threads_per_worker": 1, "silence_logs": 50}
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "300 s"}),
        LocalCluster(**how, **at_loopback) as own,
        Client(own) as client,
    ):
        results = client.gather(client.map(run, range(18), pure=False))
    dead = (tmp_path / "killed").read_text()
    starts = [(tmp_path / f"task{task}").read_text().split() for task in range(18)]
    assert int(dead) not in results
    assert sum(dead in each for each in starts) > 1
    assert all((len(each) > 1) == (dead in each) for each in starts)
