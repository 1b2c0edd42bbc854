"""The exercises of chapter 06: the swapped score, more points, coverage, an interval, the reverse regression."""

import functools

import numpy as np
from scipy import stats
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from gd_helpers.data import simulate_line
from gd_helpers.exercises.question_types import Code, Misconception, Prediction
from gd_helpers.metrics import ols

# Exercise 1


def swapped_score_and_slope():
    r2 = 0.8
    spread_of_y = 1  # any unit will do
    unexplained, spread_of_predictions = (1 - r2) * spread_of_y, r2 * spread_of_y
    return 1 - unexplained / spread_of_predictions, 1 / r2


def fit_both_ways():
    """Make points with an R² of exactly 0.8, and let scikit-learn fit and score them both ways."""
    x, noise = np.array([[-1.0], [-1.0], [1.0], [1.0]]), np.array([-1.0, 1.0, -1.0, 1.0])
    y = 3 + 2 * x[:, 0] + noise
    forward, reverse = LinearRegression().fit(x, y), LinearRegression().fit(y[:, None], x[:, 0])
    return r2_score(forward.predict(x), y), 1 / (reverse.coef_[0] * forward.coef_[0])


SWAPPED_SCORE_AND_SLOPE = Prediction(
    solution=swapped_score_and_slope,
    expected=fit_both_ways,
    asks=("swapped score", "times as steep"),
    relative=0.01,
    misconceptions=(
        Misconception((1.25, 0.75), "These two are the wrong way round: the score comes first."),
        Misconception(
            (0.8, None),
            "The numerators are the same, the denominators are not: how much spread have the predictions, beside y?",
        ),
        Misconception((1.25, None), "No such score is above 1. That is a ratio of spreads: what is subtracted from 1?"),
        Misconception((0.25, None), "That is a ratio of two spreads, and not yet the score."),
        Misconception((0.2, None), "That is the part of the spread of y that is left unexplained."),
        Misconception(
            (0.64, None),
            "That is the square of R². Write down both fractions, of R² and of the swapped score, and compare.",
        ),
        Misconception((None, 0.8), "Upside down: is the reverse regression flatter than OLS, or steeper?"),
        Misconception((None, 1), "Both lines have the same slope only where all points are on one line."),
        Misconception((None, 0.8**-0.5), "You took the root. The claim above is about R² itself."),
    ),
    hints=(
        "Take the spread of y as 1. How much of it is left in the residuals, and how much is in the predictions of "
        "OLS?",
        "The residuals have 1 − R², the predictions R². The swapped score is 1 minus the first divided by the second; "
        "the slope is in a claim above.",
    ),
    because="With the spread of $y$ as 1, OLS leaves $1 - R^2$ to the residuals, and its predictions have $R^2$. So "
    "the swapped score is $1 - (1 - R^2)/R^2 = 2 - 1/R^2$. The reverse regression is steeper by $1/R^2$.",
    then="At R² = 0.5 the swapped score of OLS is 0, and below that it is negative.",
)


# Exercise 2


def four_times_the_points():
    n = np.array([1000, 4000])
    standard_error, gap = np.sqrt(1 / n), 2 * 2 * 2 / n
    return standard_error[0] / standard_error[1], gap[0] / gap[1]


def repeat_the_points():
    """Repeat points four times: standard errors from the inverse of XᵀX, the gap from the trace of the hat matrix."""
    X = simulate_line(n=50, seed=6050).X.double().numpy()
    errors, gaps = [], []
    for inputs in (X, np.tile(X, (4, 1))):
        inverse = np.linalg.inv(inputs.T @ inputs)
        errors.append(inverse[1, 1] ** 0.5)
        gaps.append(2 * np.trace(inputs @ inverse @ inputs.T) / len(inputs))
    return errors[0] / errors[1], gaps[0] / gaps[1]


FOUR_TIMES_THE_POINTS = Prediction(
    solution=four_times_the_points,
    expected=repeat_the_points,
    asks=("factor of the standard errors", "factor of the gap"),
    relative=0.01,
    misconceptions=(
        Misconception((4, 2), "These two are the wrong way round: standard errors come first."),
        Misconception(
            (4, None),
            "So the variances of the estimates shrink. A standard error is the root of a variance.",
        ),
        Misconception((16, None), "You squared. Is a standard error the square of a variance, or its root?"),
        Misconception((1, None), "The noise stays as it is, but it is averaged over more points."),
        Misconception((0.5, None), "Upside down: by which factor do they become smaller?"),
        Misconception((None, 2), "You took the root. In 2pσ²/n there is none."),
        Misconception((None, 16), "You squared. The formula has n in it once."),
        Misconception(
            (None, 1), "Two weights have less to over-fit with, the more points they must fit: look at the formula."
        ),
        Misconception((None, 0.25), "Upside down: by which factor does it become smaller?"),
    ),
    hints=(
        "The covariance is s² (XᵀX)⁻¹. With four times as many rows, what becomes of XᵀX?",
        "The gap is 2pσ²/n. The standard errors are roots of variances that fall with 1/n.",
    ),
    because="$X^\\top X$ is a sum over the points, so it grows by 4, its inverse shrinks by 4, and the root of that by "
    "2. The gap is a squared quantity, and shrinks as the variances do.",
)


# Exercise 3


def intervals_that_hold_the_slope(n):
    t = stats.t.ppf(0.975, n - 2)
    holding = 0
    for new_seed in range(500):
        new_best = ols(simulate_line(n=n, seed=new_seed))
        holding += abs(new_best.weights[1] - 2) < t * new_best.standard_errors[1]
    return int(holding)


@functools.cache
def count_with_linregress(n):
    """Let SciPy fit the lines."""
    holding, reach = 0, stats.t.ppf(0.975, n - 2)
    for new_seed in range(500):
        data = simulate_line(n=n, seed=new_seed)
        line = stats.linregress(data.x.double().numpy(), data.y[:, 0].double().numpy())
        holding += line.slope - reach * line.stderr < 2 < line.slope + reach * line.stderr
    return int(holding)


INTERVALS_THAT_HOLD_THE_SLOPE = Prediction(
    solution=intervals_that_hold_the_slope,
    expected=count_with_linregress,
    asks=("intervals of 500",),
    absolute=12,
    misconceptions=(
        Misconception(500, "A 95 % interval is not made to hold the truth always. How often does the procedure fail?"),
        Misconception(25, "So often you would expect it to fail."),
        Misconception(95, "Those are per cent. How many of 500?"),
        Misconception(0.95, "That is the share. How many of 500?"),
        Misconception(
            1,
            "Each data set has an interval of its own, around its own estimate, and nearly each of them is near the "
            "truth.",
        ),
        Misconception(
            250,
            "An estimate is too low about half of the time. But the interval reaches to both sides.",
        ),
        Misconception(341, "So many would hold it if they reached one standard error. They reach about two."),
    ),
    hints=(
        "What do the 95 % speak of: one interval, or the procedure that makes them?",
        "Count: for each seed, `fit = ols(simulate_line(n=n, seed=new_seed))`, and see whether `fit.weights[1]` is "
        "within t · `fit.standard_errors[1]` of 2.",
    ),
    because="The procedure is made to succeed in 95 % of all data sets, which is 475 of 500. The count itself is "
    "chance: its standard deviation is $\\sqrt{500 \\cdot 0.95 \\cdot 0.05} \\approx 5$, so 465 to 485 surprises "
    "nobody.",
)


# Exercise 4


def slope_interval(x, y, level):
    n = len(x)
    X = np.column_stack([np.ones(n), x])
    w = np.linalg.lstsq(X, y, rcond=None)[0]
    s2 = np.sum((y - X @ w) ** 2) / (n - 2)
    se = np.sqrt(np.diag(s2 * np.linalg.inv(X.T @ X)))
    t = stats.t.ppf((1 + level) / 2, n - 2)
    return w[1] - t * se[1], w[1] + t * se[1]


def ask_scipy(x, y, level):
    """Take slope and standard error from SciPy's line."""
    line = stats.linregress(x, y)
    low, high = stats.t.interval(level, len(x) - 2, line.slope, line.stderr)
    return float(low), float(high)


def draw_points():
    cases = [(np.array([0.0, 1.0, 2.0, 3.0, 5.0]), np.array([1.0, 2.5, 2.0, 4.0, 6.0]), 0.9)]
    for n, level in ((8, 0.95), (30, 0.8), (12, 0.99)):
        data = simulate_line(n=n, slope=-1.0, seed=6000 + n)
        cases.append((data.x.double().numpy(), data.y.double().numpy()[:, 0], level))
    return cases


def reach_with(change):
    """Return the interval with what `change` makes of its reach, from the reach, x, y and the level."""

    def mistaken(x, y, level):
        low, high = ask_scipy(x, y, level)
        middle, reach = (low + high) / 2, change((high - low) / 2, x, y, level)
        return middle - reach, middle + reach

    return mistaken


def interval_of_the_intercept(x, y, level):
    line = stats.linregress(x, y)
    reach = stats.t.ppf((1 + level) / 2, len(x) - 2) * line.intercept_stderr
    return line.intercept - reach, line.intercept + reach


SLOPE_INTERVAL = Code(
    solution=slope_interval,
    expected=ask_scipy,
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
            "You took the quantile of the normal distribution. With few points it makes the interval too narrow: s² is "
            "an estimate, too.",
        ),
        Misconception(
            reach_with(
                lambda reach, x, y, level: (
                    reach / stats.t.ppf((1 + level) / 2, len(x) - 2) * stats.t.ppf(level, len(x) - 2)
                )
            ),
            "Your quantile leaves 1 − level on each side, twice as much as is allowed together: half of it goes to "
            "either side.",
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
            "That is one standard error to either side. The level says how many it has to be.",
        ),
        Misconception(
            reach_with(
                lambda reach, x, y, level: reach**2 / stats.t.ppf((1 + level) / 2, len(x) - 2),
            ),
            "You took the variance of the slope for its standard error: the root is missing.",
        ),
        Misconception(
            interval_of_the_intercept,
            "That is the interval of the intercept. The slope is the second weight.",
        ),
        Misconception(
            lambda x, y, level: ask_scipy(y, x, level),
            "That is the slope of x on y: y is what the line predicts.",
        ),
        Misconception(lambda *case: ask_scipy(*case)[::-1], "The ends are the wrong way round: the lower comes first."),
    ),
    hints=(
        "It is what the chapter does with its points, with three things to take from the arguments: n, the inputs with "
        "their ones, and the level.",
        "t is `stats.t.ppf((1 + level) / 2, n - 2)`, and the standard error the root of the second entry on the "
        "diagonal of `s2 * np.linalg.inv(X.T @ X)`.",
    ),
    because="Fit, take $s^2$ from the residuals, the standard error from the covariance, and the quantile for the "
    "level: half of what it leaves out is above, so it is at $(1 + \\text{level})/2$.",
)


# Exercise 5


def reverse_line(x, y):
    Y = np.column_stack([np.ones(len(y)), y])
    learning_rate = 1 / np.linalg.eigvalsh(2 / len(y) * Y.T @ Y).max()
    v = np.zeros(2)  # c and d of x̂ = c + d·y
    gradient = 2 / len(y) * Y.T @ (Y @ v - x)
    while np.linalg.norm(gradient) > 1e-9:
        v = v - learning_rate * gradient
        gradient = 2 / len(y) * Y.T @ (Y @ v - x)
    return -v[0] / v[1], 1 / v[1]


def turn_by_moments(x, y):
    """Lay the line through the middle, with the slope Var(y) / Cov(x, y)."""
    (_, together), (_, var_y) = np.cov(x, y)
    slope = var_y / together
    return y.mean() - slope * x.mean(), slope


def draw_clouds():
    cases = [(np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0, 3.0]))]
    for n, slope in ((40, 2.0), (100, -1.5)):
        data = simulate_line(n=n, slope=slope, seed=6500 + n)
        cases.append((data.x.double().numpy(), data.y.double().numpy()[:, 0]))
    return cases


def unturned(x, y):
    line = stats.linregress(y, x)
    return line.intercept, line.slope


def forward_line(x, y):
    line = stats.linregress(x, y)
    return line.intercept, line.slope


def long_axis(x, y):
    """Return the line along the length of the cloud, with the least squared distances at right angles."""
    direction = np.linalg.eigh(np.cov(x, y))[1][:, -1]
    slope = direction[1] / direction[0]
    return y.mean() - slope * x.mean(), slope


REVERSE_LINE = Code(
    solution=reverse_line,
    expected=turn_by_moments,
    cases=draw_clouds,
    relative=1e-4,
    misconceptions=(
        Misconception(forward_line, "That is OLS, y on x. The reverse regression predicts x from y."),
        Misconception(
            unturned,
            "That is the line x̂ = c + d·y. Turn it round, to have it as y = b0 + w1·x.",
        ),
        Misconception(
            lambda x, y: (-turn_by_moments(x, y)[0], turn_by_moments(x, y)[1]),
            "The slope is right, and the sign of the intercept is not: solve x = c + d·y for y.",
        ),
        Misconception(
            lambda x, y: (unturned(x, y)[0], 1 / unturned(x, y)[1]),
            "You turned the slope round and kept the intercept. Solve x = c + d·y for y: both change.",
        ),
        Misconception(
            lambda x, y: (-unturned(x, y)[0], 1 / unturned(x, y)[1]),
            "The slope is right. For the intercept, c has to be divided by d, too.",
        ),
        Misconception(
            lambda x, y: (forward_line(x, y)[0], turn_by_moments(x, y)[1]),
            "The slope is right, but with it belongs another intercept than that of OLS.",
        ),
        Misconception(lambda *case: turn_by_moments(*case)[::-1], "The two are the wrong way round: b0 comes first."),
        Misconception(
            long_axis,
            "That is the line along the length of the cloud, with the smallest distances at right angles. The reverse "
            "regression has the smallest horizontal ones.",
        ),
    ),
    hints=(
        "Exchange the roles: the inputs are the ones and y, and the targets are x. What is the gradient for (c, d)?",
        "The rate of the chapter is too large here. The curvature is that of 2 YᵀY/n, and y is further away from 0 "
        "than x: take 1 divided by its largest eigenvalue.",
        "Go on until the gradient is below 1e-9: it takes some ten thousand updates, or more. At the end, x = c + d·y "
        "gives y = −c/d + x/d.",
    ),
    because="The same loop with the roles exchanged. The curvature belongs to the inputs, which are now 1 and $y$; "
    "they are larger, so the rate must be smaller, and nearer to parallel, so it takes longer.",
    endless="If the gradient grows, it never gets small: the limit of the rate is 2 divided by the largest curvature "
    "of *this* problem. And does `gradient` change in the loop?",
)

QUESTIONS = (
    SWAPPED_SCORE_AND_SLOPE,
    FOUR_TIMES_THE_POINTS,
    INTERVALS_THAT_HOLD_THE_SLOPE,
    SLOPE_INTERVAL,
    REVERSE_LINE,
)
