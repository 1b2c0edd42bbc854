"""The exercises of chapter 06: the swapped score, more points, coverage, an interval, the reverse regression."""

import numpy as np
from scipy import stats

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, code, prediction
from gd_helpers.metrics import ols

# Exercise 1


@prediction(
    asks=("swapped score",),
    relative=0.01,
    misconceptions=(
        Misconception(
            0.8,
            "The numerators are the same, but the denominators are not: how much do the predictions spread, compared "
            "with y?",
        ),
        Misconception(1.25, "No such score is above 1. What is the ratio that is subtracted from 1?"),
        Misconception(0.25, "That is the ratio of the two spreads, and not yet the score."),
        Misconception(0.2, "That is the part of the spread of y that is left unexplained."),
        Misconception(
            0.64,
            "That is the square of R². Write down both fractions, of R² and of the swapped score, and compare.",
        ),
        Misconception(
            0.8 * 0.5143 / 0.6731,
            "You scaled this chapter's scores in proportion. Write down what is subtracted from 1 in each: what "
            "share of the spread of y is in the predictions?",
        ),
    ),
    hints=(
        "Let the spread of y be 1. How much of it is the loss of OLS? The rest is the spread of its predictions.",
        "The residuals have 1 − R², the predictions R². The swapped score is 1 minus the ratio of the first to the "
        "second.",
    ),
    because="If the spread of $y$ is 1, OLS leaves $1 - R^2$ to the residuals, and its predictions have $R^2$. So the "
    "swapped score is $1 - (1 - R^2)/R^2 = 2 - 1/R^2$.",
    then="At R² = 0.5 the swapped score of OLS is 0, and below that it is negative.",
)
def swapped_score():
    r2 = 0.8
    spread_of_y = 1  # any unit will do
    unexplained, spread_of_predictions = (1 - r2) * spread_of_y, r2 * spread_of_y
    return 1 - unexplained / spread_of_predictions


# Exercise 2


@prediction(
    asks=("times smaller",),
    relative=0.01,
    misconceptions=(
        Misconception(
            4,
            "That is the factor of the variances of the estimates. A standard error is the root of a variance.",
        ),
        Misconception(16, "You squared. Is a standard error the square of a variance, or its root?"),
        Misconception(1, "The noise stays the same, but it is averaged over more mornings."),
        Misconception(0.5, "That is what they are multiplied by. How many times smaller are they?"),
        Misconception(0.25, "That is what the variances are multiplied by. How many times smaller are their roots?"),
    ),
    hints=(
        "The covariance is s² (XᵀX)⁻¹. With four times as many rows, what becomes of XᵀX?",
        "The variances fall with 1/n. The standard errors are their roots.",
    ),
    because="$X^\\top X$ is a sum over the mornings, so it grows by a factor of 4; its inverse shrinks by 4, and the "
    "root of that by 2.",
    then="The gap between training and test loss, 2pσ²/n, shrinks as the variances do: by 4.",
)
def four_times_the_points():
    n = np.array([1000, 4000])
    standard_error = np.sqrt(1 / n)
    return standard_error[0] / standard_error[1]


# Exercise 3


@prediction(
    asks=("intervals of 500",),
    absolute=12,
    misconceptions=(
        Misconception(500, "A 95 % interval does not always contain the truth. How often does the procedure fail?"),
        Misconception(25, "That is how often you would expect it to fail."),
        Misconception(95, "That is the percentage. How many of the 500 is that?"),
        Misconception(0.95, "That is the share. How many of the 500 is that?"),
        Misconception(
            1,
            "Each data set has its own interval, around its own estimate, and nearly every estimate is near the truth.",
        ),
        Misconception(
            250,
            "An estimate is too low about half of the time. But the interval extends to both sides.",
        ),
        Misconception(341, "That many would contain it if they reached one standard error. They reach about two."),
    ),
    hints=(
        "What do the 95 % describe: one interval, or the procedure that makes intervals?",
        "Count: for each seed, `fit = ols(simulate_line(n=n, seed=new_seed))`, and see whether `fit.weights[1]` is "
        "within t · `fit.standard_errors[1]` of 2.",
    ),
    because="The procedure succeeds for 95 % of all data sets, which is 475 of 500. The count itself is random: its "
    "standard deviation is $\\sqrt{500 \\cdot 0.95 \\cdot 0.05} \\approx 5$, so anything from 465 to 485 is no "
    "surprise.",
)
def intervals_that_hold_the_slope(n):
    t = stats.t.ppf(0.975, n - 2)
    holding = 0
    for new_seed in range(500):
        new_best = ols(simulate_line(n=n, seed=new_seed))
        holding += abs(new_best.weights[1] - 2) < t * new_best.standard_errors[1]
    return int(holding)


# Exercise 4


def draw_points():
    cases = [(np.array([0.0, 1.0, 2.0, 3.0, 5.0]), np.array([1.0, 2.5, 2.0, 4.0, 6.0]), 0.9)]
    for n, level in ((8, 0.95), (30, 0.8), (12, 0.99)):
        data = simulate_line(n=n, slope=-1.0, seed=6000 + n)
        cases.append((data.x.double().numpy(), data.y.double().numpy()[:, 0], level))
    return cases


def reach_with(change):
    """Return the interval with what `change` makes of its reach, from the reach, x, y and the level."""

    def mistaken(x, y, level):
        low, high = slope_interval(x, y, level)
        middle, reach = (low + high) / 2, change((high - low) / 2, x, y, level)
        return middle - reach, middle + reach

    return mistaken


def interval_of_the_intercept(x, y, level):
    line = stats.linregress(x, y)
    reach = stats.t.ppf((1 + level) / 2, len(x) - 2) * line.intercept_stderr
    return line.intercept - reach, line.intercept + reach


@code(
    cases=draw_points,
    misconceptions=(
        Misconception(
            reach_with(lambda reach, x, y, level: reach * ((len(x) - 2) / len(x)) ** 0.5),
            "You divided the squared residuals by n. The fitted weights have made them smaller: the divisor is n − 2.",
        ),
        Misconception(
            reach_with(lambda reach, x, y, level: reach * ((len(x) - 2) / (len(x) - 1)) ** 0.5),
            "You divided the squared residuals by n − 1. Two weights were fitted.",
        ),
        Misconception(
            reach_with(
                lambda reach, x, y, level: (
                    reach / stats.t.ppf((1 + level) / 2, len(x) - 2) * stats.norm.ppf((1 + level) / 2)
                )
            ),
            "You took the quantile of the normal distribution. With few points that makes the interval too narrow: s² "
            "is an estimate too.",
        ),
        Misconception(
            reach_with(
                lambda reach, x, y, level: (
                    reach / stats.t.ppf((1 + level) / 2, len(x) - 2) * stats.t.ppf(level, len(x) - 2)
                )
            ),
            "Your quantile leaves out 1 − level on each side, twice as much as is allowed in all: half of it goes on "
            "each side.",
        ),
        Misconception(
            reach_with(
                lambda reach, x, y, level: (
                    reach / stats.t.ppf((1 + level) / 2, len(x) - 2) * stats.t.ppf(0.975, len(x) - 2)
                )
            ),
            "That is always the 95 % interval. The level is an argument.",
        ),
        Misconception(
            reach_with(lambda reach, x, y, level: reach / stats.t.ppf((1 + level) / 2, len(x) - 2)),
            "That is one standard error on either side. The level says how many it has to be.",
        ),
        Misconception(
            reach_with(
                lambda reach, x, y, level: reach**2 / stats.t.ppf((1 + level) / 2, len(x) - 2),
            ),
            "You used the variance of the slope as its standard error: the root is missing.",
        ),
        Misconception(
            interval_of_the_intercept,
            "That is the interval of the intercept. The slope is the second weight.",
        ),
        Misconception(
            lambda x, y, level: slope_interval(y, x, level),
            "That is the slope of x on y: y is what the line predicts.",
        ),
        Misconception(
            lambda *case: slope_interval(*case)[::-1], "The ends are the wrong way round: the lower one comes first."
        ),
    ),
    hints=(
        "It is what the chapter does with its points, but three things come from the arguments: n, the inputs with "
        "their column of ones, and the level.",
        "t is `stats.t.ppf((1 + level) / 2, n - 2)`, and the standard error the root of the second entry on the "
        "diagonal of `s2 * np.linalg.inv(X.T @ X)`.",
    ),
    because="Fit, take $s^2$ from the residuals, the standard error from the covariance, and the quantile for the "
    "level: half of what the interval leaves out lies above it, so the quantile is at $(1 + \\text{level})/2$.",
)
def slope_interval(x, y, level):
    n = len(x)
    X = np.column_stack([np.ones(n), x])
    w = np.linalg.lstsq(X, y, rcond=None)[0]
    s2 = np.sum((y - X @ w) ** 2) / (n - 2)
    se = np.sqrt(np.diag(s2 * np.linalg.inv(X.T @ X)))
    t = stats.t.ppf((1 + level) / 2, n - 2)
    return w[1] - t * se[1], w[1] + t * se[1]


# Exercise 5


def draw_clouds():
    cases = [(np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0, 3.0]))]
    for n, slope in ((40, 2.0), (100, -1.5)):
        data = simulate_line(n=n, slope=slope, seed=6500 + n)
        cases.append((data.x.double().numpy(), data.y.double().numpy()[:, 0]))
    return cases


def turned(x, y):
    """Return intercept and slope of the same line as y = b0 + w1·x."""
    c, d = reverse_line(x, y)
    return -c / d, 1 / d


def forward_line(x, y):
    line = stats.linregress(x, y)
    return line.intercept, line.slope


def without_intercept(x, y):
    return 0.0, x @ y / (y @ y)


def after(updates):
    """Return the loop with a fixed number of updates."""

    def descend(x, y):
        Y = np.column_stack([np.ones(len(y)), y])
        rate, v = 1 / np.linalg.eigvalsh(2 / len(y) * Y.T @ Y).max(), np.zeros(2)
        for _ in range(updates):
            v = v - rate * 2 / len(y) * Y.T @ (Y @ v - x)
        return v

    return descend


@code(
    cases=draw_clouds,
    relative=1e-4,
    misconceptions=(
        Misconception(forward_line, "That is OLS, y on x. The reverse regression predicts x from y."),
        Misconception(turned, "You turned the line into y = b0 + w1·x. Return c and d, before that."),
        Misconception(lambda *case: reverse_line(*case)[::-1], "The two are the wrong way round: c comes first."),
        Misconception(
            lambda x, y: reverse_line(y, x)[::-1],
            "That is OLS, y on x, with the slope first. The reverse regression predicts x from y.",
        ),
        Misconception(
            without_intercept, "Your line passes through the origin: the ones column, and with it c, is missing."
        ),
        Misconception(
            lambda x, y: (x[0], 0.0),
            "(n, 1) predictions minus (n,) targets are n × n differences, each prediction minus each target. Give both "
            "the same shape.",
        ),
        Misconception(after(1), "That is where the first update ends. Is your `return` inside the loop?"),
        Misconception(
            after(100), "You stopped after 100 updates. Go on until the gradient is below 1e-9, however long it takes."
        ),
        Misconception(
            after(1000), "You stopped after 1,000 updates. Go on until the gradient is below 1e-9; it takes longer."
        ),
    ),
    hints=(
        "Exchange the roles: the inputs are the ones and y, and the targets are x. What is the gradient for (c, d)?",
        "With v for c and d it is `2 / n * Y.T @ (Y @ v - x)`. Go on until its length is below 1e-9: that can take ten "
        "thousand updates or more.",
    ),
    because="It is the same loop with the roles exchanged. The curvature belongs to the inputs, which are now 1 and "
    "$y$. The chapter's flows are far larger than the ones, so the rate must be smaller, and the loop takes longer.",
    then="Turned round, it is y = −c/d + x/d: the steep line of the picture.",
    endless="If the gradient grows, it never becomes small: the limit of the rate is 2 divided by the largest "
    "curvature of *this* problem. And does `gradient` change in the loop?",
)
def reverse_line(x, y):
    Y = np.column_stack([np.ones(len(y)), y])
    learning_rate = 1 / np.linalg.eigvalsh(2 / len(y) * Y.T @ Y).max()
    v = np.zeros(2)  # c and d
    gradient = 2 / len(y) * Y.T @ (Y @ v - x)
    while np.linalg.norm(gradient) > 1e-9:
        v = v - learning_rate * gradient
        gradient = 2 / len(y) * Y.T @ (Y @ v - x)
    return v


QUESTIONS = (
    swapped_score,
    four_times_the_points,
    intervals_that_hold_the_slope,
    slope_interval,
    reverse_line,
)
