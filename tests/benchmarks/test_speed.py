"""How long training takes, by the plain loop, by the engines, and by other programs; and that all compute the same.

What a program computes is asserted, what it takes is written down. Its weights are compared after a few epochs in the
course's order. Where it was timed in an order of its own, its loss is.
"""

import importlib.util
import json
import math
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks.programs import CourseOrders, run_jax, run_jax_seeds, run_lightning, run_scikit_learn, run_skorch
from benchmarks.recipes import BATCH, FIVE_LAYERS, LEARNING_RATE, LOADER, RECIPES, SEED, STOCHASTIC
from benchmarks.tables import COMPILED, EAGER, PLAIN
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression, SGDRegressor
from sklearn.preprocessing import StandardScaler

from gd_helpers.estimator import GradientDescentRegressor
from gd_helpers.models import draw_weights, get_weights, linear, set_weights
from gd_helpers.training.replicates import replicate
from gd_helpers.training.runs import score
from gd_helpers.training.trainer import train

FEW = 3  # epochs after which weights are compared
SLOW_REPEATS, FAST_REPEATS = 3, 15
PLAIN_SGD = "stochastic, plain SGD"
SGD_REGRESSOR = "scikit-learn SGDRegressor"
FIT_EPOCHS, FIT_RATES = 1000, {"stochastic": 1e-3, "mini-batch": 0.01, "batch": 0.1}
SEEDS = 200
METHODS = {method: {"method": method} for method in ("batch", "stochastic", "mini-batch")}
GROWTH_EPOCHS = {"stochastic": 20, "mini-batch": 60}


def by_plain_loop(published, data, epochs, orders=None):
    return published.run_plainly(data, epochs, orders)


def by_engine(engine):
    def run(published, data, epochs, orders=None):
        settings = {**published.settings, "epochs": epochs}
        return train(data, model=published.make_model(), engine=engine, seed=SEED, **settings).weights

    return run


PROGRAMS = {PLAIN: by_plain_loop, EAGER: by_engine("eager"), COMPILED: by_engine("compiled")}


@pytest.fixture(scope="module")
def expected(data):
    """Return a function that gives the compiled engine's run of a recipe; it trains each once."""
    runs = {}

    def run(published):
        if published.name not in runs:
            runs[published.name] = train(data, model=published.make_model(), seed=SEED, **published.settings)
        return runs[published.name]

    return run


def loss_of(published, weights, data):
    return score(set_weights(published.make_model(), weights), data)[0]


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("published", RECIPES, ids=lambda published: published.name)
def test_the_program_trains_the_recipe_of_the_source(published, program, data, expected, measure, book):
    run, reference = PROGRAMS[program], expected(published)
    few = run(published, data, FEW, CourseOrders(published, len(data), FEW))
    np.testing.assert_allclose(few, reference.path[FEW], atol=1e-4)

    epochs = published.epochs if program == COMPILED else published.part
    weights, timing = measure(
        lambda: run(published, data, epochs),
        published.name,
        program,
        updates=published.epochs * published.updates_per_epoch,
        timed_updates=epochs * published.updates_per_epoch,
        repeats=FAST_REPEATS if program == COMPILED else SLOW_REPEATS,
    )
    assert loss_of(published, weights, data) == pytest.approx(reference.trace.loss[epochs - 1], rel=0.05)
    book.recipes.append(timing)


def plain_sgd(data, **settings):
    return train(data, **{**STOCHASTIC.settings, **settings}, optimizer="sgd", learning_rate=LEARNING_RATE, seed=SEED)


@pytest.mark.parametrize("program", [SGD_REGRESSOR, COMPILED])
def test_the_program_trains_by_plain_stochastic_gradient_descent(program, data, measure, book):
    start, epochs = get_weights(linear(seed=SEED)).numpy(), STOCHASTIC.epochs
    same_order = plain_sgd(data, shuffle=False)
    np.testing.assert_allclose(run_scikit_learn(data, start, epochs, shuffle=False), same_order.weights, atol=1e-3)

    run = (lambda: plain_sgd(data)) if program == COMPILED else (lambda: run_scikit_learn(data, start, epochs))
    run()
    _, timing = measure(run, PLAIN_SGD, program, updates=epochs * len(data), repeats=FAST_REPEATS)
    book.others.append(timing)


@pytest.fixture(scope="module")
def patients():
    """Return the standardised columns and the targets of the diabetes data."""
    X, y = load_diabetes(return_X_y=True, scaled=False)
    return StandardScaler().fit_transform(X), y


@pytest.mark.parametrize("program", [SGD_REGRESSOR, COMPILED])
@pytest.mark.parametrize(("method", "rate"), FIT_RATES.items())
def test_the_program_fits_the_diabetes_data_as_an_estimator(method, rate, program, patients, measure, book):
    settings = {"max_iter": FIT_EPOCHS, "tol": None, "random_state": SEED}
    if program == COMPILED:
        model = GradientDescentRegressor(method, learning_rate=rate, **settings)
    else:
        model = SGDRegressor(penalty=None, learning_rate="constant", eta0=2 * FIT_RATES["stochastic"], **settings)
    model.fit(*patients)
    updates = FIT_EPOCHS * len(patients[1])
    _, timing = measure(
        lambda: model.fit(*patients), f"fit, {method}, 1,000 epochs", program, updates=updates, repeats=FAST_REPEATS
    )
    best = LinearRegression().fit(*patients).score(*patients)
    assert model.score(*patients) == pytest.approx(best, abs=0.01)
    book.others.append(timing)


def skip_unless_installed(package, book):
    if importlib.util.find_spec(package) is None:
        reason = f"{package} is not installed and was not timed; pip install -e '.[bench]' installs it."
        book.notes.append(reason)
        pytest.skip(reason)


def test_jax_trains_the_stochastic_recipe(data, expected, measure, book):
    skip_unless_installed("jax", book)
    reference, epochs, updates = expected(STOCHASTIC), STOCHASTIC.epochs, STOCHASTIC.epochs * len(data)
    begin = time.perf_counter()
    run_jax(data, reference.path[0], epochs)
    book.notes.append(
        f"JAX compiles the run first, in every process and for every shape: its first call took "
        f"{time.perf_counter() - begin:.2f} s. Its time below is that of later calls."
    )

    weights, timing = measure(
        lambda: run_jax(data, reference.path[0], epochs),
        STOCHASTIC.name,
        "JAX lax.scan",
        updates=updates,
        repeats=FAST_REPEATS,
    )
    np.testing.assert_allclose(weights, reference.weights, atol=1e-3)
    book.others.append(timing)


@pytest.mark.parametrize(("program", "run"), [("skorch", run_skorch), ("lightning", run_lightning)])
def test_the_trainer_trains_the_recipe_of_the_loader(program, run, data, expected, measure, book):
    skip_unless_installed(program, book)
    reference, epochs = expected(LOADER), LOADER.part
    run(data, reference.path[0], FEW)
    weights, timing = measure(
        lambda: run(data, reference.path[0], epochs),
        LOADER.name,
        program,
        updates=LOADER.epochs * LOADER.updates_per_epoch,
        timed_updates=epochs * LOADER.updates_per_epoch,
        repeats=1,
    )
    assert loss_of(LOADER, weights, data) == pytest.approx(reference.trace.loss[epochs - 1], rel=0.05)
    book.others.append(timing)


def test_replicates_are_the_same_on_one_core_and_all(data, measure, book):
    one, all_cores = (replicate(METHODS, 2, data=data, jobs=jobs, show_progress=False) for jobs in (1, None))
    pd.testing.assert_frame_equal(one.drop(columns="seconds"), all_cores.drop(columns="seconds"))

    table, timing = measure(
        lambda: replicate(METHODS, SEEDS, data=data, show_progress=False),
        f"{SEEDS} seeds × three methods",
        "replicate",
        updates=SEEDS,
        repeats=1,
    )
    assert len(table) == SEEDS * len(METHODS)
    assert (table.status == "finished").all()
    row = {"runs": timing.recipe, "updates": int(table.updates.sum()), "seconds": timing.seconds}
    plain = [timing for timing in book.recipes if (timing.recipe, timing.program) == (STOCHASTIC.name, PLAIN)]
    row["÷ one stochastic plain loop"] = timing.seconds / plain[0].seconds if plain else math.nan
    book.replicates.append(row)


MANY = {  # runs of the source from many seeds, with the share of their epochs that is timed
    "batch": (BATCH, SEEDS, 0.2),
    "stochastic": (STOCHASTIC, SEEDS, 0.04),
    "mini-batch": (LOADER, SEEDS, 0.2),
    "5 layers": (FIVE_LAYERS, 100, 0.05),
}


def timed(function):
    """Return what `function` returns, and the seconds of the clock and of all cores that it takes."""
    clock, cores = time.perf_counter(), time.process_time()
    result = function()
    return result, time.perf_counter() - clock, time.process_time() - cores


@pytest.mark.parametrize("name", MANY)
def test_jax_trains_many_seeds_by_vmap_as_replicate_does(name, data, benchmark, book):
    skip_unless_installed("jax", book)
    published, seeds, share = MANY[name]
    epochs = max(1, round(share * published.epochs))
    settings = {**published.settings, "epochs": epochs, "model": published.make_model()}
    starts = draw_weights(published.make_model(), range(seeds))
    run_jax_seeds(data, published, starts, epochs)  # compiles
    replicate({name: {**settings, "epochs": 1}}, seeds, data=data, show_progress=False)  # loads
    weights, *jax = timed(lambda: run_jax_seeds(data, published, starts, epochs))
    table, *ours = benchmark.pedantic(
        timed, (lambda: replicate({name: settings}, seeds, data=data, show_progress=False),)
    )
    for k in (0, seeds - 1):
        assert loss_of(published, weights[k], data) == pytest.approx(table.mse[k], rel=1e-3)
    row = {"runs": f"{seeds} seeds, {name}, {epochs} epochs", "updates": int(table.updates.sum())}
    for program, (clock, cores) in (("replicate", ours), ("JAX vmap", jax)):
        row |= {f"{program}, s": clock, f"{program}, s of all cores": cores}
    row["JAX ÷ replicate, all cores"] = jax[1] / ours[1]
    book.vmaps.append(row)


@pytest.mark.parametrize("jobs", [1, None], ids=["one core", "all cores"])
@pytest.mark.parametrize("seeds", [1, 10, 100, 1000, 10_000])
def test_more_seeds_take_longer_in_proportion(seeds, jobs, data, benchmark, book):
    recipe = {"stochastic": {"method": "stochastic", "epochs": GROWTH_EPOCHS["stochastic"]}}
    table, clock, cores = benchmark.pedantic(
        timed, (lambda: replicate(recipe, seeds, data=data, jobs=jobs, show_progress=False),)
    )
    assert (table.status == "finished").all()
    ns = 1e9 * clock / table.updates.sum()
    times = {"s": clock, "s of all cores": cores, "ns an update": ns}
    book.seeds.append({"seeds": seeds, "jobs": str(jobs or "all"), **times})


def test_the_chapters_run_beside_the_loops_of_the_source(tmp_path, benchmark, book):
    words = [sys.executable, "-m", "gd_helpers", "run", "--out", str(tmp_path)]
    begin = time.perf_counter()
    benchmark.pedantic(subprocess.run, (words,), {"check": True, "capture_output": True})
    plain = [timing.seconds for timing in book.recipes if timing.program == PLAIN]
    loops = sum(plain) if len(plain) == len(RECIPES) else math.nan
    book.chapters.append({"all chapters, s": time.perf_counter() - begin, "the six loops of the source, s": loops})


def run_alone(*arguments):
    """Return what ``benchmarks.alone`` says, run in a new process."""
    words = [sys.executable, "-m", "benchmarks.alone", *map(str, arguments)]
    tests = Path(__file__).resolve().parents[1]
    return json.loads(subprocess.run(words, cwd=tests, check=True, stdout=subprocess.PIPE, text=True).stdout)


@pytest.mark.parametrize("published", RECIPES, ids=lambda published: published.name)
def test_the_recipe_runs_first_thing_in_a_new_process(published, benchmark, book):
    took = benchmark.pedantic(run_alone, ("first", published.name))
    seconds = {"import, s": took["import"], "first train, s": took["first"], "second train, s": took["second"]}
    book.firsts.append({"recipe": published.name, **seconds})


@pytest.mark.parametrize("n", [10**3, 10**4, 10**5, 10**6, 10**7])
@pytest.mark.parametrize(("method", "epochs"), GROWTH_EPOCHS.items())
def test_the_run_stays_finite_at_every_size(method, epochs, n, tmp_path, benchmark, book):
    generator = np.random.default_rng(SEED)
    x = generator.normal(2, 1, n).astype(np.float32)
    np.save(tmp_path / "X.npy", np.column_stack([np.ones_like(x), x]))
    np.save(tmp_path / "y.npy", (5 + 2 * x + generator.normal(0, 2**0.5, n).astype(np.float32))[:, None])
    took = benchmark.pedantic(run_alone, ("growth", tmp_path, method, epochs))
    for name in ("X", "y"):
        (tmp_path / f"{name}.npy").unlink()
    assert np.isfinite(took.pop("weights")).all()
    book.growths.append({"method": method, "n": n, "epochs": epochs, **took})
