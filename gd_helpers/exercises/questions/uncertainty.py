"""The exercises of chapter 15: more points, more epochs for them, coverage then, the bootstrap, a height's interval."""

import functools

import numpy as np
from scipy import optimize, stats

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, choice, code, prediction
from gd_helpers.metrics import hessian, sampling_covariance

# Exercise 1


def now(n, seed):
    """Return the standard deviation of the slope as it is."""
    return 2 * more_points(n, seed)


@prediction(
    asks=("standard deviation",),
    relative=0.02,
    misconceptions=(
        Misconception(
            now,
            "That is what it is now. The noise stays the same, but it is averaged over more points.",
        ),
        Misconception(
            lambda n, seed: now(n, seed) / 4,
            "The *variance* becomes a quarter. The standard deviation is its root.",
        ),
        Misconception(
            lambda n, seed: now(n, seed) * 2,
            "Does the slope become less certain with more points? XᵀX is a sum over the points.",
        ),
        Misconception(
            lambda n, seed: now(n, seed) ** 2 / 4,
            "That is a variance. The standard deviation is its root.",
        ),
        Misconception(
            lambda n, seed: now(n, seed) / 2 * 0.5**0.5,
            "That is for σ² = 1. The noise is the sum of two unit draws.",
        ),
    ),
    hints=(
        "The chapter prints the standard deviation of the slope for the points as they are. With each x four times, "
        "what becomes of XᵀX?",
        "XᵀX becomes four times as large, the covariance a quarter, its roots a half.",
    ),
    because="The covariance is $\\sigma^2 (X^\\top X)^{-1}$, and $X^\\top X$ is a sum over the points, so standard "
    "deviations fall with $1/\\sqrt n$.",
)
def more_points(n, seed):
    data = simulate_line(n=n, seed=seed)
    return np.sqrt(sampling_covariance(data, 2)[1, 1]) / 2


# Exercise 2


@functools.cache
def find_crossings(n, seed):
    """Return the epochs at which the two expected errors are equal, for n points and for a hundred times as many."""
    data = simulate_line(n=n, seed=seed)
    curvatures, axes = np.linalg.eigh(hessian(data))
    heights = curvatures * (axes.T @ data.truth) ** 2 / 2

    def crossing(points):
        def difference(t):
            return np.sum(np.abs(1 - 0.1 * curvatures) ** (2 * t) * (heights + 2 / points)) - 4 / points

        return optimize.brentq(difference, 0, 10_000)

    return crossing(n), crossing(100 * n)


def hessian_of(n, seed):
    return hessian(simulate_line(n=n, seed=seed))


@prediction(
    asks=("epochs later",),
    absolute=3,
    misconceptions=(
        Misconception(
            0,
            "The optimisation error hardly depends on the number of points. But the level that it has to fall below "
            "does.",
        ),
        Misconception(
            lambda n, seed: 2 * epochs_for_more_points(n, seed),
            "Twice as many as it takes: the errors are *squared* distances, and an epoch multiplies them by (1 − αλ)².",
        ),
        Misconception(
            lambda n, seed: epochs_for_more_points(n, seed) / 2,
            "That is for ten times the points. The level pσ²/n falls with n, not with its root.",
        ),
        Misconception(
            lambda n, seed: find_crossings(n, seed)[1],
            "That is the epoch of the crossing. How much later is it than before?",
        ),
        Misconception(
            lambda n, seed: 100 * find_crossings(n, seed)[0],
            "Each epoch multiplies the optimisation error by the same *factor*, so the epochs do not grow in "
            "proportion.",
        ),
        Misconception(
            lambda n, seed: 99 * find_crossings(n, seed)[0],
            "Each epoch multiplies the optimisation error by the same factor: the epochs grow with the logarithm of n.",
        ),
        Misconception(
            lambda n, seed: -epochs_for_more_points(n, seed),
            "Earlier? With more points the sampling error is smaller, so there is more to gain from training.",
        ),
        Misconception(
            lambda n, seed: np.log(100) / (-2 * np.log(abs(1 - 0.1 * np.linalg.eigvalsh(hessian_of(n, seed))[1]))),
            "You took the steepest curvature. That direction arrived long ago: which one is left at the crossing?",
        ),
    ),
    hints=(
        "The sampling error falls by a factor of 100. How many epochs does the optimisation error take to fall by as "
        "much? In the figure it is a straight line.",
        "An epoch multiplies it by (1 − αλ)², with the smallest curvature λ of the loss: solve (1 − αλ)^(2k) = 1/100.",
    ),
    because="Only the flat direction is left, where an epoch multiplies the squared distance by "
    "$(1 - \\alpha\\lambda)^2$: $k = \\ln 100 / (-2 \\ln(1 - \\alpha\\lambda))$.",
    then="The extra epochs come from the factor alone, and at the same temperatures that is the same for every n.",
)
def epochs_for_more_points(n, seed):
    data = simulate_line(n=n, seed=seed)
    X = data.X.double().numpy()
    flattest = np.linalg.eigvalsh(2 / n * X.T @ X)[0]
    return np.log(100) / (-2 * np.log(1 - 0.1 * flattest))


# Exercise 3


@choice(
    options=("higher", "about the same", "lower", "close to zero"),
    misconceptions=(
        Misconception(
            "higher",
            "More points make each interval narrower. Does the run get any nearer to least squares?",
        ),
        Misconception(
            "about the same",
            "An interval around a *finished* run has 95 % coverage at any n. This run is off by its optimisation "
            "error: does that shrink along with the interval?",
        ),
        Misconception(
            "lower",
            "Lower it is, but by how much? Divide the bias after 100 epochs by the standard error, for n and for 10 n.",
        ),
    ),
    hints=(
        "How long is the interval with ten times the points, and how far is the run from least squares after 100 "
        "epochs? Only one of the two depends on n.",
        "Or count: use `redraw_noise` and `train` for some hundred seeds, with `X.repeat(10, 1)` for ten points at "
        "each x.",
    ),
    because="The interval shrinks with $1/\\sqrt n$. The bias $-M^t w^*$ stays, since x, and therefore $M$, is the "
    "same.",
    then="More data makes a run that stops too early look more certain, and leaves its bias as it was.",
)
def coverage_with_more_points(n, seed):
    data, shares = simulate_line(n=n, seed=seed), []
    X = data.X.double().numpy()
    left = np.linalg.matrix_power(np.eye(2) - 0.1 * 2 / n * X.T @ X, 100)
    bias = -left @ data.truth  # the same for ten times the points at the same x
    for points in (n, 10 * n):
        covariance = sampling_covariance(data, 2) * n / points
        noise = (np.eye(2) - left) @ covariance @ (np.eye(2) - left).T
        reach = 1.96 * np.sqrt(covariance[1, 1])
        ends = (np.array([-reach, reach]) - bias[1]) / np.sqrt(noise[1, 1])
        shares.append(np.diff(stats.norm.cdf(ends))[0])
    if shares[1] < 0.1:
        return "close to zero"
    if abs(shares[1] - shares[0]) < 0.01:
        return "about the same"
    return "lower" if shares[1] < shares[0] else "higher"


# Exercise 4


def draw_resamples():
    X = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 3.0], [1.0, 4.0]])
    small = np.array([[0, 1, 1, 3], [2, 2, 0, 1], [3, 0, 0, 2]])
    cases = [(X, np.array([1.0, 2.0, 0.0, 5.0]), small)]
    for n, k in ((30, 25), (80, 60)):
        data, generator = simulate_line(n=n, seed=15_000 + n), np.random.default_rng(n)
        cases.append((data.X.double().numpy(), data.y.double().numpy()[:, 0], generator.integers(n, size=(k, n))))
    return cases


def only_the_targets(X, y, rows):
    estimates = [np.linalg.lstsq(X, y[row], rcond=None)[0] for row in rows]
    return np.std(estimates, axis=0, ddof=1)


def by_formula(X, y, rows):
    weights = np.linalg.lstsq(X, y, rcond=None)[0]
    s2 = np.sum((y - X @ weights) ** 2) / (len(y) - X.shape[1])
    return np.sqrt(s2 * np.diag(np.linalg.inv(X.T @ X)))


def around_the_whole(X, y, rows):
    estimates = np.array([np.linalg.lstsq(X[row], y[row], rcond=None)[0] for row in rows])
    whole = np.linalg.lstsq(X, y, rcond=None)[0]
    return np.sqrt(np.sum((estimates - whole) ** 2, axis=0) / (len(rows) - 1))


@code(
    cases=draw_resamples,
    misconceptions=(
        Misconception(
            only_the_targets,
            "You resampled the targets and left X as it was. That breaks up the pairs: take the same rows of both.",
        ),
        Misconception(
            lambda X, y, rows: bootstrap_errors(X, y, rows) * ((len(rows) - 1) / len(rows)) ** 0.5,
            "The divisor is k − 1: `np.std` takes k unless told `ddof=1`.",
        ),
        Misconception(
            lambda X, y, rows: bootstrap_errors(X, y, rows) ** 2,
            "Those are variances. Standard deviations are their roots.",
        ),
        Misconception(
            lambda X, y, rows: bootstrap_errors(X, y, rows) / len(rows) ** 0.5,
            "You divided by √k. The spread of *one* estimate is asked for, not that of the mean of k of them.",
        ),
        Misconception(
            by_formula,
            "That is the formula. Here the answer comes from the resamples: fit each of them.",
        ),
        Misconception(
            around_the_whole,
            "You took the distances from the fit to all points. A standard deviation is taken around the estimates' "
            "mean.",
        ),
        Misconception(
            lambda X, y, rows: np.mean([np.linalg.lstsq(X[row], y[row], rcond=None)[0] for row in rows], axis=0),
            "That is the mean of the estimates. How widely do they scatter?",
        ),
    ),
    hints=(
        "For one row: `np.linalg.lstsq(X[row], y[row], rcond=None)[0]`.",
        "Put the estimates into a list, and take `np.std` of it along the first axis, with `ddof=1`.",
    ),
    because="It is the chapter's bootstrap with least squares in place of runs: a fit for each resample, then their "
    "spread.",
)
def bootstrap_errors(X, y, rows):
    estimates = [np.linalg.lstsq(X[row], y[row], rcond=None)[0] for row in rows]
    return np.std(estimates, axis=0, ddof=1)


# Exercise 5


def height_around_the_middle(x, y, x0, level, extra=0.0, variance=None, quantile=None):
    """Measure x from its mean, where height and slope are not correlated; the rest lets mistakes in."""
    line, off = stats.linregress(x, y), x0 - x.mean()
    spread = np.sum((x - x.mean()) ** 2)
    s2 = line.stderr**2 * spread
    share = 1 / len(x) + off**2 / spread if variance is None else variance(x, x0, spread)
    t = stats.t.ppf((1 + level) / 2, len(x) - 2) if quantile is None else quantile(level, len(x) - 2)
    reach = t * np.sqrt(s2 * (share + extra))
    middle = line.intercept + line.slope * x0
    return middle - reach, middle + reach


def draw_heights():
    cases = [(np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0, 3.0]), 2.0, 0.9)]
    for n, x0, level in ((12, -1.0, 0.8), (60, 5.5, 0.95)):
        data = simulate_line(n=n, seed=15_500 + n)
        cases.append((data.x.double().numpy(), data.y.double().numpy()[:, 0], x0, level))
    return cases


def with_a_mistake(**mistake):
    return lambda x, y, x0, level: height_around_the_middle(x, y, x0, level, **mistake)


@code(
    cases=draw_heights,
    misconceptions=(
        Misconception(
            with_a_mistake(
                variance=lambda x, x0, spread: 1 / len(x) + x.mean() ** 2 / spread + x0**2 / spread,
            ),
            "You added the two variances. b0 and w1 are correlated: their covariance counts too, and twice.",
        ),
        Misconception(
            with_a_mistake(
                variance=lambda x, x0, spread: (
                    ((1 / len(x) + x.mean() ** 2 / spread) ** 0.5 + abs(x0) / spread**0.5) ** 2
                ),
            ),
            "You added standard errors. Variances and covariances add; the root comes last.",
        ),
        Misconception(
            with_a_mistake(
                variance=lambda x, x0, spread: (
                    1 / len(x) + x.mean() ** 2 / spread + x0**2 / spread - x0 * x.mean() / spread
                ),
            ),
            "The covariance of b0 and w1 counts twice: both off-diagonal entries of the matrix are in the sum.",
        ),
        Misconception(
            with_a_mistake(extra=1.0),
            "That is for a new *point* at x0, with its own noise. The height of the line is asked for.",
        ),
        Misconception(
            with_a_mistake(quantile=lambda level, freedom: stats.norm.ppf((1 + level) / 2)),
            "You took the quantile of the normal distribution. s² is an estimate, so use Student's t.",
        ),
        Misconception(
            with_a_mistake(quantile=lambda level, freedom: stats.t.ppf(level, freedom)),
            "Your quantile leaves out 1 − level on each side. Half of it goes on each side.",
        ),
        Misconception(
            with_a_mistake(
                quantile=lambda level, freedom: stats.t.ppf((1 + level) / 2, freedom) * (freedom / (freedom + 2)) ** 0.5
            ),
            "You divided the squared residuals by n. Two weights were fitted: the divisor is n − 2.",
        ),
        Misconception(
            with_a_mistake(variance=lambda x, x0, spread: x0**2 / spread),
            "You included only the slope's part of the variance. b0 is not known exactly either.",
        ),
        Misconception(
            with_a_mistake(variance=lambda x, x0, spread: 1 / spread),
            "The middle is right, but the reach is that of the slope alone.",
        ),
        Misconception(
            lambda *case: height_around_the_middle(*case)[::-1],
            "The ends are the wrong way round: the lower one comes first.",
        ),
    ),
    hints=(
        "With a = (1, x0) the height is aᵀŵ. Its variance is aᵀ Cov(ŵ) a: use the whole matrix, not only its diagonal.",
        "`at = np.array([1, x0])`, then `at @ covariance @ at` with `covariance = s2 * np.linalg.inv(X.T @ X)`; the "
        "quantile is `stats.t.ppf((1 + level) / 2, n - 2)`.",
    ),
    because="For fixed numbers $a$, the sum $a^\\top \\hat w$ has the variance "
    "$a^\\top \\operatorname{Cov}(\\hat w)\\, a$.",
    then="It is narrowest at the mean of x, where all good lines pass.",
)
def height_interval(x, y, x0, level):
    X, n = np.column_stack([np.ones(len(x)), x]), len(x)
    weights = np.linalg.lstsq(X, y, rcond=None)[0]
    s2 = np.sum((y - X @ weights) ** 2) / (n - 2)
    covariance = s2 * np.linalg.inv(X.T @ X)
    at = np.array([1, x0])
    reach = stats.t.ppf((1 + level) / 2, n - 2) * np.sqrt(at @ covariance @ at)
    return at @ weights - reach, at @ weights + reach


QUESTIONS = (
    more_points,
    epochs_for_more_points,
    coverage_with_more_points,
    bootstrap_errors,
    height_interval,
)
