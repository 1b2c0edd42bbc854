"""The exercises of chapter 05: short batches, the noise near B = n, epochs against updates, cutting, the loop."""

import math
from bisect import bisect_left

import numpy as np
import torch

from gd_helpers.data import simulate_line
from gd_helpers.exercises.question_types import Code, Misconception, Prediction
from gd_helpers.metrics import gradient_covariance, ols
from gd_helpers.models import linear
from gd_helpers.training.trainer import train

# Exercise 1


def ten_epochs_by_300(n):
    sizes = [min(300, n - start) for start in range(0, n, 300)]
    return 10 * len(sizes), sizes[0] / sizes[-1]


def count_by_division(n):
    """Count by dividing with a remainder."""
    full, rest = divmod(n, 300)
    return 10 * (full + (rest > 0)), (300 if full else rest) / (rest or 300)


TEN_EPOCHS_BY_300 = Prediction(
    solution=ten_epochs_by_300,
    expected=count_by_division,
    asks=("updates", "times as much"),
    relative=0.01,
    misconceptions=(
        Misconception(
            lambda n: count_by_division(n)[::-1],
            "These two are the wrong way round: updates come first.",
        ),
        Misconception(
            lambda n: (10 * (n // 300), None), "You counted full batches only. What feeds the update after them?"
        ),
        Misconception(
            lambda n: (10 * n / 300, None),
            "A part of an update does not happen. What becomes of the examples that are left over in each epoch?",
        ),
        Misconception(
            lambda n: (math.ceil(10 * n / 300), None),
            "You cut ten epochs in one piece. But a batch does not reach over the end of an epoch: each epoch has a "
            "short one of its own.",
        ),
        Misconception(lambda n: (math.ceil(n / 300), None), "That is one epoch."),
        Misconception((10, None), "Those are the epochs. How many updates is each?"),
        Misconception(
            lambda n: (None, 1 / count_by_division(n)[1]),
            "Upside down: in a short batch an example shares the mean with fewer others. Has it more say, or less?",
        ),
        Misconception(
            lambda n: (None, count_by_division(n)[1] ** 0.5),
            "That is how many times as noisy the gradient of the last batch is. Here it is asked what one example "
            "counts.",
        ),
        Misconception(
            lambda n: (None, n % 300),
            "So many examples the last batch has. What part of the mean is each, beside one in a full batch?",
        ),
        Misconception((None, 1), "The mean of a batch counts the same, however many examples share it."),
    ),
    hints=(
        "Cut one epoch first, 300 at a time. How many pieces, and how many examples has the last one?",
        "In the mean of a batch of B examples each is 1/B of it. What is that for the last batch, divided by what it "
        "is for a full one?",
    ),
    because="Each epoch is cut anew, and its last batch has the rest. The mean of a batch of $B$ examples gives each "
    "$1/B$, so the say of two examples is as the sizes of their batches, upside down.",
)


# Exercise 2


def batch_for_a_tenth_of_the_noise(n):
    B = np.arange(1, n + 1)
    noise = np.sqrt((n - B) / (n - 1) / B)  # in units of that at B = 1
    return B[noise <= noise[16 - 1] / 10][0]


def search_on_the_data(n, seed):
    """Bisect for the batch size, with the noise from the gradients of this chapter's examples."""
    data = simulate_line(n=n, seed=seed)
    weights = ols(data).weights

    def noise(size):
        return gradient_covariance(data, weights, batch_size=size, replacement=False)[1, 1] ** 0.5

    return 1 + bisect_left(range(1, n + 1), -noise(16) / 10, key=lambda size: -noise(size))


BATCH_FOR_A_TENTH_OF_THE_NOISE = Prediction(
    solution=batch_for_a_tenth_of_the_noise,
    expected=search_on_the_data,
    asks=("batch size",),
    relative=0.1,
    misconceptions=(
        Misconception(
            1600,
            "That is what the square root says, and it is right for large data. But how large a batch can you cut from "
            "these?",
        ),
        Misconception(160, "Ten times the batch makes the noise smaller by less than a factor of 10: by about √10."),
        Misconception(
            16 * 10**0.5,
            "You took the root of 10. But it is the noise that falls with the root of B, so B has to grow by more than "
            "10.",
        ),
        Misconception(
            lambda n: n,
            "With all the examples there is no noise at all. A tenth is reached before.",
        ),
        Misconception(16 / 10, "A smaller batch is noisier, and B = 16 is to be the noisier one."),
        Misconception(16 / 100, "A smaller batch is noisier. And none has less than one example."),
    ),
    hints=(
        "By the square root alone it would be 100 times the batch. Why does it take less here?",
        "A batch holds no example twice, and so the variance of its mean is that of one, divided by B, times (n − B) / "
        "(n − 1). At B = n that is 0.",
        "Or try: this chapter's `noise(size)` tells the noise for any batch size. Where is it `noise(16) / 10`?",
    ),
    because="Without replacement the variance of the mean falls as $\\frac{1}{B} \\cdot \\frac{n - B}{n - 1}$. For "
    "small $B$ the second factor is nearly 1; then it matters more and more, until a batch is all of the data.",
    then="When B is a small part of n, four times the batch halves the noise; near n, much less does.",
)


# Exercise 3


def epochs_of_batch_descent(n, seed, epochs, batch_size):
    data = simulate_line(n=n, seed=seed)
    run = train(data, "mini-batch", epochs=epochs, batch_size=batch_size, seed=seed)
    batch = train(data, "batch", epochs=20_000, seed=seed)
    return batch.trace.epoch[batch.trace.loss <= run.mse].min()


def count_with_adam_by_hand(n, seed, epochs, batch_size):
    """Write Adam out in NumPy, on the loss as a bowl, and count."""
    data = simulate_line(n=n, seed=seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    run = train(data, "mini-batch", epochs=epochs, batch_size=batch_size, seed=seed)
    best, H = np.linalg.lstsq(X, y, rcond=None)[0], 2 / n * X.T @ X
    above = np.mean((X @ run.weights - y) ** 2) - np.mean((X @ best - y) ** 2)
    off = linear(seed=seed)[0].weight.detach().double().numpy().ravel() - best
    m, v, k = np.zeros(2), np.zeros(2), 0
    while off @ H @ off / 2 > above:
        k, g = k + 1, H @ off
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        off = off - 0.001 * m / (1 - 0.9**k) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8)
    return k


EPOCHS_OF_BATCH_DESCENT = Prediction(
    solution=epochs_of_batch_descent,
    expected=count_with_adam_by_hand,
    asks=("epochs",),
    relative=0.15,
    misconceptions=(
        Misconception(
            lambda epochs: epochs,
            "After as many epochs batch descent is far behind: see B = n in the curve of equal epochs. How many "
            "updates does it make in them?",
        ),
        Misconception(
            4500,
            "So long the published batch run was, and it ended further from least squares than this one.",
        ),
        Misconception(12_000, "That many brought it to within 0.1 % of least squares. This run is not that near."),
        Misconception(
            lambda epochs, n: epochs * n,
            "That is how many examples this run reads. The question is about epochs of batch descent, and each of them "
            "reads all.",
        ),
        Misconception(
            lambda epochs, batch_size: epochs / batch_size,
            "You divided by B. Does batch descent make more updates in an epoch, or fewer?",
        ),
        Misconception(
            lambda epochs, n, batch_size: math.ceil(n / batch_size),
            "So many updates this run makes in each of its epochs.",
        ),
    ),
    hints=(
        "One of the two curves over the batch size compares after equal numbers of updates. What does it say?",
        "At equal updates the batch size hardly matters. How many updates are this run's epochs? And an epoch of batch "
        "descent?",
    ),
    because="At equal updates the batch size hardly matters here. This run makes $\\lceil n/B \\rceil$ updates an "
    "epoch and batch descent makes one, so it needs about as many epochs as this run has updates; a few less, as its "
    "gradients have no noise.",
    then="It reads n examples in each of them, for the same loss.",
)


# Exercise 4


def full_batches(order, batch_size):
    count = len(order) // batch_size
    return np.array([order[i * batch_size : (i + 1) * batch_size] for i in range(count)])


def cut_by_reshaping(order, batch_size):
    """Cut off the rest, and fold the others into rows."""
    return order[: len(order) - len(order) % batch_size].reshape(-1, batch_size)


def slices(order, batch_size):
    return tuple(order[start : start + batch_size] for start in range(0, len(order), batch_size))


def draw_orders():
    generator = np.random.default_rng(2024)
    cases = [(np.array([4, 1, 6, 0, 3, 5, 2]), 3)]
    return cases + [(generator.permutation(n), B) for n, B in ((12, 4), (100, 32), (53, 1), (9, 9))]


FULL_BATCHES = Code(
    solution=full_batches,
    expected=cut_by_reshaping,
    cases=draw_orders,
    misconceptions=(
        Misconception(slices, "The short last batch is still there."),
        Misconception(
            lambda order, batch_size: np.array(slices(order, batch_size)[:-1]),
            "You drop the last batch always. Where B divides n it is full, and stays.",
        ),
        Misconception(
            lambda order, batch_size: np.array([order] * (len(order) // batch_size)),
            "Each of your batches is the whole order: the slip of the published code. Where is the slice?",
        ),
        Misconception(
            lambda order, batch_size: np.array([order] * math.ceil(len(order) / batch_size)),
            "Each of your batches is the whole order, the slip of the published code, and there is one too many.",
        ),
        Misconception(
            lambda order, batch_size: cut_by_reshaping(np.arange(len(order)), batch_size),
            "Those are the places in the order. The batches hold what stands there: `order[start:stop]`.",
        ),
        Misconception(
            lambda order, batch_size: order[len(order) % batch_size :].reshape(-1, batch_size),
            "You left out the first examples of the order, in place of the last ones.",
        ),
        Misconception(
            lambda order, batch_size: np.resize(order, (math.ceil(len(order) / batch_size), batch_size)),
            "You filled the last batch up with the first examples, which so come twice. Leave it out.",
        ),
        Misconception(
            lambda order, batch_size: cut_by_reshaping(order, batch_size).T,
            "You have the batches as columns. Each row is to be a batch.",
        ),
        Misconception(
            lambda order, batch_size: cut_by_reshaping(order, len(order) // batch_size),
            "You cut off as many examples at a time as there are batches. A batch has `batch_size` of them.",
        ),
    ),
    hints=(
        "How many full batches are there? `len(order) // batch_size`.",
        "Batch i is `order[i * batch_size : (i + 1) * batch_size]`. `np.array` of a list of such slices has a row a "
        "batch.",
    ),
    because="Count the full batches, and slice each of them out of the order.",
    then="Of 1,000 examples and at B = 32, 8 are left out of each epoch; shuffled, it is others every time. PyTorch's "
    "loader calls this `drop_last` (chapter 08).",
)


# Exercise 5


def mini_batch_descent(X, y, w, α, B, orders):
    for order in orders:
        for start in range(0, len(order), B):
            batch = order[start : start + B]
            errors = X[batch] @ w - y[batch, 0]
            w = w - α * 2 / len(batch) * X[batch].T @ errors
    return w


def step_with_torch(X, y, w, α, B, orders):
    """Let torch take the gradient and the step."""
    X, y, weights = torch.from_numpy(X), torch.from_numpy(y), torch.nn.Parameter(torch.from_numpy(w)[:, None].clone())
    step_rule = torch.optim.SGD([weights], lr=α)
    for order in orders:
        for batch in torch.from_numpy(order).split(B):
            step_rule.zero_grad()
            torch.nn.functional.mse_loss(X[batch] @ weights, y[batch]).backward()
            step_rule.step()
    return weights.detach().numpy()[:, 0]


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


MINI_BATCH_DESCENT = Code(
    solution=mini_batch_descent,
    expected=step_with_torch,
    cases=draw_runs,
    misconceptions=(
        Misconception(
            descend_with(choose=lambda order, start, B: order),
            "Each of your updates is made from all the examples: the slip of the published code. Print the shape of "
            "the first batch.",
        ),
        Misconception(
            descend_with(weigh=lambda batch, B, n: 2 / B),
            "You divide by B in every batch. The last one may be short, and its mean is over the examples that it has.",
        ),
        Misconception(
            descend_with(weigh=lambda batch, B, n: 2),
            "Those are the gradients of sums. The loss of a batch is a mean: divide by how many examples are in it.",
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
            "The loop goes uphill: a step is against the gradient.",
        ),
        Misconception(
            broadcast_errors,
            "(B,) predictions minus (B, 1) targets are B × B differences, each prediction minus each target. Take the "
            "column out of y first: `y[batch, 0]`.",
        ),
        Misconception(drop_the_last, "You left the short last batch out. It makes an update, too."),
        Misconception(
            descend_with(choose=lambda order, start, B: np.arange(len(order))[start : start + B]),
            "You took the examples as they stand. The order says which come when: `order[start : start + B]`.",
        ),
        Misconception(
            descend_with(choose=lambda order, start, B: order[start : start + 1]),
            "Each of your updates is made from one example. A batch has B of them.",
        ),
        Misconception(
            lambda X, y, w, α, B, orders: mini_batch_descent(X, y, w, α, B, orders[:1]),
            "That is where the first epoch ends. Each row of `orders` is an epoch: is the `return` inside the loop?",
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

QUESTIONS = (
    TEN_EPOCHS_BY_300,
    BATCH_FOR_A_TENTH_OF_THE_NOISE,
    EPOCHS_OF_BATCH_DESCENT,
    FULL_BATCHES,
    MINI_BATCH_DESCENT,
)
