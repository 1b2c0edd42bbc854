import dataclasses
import functools
import itertools
import os
import re
import signal
import threading
from unittest import mock

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from distributed import Client
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error

from gd_helpers.data import simulate_line
from gd_helpers.models import mlp
from gd_helpers.training import replicates
from gd_helpers.training.engines.lanes import LANES
from gd_helpers.training.intervals import paired_differences
from gd_helpers.training.replicates import replicate
from gd_helpers.training.trainer import train

DATA = simulate_line(n=40)
MAKE_DATA = functools.partial(simulate_line, n=40)
RECIPES = {
    "all": {"method": "batch", "epochs": 6},
    "one by one": {"method": "stochastic", "epochs": 2},
    "by eight": {"method": "mini-batch", "epochs": 3, "batch_size": 8, "optimizer": "sgd"},
}
ONE = {"one by one": RECIPES["one by one"]}


@pytest.fixture(scope="module")
def table():
    return replicate(RECIPES, 5, data=DATA, jobs=1, show_progress=False)


def without_seconds(table):
    return table.drop(columns="seconds")


# One row a seed and recipe


def test_a_row_is_what_a_plain_loop_over_train_gives():
    table = replicate(RECIPES, [4, 11], data=DATA, jobs=1, show_progress=False)
    rows = []
    for seed, (name, recipe) in itertools.product([4, 11], RECIPES.items()):
        run = train(DATA, **recipe, init_seed=seed, shuffle_seed=seed)
        rows.append({"seed": seed, "recipe": name, **run.summary()})
    pd.testing.assert_frame_equal(without_seconds(table).drop(columns="excess"), without_seconds(pd.DataFrame(rows)))


def test_excess_is_the_mse_above_that_of_scikit_learn():
    table = replicate(ONE, 3, data=MAKE_DATA, vary=("data",), jobs=1, show_progress=False)
    for row in table.itertuples():
        data = simulate_line(n=40, seed=row.seed)
        X, y = data.X.double().numpy(), data.y.double().numpy()
        fit = LinearRegression(fit_intercept=False).fit(X, y)
        assert row.excess == pytest.approx(row.mse / mean_squared_error(y, fit.predict(X)) - 1, rel=1e-12)


def test_a_count_of_seeds_stands_for_the_seeds_from_zero(table):
    assert list(table.seed.unique()) == [0, 1, 2, 3, 4]


def test_seeds_and_recipes_come_in_the_order_given():
    table = replicate(RECIPES, [9, 2, 5], data=DATA, jobs=2, show_progress=False)
    assert list(zip(table.seed, table.recipe, strict=True)) == list(itertools.product([9, 2, 5], RECIPES))


def test_seeds_may_be_an_array():
    assert list(replicate(ONE, np.array([3, 1]), data=DATA, jobs=1, show_progress=False).seed) == [3, 1]


@pytest.mark.parametrize("choice", [{"replacement": True}, {"schedule": "linear"}, {"average_after": 1}], ids=str)
def test_a_recipe_may_replace_its_draws_lower_its_rate_and_average(choice):
    recipe = RECIPES["one by one"]
    table = replicate({"plain": recipe, "changed": {**recipe, **choice}}, [8], data=DATA, jobs=1, show_progress=False)
    plain, changed = table.mse
    assert plain == train(DATA, **recipe, seed=8).mse
    assert changed == train(DATA, **recipe, **choice, seed=8).mse != plain


def test_a_recipe_may_train_a_network():
    recipe = {"method": "mini-batch", "epochs": 1, "engine": "eager"}  # no wait for a compiler
    row = replicate({"net": {**recipe, "model": mlp((2, 2, 1))}}, [8], data=DATA, jobs=1, show_progress=False).iloc[0]
    run = train(DATA, **recipe, model=mlp((2, 2, 1)), seed=8)
    assert row.mse == run.mse
    assert "b0" not in row


def test_a_diverged_run_is_a_row_and_no_error():
    recipes = {"too fast": {"method": "batch", "optimizer": "sgd", "learning_rate": 1e6, "epochs": 50}}
    table = replicate(recipes, 2, data=DATA, jobs=2, show_progress=False)
    assert list(table.status) == ["diverged", "diverged"]
    assert not (table.excess < 1e6).any()


def test_points_on_a_line_leave_no_finite_excess():
    points = simulate_line(n=4, slope=0.0, intercept=0.0, noise=())
    assert np.isinf(replicate(ONE, 1, data=points, jobs=1, show_progress=False).excess).all()


# What varies


def test_recipes_of_one_seed_share_start_and_order():
    twins = {"first": ONE["one by one"], "second": ONE["one by one"]}
    table = replicate(twins, 4, data=DATA, jobs=2, show_progress=False)
    assert (paired_differences(table, "mse", "first", "second") == 0).all()
    assert table.mse.nunique() == 4


def test_only_the_start_varies_where_only_it_is_named():
    table = replicate(ONE, [3, 4], data=DATA, vary=("init",), jobs=1, show_progress=False)
    assert list(table.mse) == [train(DATA, **ONE["one by one"], init_seed=seed).mse for seed in (3, 4)]


def test_only_the_order_varies_where_only_it_is_named():
    table = replicate(ONE, [3, 4], data=DATA, vary=("shuffle",), jobs=1, show_progress=False)
    assert list(table.mse) == [train(DATA, **ONE["one by one"], shuffle_seed=seed).mse for seed in (3, 4)]


def test_only_the_data_vary_where_only_they_are_named():
    table = replicate(ONE, [3, 4], data=MAKE_DATA, vary=("data",), jobs=1, show_progress=False)
    assert list(table.mse) == [train(MAKE_DATA(seed=seed), **ONE["one by one"]).mse for seed in (3, 4)]


def test_everything_varies_where_everything_is_named():
    table = replicate(ONE, [3, 4], data=MAKE_DATA, vary=("data", "init", "shuffle"), jobs=1, show_progress=False)
    assert list(table.mse) == [train(MAKE_DATA(seed=seed), **ONE["one by one"], seed=seed).mse for seed in (3, 4)]


def test_what_does_not_vary_stays_as_the_recipe_has_it():
    recipes = {"from zero": {**ONE["one by one"], "init": [0.0, 0.0]}}
    table = replicate(recipes, [3], data=DATA, vary="shuffle", jobs=1, show_progress=False)
    assert table.mse[0] == train(DATA, **recipes["from zero"], shuffle_seed=3).mse


def test_whole_batches_in_fixed_order_do_not_feel_the_order_seed():
    table = replicate({"all": RECIPES["all"]}, 3, data=DATA, vary="shuffle", jobs=1, show_progress=False)
    assert table.mse.nunique() == 1


# Cores


def test_one_job_and_two_give_the_same_table():
    one, two = (
        replicate(RECIPES, 6, data=MAKE_DATA, vary=("data", "init", "shuffle"), jobs=jobs, show_progress=False)
        for jobs in (1, 2)
    )
    pd.testing.assert_frame_equal(without_seconds(one), without_seconds(two), check_exact=True)


def test_two_jobs_work_at_the_same_time():
    both = threading.Barrier(2, timeout=10)  # breaks if nobody joins

    def make(seed):
        both.wait()
        return MAKE_DATA(seed=seed)

    assert len(replicate(ONE, 2, data=make, vary="data", jobs=2, show_progress=False)) == 2


@pytest.mark.parametrize(
    ("jobs", "configured", "expected"),
    [
        (None, {}, ("ThreadingBackend", joblib.cpu_count())),
        (3, {}, ("ThreadingBackend", 3)),
        (None, {"backend": "loky"}, ("LokyBackend", joblib.cpu_count())),
        (None, {"backend": "loky", "n_jobs": 5}, ("LokyBackend", 5)),
        (3, {"n_jobs": 5}, ("ThreadingBackend", 3)),
        (None, {"n_jobs": 5}, ("ThreadingBackend", 5)),
        (None, {"n_jobs": 1}, ("ThreadingBackend", 1)),
        (None, {"backend": "loky", "n_jobs": 1}, ("LokyBackend", 1)),
    ],
)
def test_threads_on_all_cores_unless_somebody_says_otherwise(jobs, configured, expected):
    with joblib.parallel_config(**configured):
        parallel, workers = replicates._make_parallel(jobs, None)
    jobs = parallel.n_jobs if parallel.n_jobs > 0 else joblib.effective_n_jobs(parallel.n_jobs)
    assert (type(parallel._backend).__name__, jobs) == expected
    assert workers == jobs


@pytest.mark.parametrize(("backend", "expected"), [("threading", "ThreadingBackend"), ("loky", "LokyBackend")])
def test_the_backend_that_is_asked_for_wins(backend, expected):
    with joblib.parallel_config(backend="multiprocessing"):
        assert type(replicates._make_parallel(2, backend)[0]._backend).__name__ == expected


def test_a_replicate_computes_with_as_many_threads_as_it_is_told():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(before + 1)
        replicates._train_all(ONE, dict.fromkeys(ONE), [0], DATA, ["init"], 1.0, before)
        assert torch.get_num_threads() == before
    finally:
        torch.set_num_threads(before)


def test_processes_give_the_table_of_threads():
    net = {"net": {"method": "mini-batch", "epochs": 2, "engine": "eager", "model": mlp((2, 2, 1))}}
    for recipes, seeds in ((RECIPES, 5), (net, 2)):
        one, other = (
            replicate(recipes, seeds, data=DATA, jobs=2, backend=backend, show_progress=False)
            for backend in ("threading", "loky")
        )
        pd.testing.assert_frame_equal(without_seconds(one), without_seconds(other), check_exact=True)


def test_a_dask_cluster_gives_the_table_of_threads(table):
    local = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "worker_dashboard_address": "127.0.0.1:0"}
    with Client(processes=False, n_workers=1, threads_per_worker=2, protocol="tcp://", **local):
        cluster = replicate(RECIPES, 5, data=DATA, backend="dask", show_progress=False)
    pd.testing.assert_frame_equal(without_seconds(table), without_seconds(cluster), check_exact=True)


def test_joblib_may_choose_for_the_call(table):
    with joblib.parallel_config(backend="loky", n_jobs=2):
        chosen = replicate(RECIPES, 5, data=DATA, show_progress=False)
    pd.testing.assert_frame_equal(without_seconds(table), without_seconds(chosen), check_exact=True)


def test_dask_where_it_is_missing_is_named_with_what_to_install(monkeypatch):
    monkeypatch.setattr(replicates, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install -e '\.\[cluster\]'"):
        replicate(ONE, 2, data=DATA, backend="dask")


def test_random_state_is_neither_read_nor_changed():
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first = replicate(ONE, 3, data=DATA, jobs=2, show_progress=False)
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()  # noqa: NPY002
    torch.manual_seed(2)
    second = replicate(ONE, 3, data=DATA, jobs=2, show_progress=False)
    pd.testing.assert_frame_equal(without_seconds(first), without_seconds(second))


def test_the_bar_moves_by_replicates(monkeypatch):
    bar = mock.MagicMock()
    monkeypatch.setattr(replicates, "progress_bar", bar)
    replicate(RECIPES, 2 * LANES, data=DATA, jobs=1)
    assert bar.call_args == mock.call(None, "replicates", total=2 * LANES, shown=True)
    assert bar().__enter__().update.call_args_list == [mock.call(LANES)] * 2


def test_many_seeds_are_trained_in_larger_groups_with_the_same_table(monkeypatch):
    bar = mock.MagicMock()
    monkeypatch.setattr(replicates, "progress_bar", bar)
    seeds = list(range(50 * LANES))
    many = replicate(ONE, seeds, data=DATA, jobs=1)
    groups = [call.args[0] for call in bar().__enter__().update.call_args_list]
    assert (len(groups), min(groups), max(groups)) == (13, 61, 62)
    parts = [replicate(ONE, seeds[first : first + 100], data=DATA, jobs=1) for first in range(0, len(seeds), 100)]
    pd.testing.assert_frame_equal(
        without_seconds(many), without_seconds(pd.concat(parts, ignore_index=True)), check_exact=True
    )


# Interrupts


needs_posix = pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal to the main thread")


def interrupt():
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


@pytest.fixture
def interrupted_data():
    """Return a data maker that interrupts the replicate of seed 200, which goes on when the test is over."""
    over = threading.Event()

    def make(seed):
        if seed == 200:
            interrupt()
            over.wait(10)
        return MAKE_DATA(seed=seed)

    yield make
    over.set()


@needs_posix
def test_an_interrupt_ends_one_job_with_the_groups_of_replicates_before_it(interrupted_data, capsys):
    table = replicate(RECIPES, 400, data=interrupted_data, vary="data", jobs=1)
    whole = replicate(RECIPES, 192, data=MAKE_DATA, vary="data", jobs=1)
    pd.testing.assert_frame_equal(without_seconds(table), without_seconds(whole))
    assert "keeps the 192 of 400 replicates" in capsys.readouterr().out


@needs_posix
def test_an_interrupt_ends_two_jobs_with_whole_replicates(interrupted_data, capsys):
    table = replicate(RECIPES, 400, data=interrupted_data, vary="data", jobs=2)
    seeds = list(table.seed.unique())
    assert LANES - 1 <= len(seeds) < 400
    assert 200 not in seeds
    whole = replicate(RECIPES, seeds, data=MAKE_DATA, vary="data", jobs=1)
    pd.testing.assert_frame_equal(without_seconds(table), without_seconds(whole))
    assert f"keeps the {len(seeds)} of 400 replicates" in capsys.readouterr().out


def test_a_run_that_was_interrupted_is_no_row(monkeypatch, capsys):
    def interrupted(*arguments, init_seed, **settings):
        return dataclasses.replace(train(*arguments, init_seed=init_seed, **settings), interrupted=init_seed == 23)

    monkeypatch.setattr(replicates, "train", functools.wraps(train)(interrupted))
    eager = {"eager": {"method": "batch", "epochs": 1, "engine": "eager"}}
    assert list(replicate(eager, 32, data=DATA, jobs=1, show_progress=False).seed) == list(range(16))
    assert "keeps the 16 of 32 replicates" in capsys.readouterr().out


@needs_posix
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupt_before_the_first_replicate_ends_without_a_table(jobs):
    over = threading.Event()

    def make(seed):
        if seed == 0:
            interrupt()
        over.wait(10)
        return MAKE_DATA(seed=seed)

    with pytest.raises(KeyboardInterrupt):
        replicate(ONE, 3, data=make, vary="data", jobs=jobs, show_progress=False)
    over.set()


# Refusals


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"seeds": 0}, "seeds must be a whole number of at least 1, got 0"),
        ({"seeds": True}, "seeds must be a whole number of at least 1, got True"),
        ({"seeds": None}, "seeds must be a whole number of at least 1, got None"),
        ({"seeds": 2.5}, "seeds must be a whole number of at least 1, got 2.5"),
        ({"seeds": []}, "seeds must hold at least one seed, got none"),
        ({"seeds": [1, -1]}, "seeds must be a whole number from 0 to 4294967295, got -1"),
        ({"seeds": [7, 1, 7]}, "seeds must all be different, got 7 more than once"),
        ({"vary": ("init", "weights")}, "vary must be one of 'data', 'init', 'shuffle', got 'weights'"),
        ({"vary": ()}, "vary must name at least one of 'data', 'init', 'shuffle', got none"),
        ({"vary": None}, "vary must be one of 'data', 'init', 'shuffle', got None"),
        ({"vary": "data"}, "data must be a function of seed, since vary names 'data', got Line"),
        ({"data": MAKE_DATA}, "data must be data with X and y, unless vary names 'data', got partial"),
        ({"backend": "ray"}, "backend must be one of 'threading', 'loky', 'dask', got 'ray'"),
        ({"jobs": 0}, "jobs must be a whole number of at least 1, got 0"),
        ({"recipes": {}}, "recipes must be a dict with at least one recipe by name, got {}"),
        ({"recipes": ["batch"]}, "recipes must be a dict with at least one recipe by name, got ['batch']"),
        ({"recipes": {"a": "batch"}}, "recipe 'a' must be a dict of settings of train, got 'batch'"),
        ({"recipes": {"a": {"epoch": 3}}}, "recipe 'a' has no setting 'epoch' (given 3), only method, model, epochs"),
        ({"recipes": {"a": {"epoch": 3}}}, "did you mean 'epochs'?"),
        ({"recipes": {"a": {"data": DATA}}}, "recipe 'a' has no setting 'data'"),
        ({"recipes": {"a": {"init": [0.0, 0.0]}}}, "recipe 'a' must leave 'init' to the seeds (given [0.0, 0.0])"),
        ({"recipes": {"a": {"init_seed": 1}}}, "recipe 'a' must leave 'init_seed' to the seeds (given 1)"),
        ({"recipes": {"a": {"shuffle_seed": 1}}}, "recipe 'a' must leave 'shuffle_seed' to the seeds (given 1)"),
        ({"recipes": {"a": {"seed": 1}}}, "recipe 'a' must leave 'seed' to the seeds (given 1)"),
    ],
)
def test_what_is_not_allowed_is_refused_by_name_before_anything_runs(changed, message, monkeypatch):
    monkeypatch.setattr(replicates, "_train_all", None)  # anything that runs fails otherwise
    arguments = {"recipes": RECIPES, "seeds": 2, "data": DATA, "jobs": 1, **changed}
    with pytest.raises(ValueError, match=re.escape(message)):
        replicate(**arguments)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_value_that_train_refuses_is_refused_with_the_name_of_its_recipe(jobs):
    recipes = {**ONE, "too large": {"method": "mini-batch", "epochs": 1, "batch_size": 41}}
    with pytest.raises(
        ValueError, match=r"^recipe 'too large': batch_size must be a whole number from 1 to 40, got 41"
    ):
        replicate(recipes, 2, data=DATA, jobs=jobs, show_progress=False)


def test_after_an_error_no_other_replicate_starts():
    started = []

    def make(seed):
        started.append(seed)
        return simulate_line(n=40 if seed != 1 else 3, noise=(), seed=seed)

    with pytest.raises(ValueError, match="recipe 'by eight': batch_size"):
        replicate(RECIPES, 4 * LANES, data=make, vary="data", jobs=1, show_progress=False)
    assert started == list(range(LANES))
