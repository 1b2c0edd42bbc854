"""The exercises of chapter 07: what was counted, what the rate decides, what an interval says, what pairing buys."""

import functools
import math

import numpy as np
import pandas as pd
from scipy import stats

from gd_helpers.data import simulate_line
from gd_helpers.exercises.question_types import Choice, Code, Misconception, Prediction
from gd_helpers.metrics import r2
from gd_helpers.training import intervals
from gd_helpers.training.replicates import replicate
from gd_helpers.training.trainer import train

# Exercise 1


def a_hundred_epochs():
    single, mini, batch = (100 * int(np.ceil(60 / B)) for B in (1, 32, 60))
    return single, mini, batch, single // int(np.ceil(60 / 32))


def count_batches():
    """Cut the examples, and count."""
    single, mini, batch = (sum(len(range(0, 60, B)) for _ in range(100)) for B in (1, 32, 60))
    epochs = updates = 0
    while updates < single:
        epochs, updates = epochs + 1, updates + len(range(0, 60, 32))
    return single, mini, batch, epochs


A_HUNDRED_EPOCHS = Prediction(
    solution=a_hundred_epochs,
    expected=count_batches,
    asks=("updates at B = 1", "updates at B = 32", "updates at B = n", "epochs at B = 32"),
    misconceptions=(
        Misconception(
            (100, None, 6000, None), "These are the wrong way round: which method makes an update from each example?"
        ),
        Misconception((100, 100, 100, None), "Those are epochs. How many updates is an epoch of each?"),
        Misconception(
            (None, 187.5, None, None), "Half an update does not happen. How many batches, short ones too, has an epoch?"
        ),
        Misconception(
            (None, 100, None, None),
            "You counted full batches only. What feeds the update after the first of an epoch?",
        ),
        Misconception((None, 3200, None, None), "So many examples 100 batches of 32 have. How many batches are there?"),
        Misconception(
            (None, None, 6000, None), "So many examples it reads in 100 epochs. How many of them feed an update?"
        ),
        Misconception((None, None, 1, None), "That is one epoch."),
        Misconception(
            (None, None, None, 100),
            "That would be as many examples. As many updates take more epochs, where an epoch has fewer of them.",
        ),
        Misconception((None, None, None, 3200), "You multiplied by B. How many updates is an epoch at B = 32?"),
        Misconception(
            (None, None, None, 12_000), "You multiplied by the updates of an epoch. How often do they fit in?"
        ),
    ),
    hints=(
        "An epoch has ⌈n/B⌉ updates. With n = 60 and B = 32, how many, and how many examples has the last one?",
        "For the last number, divide the updates at B = 1 by those of one epoch at B = 32.",
    ),
    because="An epoch has $\\lceil 60/B \\rceil$ updates: 60 at $B = 1$, 2 at $B = 32$ (with 32 and 28 examples), and "
    '1 at $B = n$. The same words, "100 epochs", say three numbers of updates, as many as 60 to 2 to 1.',
    then="So write updates and examples beside epochs.",
)


# Exercise 2


def highest_r2_at_ten_times_the_rate(n, seed):
    data = simulate_line(n=n, seed=seed)
    methods = ["batch", "stochastic", "mini-batch"]
    return max(methods, key=lambda method: train(data, method, learning_rate=0.01, seed=seed).r2)


def lowest_loss_over_starts(n, seed):
    """Take the lowest mean loss over a few starts and orders."""
    data = simulate_line(n=n, seed=seed)
    losses = {}
    for method in ("mini-batch", "stochastic", "batch"):
        runs = [train(data, method, learning_rate=0.01, init_seed=k, shuffle_seed=k) for k in range(3)]
        losses[method] = np.mean([run.mse for run in runs])
    return min(losses, key=losses.get)


HIGHEST_R2_AT_TEN_TIMES_THE_RATE = Choice(
    solution=highest_r2_at_ten_times_the_rate,
    expected=lowest_loss_over_starts,
    options=("batch", "stochastic", "mini-batch", "all the same"),
    misconceptions=(
        Misconception(
            "stochastic",
            "So it was at α = 0.001, where it was the one that had arrived. What does ten times the rate do to the "
            "noise ball?",
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
        "At ten times the rate the travel budget is ten times as large. Which of the three runs have now arrived?",
        "All have. What is left is the noise ball, which is wider at the larger rate. Which method has none?",
    ),
    because="At α = 0.01 the 4,500 updates of batch descent are enough (chapter 03), and without noise it rests at "
    "least squares, above which no R² is possible. The other two have arrived, too, and stay in their noise balls.",
    then="So the published order, batch first, is right at this rate, and not because batch is over-fitted. An order "
    "of methods at one rate is a statement about the rate.",
)


# Exercise 3


def share_inside_the_interval(n, seed, replicates):
    data = simulate_line(n=n, seed=seed)
    runs = replicate({"batch": {"method": "batch"}}, replicates, data=data)
    low, high = intervals.mean_interval(runs.r2)
    return runs.r2.between(low, high).mean()


@functools.cache
def count_inside(n, seed, replicates):
    """Train and score run by run, and take SciPy's interval."""
    data = simulate_line(n=n, seed=seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    scores = [r2(y, X @ train(data, "batch", init_seed=k).weights) for k in range(replicates)]
    low, high = stats.ttest_1samp(scores, 0).confidence_interval(0.95)
    return np.mean([low <= score <= high for score in scores])


SHARE_INSIDE_THE_INTERVAL = Prediction(
    solution=share_inside_the_interval,
    expected=count_inside,
    asks=("share of the runs",),
    absolute=0.05,
    misconceptions=(
        Misconception(
            0.95,
            "The 95 % speak of the mean of all possible runs, not of single runs: those scatter far more widely than "
            "their mean is uncertain.",
        ),
        Misconception(95, "That would be per cent. And the 95 % speak of the mean, not of single runs."),
        Misconception(
            1, "Not all runs: look at the numbers of batch in chapter 03, over 60 starts. They differ widely."
        ),
        Misconception(0, "The mean of the runs is in its middle, and some runs are near the mean."),
        Misconception(
            0.68,
            "So many are within one standard deviation of single runs. How many standard deviations wide is the "
            "interval of the mean?",
        ),
        Misconception(
            0.5, "The interval has the mean in it, not half of the runs. How many standard deviations wide is it?"
        ),
    ),
    hints=(
        "The interval is the mean ± t · s/√m, with s the standard deviation of the single runs, and m how many there "
        "are. How wide is it, in units of s?",
        "With m = 200 it reaches 2/√200 = 0.14 s to either side. What share of normal numbers is as near to their "
        'mean? Or count: with `scores = published[published.recipe == "batch"].r2` and `low, high = '
        "intervals.mean_interval(scores)`, it is `scores.between(low, high).mean()`.",
    ),
    because="The interval says where the *mean* is, and gets narrower with every run that you add: with 200 runs it "
    "reaches 0.14 standard deviations of a single run to either side, and about 11 % of normal numbers are within "
    "that. Where single runs lie is what their standard deviation says.",
)


# Exercise 4


def times_as_wide_without_pairing(n, seed, replicates):
    recipes = {
        "batch": {"method": "batch", "epochs": 4000},
        "mini-batch": {"method": "mini-batch", "epochs": max(1, 4000 // int(np.ceil(n / 32)))},
    }
    result = replicate(recipes, replicates, data=simulate_line(n=n, seed=seed))
    excess = result.pivot(index="seed", columns="recipe", values="excess")
    variances = excess["batch"].var() + excess["mini-batch"].var()
    return np.sqrt(variances) / (excess["mini-batch"] - excess["batch"]).std()


@functools.cache
def widths(n, seed, replicates):
    """Return the widths of SciPy's intervals of batch, of mini-batch, and of their paired difference."""
    recipes = {"batch": {"epochs": 4000}, "mini-batch": {"epochs": max(1, 4000 // -(-n // 32))}}
    recipes = {method: {"method": method, **epochs} for method, epochs in recipes.items()}
    table = replicate(recipes, replicates, data=simulate_line(n=n, seed=seed), show_progress=False)
    batch, mini = (table[table.recipe == method].sort_values("seed").mse.to_numpy() for method in recipes)
    found = [stats.ttest_1samp(losses, 0).confidence_interval() for losses in (batch, mini, mini - batch)]
    return [high - low for low, high in found]


def compare_widths(n, seed, replicates):
    batch, mini, paired = widths(n, seed, replicates)
    return math.hypot(batch, mini) / paired


def from_widths(change):
    """Return what `change` makes of the three widths, as a wrong answer."""
    return lambda n, seed, replicates: change(*widths(n, seed, replicates))


TIMES_AS_WIDE_WITHOUT_PAIRING = Prediction(
    solution=times_as_wide_without_pairing,
    expected=compare_widths,
    asks=("times as wide",),
    relative=0.2,
    misconceptions=(
        Misconception(
            1,
            "Most of what the runs differ by is their start, and both methods have it in common. Pairing takes it out.",
        ),
        Misconception(
            2**0.5,
            "So it would be if both methods scattered as widely as their difference does. Look at the table: how wide "
            "are the intervals of the two?",
        ),
        Misconception(
            from_widths(lambda batch, mini, paired: paired / math.hypot(batch, mini)),
            "Upside down: which of the two intervals is the wider one?",
        ),
        Misconception(
            from_widths(lambda batch, mini, paired: (batch + mini) / paired),
            "You added the widths. Of unrelated numbers the variances add up.",
        ),
        Misconception(
            from_widths(lambda batch, mini, paired: mini / paired),
            "That is the interval of one method alone. The difference of unrelated runs scatters as both do.",
        ),
        Misconception(
            from_widths(lambda batch, mini, paired: (batch**2 + mini**2) / paired**2),
            "That is how many times as many runs it takes to make up for it. Take the root for the widths.",
        ),
    ),
    hints=(
        "The table of equal updates has the interval of each method at 4,000, and the claims below it have that of the "
        "paired difference.",
        "Without pairing the variances add up, so the widths do as the sides of a right angle: the root of the sum of "
        "their squares. Divide that by the width of the paired interval.",
    ),
    because="After 4,000 updates a run's distance from least squares is mostly that of its start, and both methods "
    "have the same one. It cancels from the paired difference and doubles the variance of an unpaired one.",
    then="To be as exact without pairing takes the square of that, times as many runs. For R² of stochastic − batch "
    "pairing brings hardly anything, since stochastic has forgotten its start: there is nothing to cancel.",
)


# Exercise 5


def paired_interval(seeds, values, other_seeds, other_values):
    first, second = pd.Series(values, index=seeds), pd.Series(other_values, index=other_seeds)
    return intervals.mean_interval(first - second)  # pandas subtracts what has the same index


def pair_by_hand(seeds, values, other_seeds, other_values):
    """Find the partner of each run, and let SciPy test the pairs."""
    partners = [other_values[np.flatnonzero(other_seeds == seed)[0]] for seed in seeds]
    low, high = stats.ttest_rel(values, partners).confidence_interval(0.95)
    return float(low), float(high)


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
        low, high = pair_by_hand(*case)
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


PAIRED_INTERVAL = Code(
    solution=paired_interval,
    expected=pair_by_hand,
    cases=draw_tables,
    misconceptions=(
        Misconception(
            lambda seeds, values, other_seeds, other_values: intervals.mean_interval(values - other_values),
            "You paired by place. The two tables have their seeds in different orders: the runs with the same seed "
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
            "That is as if the runs were unrelated: you combined two intervals. Subtract seed by seed first.",
        ),
        Misconception(
            leave_unpaired_in_scipy,
            "That is as if the runs were unrelated: a test of two samples. These come in pairs.",
        ),
        Misconception(
            lambda *case: tuple(-end for end in pair_by_hand(*case)[::-1]),
            "The sign is wrong: the first minus the other.",
        ),
        Misconception(
            change_reach(lambda reach, runs: reach * runs**0.5),
            "That is where single differences lie. Their mean is known better, by the root of how many there are.",
        ),
        Misconception(
            change_reach(lambda reach, runs: reach / t_of(runs)),
            "That is one standard error to either side. 95 % take some more of them.",
        ),
        Misconception(
            change_reach(lambda reach, runs: reach / t_of(runs) * stats.norm.ppf(0.975)),
            "You took the quantile of the normal distribution. The spread is itself estimated, from few runs: "
            "Student's t allows for that.",
        ),
        Misconception(
            change_reach(lambda reach, runs: reach / t_of(runs) * 2),
            "You took 2 standard errors, which is about right for many runs. These are few: Student's t says how many.",
        ),
        Misconception(
            change_reach(lambda reach, runs: reach * ((runs - 1) / runs) ** 0.5),
            "You divided by the number of runs for the standard deviation. `np.std` does, unless told `ddof=1`.",
        ),
        Misconception(
            lambda *case: pair_by_hand(*case)[::-1], "The ends are the wrong way round: the lower comes first."
        ),
        Misconception(
            lambda *case: sum(pair_by_hand(*case)) / 2, "That is the mean difference. Between which ends is it known?"
        ),
    ),
    hints=(
        "What makes a pair: the place in the arrays, or the seed? Bring the second into the order of the first.",
        "A `pd.Series(values, index=seeds)` knows its seeds, and subtracting two of them subtracts what belongs "
        "together. Or sort both by their seeds, with `np.argsort`.",
        "`intervals.mean_interval` makes the interval from the differences.",
    ),
    because="Pair by seed, subtract, and take the interval of the mean of the differences.",
    then="`intervals.paired_differences` does the pairing for the tables of `replicate`, and complains where a seed "
    "has no partner.",
)

QUESTIONS = (
    A_HUNDRED_EPOCHS,
    HIGHEST_R2_AT_TEN_TIMES_THE_RATE,
    SHARE_INSIDE_THE_INTERVAL,
    TIMES_AS_WIDE_WITHOUT_PAIRING,
    PAIRED_INTERVAL,
)
