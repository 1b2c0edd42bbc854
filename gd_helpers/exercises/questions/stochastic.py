"""The exercises of chapter 04: how long the run is, what single losses tell, the loop, a bug, averaged weights."""

import math

import numpy as np

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, choice, code, prediction
from gd_helpers.metrics import ols
from gd_helpers.models import linear
from gd_helpers.training.trainer import train

# Exercise 1


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


@choice(
    options=("half as many", "as many", "twice as many", "a hundred times as many"),
    misconceptions=(
        Misconception(
            "half as many",
            "Adam divides by the size of the recent gradients, noise included. What does that do to its steps?",
        ),
        Misconception(
            "as many",
            "That would be right if noise cost nothing. But Adam divides by the size of the recent gradients, and "
            "noise is part of that size.",
        ),
        Misconception(
            "a hundred times as many",
            "That is more than the whole published run, and its loss curve is flat long before the end.",
        ),
    ),
    hints=(
        "Adam divides by the recent size of a weight's gradient. Is a single gradient larger or smaller than the mean "
        "of them all, near the minimum?",
        "Or count: `run.trace` has a row for each epoch, with the columns `updates` and `loss`. Which is the first row "
        "with a loss below `1.01 * best.mse`?",
    ),
    because="More updates than batch descent needs, since Adam divides by the size of the recent gradients, and single "
    "gradients are large from noise alone: that makes the steps shorter. But each update reads one example, whereas "
    "batch descent reads all of them. And it is a small part of the run, about 5 % of its updates. Most of the others "
    "only walk around in the noise ball.",
)
def updates_to_within_one_percent(n, seed):
    data = simulate_line(n=n, seed=seed)
    epochs = max(500, 60_000 // n)  # with few points, 500 are too few
    needed = []
    for method, passes in (("batch", 14_000), ("stochastic", epochs)):
        run = train(data, method, epochs=passes, seed=seed)
        needed.append(run.trace.updates[run.trace.loss < 1.01 * ols(data).mse].min())
    ratios = {"half as many": 1 / 2, "as many": 1, "twice as many": 2, "a hundred times as many": 100}
    return min(ratios, key=lambda name: abs(np.log(needed[1] / needed[0] / ratios[name])))


# Exercise 2


def count_by(change):
    """Return what `change` makes of the mean and the standard deviation of the single losses, as a wrong answer."""

    def count(n, seed):
        data = simulate_line(n=n, seed=seed)
        X, y = data.numpy()
        losses = (X @ ols(data).weights - y) ** 2
        return change(losses.mean(), losses.std())

    return count


@prediction(
    asks=("mornings to average",),
    relative=0.15,
    misconceptions=(
        Misconception(
            count_by(lambda mean, std: std / (0.1 * mean)),
            "You divided the standard deviation by the error that is wanted. But the error falls with the root of the "
            "number of mornings.",
        ),
        Misconception(
            count_by(lambda mean, std: (std / 0.1) ** 2),
            "You took 0.1, in units of the loss. What is wanted is a tenth of the mean.",
        ),
        Misconception(
            100,
            "With 100, the root is 10, and the error a tenth of the standard deviation of one loss. But that is larger "
            "than their mean: √2 times as large.",
        ),
        Misconception(
            20,
            "With 20, the variance 2v²/m of the mean loss is a tenth of v². The standard error is the root of the "
            "variance.",
        ),
        Misconception(10, "The error of a mean falls with the root of how many it averages, not with their number."),
        Misconception(
            400,
            "You took 2 as the ratio of standard deviation and mean. That is the ratio of the variance to the square "
            "of the mean: take the root.",
        ),
        Misconception(
            lambda n: n,
            "All the mornings give the loss itself, with no error. A tenth of it is reached with fewer.",
        ),
    ),
    hints=(
        "At least squares the residuals are nearly normal with mean 0, and v is their mean square: the loss over all "
        "mornings. What are the mean and the standard deviation of one morning's loss, in units of v?",
        "The mean is v, the standard deviation √2 · v. The mean of m losses has the standard error √2 · v / √m.",
    ),
    because="The mean of the single losses is the loss over all the data. The residuals are nearly normal, so the "
    "losses have a standard deviation of about $\\sqrt 2$ times that mean. A mean of $m$ of them has the standard "
    "error $\\sqrt{2/m}$ times the loss; for a tenth of it, $m$ is about 200.",
    then="So the losses of the last mornings of some 200 epochs, averaged, give the loss with a standard error "
    "of a tenth. One alone says nearly nothing.",
)
def mornings_to_average(n, seed):
    data = simulate_line(n=n, seed=seed)
    X, y = data.numpy()
    losses = (X @ ols(data).weights - y) ** 2
    return (losses.std() / (0.1 * losses.mean())) ** 2


# Exercise 3


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


@code(
    cases=draw_orders,
    misconceptions=(
        Misconception(
            change_rates(lambda rates, n: rates / 2),
            "The steps are half as long as is right: the derivative of a square brings a factor 2 with it.",
        ),
        Misconception(
            change_rates(lambda rates, n: rates / n),
            "You divided each gradient by the number of examples. An update sees only one: there is nothing to "
            "average.",
        ),
        Misconception(
            change_rates(lambda rates, n: -rates), "The walk goes uphill: a step must go against the gradient."
        ),
        Misconception(
            walk_with_whole_gradient,
            "Each of your updates uses all the examples. It should use example i alone.",
        ),
        Misconception(
            step_once_an_epoch,
            "You make one update per epoch, and that is batch descent. Each example in the order makes its own.",
        ),
        Misconception(
            lambda X, y, w, rates, orders: epoch_ends(X, y, w, rates, [range(len(y))] * len(rates)),
            "You took the examples as they stand. A row of `orders` says which one comes when.",
        ),
        Misconception(
            lambda X, y, w, rates, orders: epoch_ends(X, y, w, rates, [orders[0]] * len(rates)),
            "All your epochs use the first order. Each has its own row of `orders`.",
        ),
        Misconception(
            change_rates(lambda rates, n: np.full(len(rates), rates[0])),
            "All your epochs use the first rate. Each has its own entry in `rates`.",
        ),
        Misconception(
            lambda X, y, w, rates, orders: np.concatenate(
                [epoch_ends(X, y, w, [α], [order]) for α, order in zip(rates, orders, strict=True)]
            ),
            "Each of your epochs begins at `w`. The second should go on where the first ended.",
        ),
        Misconception(
            lambda *case: np.array([epoch_ends(*case)[-1]] * len(case[-1])),
            "All your rows are the weights at the very end. `w -= …` changes the array that you have kept already; "
            "`w = w - …` makes a new one.",
        ),
        Misconception(
            lambda X, y, w, rates, orders: np.vstack([w, epoch_ends(X, y, w, rates, orders)]),
            "Your first row is the start, which is not the end of an epoch.",
        ),
        Misconception(
            lambda *case: epoch_ends(*case)[-1],
            "Those are the last weights alone. Keep the weights at the end of each epoch, one row for each.",
        ),
    ),
    hints=(
        "Two loops, one inside the other: over the epochs, with `zip(rates, orders)`, and over the examples of the "
        "order. Where do you keep the weights?",
        "For example i the error is `X[i] @ w - y[i, 0]`, and the gradient is 2 · error · `X[i]`.",
        "In the inner loop `w = w - α * gradient`, and after it `ends.append(w)`. With `w -= …` all rows would become "
        "the same array.",
    ),
    because="The inner loop is an epoch: one update for each example, in the order given. After it, note where the "
    "weights are.",
    then="Now you can let the rate fall: with `rates = 0.01 / np.sqrt(np.arange(1, 201))` and 200 shuffled orders, "
    "from `best.weights`, compare the last 50 ends with those at a constant 0.01.",
)
def epoch_ends(X, y, w, rates, orders):
    ends = []
    for α, order in zip(rates, orders, strict=True):
        for i in order:
            gradient = 2 * (X[i] @ w - y[i, 0]) * X[i]
            w = w - α * gradient
        ends.append(w)
    return np.array(ends)


# Exercise 4


@choice(
    options=(
        "X is shuffled, y is not",
        "zero_grad is forgotten",
        "the rate is much too small",
        "every epoch has the same order",
    ),
    misconceptions=(
        Misconception(
            "zero_grad is forgotten",
            "Then each update would repeat all the earlier gradients. Chapter 02 shows that curve: it swings, and here "
            "it would grow without end.",
        ),
        Misconception(
            "the rate is much too small",
            "Then the curve would fall slowly, and all the way. This one falls at once, and then rises.",
        ),
        Misconception(
            "every epoch has the same order",
            "This chapter has tried that: such a run ends a little off least squares, at the same place each time. "
            "This one ends far off.",
        ),
    ),
    hints=(
        "In the end the loss is about that of the line which predicts the mean of y for each morning. For which "
        "mornings is that the best that a line can do?",
        "For those whose temperature says nothing of their flow. Which bug takes from each morning its own flow?",
    ),
    because="At the end R² is about 0: the loop has learned that the temperature is of no use. So it must have seen "
    "pairs that don't belong together. If the rows of X are shuffled and those of y are not, each temperature meets "
    "the flow of another morning. The code tries each bug, and looks which one ends near the variance of y.",
    then="Shuffle indices, and take X and y by the same index.",
)
def bug_of_the_curve(n, seed):
    X, y = simulate_line(n=n, seed=seed).numpy()

    def final_loss(bug):
        rng, w, step = np.random.default_rng(seed), np.zeros(2), 0
        α = 1e-6 if bug == "the rate is much too small" else 1e-3
        for _ in range(max(40, 40_000 // n)):
            order = np.arange(n) if bug == "every epoch has the same order" else rng.permutation(n)
            targets = y if bug == "X is shuffled, y is not" else y[order]
            for x, target in zip(X[order], targets, strict=True):
                kept = step if bug == "zero_grad is forgotten" else 0
                step = kept + α * 2 * (x @ w - target) * x
                w = w - step
        return np.mean((X @ w - y) ** 2)

    bugs = "X is shuffled, y is not", "zero_grad is forgotten", "the rate is much too small"
    ends = {bug: final_loss(bug) for bug in (*bugs, "every epoch has the same order")}
    return min(ends, key=lambda bug: abs(np.log(ends[bug] / y.var())))


# Exercise 5


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


@code(
    cases=draw_paths,
    misconceptions=(
        Misconception(
            lambda *case: average_and_last(*case)[::-1], "The two are the wrong way round: the average comes first."
        ),
        Misconception(
            average_the_distances,
            "You averaged the distances. Average the weights first, so that errors on both sides cancel.",
        ),
        Misconception(
            mistaken(lambda path, last: path[last:].mean(axis=0)),
            "You left out the first `last` rows instead of keeping the last ones.",
        ),
        Misconception(
            mistaken(lambda path, last: path[-last - 1 :].mean(axis=0)),
            "Your average includes one epoch too many.",
        ),
        Misconception(
            mistaken(lambda path, last: path.mean(axis=0)),
            "You averaged the whole path, including the way from the start.",
        ),
        Misconception(
            mistaken(lambda path, last: path[-last:].mean(axis=0), combine=np.mean),
            "You took the mean of both weights' distances. The one that is further away counts.",
        ),
        Misconception(
            mistaken(lambda path, last: path[-last:].mean(axis=0), combine=np.linalg.norm),
            "You combined both weights' distances into a length. Only the larger of the two is asked for.",
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
            "You kept the sign, so a weight that is too low counts for nothing. A distance has no sign.",
        ),
    ),
    hints=(
        "`path[-last:]` are the weights at the ends of the last epochs, a row for each. Which axis do you average "
        "over?",
        "For both, the distance is `np.max(np.abs(w - weights) / standard_errors)`.",
    ),
    because="Average over the rows; then, for the average and the last weights alike, measure the distance of each "
    "weight in its own standard errors, and take the larger one.",
    then="Try it: `average_and_last(run.path, epochs // 5, best.weights, standard_errors)`. Averaging is a cheap "
    "way to get rid of much of the noise ball.",
)
def average_and_last(path, last, weights, standard_errors):
    average = path[-last:].mean(axis=0)
    return tuple(np.max(np.abs(w - weights) / standard_errors) for w in (average, path[-1]))


QUESTIONS = (
    updates_to_within_one_percent,
    mornings_to_average,
    epoch_ends,
    bug_of_the_curve,
    average_and_last,
)
