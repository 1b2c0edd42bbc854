"""The exercises of chapter 05: short batches, the noise near B = n, epochs against updates, a bug, the loop."""

import math

import numpy as np

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, choice, code, prediction
from gd_helpers.training.trainer import train

# Exercise 1


@prediction(
    asks=("updates",),
    misconceptions=(
        Misconception(
            lambda n: 10 * (n // 300),
            "You counted full batches only. What becomes of the mornings left over?",
        ),
        Misconception(
            lambda n: 10 * n / 300,
            "There is no such thing as part of an update. What becomes of the mornings left over in each epoch?",
        ),
        Misconception(
            lambda n: math.ceil(10 * n / 300),
            "You cut up ten epochs as one piece. But no batch reaches past the end of an epoch: each epoch has a short "
            "one of its own.",
        ),
        Misconception(lambda n: math.ceil(n / 300), "That is for one epoch."),
        Misconception(10, "Those are the epochs. How many updates does each make?"),
        Misconception(lambda n: 10 * n, "That is how many mornings you read. How many does each update use?"),
    ),
    hints=("Cut up one epoch first, 300 at a time. How many pieces are there, the short one included?",),
    because="Each epoch is cut up anew, and its last batch has the rest: $\\lceil n/300 \\rceil$ updates an epoch.",
)
def ten_epochs_by_300(n):
    return 10 * len(range(0, n, 300))


# Exercise 2


@prediction(
    asks=("batch size",),
    relative=0.1,
    misconceptions=(
        Misconception(
            1600,
            "That is what the square root says, and it is right for large data sets. But how large a batch can you cut "
            "from this one? The formula of the chapter has a second factor.",
        ),
        Misconception(160, "Ten times the batch makes the noise smaller by less than a factor of 10: by about √10."),
        Misconception(
            16 * 10**0.5,
            "You took the root of 10. But it is the noise that falls with the root of B, so B has to grow by more than "
            "10.",
        ),
        Misconception(
            lambda n: n,
            "With all the examples there is no noise at all. A tenth is reached earlier.",
        ),
        Misconception(16 / 10, "A smaller batch is noisier, but here B = 16 is the noisier one."),
        Misconception(16 / 100, "A smaller batch is noisier. And none has less than one example."),
    ),
    hints=(
        "By the square root alone, it would take 100 times the batch. Why does it take less here?",
        "By the chapter's formula noise² is a constant times n/B − 1. What is n/B − 1 at B = 16, and what for a tenth "
        "of the noise?",
        "Or try: this chapter's `noise(size)` gives the noise for any batch size. Where is it `noise(16) / 10`?",
    ),
    because="Without replacement the variance of the mean falls as $\\frac{1}{B} \\cdot \\frac{n - B}{n - 1}$. For "
    "small $B$ the second factor is nearly 1; then it matters more and more, until the batch is the whole data set.",
    then="When B is a small part of n, four times the batch halves the noise; near n, much less does.",
)
def batch_for_a_tenth_of_the_noise(n):
    B = np.arange(1, n + 1)
    noise = np.sqrt((n - B) / (n - 1) / B)  # in units of that at B = 1
    return B[noise <= noise[16 - 1] / 10][0]


# Exercise 3


@prediction(
    asks=("epochs",),
    relative=0.15,
    misconceptions=(
        Misconception(
            lambda epochs: epochs,
            "After the same number of epochs, batch descent is far behind: see B = n in the curve of equal epochs. How "
            "many updates does it make in them?",
        ),
        Misconception(
            4500,
            "That is how long the published batch run was, and it ended further from least squares than this one.",
        ),
        Misconception(10_614, "That many bring it to within 0.1 % of least squares. This run is not that near."),
        Misconception(
            lambda epochs, n: epochs * n,
            "That is how many examples this run reads. The question is about epochs of batch descent, and each of "
            "those reads all examples.",
        ),
        Misconception(
            lambda epochs, batch_size: epochs / batch_size,
            "You divided by B. Does batch descent make more updates in an epoch, or fewer?",
        ),
        Misconception(
            lambda epochs, n, batch_size: math.ceil(n / batch_size),
            "That is how many updates this run makes in each of its epochs.",
        ),
    ),
    hints=(
        "One of the two curves over the batch size compares runs after equal numbers of updates. What does it say?",
        "At equal updates the batch size counts for far less than at equal epochs. How many updates do this run's "
        "epochs make? And an epoch of batch descent?",
    ),
    because="For the same loss, batch descent needs nearly as many updates as a run with B = 32. This run makes "
    "$\\lceil n/B \\rceil$ updates an epoch and batch descent makes one, so it needs nearly as many epochs as this run "
    "makes updates.",
    then="And it reads n examples in each of them, for the same loss.",
)
def epochs_of_batch_descent(n, seed, epochs, batch_size):
    data = simulate_line(n=n, seed=seed)
    run = train(data, "mini-batch", epochs=epochs, batch_size=batch_size, seed=seed)
    batch = train(data, "batch", epochs=20_000, seed=seed)
    return batch.trace.epoch[batch.trace.loss <= run.mse].min()


# Exercise 4


@choice(
    options=(
        "step is missing",
        "the model is made anew in each epoch",
        "the rate is much too small",
        "every epoch has the same order",
    ),
    misconceptions=(
        Misconception(
            "step is missing",
            "Then the weights would never move, and the curve would not fall in the first epoch either.",
        ),
        Misconception(
            "the rate is much too small",
            "Then the first epoch would bring little. Here it brings nearly all of the fall.",
        ),
        Misconception(
            "every epoch has the same order",
            "Then the weights would go on from epoch to epoch, and so would the fall.",
        ),
    ),
    hints=(
        "The first epoch does its work. What would the second one have to begin with, so that it ends at the same "
        "height?",
        "Each epoch ends about where the first one ended, so each must have begun where the first one began. Which "
        "line of the loop makes the weights?",
    ),
    because="Every epoch brings the loss to the same height, so each begins at the same weights: the line that makes "
    "the model stands inside the loop over the epochs. The small bounces are those of the orders. The code tries each "
    "bug, and looks for a curve that falls in the first epoch and not after it.",
    then="What has to last through the training is made before the loop: model, optimizer, generator.",
)
def bug_of_the_curve(seed):
    X, y = simulate_line(seed=seed).numpy()
    n, first = len(y), np.array([0.4, 0.2])

    def losses(bug):
        rng, w, found = np.random.default_rng(seed), first, []
        α = 1e-5 if bug == "the rate is much too small" else 0 if bug == "step is missing" else 1e-2
        for _ in range(30):
            w = first if bug == "the model is made anew in each epoch" else w
            order = np.arange(n) if bug == "every epoch has the same order" else rng.permutation(n)
            for start in range(0, n, 32):
                batch = order[start : start + 32]
                w = w - α * 2 / len(batch) * X[batch].T @ (X[batch] @ w - y[batch])
            found.append(np.mean((X @ w - y) ** 2))
        return found

    bugs = "step is missing", "the model is made anew in each epoch", "the rate is much too small"
    curves = {bug: losses(bug) for bug in (*bugs, "every epoch has the same order")}
    fallen = [bug for bug in curves if curves[bug][0] < np.mean((X @ first - y) ** 2) / 2]
    return max(fallen, key=lambda bug: curves[bug][-1] / curves[bug][0])


# Exercise 5


def draw_runs():
    small = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 4.0]]), np.array([[3.0], [5.0], [10.0]])
    orders = np.array([[2, 0, 1], [1, 2, 0]])
    cases = [(*small, np.array([0.5, 1.0]), 0.05, 2, orders)]
    for n, B in ((40, 16), (30, 1), (30, 30)):
        data, generator = simulate_line(n=n, seed=5000 + n + B), np.random.default_rng(n)
        X, y = data.X.double().numpy(), data.y.double().numpy()
        orders = np.array([generator.permutation(n) for _ in range(3)])
        cases.append((X, y, generator.normal(size=2), 0.01, B, orders))
    return cases


def descend_with(weigh=lambda batch, B, n: 2 / len(batch), choose=lambda order, start, B: order[start : start + B]):
    """Return the loop with a mistake: in what its gradients are multiplied by, or in which examples feed an update."""

    def descend(X, y, w, α, B, orders):
        for order in orders:
            for start in range(0, len(order), B):
                batch = choose(order, start, B)
                w = w - α * weigh(batch, B, len(y)) * X[batch].T @ (X[batch] @ w - y[batch, 0])
        return w

    return descend


def broadcast_errors(X, y, w, α, B, orders):
    for order in orders:
        for start in range(0, len(order), B):
            batch = order[start : start + B]
            w = w - α * 2 / len(batch) * X[batch].T @ (X[batch] @ w - y[batch])
    return w


def drop_the_last(X, y, w, α, B, orders):
    return mini_batch_descent(X, y, w, α, B, [order[: len(order) - len(order) % B] for order in orders])


@code(
    cases=draw_runs,
    misconceptions=(
        Misconception(
            descend_with(choose=lambda order, start, B: order),
            "Each of your updates uses all the examples: the mistake in the published code. Print the shape of the "
            "first batch.",
        ),
        Misconception(
            descend_with(weigh=lambda batch, B, n: 2 / B),
            "You divide by B in every batch. The last one may be short; its mean is over the examples that it has.",
        ),
        Misconception(
            descend_with(weigh=lambda batch, B, n: 2),
            "Those are the gradients of sums. The loss of a batch is a mean: divide by the number of examples in it.",
        ),
        Misconception(
            descend_with(weigh=lambda batch, B, n: 2 / n),
            "You divide by the number of all examples. The mean is over those of the batch.",
        ),
        Misconception(
            descend_with(weigh=lambda batch, B, n: 1 / len(batch)),
            "The steps are half as long as is right: the derivative of a square brings a factor 2 with it.",
        ),
        Misconception(
            descend_with(weigh=lambda batch, B, n: -2 / len(batch)),
            "The loop goes uphill: a step must go against the gradient.",
        ),
        Misconception(
            broadcast_errors,
            "(B,) predictions minus (B, 1) targets are B × B differences, each prediction minus each target. Take the "
            "column out of y first: `y[batch, 0]`.",
        ),
        Misconception(drop_the_last, "You left out the short last batch. It makes an update too."),
        Misconception(
            descend_with(choose=lambda order, start, B: np.arange(len(order))[start : start + B]),
            "You took the examples as they stand. The order says which ones come when: `order[start : start + B]`.",
        ),
        Misconception(
            descend_with(choose=lambda order, start, B: order[start : start + 1]),
            "Each of your updates uses one example. A batch has B of them.",
        ),
        Misconception(
            lambda X, y, w, α, B, orders: mini_batch_descent(X, y, w, α, B, orders[:1]),
            "That is where the first epoch ends. Each row of `orders` is an epoch: is your `return` inside the loop?",
        ),
    ),
    hints=(
        "Two loops, one inside the other: over the orders, and over `range(0, len(order), B)`.",
        "In the inner loop, `batch = order[start : start + B]`, and then the update of chapter 02 with `X[batch]` and "
        "`y[batch, 0]` in place of all of X and y.",
    ),
    because="It is `descend` with the gradient and the step written out. With $B = n$ it is batch descent, with "
    "$B = 1$ stochastic descent.",
)
def mini_batch_descent(X, y, w, α, B, orders):
    for order in orders:
        for start in range(0, len(order), B):
            batch = order[start : start + B]
            errors = X[batch] @ w - y[batch, 0]
            w = w - α * 2 / len(batch) * X[batch].T @ errors
    return w


QUESTIONS = (
    ten_epochs_by_300,
    batch_for_a_tenth_of_the_noise,
    epochs_of_batch_descent,
    bug_of_the_curve,
    mini_batch_descent,
)
