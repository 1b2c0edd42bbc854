import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks.programs import CourseOrders, run_scikit_learn
from benchmarks.recipes import LEARNING_RATE, LOADER, RECIPES, SEED, STOCHASTIC
from benchmarks.tables import (
    COMPILED,
    EAGER,
    PLAIN,
    Book,
    Timing,
    compare_growths,
    compare_others,
    compare_recipes,
    short,
    to_markdown,
    write_tables,
)

from gd_helpers.data import simulate_line
from gd_helpers.models import get_weights, linear
from gd_helpers.training.trainer import train

TESTS = Path(__file__).resolve().parent


def timing(recipe="batch", program=PLAIN, updates=100, timed_updates=100, median=1.0):
    return Timing(recipe, program, updates, timed_updates, 3, median, median, median)


def side_by_side(recipe, plain, eager, compiled):
    seconds = {PLAIN: plain, EAGER: eager, COMPILED: compiled}
    return [timing(recipe, program, median=median) for program, median in seconds.items()]


@pytest.mark.parametrize("published", RECIPES, ids=lambda published: published.name)
def test_a_plain_loop_walks_the_path_of_its_settings(published):
    data, epochs = simulate_line(), 2
    run = train(data, model=published.make_model(), seed=SEED, **{**published.settings, "epochs": epochs})
    weights = published.run_plainly(data, epochs, CourseOrders(published, len(data), epochs))
    np.testing.assert_allclose(weights, run.weights, atol=1e-5)


def test_every_recipe_counts_its_updates_as_a_run_does():
    for published in RECIPES:
        run = train(simulate_line(), model=published.make_model(), **{**published.settings, "epochs": 1})
        assert published.updates_per_epoch == run.updates


@pytest.mark.parametrize("method", ["stochastic", "mini-batch"])
def test_training_on_much_data_takes_less_memory_than_three_times_the_data(tmp_path, method):
    data = simulate_line(n=2_000_000)
    for name, values in {"X": data.X, "y": data.y}.items():
        np.save(tmp_path / f"{name}.npy", values.numpy())
    words = [sys.executable, "-m", "benchmarks.alone", "growth", tmp_path, method, "2"]  # two orders are drawn
    took = json.loads(subprocess.run(words, cwd=TESTS, check=True, stdout=subprocess.PIPE, text=True).stdout)
    assert took["peak_bytes"] - took["kernel_bytes"] < 3 * took["data_bytes"]


def test_scikit_learn_takes_the_steps_of_plain_stochastic_gradient_descent():
    data, start = simulate_line(), get_weights(linear(seed=SEED))
    settings = {**STOCHASTIC.settings, "epochs": 3, "shuffle": False}
    run = train(data, init=start, learning_rate=LEARNING_RATE, optimizer="sgd", **settings)
    np.testing.assert_allclose(run_scikit_learn(data, start, 3, shuffle=False), run.weights, atol=1e-4)


def test_a_part_is_scaled_to_the_whole_by_its_updates():
    assert timing(updates=500, timed_updates=20, median=0.3).seconds == pytest.approx(7.5)


def test_recipes_are_set_side_by_side_with_their_ratios():
    table = compare_recipes(side_by_side("batch", 4.0, 6.0, 0.5) + side_by_side("stochastic", 30.0, 40.0, 0.1))
    assert list(table["plain loop ÷ compiled"]) == pytest.approx([8, 300, 34 / 0.6])
    assert list(table["eager ÷ compiled"]) == pytest.approx([12, 400, 46 / 0.6])


def test_the_last_row_adds_up_only_recipes_that_every_program_was_timed_on():
    timings = side_by_side("batch", 4.0, 6.0, 0.5) + side_by_side("stochastic", 30.0, 40.0, 0.1)
    table = compare_recipes([*timings, timing("3 layers", PLAIN, median=1000.0)])
    assert table.iloc[-1]["plain loop, s"] == 34
    assert table.iloc[-1]["recipe"] == "these 2"


def test_other_programs_are_compared_with_the_compiled_engine_on_the_same_recipe():
    recipes = [timing("stochastic", COMPILED, median=0.1), timing("batch", COMPILED, median=9.0)]
    others = [timing("stochastic", "JAX", median=2.0), timing("sgd", "sklearn", median=3.0), timing("sgd", COMPILED)]
    table = compare_others(others, recipes)
    assert list(table["program"]) == ["JAX", "sklearn"]
    assert list(table["program ÷ compiled"]) == pytest.approx([20, 3])


def test_growth_is_time_per_example_and_memory_per_byte_of_data():
    sizes = {"epochs": 2, "kernel_bytes": 10**8}
    growths = [
        {"method": "batch", "n": 1000, "median": 4e-6, "data_bytes": 12_000, "peak_bytes": 101 * 10**6, **sizes},
        {"method": "batch", "n": 10**6, "median": 2e-3, "data_bytes": 12 * 10**6, "peak_bytes": 124 * 10**6, **sizes},
    ]
    table = compare_growths(growths)
    assert list(table["ns per example"]) == pytest.approx([2, 1])
    assert list(table["÷ best"]) == pytest.approx([2, 1])
    assert np.isnan(table["the rest ÷ data"][0])
    assert table["the rest ÷ data"][1] == pytest.approx(2)


@pytest.mark.parametrize(("value", "text"), [(1234.5, "1,234"), (0.01234, "0.0123"), (np.nan, "–")])
def test_numbers_have_three_digits_that_count(value, text):
    assert short(value) == text


def test_markdown_has_a_head_and_a_line_a_row():
    frame = pd.DataFrame({"recipe": ["batch"], "seconds": [2.5]})
    assert to_markdown(frame) == "| recipe | seconds |\n| --- | --: |\n| batch | 2.5 |"


def test_the_tables_name_machine_versions_and_what_was_not_timed(tmp_path):
    book = Book(recipes=side_by_side("batch", 4.0, 6.0, 0.5), notes=["jax is not installed"])
    text = write_tables(book, tmp_path / "bench", load=0.5)
    assert "cores" in text
    assert "torch 2." in text
    assert "jax is not installed" in text
    assert (tmp_path / "bench" / "bench.md").read_text(encoding="utf-8") == text


def test_the_csv_holds_every_timing_as_measured(tmp_path):
    write_tables(Book(recipes=[timing(updates=500, timed_updates=20, median=0.3)]), tmp_path)
    (row,) = pd.read_csv(tmp_path / "recipes.csv").to_dict("records")
    assert (row["median"], row["timed_updates"], row["updates"]) == (0.3, 20, 500)
    assert row["seconds"] == pytest.approx(7.5)


def test_the_loader_of_a_timed_run_shuffles_where_the_source_does():
    data = simulate_line(n=100)
    (first, *_) = LOADER.loader(data)
    assert not (first[0] == data.X[:32]).all()


def test_plain_pytest_collects_no_benchmark(pytestconfig):
    assert (TESTS / "benchmarks").is_dir()
    assert "--ignore=tests/benchmarks" in pytestconfig.getini("addopts")
