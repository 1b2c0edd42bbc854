"""The exercises of chapter 04: how long the run is, what one example tells, the loop, the shape of its noise ball."""

import math
import statistics

import numpy as np

from gd_helpers.data import simulate_line
from gd_helpers.exercises.question_types import Choice, Code, Misconception, Prediction
from gd_helpers.metrics import ols, stationary_covariance
from gd_helpers.models import linear
from gd_helpers.training.trainer import train

# Exercise 1


def updates_to_within_one_percent(n, seed):
    data = simulate_line(n=n, seed=seed)
    epochs = max(500, 60_000 // n)  # with few points, 500 are too few
    needed = []
    for method, passes in (("batch", 14_000), ("stochastic", epochs)):
        run = train(data, method, epochs=passes, seed=seed)
        needed.append(run.trace.updates[run.trace.loss < 1.01 * ols(data).mse].min())
    ratios = {"half as many": 1 / 2, "as many": 1, "twice as many": 2, "a hundred times as many": 100}
    return min(ratios, key=lambda name: abs(np.log(needed[1] / needed[0] / ratios[name])))


def count_with_adam_by_hand(n, seed, B):
    """Write Adam out in NumPy, with shuffled batches of B, and count its updates at the ends of epochs."""
    data = simulate_line(n=n, seed=seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    G, h = 2 * X[:, :, None] * X[:, None], 2 * X * y[:, None]  # the gradient of example i is G[i] @ w - h[i]
    if n == B:
        G, h = G.mean(axis=0, keepdims=True), h.mean(axis=0, keepdims=True)
    G, h, least = G.tolist(), h.tolist(), ols(data).mse
    rng, k = np.random.default_rng(seed), 0
    w, m, v = linear(seed=seed)[0].weight.detach().double().numpy().ravel().tolist(), [0.0, 0.0], [0.0, 0.0]
    while np.mean((X @ w - y) ** 2) >= 1.01 * least:
        for i in rng.permutation(len(h)).tolist():
            k += 1
            gradient = [G[i][j][0] * w[0] + G[i][j][1] * w[1] - h[i][j] for j in (0, 1)]
            for j, g in enumerate(gradient):
                m[j] = 0.9 * m[j] + 0.1 * g
                v[j] = 0.999 * v[j] + 0.001 * g * g
                w[j] -= 0.001 * m[j] / (1 - 0.9**k) / (math.sqrt(v[j] / (1 - 0.999**k)) + 1e-8)
    return k


def sort_by_ratio(n, seed):
    """Sort the ratio of the two counts between the geometric middles of the answers."""
    ratio = count_with_adam_by_hand(n, seed, 1) / count_with_adam_by_hand(n, seed, n)
    return ("half as many", "as many", "twice as many", "a hundred times as many")[
        np.searchsorted(np.sqrt([1 / 2, 2, 200]), ratio)
    ]


UPDATES_TO_WITHIN_ONE_PERCENT = Choice(
    solution=updates_to_within_one_percent,
    expected=sort_by_ratio,
    options=("half as many", "as many", "twice as many", "a hundred times as many"),
    misconceptions=(
        Misconception(
            "half as many",
            "Adam divides by the size of the recent gradients, noise included. What does that do to its steps?",
        ),
        Misconception(
            "as many",
            "So it would be if noise cost nothing. But Adam divides by the size of the recent gradients, and noise is "
            "part of that size.",
        ),
        Misconception(
            "a hundred times as many",
            "That is more than the whole published run, and its loss curve is flat long before the end.",
        ),
    ),
    hints=(
        "Adam divides by the recent size of a weight's gradient. Is a single gradient larger or smaller than the mean "
        "of them all, near the minimum?",
        "Or count: `run.trace` has a row an epoch, with the columns `updates` and `loss`. Which is the first row "
        "with a loss below `1.01 * best.mse`?",
    ),
    because="More updates than batch descent needs, since Adam divides by the size of the recent gradients, and single "
    "gradients are large from noise alone: that makes the steps shorter. But each update reads one example, where "
    "batch reads all of them. It is a small part of the run: about 5 % of its updates. The other 95 % only walk around "
    "in the noise ball.",
)


# Exercise 2


def loss_of_one_example(n, seed):
    data = simulate_line(n=n, seed=seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    losses = (X @ ols(data).weights - y) ** 2
    return losses.mean(), losses.std(), (losses.std() / (0.1 * losses.mean())) ** 2


def fit_and_score_by_statistics(n, seed):
    """Fit and score the line with Python's own statistics."""
    data = simulate_line(n=n, seed=seed)
    xs, ys = data.x.double().tolist(), data.y.double()[:, 0].tolist()
    slope, intercept = statistics.linear_regression(xs, ys)
    losses = [(intercept + slope * x - y) ** 2 for x, y in zip(xs, ys, strict=True)]
    mean, variance = statistics.fmean(losses), statistics.pvariance(losses)
    return mean, variance**0.5, variance / (0.1 * mean) ** 2


def slip_in_the_count(change):
    """Return what `change` makes of mean and standard deviation, as a wrong count."""
    return lambda n, seed: (None, None, change(*fit_and_score_by_statistics(n, seed)[:2]))


LOSS_OF_ONE_EXAMPLE = Prediction(
    solution=loss_of_one_example,
    expected=fit_and_score_by_statistics,
    asks=("mean", "standard deviation", "examples to average"),
    relative=0.15,
    misconceptions=(
        Misconception(
            lambda n, seed: (*fit_and_score_by_statistics(n, seed)[1::-1], None),
            "Mean and standard deviation are the wrong way round: the losses scatter more widely than their mean is "
            "large.",
        ),
        Misconception(
            lambda n, seed: (fit_and_score_by_statistics(n, seed)[0] ** 0.5, None, None),
            "That is a distance from the line. The loss of an example is the square of it.",
        ),
        Misconception(
            (0, None, None),
            "The residuals average to 0. Their squares don't: which number is the mean of all the squared residuals?",
        ),
        Misconception(
            lambda n, seed: (None, fit_and_score_by_statistics(n, seed)[0] ** 0.5, None),
            "That is the standard deviation of the residuals. Asked is that of their squares.",
        ),
        Misconception(
            lambda n, seed: (None, fit_and_score_by_statistics(n, seed)[1] ** 2, None),
            "That is the variance of the losses. Take the root.",
        ),
        Misconception(
            slip_in_the_count(lambda mean, std: std / (0.1 * mean)),
            "You divided the standard deviation by the error that is wanted. The error falls with the root of how "
            "many are averaged.",
        ),
        Misconception(
            slip_in_the_count(lambda mean, std: (std / 0.1) ** 2),
            "You took 0.1, in units of the loss. Wanted is a tenth of the mean.",
        ),
        Misconception(
            slip_in_the_count(lambda mean, std: 100),
            "So many would do if the losses scattered just as widely as their mean is large.",
        ),
    ),
    hints=(
        "The mean over all examples is a number that this chapter prints. For the standard deviation: the square of a "
        "normal number with mean 0 and variance v has the mean v and the variance 2v². What is v here?",
        "The residuals are nearly normal, and v is their mean square. And a mean of m losses has the standard "
        "deviation of one, divided by √m.",
        "Or compute the squared residuals of all examples, at `best.weights`, and ask them.",
    ),
    because="The mean is the loss over all the data, that of least squares. The residuals are nearly normal, so their "
    "squares have a standard deviation of about $\\sqrt 2$ times that mean. A mean of $m$ has the standard error "
    "$\\sqrt{2/m}$ times the loss; a tenth of it takes $m = 200$.",
    then="So the last examples of some 200 epochs, averaged, say what the loss is to within a tenth. One says nothing.",
)


# Exercise 3


def epoch_ends(X, y, w, rates, orders):
    ends = []
    for α, order in zip(rates, orders, strict=True):
        for i in order:
            gradient = 2 * (X[i] @ w - y[i, 0]) * X[i]
            w = w - α * gradient
        ends.append(w)
    return np.array(ends)


def compose_updates(X, y, w, rates, orders):
    """Multiply the updates, each a matrix on (w, 1), to one matrix an epoch."""
    p, ends, state = len(w), [], np.append(w, 1.0)
    for α, order in zip(rates, orders, strict=True):
        epoch = np.eye(p + 1)
        for x, target in zip(X[order], y[order, 0], strict=True):
            update = np.eye(p + 1)
            update[:p] -= 2 * α * np.outer(x, np.append(x, -target))
            epoch = update @ epoch
        state = epoch @ state
        ends.append(state[:p])
    return np.array(ends)


def draw_orders():
    small = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 4.0]]), np.array([[3.0], [5.0], [10.0]])
    cases = [(*small, np.array([0.5, 1.0]), np.array([0.05, 0.02]), np.array([[2, 0, 1], [1, 2, 0]]))]
    for n, epochs in ((20, 3), (60, 8)):
        data, generator = simulate_line(n=n, seed=4000 + n), np.random.default_rng(n)
        X, y = data.X.double().numpy(), data.y.double().numpy()
        rates, start = 0.02 / np.sqrt(np.arange(1, epochs + 1)), generator.normal(size=2)
        cases.append((X, y, start, rates, generator.integers(n, size=(epochs, n))))
    return cases


def change_rates(change):
    """Return the walk with other rates."""
    return lambda X, y, w, rates, orders: epoch_ends(X, y, w, change(rates, len(y)), orders)


def walk_with_whole_gradient(X, y, w, rates, orders):
    ends = []
    for α, order in zip(rates, orders, strict=True):
        for _ in order:
            w = w - α * 2 / len(y) * X.T @ (X @ w - y[:, 0])
        ends.append(w)
    return np.array(ends)


def step_once_an_epoch(X, y, w, rates, orders):
    ends = []
    for α, order in zip(rates, orders, strict=True):
        w = w - α * 2 / len(order) * X[order].T @ (X[order] @ w - y[order, 0])
        ends.append(w)
    return np.array(ends)


EPOCH_ENDS = Code(
    solution=epoch_ends,
    expected=compose_updates,
    cases=draw_orders,
    misconceptions=(
        Misconception(
            change_rates(lambda rates, n: rates / 2),
            "The steps are half as long as is right: the derivative of a square brings a factor 2 with it.",
        ),
        Misconception(
            change_rates(lambda rates, n: rates / n),
            "You divided each gradient by the number of examples. An update sees one: there is nothing to average.",
        ),
        Misconception(change_rates(lambda rates, n: -rates), "The walk goes uphill: a step goes against the gradient."),
        Misconception(
            walk_with_whole_gradient,
            "Each of your updates is made from all the examples. Only example i is to feed it.",
        ),
        Misconception(
            step_once_an_epoch,
            "You make one update an epoch, and that is batch descent. Each example in the order makes its own.",
        ),
        Misconception(
            lambda X, y, w, rates, orders: epoch_ends(X, y, w, rates, [range(len(y))] * len(rates)),
            "You took the examples as they stand. A row of `orders` says which comes when.",
        ),
        Misconception(
            lambda X, y, w, rates, orders: epoch_ends(X, y, w, rates, [orders[0]] * len(rates)),
            "Your epochs all have the first order. Each has its own row of `orders`.",
        ),
        Misconception(
            change_rates(lambda rates, n: np.full(len(rates), rates[0])),
            "Your epochs all have the first rate. Each has its own entry of `rates`.",
        ),
        Misconception(
            lambda X, y, w, rates, orders: np.concatenate(
                [epoch_ends(X, y, w, [α], [order]) for α, order in zip(rates, orders, strict=True)]
            ),
            "Each of your epochs begins at `w`. The second goes on where the first ended.",
        ),
        Misconception(
            lambda *case: np.array([epoch_ends(*case)[-1]] * len(case[-1])),
            "All your rows are the weights at the very end. `w -= …` changes the array that you have kept already; "
            "`w = w - …` makes a new one.",
        ),
        Misconception(
            lambda X, y, w, rates, orders: np.vstack([w, epoch_ends(X, y, w, rates, orders)]),
            "Your first row is the start, which is no end of an epoch.",
        ),
        Misconception(
            lambda *case: epoch_ends(*case)[-1],
            "Those are the last weights alone. Keep the weights at the end of each epoch, a row each.",
        ),
    ),
    hints=(
        "Two loops, one inside the other: over the epochs, with `zip(rates, orders)`, and over the examples of the "
        "order. Where do you keep the weights?",
        "For example i the error is `X[i] @ w - y[i, 0]`, and the gradient is 2 · error · `X[i]`.",
        "In the inner loop `w = w - α * gradient`, behind it `ends.append(w)`. With `w -= …` all rows would become "
        "the same array.",
    ),
    because="The inner loop is an epoch: an update an example, in the order given. Behind it, note where the weights "
    "are.",
    then="Now you can let the rate fall: with `rates = 0.01 / np.sqrt(np.arange(1, 201))` and 200 shuffled orders, "
    "from `best.weights`, compare the last 50 ends with those at a constant 0.01.",
)


# Exercise 4


def ball_with_replacement(n, seed):
    data = simulate_line(n=n, seed=seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()
    rng = np.random.default_rng(seed)
    w, ends = ols(data).weights, []
    for _ in range(100):
        for i in rng.integers(n, size=n):
            w = w - 0.01 * 2 * (X[i] @ w - y[i, 0]) * X[i]
        ends.append(w)
    covariance = np.cov(np.transpose(ends))
    narrow, wide = np.sqrt(np.linalg.eigvalsh(covariance))
    if wide < 2 * narrow:
        return "round"
    return "across the valley" if covariance[0, 1] > 0 else "along the valley"


def shape_in_theory(n, seed):
    """Take the shape from the covariance that an update leaves as it is."""
    covariance = stationary_covariance(simulate_line(n=n, seed=seed), learning_rate=0.01, batch_size=1)
    narrow, wide = np.sqrt(np.linalg.eigvalsh(covariance))
    if wide < 2 * narrow:
        return "round"
    return "across the valley" if covariance[0, 1] > 0 else "along the valley"


BALL_WITH_REPLACEMENT = Choice(
    solution=ball_with_replacement,
    expected=shape_in_theory,
    options=("across the valley", "along the valley", "round", "a point"),
    misconceptions=(
        Misconception(
            "across the valley",
            "So it is with shuffling, where the kicks of an epoch nearly cancel along the floor. Do they cancel when "
            "an example can come twice, or not at all?",
        ),
        Misconception(
            "along the valley",
            "Along the floor the pull back is weaker, which makes the ball longer. But the kicks are weaker there, "
            "too: those of an example go in the direction (1, x), which is mostly across.",
        ),
        Misconception(
            "a point",
            "The rate is constant, and each example goes on kicking the weights. What would make them rest?",
        ),
    ),
    hints=(
        "Two things make the ball wide in a direction: strong kicks, and a weak pull back. How are both across the "
        "valley, and how along it?",
        "Try it: give your `epoch_ends` the orders `rng.integers(n, size=(200, n))` and a rate of 0.01 for each epoch, "
        "begin at `best.weights`, and look at the ends: the roots of `np.linalg.eigvalsh(np.cov(ends.T))` are the "
        "widths. The narrowest comes first.",
    ),
    because="With replacement the kicks are independent, and none cancels another. Across the valley the pull is "
    "strong, and in the same measure the kicks are: both come from the curvature there. The two balance, and the ball "
    "is as wide in all directions. It is shuffling that makes it narrow along the floor.",
    then="In all directions alike: its standard deviation is about √(α s²), with s² the loss at least squares.",
)


# Exercise 5


def average_and_last(path, last, weights, standard_errors):
    average = path[-last:].mean(axis=0)
    return tuple(np.max(np.abs(w - weights) / standard_errors) for w in (average, path[-1]))


def add_up_epoch_by_epoch(path, last, weights, standard_errors):
    """Sum the ends of the epochs one by one, and look for the weight that is furthest off."""
    found = []
    for epochs in (last, 1):
        total = [math.fsum(path[len(path) - 1 - k, j] for k in range(epochs)) for j in range(len(weights))]
        off = zip(total, weights, standard_errors, strict=True)
        found.append(max(abs(value / epochs - right) / error for value, right, error in off))
    return tuple(found)


def draw_paths():
    cases = [
        (np.array([[0.0, 0.0], [4.0, 1.0], [4.6, 2.2], [5.2, 2.0]]), 2, np.array([5.0, 2.0]), np.array([0.1, 0.2]))
    ]
    generator = np.random.default_rng(2024)
    for epochs, last in ((50, 10), (200, 150)):
        weights, errors = generator.normal(3, 1, 2), generator.uniform(0.05, 0.2, 2)
        path = weights + generator.normal(0.02, 0.1, (epochs + 1, 2)) * np.array([1.0, 2.0])
        cases.append((path, last, weights, errors))
    return cases


def mistaken(average, combine=np.max):
    """Return the two distances for what `average` makes of path and last, as a function of the case."""

    def distances(path, last, weights, errors):
        return tuple(combine(np.abs(w - weights) / errors) for w in (average(path, last), path[-1]))

    return distances


def average_the_distances(path, last, weights, errors):
    off = np.abs(path - weights) / errors
    return np.max(off[-last:].mean(axis=0)), np.max(off[-1])


AVERAGE_AND_LAST = Code(
    solution=average_and_last,
    expected=add_up_epoch_by_epoch,
    cases=draw_paths,
    misconceptions=(
        Misconception(
            lambda *case: average_and_last(*case)[::-1], "The two are the wrong way round: the average comes first."
        ),
        Misconception(
            average_the_distances,
            "You averaged the distances. Average the weights first: errors to both sides are to cancel.",
        ),
        Misconception(
            mistaken(lambda path, last: path[last:].mean(axis=0)),
            "You left the first `last` rows out, in place of keeping the last ones.",
        ),
        Misconception(
            mistaken(lambda path, last: path[-last - 1 :].mean(axis=0)),
            "Your average has one epoch too many in it.",
        ),
        Misconception(
            mistaken(lambda path, last: path.mean(axis=0)),
            "You averaged the whole path, with the way from the start in it.",
        ),
        Misconception(
            mistaken(lambda path, last: path[-last:].mean(axis=0), combine=np.mean),
            "You took the mean of both weights' distances. The one that is further away counts.",
        ),
        Misconception(
            mistaken(lambda path, last: path[-last:].mean(axis=0), combine=np.linalg.norm),
            "You put both weights' distances together, as a length. Only the larger of the two is asked for.",
        ),
        Misconception(
            mistaken(lambda path, last: path[-last:].mean()),
            "Your average is over both weights at once, one number. Average each weight over its epochs: `axis`.",
        ),
        Misconception(
            lambda path, last, weights, errors: average_and_last(path, last, weights, np.ones(2)),
            "Those are distances in the units of the weights. How many standard errors are they?",
        ),
        Misconception(
            lambda path, last, weights, errors: tuple(
                np.max((w - weights) / errors) for w in (path[-last:].mean(axis=0), path[-1])
            ),
            "You left the sign in, so a weight that is too low counts for nothing. A distance has none.",
        ),
    ),
    hints=(
        "`path[-last:]` are the ends of the last epochs, a row each. Which axis is averaged?",
        "For either, the distance is `np.max(np.abs(w - weights) / standard_errors)`.",
    ),
    because="Average over the rows; then for both, the distance of each weight in its own standard errors, and the "
    "larger of them.",
    then="Try it: `average_and_last(run.path, epochs // 5, best.weights, best.standard_errors)`. Averaging is a cheap "
    "way to be rid of much of the noise ball.",
)

QUESTIONS = (UPDATES_TO_WITHIN_ONE_PERCENT, LOSS_OF_ONE_EXAMPLE, EPOCH_ENDS, BALL_WITH_REPLACEMENT, AVERAGE_AND_LAST)
