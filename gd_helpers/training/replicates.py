"""Replicates: every recipe trained once per seed, paired by seed."""

import contextlib
import difflib
import inspect
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.util import find_spec

import joblib
import numpy as np
import pandas as pd
import torch

from gd_helpers.checks import LARGEST_SEED, check_choice, check_int
from gd_helpers.data import check_data
from gd_helpers.metrics import ols
from gd_helpers.training.engines.lanes import LANES
from gd_helpers.training.progress import progress_bar
from gd_helpers.training.side_by_side import train_seeds
from gd_helpers.training.trainer import prepare, train

# What a replicate can draw anew, each with the settings of `train` that a recipe must then leave out.
VARIED = {"data": (), "init": ("init", "init_seed"), "shuffle": ("shuffle_seed",)}
BACKENDS = ("threading", "loky", "dask")

# Of a worker. With more, groups are four times as large: what Python does once a group keeps the other workers waiting.
MOST_SMALL_GROUPS = 32

SETTINGS = {
    name: parameter
    for name, parameter in inspect.signature(train).parameters.items()
    if name not in ("data", "show_progress")
}
DEFAULTS = {name: parameter.default for name, parameter in SETTINGS.items()}


def replicate(recipes, seeds=200, *, data, vary=("init", "shuffle"), jobs=None, backend=None, show_progress=True):
    """Train every recipe once per seed, with the same data, initial weights and order within a seed.

    What the recipes share within a seed cancels in their differences (`intervals.paired_differences`), so that these
    vary less than the differences between unrelated runs.

    Parameters
    ----------
    recipes : dict of dict
        The name of each recipe and its settings of `train`, such as ``{"method": "batch", "epochs": 100}``.
    seeds : int or sequence of int
        The number of replicates, with seeds 0, 1, 2, …; or their seeds, all different, 0 to 2³² − 1.
    data : Line or callable
        The data of all runs. If `vary` names "data", a function that returns them when called with ``seed=``, such as
        ``functools.partial(simulate_line, n=1000)``.
    vary : sequence of {"data", "init", "shuffle"}
        What each seed draws anew. The rest is determined by `data` and the recipe; a recipe without a seed has 37, as
        in `train`.
    jobs : int, optional
        The number of groups of replicates at a time. The default is that of ``joblib.parallel_config`` around the call,
        or the number of cores. To measure seconds use ``jobs=1``.
    backend : {"threading", "loky", "dask"}, optional
        By joblib's names: threads of this process, which the compiled engine allows to run in parallel; separate
        processes; or all workers of a Dask cluster, whatever `jobs` is, whose ``distributed.Client`` must exist. The
        default is that of ``joblib.parallel_config`` around the call, or threads. Except for the seconds, the table
        depends neither on the backend nor on `jobs`.
    show_progress : bool
        Whether to show a progress bar over the replicates; none is shown when ``GD_HEADLESS=1``.

    Returns
    -------
    pandas.DataFrame
        One row per seed and recipe: ``seed``, ``recipe``, the entries of ``Run.summary()``, and ``excess``, which is
        mse / (mse of least squares on the same data) − 1. Runs of the compiled engine are trained side by side, to the
        bit as by `train`, and share the seconds that they take together. If the call is interrupted from the keyboard,
        it says so and returns the replicates that were finished; those still running are dropped.

    Raises
    ------
    ValueError
        If an argument is not allowed. Unknown or conflicting settings are found before anything is trained, and so is a
        value that `train` refuses, unless the data vary.
    KeyboardInterrupt
        If the call is interrupted before any replicate is finished.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> recipes = {"all": {"method": "batch", "epochs": 8}, "by 32": {"method": "mini-batch", "epochs": 2}}
    >>> table = replicate(recipes, 2, data=simulate_line(n=100))
    >>> table[["seed", "recipe", "updates", "examples"]]
       seed recipe  updates  examples
    0     0    all        8       800
    1     0  by 32        8       200
    2     1    all        8       800
    3     1  by 32        8       200
    """
    vary = _checked_vary(vary)
    _check_recipes(recipes, vary)
    seeds = _checked_seeds(seeds)
    if not (callable(data) if "data" in vary else hasattr(data, "X") and hasattr(data, "y")):
        wanted = "a function of seed, since" if "data" in vary else "data with X and y, unless"
        raise ValueError(f"data must be {wanted} vary names 'data', got {type(data).__name__}")
    parallel, workers = _make_parallel(jobs, backend)
    threads = torch.get_num_threads()  # with another number, workers could round sums differently
    if "data" in vary:
        tasks, least = dict.fromkeys(recipes), None
    else:
        tasks = {name: _prepare(name, settings, data, seeds[0], vary) for name, settings in recipes.items()}
        least = ols(data).mse
    groups = _split(seeds, workers)
    calls = [joblib.delayed(_train_all)(recipes, tasks, group, data, vary, least, threads) for group in groups]
    finished = {}
    with progress_bar(None, "replicates", total=len(seeds), shown=show_progress) as bar:
        try:
            for rows in parallel(calls):
                finished.update(rows)
                bar.update(len(rows))
        except KeyboardInterrupt:
            if not finished:
                raise
    if len(finished) < len(seeds):
        print(f"Interrupted: the table keeps the {len(finished)} of {len(seeds)} replicates that were finished.")
    return pd.DataFrame([row for seed in seeds for row in finished.get(seed, ())])


def _make_parallel(jobs, backend):
    """Return a ``joblib.Parallel`` that yields each of `jobs` groups at a time as it finishes, and their number."""
    jobs = None if jobs is None else check_int("jobs", jobs, 1)
    if backend is not None:
        check_choice("backend", backend, BACKENDS)
    if backend == "dask" and find_spec("distributed") is None:
        raise ValueError("backend 'dask' needs the packages of the extra 'cluster': pip install -e '.[cluster]'")
    _, configured = joblib.parallel.get_active_backend()
    jobs = next(number for number in (jobs, configured, -1) if number is not None)
    with joblib.parallel_config(backend, n_jobs=jobs) if backend else contextlib.nullcontext():
        parallel = joblib.Parallel(n_jobs=jobs, prefer="threads", return_as="generator_unordered", max_nbytes=None)
        return parallel, joblib.effective_n_jobs(jobs)


def _split(seeds, workers):
    """Return the seeds in groups that are trained side by side: as many for each worker, and of nearly one size."""
    rounds = math.ceil(len(seeds) / (LANES * workers))
    if rounds > MOST_SMALL_GROUPS:
        rounds = math.ceil(rounds / 4)
    groups = min(len(seeds), rounds * workers)
    return [seeds[len(seeds) * i // groups : len(seeds) * (i + 1) // groups] for i in range(groups)]


def _train_all(recipes, tasks, seeds, data, vary, least, threads):
    """Return the rows of the replicates of some seeds, by seed.

    `tasks` and the least-squares loss `least` are those of all seeds if the data do not vary, else None.
    """
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
    datasets = [data(seed=seed) for seed in seeds] if "data" in vary else [data]
    least = [ols(data).mse for data in datasets] if "data" in vary else [least] * len(seeds)
    rows = {seed: [] for seed in seeds}
    for name, settings in recipes.items():
        task = tasks[name] or _prepare(name, settings, datasets[0], seeds[0], vary)
        with _naming(name):
            summaries = _train(settings, task, seeds, datasets, vary)
        with np.errstate(all="ignore"):
            excesses = (np.divide([summary["mse"] for summary in summaries], least) - 1).tolist()
        for seed, summary, excess in zip(seeds, summaries, excesses, strict=True):
            rows[seed].append({"seed": seed, "recipe": name, **summary, "excess": excess})
    return rows


def _train(settings, task, seeds, datasets, vary):
    """Return the summary of the run of each seed: side by side if the engine can, else one after the other."""
    device = task.data.X.device
    if task.engine == "compiled" and len({(data.X.shape, data.X.dtype) for data in datasets}) == 1:
        for data in datasets[1:]:
            check_data(data)
        return train_seeds(task, seeds, [data.to(device) for data in datasets], vary)
    summaries = []
    for i, seed in enumerate(seeds):
        run = train(datasets[i % len(datasets)], **settings, **_drawn(seed, vary))
        if run.interrupted:
            raise KeyboardInterrupt  # an incomplete run makes no row
        summaries.append(run.summary().to_dict())
    return summaries


def _prepare(name, settings, data, seed, vary):
    """Return the `Task` of a recipe, with the draws of one seed."""
    with _naming(name):
        return prepare(data, **{**DEFAULTS, **settings, **_drawn(seed, vary)})


def _drawn(seed, vary):
    """Return the settings of `train` that a seed determines."""
    return {f"{what}_seed": seed for what in ("init", "shuffle") if what in vary}


@contextlib.contextmanager
def _naming(recipe):
    """Put the name of a recipe before the message of a value that is refused."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"recipe {recipe!r}: {error}") from error


def _is_sequence(value):
    return isinstance(value, Iterable) and not isinstance(value, str)


def _checked_vary(vary):
    vary = [check_choice("vary", what, VARIED) for what in (vary if _is_sequence(vary) else [vary])]
    if not vary:
        raise ValueError(f"vary must name at least one of {', '.join(map(repr, VARIED))}, got none")
    return vary


def _checked_seeds(seeds):
    if not _is_sequence(seeds):
        return list(range(check_int("seeds", seeds, 1)))
    seeds = [check_int("seeds", seed, 0, LARGEST_SEED) for seed in seeds]
    if not seeds:
        raise ValueError("seeds must hold at least one seed, got none")
    if again := sorted(seed for seed, count in Counter(seeds).items() if count > 1):
        raise ValueError(f"seeds must all be different, got {', '.join(map(str, again))} more than once")
    return seeds


def _check_recipes(recipes, vary):
    """Check that `recipes` is a dict of dicts with settings of `train` that the seeds do not determine."""
    if not isinstance(recipes, Mapping) or not recipes:
        raise ValueError(f"recipes must be a dict with at least one recipe by name, got {recipes!r}")
    drawn = [name for what in vary for name in VARIED[what]]
    if {"init", "shuffle"} <= set(vary):
        drawn.append("seed")
    for recipe, settings in recipes.items():
        if not isinstance(settings, Mapping):
            raise ValueError(f"recipe {recipe!r} must be a dict of settings of train, got {settings!r}")
        for name, value in settings.items():
            if name in drawn:
                raise ValueError(f"recipe {recipe!r} must leave {name!r} to the seeds (given {value!r}), or vary less")
            if name not in SETTINGS:
                near = difflib.get_close_matches(str(name), SETTINGS, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise ValueError(
                    f"recipe {recipe!r} has no setting {name!r} (given {value!r}), only {', '.join(SETTINGS)}{hint}"
                )
