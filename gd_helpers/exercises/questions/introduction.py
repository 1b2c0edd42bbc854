"""The exercises of chapter 00: counting updates, the gradient of a batch, and a loop that ends by itself."""

import numpy as np

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, code, prediction
from gd_helpers.training.recipes import METHODS

B = 64  # of the first exercise
CHAPTER_N = 1000  # as published
BATCH_EPOCHS, STOCHASTIC_EPOCHS = METHODS["batch"]["epochs"], METHODS["stochastic"]["epochs"]

# Exercise 1


@prediction(
    asks=("updates in an epoch", "examples in the last batch"),
    misconceptions=(
        Misconception(lambda n: updates_in_an_epoch(n)[::-1], "These two are the wrong way round: updates come first."),
        Misconception(
            lambda n: (n // B, None),
            "You counted full batches only. Some examples are left over, and they make one more update.",
        ),
        Misconception(
            lambda n: (n / B, None),
            "n/B is not a whole number, and there is no such thing as part of an update. What becomes of the examples "
            "left over?",
        ),
        Misconception(
            lambda n: (n, None), "That is an epoch of stochastic descent, in which each update uses one example."
        ),
        Misconception(
            (None, B), "The last batch is full only where B divides n. How many examples are left over for it?"
        ),
        Misconception(
            lambda n: (None, -n % B),
            "That is how many examples the last batch is short of being full. How many does it have?",
        ),
    ),
    hints=(
        "Lay the examples out in a row and cut off 64 at a time. How often can you cut, and what is left at the end?",
        "An epoch has $\\lceil n/B \\rceil$ batches, and all but the last are full.",
    ),
    because="Every example is used once, so there are $n/B$ batches, rounded up. All but the last have $B$ examples; "
    "the last has the rest.",
    then="To see it happen, set `batch_size` to 64 and run the chapter: the claims about 32 and 8 no longer hold.",
)
def updates_in_an_epoch(n):
    B = 64
    updates = int(np.ceil(n / B))
    last = n - (updates - 1) * B
    return updates, last


# Exercise 2


@prediction(
    asks=("updates of the stochastic run for each of the batch run",),
    relative=0.01,
    misconceptions=(
        Misconception(
            STOCHASTIC_EPOCHS / BATCH_EPOCHS,
            "That compares epochs. An epoch of one method is not as many updates as an epoch of the other.",
        ),
        Misconception(
            BATCH_EPOCHS / STOCHASTIC_EPOCHS,
            "That is how many times as many epochs the batch run has. How many updates are there in each?",
        ),
        Misconception(
            lambda n: BATCH_EPOCHS / (STOCHASTIC_EPOCHS * n),
            "That is the other way round: the batch run's updates for each update of the stochastic run.",
        ),
        Misconception(
            lambda n: STOCHASTIC_EPOCHS * n,
            "That is how many updates the stochastic run makes. Divide by those of the batch run.",
        ),
        Misconception(
            lambda n: n, "That is the ratio for one epoch of each. The two runs have different numbers of epochs."
        ),
    ),
    hints=(
        "How many updates does one epoch of batch descent make? And one of stochastic descent?",
        "The batch run makes 4,500 · 1 updates, the stochastic run 500 · n.",
    ),
    because="An epoch of batch descent is one update, an epoch of stochastic descent is $n$. So the run with the fewer "
    "epochs makes far more updates, and to say that it learns faster you have to say what you count.",
)
def times_as_many_updates(n):
    batch_updates = 4500 * 1
    stochastic_updates = 500 * n
    return stochastic_updates / batch_updates


# Exercise 3


def draw_batches():
    X, y = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 4.0]]), np.array([3.0, 5.0, 10.0])
    cases = [(X, y, np.array([0.5, 2.0]), np.array([2, 0]))]
    generator = np.random.default_rng(2024)
    for n, size in ((50, 7), (200, 32), (200, 1)):
        data = simulate_line(n=n, seed=1000 + n)
        batch = generator.permutation(n)[:size]
        cases.append((*data.numpy(), generator.normal(size=2), batch))
    return cases


@code(
    cases=draw_batches,
    misconceptions=(
        Misconception(
            lambda X, y, w, batch: batch_gradient(X, y, w, batch) / 2,
            "Half of what is right: the derivative of a square brings a factor 2 with it.",
        ),
        Misconception(
            lambda X, y, w, batch: batch_gradient(X, y, w, batch) * len(batch),
            "That is the sum over the batch. The loss is the mean, so divide by the number of examples in the batch.",
        ),
        Misconception(
            lambda X, y, w, batch: -batch_gradient(X, y, w, batch),
            "The sign is wrong: this points downhill. The gradient points to where the loss rises, so the error is the "
            "prediction minus the target.",
        ),
        Misconception(
            lambda X, y, w, batch: batch_gradient(X, y, w, np.arange(len(y))),
            "That is the gradient over all the examples. Only the rows in `batch` count.",
        ),
        Misconception(
            lambda X, y, w, batch: batch_gradient(X, y, w, batch) * len(batch) / len(y),
            "You divided by the number of all examples. The mean is taken over those in the batch, `len(batch)`.",
        ),
        Misconception(
            lambda X, y, w, batch: batch_gradient(X, y, w, np.arange(len(batch))),
            "You took the first rows. `batch` holds the numbers of the rows to take: `X[batch]`.",
        ),
        Misconception(
            lambda X, y, w, batch: batch_gradient(X, y, w, batch) * len(batch) / CHAPTER_N,
            "You divided by the `n` of the chapter. Use nothing but the arguments: the mean is taken over "
            "`len(batch)` examples.",
        ),
        Misconception(
            lambda X, y, w, batch: batch_gradient(X, y, w, batch).reshape(2, 1),
            "The numbers are right, but as a column of shape (2, 1). Like `w`, the gradient has shape (2,).",
        ),
    ),
    hints=(
        "Start from the five lines of the update. Which of them involve the examples, and which the weights?",
        "`X[batch]` are the inputs of the batch and `y[batch]` its targets. When there are fewer examples, what "
        "does the mean divide by?",
    ),
    because="The formula stays the same; the sum runs over the batch, and the mean divides by its size.",
)
def batch_gradient(X, y, w, batch):
    errors = X[batch] @ w - y[batch]
    return 2 / len(batch) * X[batch].T @ errors


# Exercise 4


def draw_targets():
    cases = []
    for n, α, target in ((60, 0.02, 3.0), (300, 0.05, 2.4), (1000, 0.03, 60.0), (500, 0.04, 1000.0)):
        data = simulate_line(n=n, seed=2000 + n)
        cases.append((*data.numpy(), α, target))
    return cases


def watch_the_chapter_s_loss(X, y, α, target):
    """Descend on X and y, until the loss on the chapter's own mornings is below the target."""
    inputs, flows = simulate_line().numpy()
    w, updates = np.zeros(2), 0
    while np.mean((inputs @ w - flows) ** 2) >= target and updates < 10_000:
        w = w - α * 2 / len(y) * X.T @ (X @ w - y)
        updates += 1
    return updates


@code(
    cases=draw_targets,
    misconceptions=(
        Misconception(
            lambda *case: updates_until(*case) + 1,
            "One too many. The loss at the start belongs to no update: count updates, not losses.",
        ),
        Misconception(
            lambda *case: updates_until(*case) - 1,
            "One too few. The update that brings the loss below the target counts too.",
        ),
        Misconception(
            lambda X, y, α, target: updates_until(X, y, α / 2, target),
            "That is how many it takes with half the gradient: is the factor 2 in yours?",
        ),
        Misconception(
            lambda X, y, α, target: updates_until(X, y, α, target) * len(y),
            "That is how many examples were read. An update reads all n of them, but is still one update.",
        ),
        Misconception(
            lambda X, y, α, target: updates_until(X, y, α * len(y) / CHAPTER_N, target),
            "You divided by the `n` of the chapter. These data have another one: `len(y)`.",
        ),
        Misconception(
            watch_the_chapter_s_loss,
            "You watched the loss on the chapter's mornings, as `loss_of` does. Compute it from the `X` and `y` that "
            "your function is given.",
        ),
    ),
    hints=(
        "You don't know beforehand how many updates it takes, so a `while` loop fits better than a `for` loop.",
        "`while` the loss at `w` is not below the target: make an update, and add 1 to a counter that began at 0.",
    ),
    because="The loop looks at the loss before each update, so it does nothing if the start is good enough.",
    endless="If each step goes uphill, or α is so large that the loss grows, it never falls below the target. Is the "
    "sign of the step right, and does `w` change in the loop?",
    then="On the chapter's data, does twice the rate take half as many updates? Try α = 0.02 and α = 0.04, down to a "
    "loss of 2.",
)
def updates_until(X, y, α, target):
    w, updates = np.zeros(2), 0
    while np.mean((X @ w - y) ** 2) >= target:
        gradient = 2 / len(y) * X.T @ (X @ w - y)
        w = w - α * gradient
        updates += 1
    return updates


QUESTIONS = (
    updates_in_an_epoch,
    times_as_many_updates,
    batch_gradient,
    updates_until,
)
