"""The exercises of chapter 07: what was counted, what the rate decides, what an interval says, what pairing buys."""

import functools
import math

import numpy as np
import pandas as pd
from scipy import stats

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, choice, code, prediction
from gd_helpers.training import intervals
from gd_helpers.training.replicates import replicate
from gd_helpers.training.trainer import train

# Exercise 1


@prediction(
    asks=("epochs at B = 32",),
    misconceptions=(
        Misconception(
            100,
            "That gives the same number of examples. The same number of updates takes more epochs, if each has fewer.",
        ),
        Misconception(12_000, "You multiplied by the updates in an epoch. Divide by them instead."),
        Misconception(6000, "Those are the updates of the run at B = 1. How many does an epoch at B = 32 make?"),
        Misconception(
            3200,
            "You multiplied by B, or counted parts of an update. How many batches does an epoch have at B = 32, the "
            "short one included?",
        ),
        Misconception(200, "Those are the updates of 100 epochs at B = 32."),
    ),
    hints=(
        "How many updates does the run at B = 1 make? And an epoch at B = 32, with the short batch?",
        "100 epochs of 60 updates, divided by ⌈60/32⌉.",
    ),
    because="An epoch has $\\lceil 60/B \\rceil$ updates: 60 at $B = 1$, and 2 at $B = 32$, with 32 and 28 mornings. "
    'The same words, "100 epochs", mean numbers of updates in the ratio 30 : 1.',
    then="So report updates and examples beside epochs.",
)
def a_hundred_epochs():
    updates = 100 * 60
    return updates // int(np.ceil(60 / 32))


# Exercise 2


@choice(
    options=("batch", "stochastic", "mini-batch", "all the same"),
    misconceptions=(
        Misconception(
            "stochastic",
            "It was so at α = 0.001, where it was the only one that had arrived. What does ten times the rate do to "
            "the noise ball?",
        ),
        Misconception(
            "mini-batch",
            "It arrives at this rate, but its updates are noisy, and a constant rate keeps them so. Is that true of "
            "all three?",
        ),
        Misconception(
            "all the same",
            "All three arrive at this rate, but not all of them rest there. What does a constant rate do with noise?",
        ),
    ),
    hints=(
        "At ten times the rate each step can be ten times as long. Which of the three runs have now arrived?",
        "All have. What is left is the noise ball, which is wider at the larger rate. Which method has none?",
    ),
    because="At α = 0.01 the 4,500 updates of batch descent are enough (chapter 03), and without noise it comes to "
    "rest at least squares, whose R² nothing can exceed. The other two have arrived too, and stay in their noise "
    "balls.",
    then="So batch descent does come first at this rate, from nearly every start, though not because it over-fits. A "
    "ranking of methods at one rate is a statement about the rate.",
)
def highest_r2_at_ten_times_the_rate(n, seed):
    data = simulate_line(n=n, seed=seed)
    methods = ["batch", "stochastic", "mini-batch"]
    return max(methods, key=lambda method: train(data, method, learning_rate=0.01, seed=seed).r2)


# Exercise 3


@prediction(
    asks=("share of the runs",),
    absolute=0.05,
    misconceptions=(
        Misconception(
            0.95,
            "The 95 % are about the mean of all possible runs, not about single runs: those scatter far more widely "
            "than the mean.",
        ),
        Misconception(95, "Give a share, not per cent. And the 95 % are about the mean, not about single runs."),
        Misconception(
            1, "Not all runs: look at batch descent from 60 starts in chapter 03. The results differ widely."
        ),
        Misconception(0, "The mean of the runs is in the middle of the interval, and some runs are near their mean."),
        Misconception(
            0.68,
            "That is the share within one standard deviation of single runs. How many standard deviations wide is the "
            "interval of the mean?",
        ),
        Misconception(
            0.5,
            "The interval is made to contain the mean, not half of the runs. How many standard deviations wide is it?",
        ),
    ),
    hints=(
        "The interval is the mean ± t · s/√m, with s the standard deviation of the single runs, and m how many there "
        "are. How wide is it, in units of s?",
        "With m = 200 it reaches 2/√200 = 0.14 s on either side. What share of normal numbers is that near to their "
        'mean? Or count: with `scores = published[published.recipe == "batch"].r2` and `low, high = '
        "intervals.mean_interval(scores)`, it is `scores.between(low, high).mean()`.",
    ),
    because="The interval says where the *mean* is, and gets narrower with every run that you add: with 200 runs it "
    "reaches 0.14 standard deviations of a single run on either side, and about 11 % of normal numbers are within "
    "that. Where single runs lie is what their standard deviation tells.",
)
def share_inside_the_interval(n, seed, replicates):
    data = simulate_line(n=n, seed=seed)
    runs = replicate({"batch": {"method": "batch"}}, replicates, data=data)
    low, high = intervals.mean_interval(runs.r2)
    return runs.r2.between(low, high).mean()


# Exercise 4


@functools.cache
def spreads(n, seed, replicates):
    """Return the standard deviations of the losses of batch, of mini-batch, and of their paired difference."""
    recipes = {"batch": {"epochs": 4000}, "mini-batch": {"epochs": max(1, 4000 // -(-n // 32))}}
    recipes = {method: {"method": method, **epochs} for method, epochs in recipes.items()}
    table = replicate(recipes, replicates, data=simulate_line(n=n, seed=seed), show_progress=False)
    batch, mini = (table[table.recipe == method].sort_values("seed").mse.to_numpy() for method in recipes)
    return [losses.std(ddof=1) for losses in (batch, mini, mini - batch)]


def from_spreads(change):
    """Return what `change` makes of the three standard deviations, as a wrong answer."""
    return lambda n, seed, replicates: change(*spreads(n, seed, replicates))


@prediction(
    asks=("times as wide",),
    relative=0.2,
    misconceptions=(
        Misconception(
            1,
            "Most of the difference between runs comes from their starts, which both methods share. Pairing removes "
            "it.",
        ),
        Misconception(
            2**0.5,
            "That would be right if both methods scattered as widely as their difference. Look at the table: how wide "
            "are the intervals of the two?",
        ),
        Misconception(
            from_spreads(lambda batch, mini, paired: paired / math.hypot(batch, mini)),
            "Upside down: which of the two intervals is the wider one?",
        ),
        Misconception(
            from_spreads(lambda batch, mini, paired: (batch + mini) / paired),
            "You added the widths. For unrelated numbers it is the variances that add.",
        ),
        Misconception(
            from_spreads(lambda batch, mini, paired: mini / paired),
            "That is the interval of one method alone. The difference of unrelated runs has the scatter of both.",
        ),
        Misconception(
            from_spreads(lambda batch, mini, paired: (batch**2 + mini**2) / paired**2),
            "That is how many times as many runs it would take to make up for it. Take the root for the widths.",
        ),
    ),
    hints=(
        "The table of equal updates has the interval of each method at 4,000, and the checks below it have that of the "
        "paired difference.",
        "Without pairing the variances add, so the widths combine like the legs of a right triangle: as the root of "
        "the sum of their squares. Divide that by the width of the paired interval.",
    ),
    because="After 4,000 updates a run's distance from least squares depends mostly on its start, and both methods "
    "have the same one. It cancels from the paired difference, and enters an unpaired one twice.",
    then="Without pairing, the same precision takes the square of that number times as many runs. For R² of stochastic "
    "− batch, pairing gains hardly anything, since stochastic has forgotten its start: there is nothing to cancel.",
)
def times_as_wide_without_pairing(n, seed, replicates):
    recipes = {
        "batch": {"method": "batch", "epochs": 4000},
        "mini-batch": {"method": "mini-batch", "epochs": max(1, 4000 // int(np.ceil(n / 32)))},
    }
    result = replicate(recipes, replicates, data=simulate_line(n=n, seed=seed))
    excess = result.pivot(index="seed", columns="recipe", values="excess")
    variances = excess["batch"].var() + excess["mini-batch"].var()
    return np.sqrt(variances) / (excess["mini-batch"] - excess["batch"]).std()


# Exercise 5


def draw_tables():
    cases = [(np.arange(4), np.array([3.0, 5.0, 8.0, 6.0]), np.array([2, 0, 3, 1]), np.array([6.0, 2.5, 5.5, 3.0]))]
    generator = np.random.default_rng(2024)
    for runs in (12, 30):
        luck, order = generator.normal(5, 2, runs), generator.permutation(runs)
        seeds = generator.permutation(1000)[:runs]
        values, others = luck + generator.normal(0.3, 0.1, (2, runs))
        cases.append((seeds, values + 0.2, seeds[order], others[order]))
    return cases


def change_reach(change):
    """Return the right interval with what `change` makes of its reach, from the reach and the number of runs."""

    def mistaken(*case):
        low, high = paired_interval(*case)
        reach = change((high - low) / 2, len(case[0]))
        return (low + high) / 2 - reach, (low + high) / 2 + reach

    return mistaken


def leave_unpaired(seeds, values, other_seeds, other_values):
    reach = math.hypot(*(np.ptp(intervals.mean_interval(each)) / 2 for each in (values, other_values)))
    middle = values.mean() - other_values.mean()
    return middle - reach, middle + reach


def leave_unpaired_in_scipy(seeds, values, other_seeds, other_values):
    return tuple(stats.ttest_ind(values, other_values).confidence_interval())


def t_of(runs):
    return stats.t.ppf(0.975, runs - 1)


def with_reach(errors, ddof=1):
    """Return the right middle, with a reach of so many standard errors, whose spread divides by m − `ddof`."""
    return change_reach(lambda reach, runs: reach / t_of(runs) * errors * ((runs - 1) / (runs - ddof)) ** 0.5)


NORMAL = {"1.96": 1.96, "the quantile of the normal distribution": stats.norm.ppf(0.975), "2": 2.0}
NOT_T = (
    "You took {}. The spread is itself estimated, from few runs: take Student's t, as `intervals.mean_interval` does."
)
NOT_DDOF = "the standard deviation divides by m − 1: tell `np.std` so, with `ddof=1`."


@code(
    cases=draw_tables,
    misconceptions=(
        Misconception(
            lambda seeds, values, other_seeds, other_values: intervals.mean_interval(values - other_values),
            "You paired by position. The two tables have their seeds in different orders, and runs with the same seed "
            "belong together.",
        ),
        Misconception(
            lambda seeds, values, other_seeds, other_values: intervals.mean_interval(
                np.sort(values) - np.sort(other_values)
            ),
            "You paired the best run with the best, and so on. The runs with the same seed belong together.",
        ),
        Misconception(
            leave_unpaired,
            "That treats the runs as unrelated: you combined two intervals. Subtract seed by seed first.",
        ),
        Misconception(
            leave_unpaired_in_scipy,
            "That treats the runs as unrelated: it is a test of two samples. These come in pairs.",
        ),
        Misconception(
            lambda *case: tuple(-end for end in paired_interval(*case)[::-1]),
            "The sign is wrong: the first minus the other.",
        ),
        Misconception(
            change_reach(lambda reach, runs: reach * runs**0.5),
            "That is where single differences lie. Their mean is known better, by the root of their number.",
        ),
        Misconception(
            with_reach(1),
            "That is one standard error on either side. 95 % takes more than that.",
        ),
        *(Misconception(with_reach(errors), NOT_T.format(name)) for name, errors in NORMAL.items()),
        *(
            Misconception(with_reach(errors, ddof=0), f"{NOT_T.format(name)} And {NOT_DDOF}")
            for name, errors in NORMAL.items()
        ),
        Misconception(with_reach(1, ddof=0), f"That is one standard error on either side, and {NOT_DDOF}"),
        Misconception(change_reach(lambda reach, runs: reach * ((runs - 1) / runs) ** 0.5), f"Nearly: {NOT_DDOF}"),
        Misconception(
            lambda *case: paired_interval(*case)[::-1], "The ends are the wrong way round: the lower one comes first."
        ),
        Misconception(
            lambda *case: sum(paired_interval(*case)) / 2,
            "That is the mean difference. The interval around it is asked for: two ends.",
        ),
    ),
    hints=(
        "What makes a pair: the position in the arrays, or the seed? Bring the second table into the order of the "
        "first.",
        "A `pd.Series(values, index=seeds)` knows its seeds, and subtracting two of them subtracts what belongs "
        "together. Or sort both by their seeds, with `np.argsort`.",
        "`intervals.mean_interval` makes the interval from the differences.",
    ),
    because="Pair by seed, subtract, and take the interval of the mean of the differences.",
    then="`intervals.paired_differences` does the pairing for the tables of `replicate`, and complains where a seed "
    "has no partner.",
)
def paired_interval(seeds, values, other_seeds, other_values):
    first, second = pd.Series(values, index=seeds), pd.Series(other_values, index=other_seeds)
    return intervals.mean_interval(first - second)  # pandas subtracts what has the same index


QUESTIONS = (
    a_hundred_epochs,
    highest_r2_at_ten_times_the_rate,
    share_inside_the_interval,
    times_as_wide_without_pairing,
    paired_interval,
)
