"""The exercises of chapter 05: short batches, the noise near B = n, epochs against updates, cutting, the loop."""

import math

import numpy as np

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, code, prediction
from gd_helpers.training.trainer import train

# Exercise 1


@prediction(
    asks=("updates", "times as much"),
    relative=0.01,
    misconceptions=(
        Misconception(
            lambda n: ten_epochs_by_300(n)[::-1],
            "These two are the wrong way round: updates come first.",
        ),
        Misconception(
            lambda n: (10 * (n // 300), None),
            "You counted full batches only. What becomes of the examples left over?",
        ),
        Misconception(
            lambda n: (10 * n / 300, None),
            "There is no such thing as part of an update. What becomes of the examples that are left over in each "
            "epoch?",
        ),
        Misconception(
            lambda n: (math.ceil(10 * n / 300), None),
            "You cut up ten epochs as one piece. But no batch reaches past the end of an epoch: each epoch has a short "
            "one of its own.",
        ),
        Misconception(lambda n: (math.ceil(n / 300), None), "That is for one epoch."),
        Misconception((10, None), "Those are the epochs. How many updates does each make?"),
        Misconception(
            lambda n: (None, 1 / ten_epochs_by_300(n)[1]),
            "Upside down: in a short batch an example shares the mean with fewer others. Does it count for more, or "
            "less?",
        ),
        Misconception(
            lambda n: (None, ten_epochs_by_300(n)[1] ** 0.5),
            "That is how many times as noisy the gradient of the last batch is. The question is how much one example "
            "counts.",
        ),
        Misconception(
            lambda n: (None, n % 300),
            "That is how many examples the last batch has. What share of the mean does each have, compared with one in "
            "a full batch?",
        ),
        Misconception((None, 1), "Each batch's mean counts the same, but not each example: how many share that mean?"),
    ),
    hints=(
        "Cut up one epoch first, 300 at a time. How many pieces are there, and how many examples does the last one "
        "have?",
        "In the mean of a batch of B examples, each has the weight 1/B. What is that for the last batch, divided by "
        "what it is for a full one?",
    ),
    because="Each epoch is cut up anew, and its last batch has the rest. The mean of a batch of $B$ examples gives "
    "each the weight $1/B$, so the weights of two examples are inversely proportional to the sizes of their batches.",
)
def ten_epochs_by_300(n):
    sizes = [min(300, n - start) for start in range(0, n, 300)]
    return 10 * len(sizes), sizes[0] / sizes[-1]


# Exercise 2


@prediction(
    asks=("batch size",),
    relative=0.1,
    misconceptions=(
        Misconception(
            1600,
            "That is what the square root says, and it is right for large data sets. But how large a batch can you cut "
            "from this one?",
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
        "A batch holds no example twice, so the variance of its mean is that of one example, divided by B, times "
        "(n − B) / (n − 1). At B = n that is 0.",
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
        Misconception(12_000, "That many would bring it to within 0.1 % of least squares. This run is not that near."),
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
        "At equal updates the batch size hardly matters. How many updates do this run's epochs make? And an epoch of "
        "batch descent?",
    ),
    because="At equal updates the batch size hardly matters here. This run makes $\\lceil n/B \\rceil$ updates an "
    "epoch and batch descent makes one, so it needs about as many epochs as this run makes updates; a few fewer, since "
    "its gradients have no noise.",
    then="And it reads n examples in each of them, for the same loss.",
)
def epochs_of_batch_descent(n, seed, epochs, batch_size):
    data = simulate_line(n=n, seed=seed)
    run = train(data, "mini-batch", epochs=epochs, batch_size=batch_size, seed=seed)
    batch = train(data, "batch", epochs=20_000, seed=seed)
    return batch.trace.epoch[batch.trace.loss <= run.mse].min()


# Exercise 4


def slices(order, batch_size):
    return tuple(order[start : start + batch_size] for start in range(0, len(order), batch_size))


def draw_orders():
    generator = np.random.default_rng(2024)
    cases = [(np.array([4, 1, 6, 0, 3, 5, 2]), 3)]
    return cases + [(generator.permutation(n), B) for n, B in ((12, 4), (100, 32), (53, 1), (9, 9))]


@code(
    cases=draw_orders,
    misconceptions=(
        Misconception(slices, "The short last batch is still there."),
        Misconception(
            lambda order, batch_size: np.array(slices(order, batch_size)[:-1]),
            "You always drop the last batch. Where B divides n it is full, and stays.",
        ),
        Misconception(
            lambda order, batch_size: np.array([order] * (len(order) // batch_size)),
            "Each of your batches is the whole order: the mistake in the published code. Where is the slice?",
        ),
        Misconception(
            lambda order, batch_size: np.array([order] * math.ceil(len(order) / batch_size)),
            "Each of your batches is the whole order, the mistake in the published code, and there is one too many.",
        ),
        Misconception(
            lambda order, batch_size: full_batches(np.arange(len(order)), batch_size),
            "Those are the places in the order. The batches hold what stands there: `order[start:stop]`.",
        ),
        Misconception(
            lambda order, batch_size: order[len(order) % batch_size :].reshape(-1, batch_size),
            "You left out the first examples of the order instead of the last ones.",
        ),
        Misconception(
            lambda order, batch_size: np.resize(order, (math.ceil(len(order) / batch_size), batch_size)),
            "You filled up the last batch with the first examples, which now come twice. Leave it out.",
        ),
        Misconception(
            lambda order, batch_size: full_batches(order, batch_size).T,
            "Your batches are the columns. Each row should be a batch.",
        ),
        Misconception(
            lambda order, batch_size: full_batches(order, len(order) // batch_size),
            "Your batches have as many examples as there are batches. A batch has `batch_size` of them.",
        ),
    ),
    hints=(
        "How many full batches are there? `len(order) // batch_size`.",
        "Batch i is `order[i * batch_size : (i + 1) * batch_size]`. `np.array` of a list of such slices has a row "
        "for each batch.",
    ),
    because="Count the full batches, and slice each of them out of the order.",
    then="With 1,000 examples and B = 32, each epoch leaves out 8; with shuffling, different ones every time. "
    "PyTorch's loader calls this `drop_last` (chapter 08).",
)
def full_batches(order, batch_size):
    count = len(order) // batch_size
    return np.array([order[i * batch_size : (i + 1) * batch_size] for i in range(count)])


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
    full_batches,
    mini_batch_descent,
)
