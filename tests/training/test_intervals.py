import functools
import itertools
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gd_helpers.data import simulate_line
from gd_helpers.training.intervals import mean_interval, paired_differences, share_interval, summarise
from gd_helpers.training.replicates import replicate

MAKE_DATA = functools.partial(simulate_line, n=40)
RECIPES = {
    "all": {"method": "batch", "epochs": 6},
    "one by one": {"method": "stochastic", "epochs": 2},
    "by eight": {"method": "mini-batch", "epochs": 3, "batch_size": 8, "optimizer": "sgd"},
}


@pytest.fixture(scope="module")
def table():
    return replicate(RECIPES, 5, data=simulate_line(n=40), jobs=1, show_progress=False)


# Paired differences


def test_paired_differences_are_those_of_a_pivoted_table(table):
    differences = paired_differences(table, "mse", "all", "by eight")
    wide = table.pivot(index="seed", columns="recipe", values="mse")
    pd.testing.assert_series_equal(differences, wide["all"] - wide["by eight"], check_names=False)


def test_pairing_goes_by_seed_and_not_by_row(table):
    shuffled = table.sample(frac=1, random_state=0)
    differences = paired_differences(shuffled, "mse", "all", "by eight").sort_index()
    pd.testing.assert_series_equal(differences, paired_differences(table, "mse", "all", "by eight"))


def test_pairs_spread_less_than_unrelated_runs():
    recipes = {"slower": {"method": "batch", "epochs": 9}, "faster": {"method": "batch", "epochs": 10}}
    table = replicate(recipes, 30, data=MAKE_DATA, vary=("data", "init"), jobs=1, show_progress=False)
    paired = paired_differences(table, "mse", "slower", "faster").std()
    of_each = table.groupby("recipe").mse.std()
    assert paired < 0.1 * np.hypot(*of_each)


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (None, ("loss", "all", "by eight"), "column must be one of 'learning_rate', 'batch_size'"),
        (None, ("status", "all", "by eight"), "got 'status'"),
        (None, ("mse", "all", "by nine"), "second must be one of 'all', 'one by one', 'by eight', got 'by nine'"),
        (None, ("mse", "none", "by eight"), "first must be one of 'all', 'one by one', 'by eight', got 'none'"),
        (
            "drop",
            ("mse", "all", "by eight"),
            "'all' and 'by eight' must have the same seeds, got only one of them for [0]",
        ),
        ("twice", ("mse", "all", "by eight"), "recipe 'all' must have one row per seed, got more for seeds [0]"),
    ],
)
def test_an_unpaired_table_is_refused_by_name(table, change, arguments, message):
    if change == "drop":
        table = table.drop(index=0)
    if change == "twice":
        table = pd.concat([table, table.iloc[[0]]])
    with pytest.raises(ValueError, match=re.escape(message)):
        paired_differences(table, *arguments)


# Intervals

LEVELS = st.floats(0.5, 0.999)


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=40, unique=True), LEVELS)
def test_the_interval_of_a_mean_is_that_of_scipys_t_test(values, level):
    if np.std(values) < 1e-6 * np.max(np.abs(values)):
        return  # SciPy's own result is rounding there
    expected = stats.ttest_1samp(values, 0).confidence_interval(level)
    np.testing.assert_allclose(mean_interval(values, level), expected, rtol=1e-9, atol=1e-9 * np.max(np.abs(values)))


def test_the_interval_of_a_mean_covers_it_as_often_as_it_says():
    samples = np.random.default_rng(0).normal(3, 2, (2000, 6))
    covered = np.mean([low <= 3 <= high for low, high in map(mean_interval, samples)])
    assert abs(covered - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 2000)


@pytest.mark.parametrize("train", [300, 100])
def test_the_corrected_interval_covers_the_mean_of_scores_that_share_rows(train):
    # Scores with the correlation that Nadeau and Bengio assume, the share of test rows
    test, rng = 100, np.random.default_rng(0)
    correlation = test / (train + test)
    common, own = rng.normal(size=(4000, 1)), rng.normal(size=(4000, 12))
    scores = 3 + np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own
    covered = [low <= 3 <= high for low, high in (mean_interval(each, test_to_train=test / train) for each in scores)]
    assert abs(np.mean(covered) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 4000)
    assert np.mean([low <= 3 <= high for low, high in map(mean_interval, scores)]) < 0.8


def test_a_negative_ratio_of_rows_is_refused():
    with pytest.raises(ValueError, match="test_to_train must be"):
        mean_interval([1.0, 2.0], test_to_train=-0.1)


def test_equal_values_have_an_interval_of_no_width():
    assert mean_interval([2.0, 2.0, 2.0]) == (2.0, 2.0)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_a_mean_with_a_diverged_run_has_no_interval(bad):
    assert np.isnan(mean_interval([1.0, 2.0, bad])).all()


@given(st.lists(st.booleans(), min_size=1, max_size=60), LEVELS)
def test_the_interval_of_a_share_is_where_the_score_test_does_not_refuse_it(holds, level):
    share, z = np.mean(holds), stats.norm.ppf((1 + level) / 2)
    for end in share_interval(holds, level):
        assert (share - end) ** 2 == pytest.approx(z**2 * end * (1 - end) / len(holds), abs=1e-9)


@given(st.lists(st.booleans(), min_size=1, max_size=60))
@settings(max_examples=50)
def test_the_interval_of_a_share_holds_it_and_stays_between_none_and_all(holds):
    low, high = share_interval(holds)
    assert 0 <= low <= np.mean(holds) + 1e-12
    assert np.mean(holds) - 1e-12 <= high <= 1


@pytest.mark.parametrize("interval", [mean_interval, share_interval])
@pytest.mark.parametrize("level", [0, 1, 95, True, "0.95"])
def test_a_level_outside_zero_and_one_is_refused(interval, level):
    with pytest.raises(ValueError, match="level must be"):
        interval([True, False], level)


@pytest.mark.parametrize("values", [[], [1.0], [[1.0, 2.0]]])
def test_too_few_values_have_no_interval(values):
    with pytest.raises(ValueError, match="values must be a sequence of at least 2 numbers"):
        mean_interval(values)


@pytest.mark.parametrize("holds", [[], [1, 0], [0.5], [[True]]])
def test_a_share_is_of_answers_only(holds):
    with pytest.raises(ValueError, match="holds must be a sequence of True and False"):
        share_interval(holds)


def test_a_summary_has_the_moments_of_pandas_and_the_interval_of_the_mean(table):
    summary = summarise(table, "mse", level=0.9).set_index("recipe")
    expected = table.groupby("recipe", sort=False).mse.agg(["count", "mean", "std"])
    pd.testing.assert_frame_equal(summary[["count", "mean", "std"]], expected)
    for recipe, runs in table.groupby("recipe"):
        assert (summary.low[recipe], summary.high[recipe]) == mean_interval(runs.mse, 0.9)


def test_a_summary_corrects_its_intervals_if_told_to(table):
    summary = summarise(table, "mse", test_to_train=1 / 3).set_index("recipe")
    for recipe, runs in table.groupby("recipe"):
        assert (summary.low[recipe], summary.high[recipe]) == mean_interval(runs.mse, test_to_train=1 / 3)


def test_a_summary_has_a_row_a_recipe_and_column(table):
    summary = summarise(table, "mse", "r2")
    assert list(zip(summary.recipe, summary.column, strict=True)) == list(itertools.product(RECIPES, ["mse", "r2"]))


def test_a_summary_of_truth_values_is_a_share_with_wilsons_interval(table):
    row = summarise(table.assign(low_mse=table.seed < 2), "low_mse").iloc[0]
    assert row["mean"] == pytest.approx(0.4)
    assert (row.low, row.high) == share_interval([True, True, False, False, False])


def test_a_summary_of_diverged_runs_is_no_error():
    table = pd.DataFrame({"seed": [0, 1], "recipe": "a", "mse": [1.0, np.inf]})
    row = summarise(table, "mse").iloc[0]
    assert row["mean"] == np.inf
    assert np.isnan([row["std"], row.low, row.high]).all()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ((), "columns must name at least one of 'learning_rate'"),
        (("loss",), "columns must be one of 'learning_rate'"),
        (("status",), "got 'status'"),
    ],
)
def test_a_summary_of_what_is_no_number_is_refused_by_name(table, columns, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        summarise(table, *columns)
