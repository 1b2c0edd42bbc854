"""The exercises of chapter 00: counting updates, the gradient of a batch, and a loop that ends by itself."""

import numpy as np
import torch

from gd_helpers.data import simulate_line
from gd_helpers.exercises.question_types import Code, Misconception, Prediction
from gd_helpers.training.recipes import METHODS

B = 64  # of the first exercise
BATCH_EPOCHS, STOCHASTIC_EPOCHS = METHODS["batch"]["epochs"], METHODS["stochastic"]["epochs"]


# Exercise 1


def updates_in_an_epoch(n):
    B = 64
    updates = int(np.ceil(n / B))
    last = n - (updates - 1) * B
    return updates, last


def count_slices(n):
    """Slice the examples into batches, and count."""
    sizes = [len(range(n)[first : first + B]) for first in range(0, n, B)]
    return len(sizes), sizes[-1]


UPDATES_IN_AN_EPOCH = Prediction(
    solution=updates_in_an_epoch,
    expected=count_slices,
    asks=("updates in an epoch", "examples in the last batch"),
    misconceptions=(
        Misconception(lambda n: count_slices(n)[::-1], "These two are the wrong way round: updates come first."),
        Misconception(
            lambda n: (n // B, None),
            "You counted full batches only. Some examples are left over, and they make one more update.",
        ),
        Misconception(
            lambda n: (n / B, None),
            "n/B is no whole number, and a part of an update does not happen. What becomes of the examples left over?",
        ),
        Misconception(
            lambda n: (n, None), "That is an epoch of stochastic descent, where one example feeds each update."
        ),
        Misconception(
            (None, B), "The last batch is full only where B divides n. How many examples are left over for it?"
        ),
        Misconception(
            lambda n: (None, -n % B),
            "That is what the last batch lacks to be full. How many examples does it have?",
        ),
    ),
    hints=(
        "Lay the examples out in a row and cut off 64 at a time. How often can you cut, and what is left at the end?",
        "An epoch has $\\lceil n/B \\rceil$ updates, and all of them but the last are full.",
    ),
    because="Every example is used once, so the batches are $n/B$, rounded up. All but the last have $B$ examples; the "
    "last has the rest.",
    then="To see it happen, set `batch_size` to 64 and run the chapter: the claims about 32 and 8 no longer hold.",
)


# Exercise 2


def times_as_many_updates(n):
    batch_updates = 4500 * 1
    stochastic_updates = 500 * n
    return stochastic_updates / batch_updates


def count_updates_of_both(n):
    """Walk through the batches of both methods, epoch by epoch."""
    stochastic = sum(len(range(0, n, 1)) for _ in range(STOCHASTIC_EPOCHS))
    batch = sum(len(range(0, n, n)) for _ in range(BATCH_EPOCHS))
    return stochastic / batch


TIMES_AS_MANY_UPDATES = Prediction(
    solution=times_as_many_updates,
    expected=count_updates_of_both,
    asks=("updates of the stochastic run for each of the batch run",),
    relative=0.01,
    misconceptions=(
        Misconception(
            STOCHASTIC_EPOCHS / BATCH_EPOCHS,
            "That compares epochs. An epoch of one method is not as many updates as an epoch of the other.",
        ),
        Misconception(
            BATCH_EPOCHS / STOCHASTIC_EPOCHS,
            "That is how many times as many epochs the batch run has. How many updates is each of them?",
        ),
        Misconception(
            lambda n: BATCH_EPOCHS / (STOCHASTIC_EPOCHS * n),
            "That is the other way round: the batch run's updates for each update of the stochastic run.",
        ),
        Misconception(
            lambda n: STOCHASTIC_EPOCHS * n, "That many updates the stochastic run makes. Divide by the batch run's."
        ),
        Misconception(
            lambda n: n, "That is the ratio for one epoch of each. The two runs have different numbers of epochs."
        ),
    ),
    hints=(
        "How many updates is one epoch of batch descent? And one of stochastic descent?",
        "The batch run makes 4,500 · 1 updates, the stochastic run 500 · n.",
    ),
    because="An epoch of batch descent is one update, an epoch of stochastic descent is $n$. So the run with the fewer "
    "epochs makes by far the more updates, and to say that it learns faster you have to say what you count.",
)


# Exercise 3


def batch_gradient(X, y, w, batch):
    errors = X[batch] @ w - y[batch, 0]
    return 2 / len(batch) * X[batch].T @ errors


def differentiate(X, y, w, batch):
    """Let autograd find the gradient of the mean squared error over the batch."""
    X, y = torch.from_numpy(X[batch]), torch.from_numpy(y[batch])
    weights = torch.tensor(w, requires_grad=True)
    torch.nn.functional.mse_loss((X @ weights).reshape(-1, 1), y).backward()
    return weights.grad.numpy()


def draw_batches():
    X, y = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 4.0]]), np.array([[3.0], [5.0], [10.0]])
    cases = [(X, y, np.array([0.5, 2.0]), np.array([2, 0]))]
    generator = np.random.default_rng(2024)
    for n, size in ((50, 7), (200, 32), (200, 1)):
        data = simulate_line(n=n, seed=1000 + n)
        batch = generator.permutation(n)[:size]
        cases.append((data.X.double().numpy(), data.y.double().numpy(), generator.normal(size=2), batch))
    return cases


def broadcast_errors(X, y, w, batch):
    return 2 / len(batch) * X[batch].T @ (X[batch] @ w - y[batch])


BATCH_GRADIENT = Code(
    solution=batch_gradient,
    expected=differentiate,
    cases=draw_batches,
    misconceptions=(
        Misconception(
            lambda X, y, w, batch: batch_gradient(X, y, w, batch) / 2,
            "Half of what is right: the derivative of a square brings a factor 2 with it.",
        ),
        Misconception(
            lambda X, y, w, batch: batch_gradient(X, y, w, batch) * len(batch),
            "That is the sum over the batch. The loss is the mean, so divide by how many examples there are in it.",
        ),
        Misconception(
            lambda X, y, w, batch: -batch_gradient(X, y, w, batch),
            "The sign is wrong: this points downhill. The gradient points to where the loss rises, so the error is the "
            "prediction minus the target.",
        ),
        Misconception(
            lambda X, y, w, batch: batch_gradient(X, y, w, np.arange(len(y))),
            "That is the gradient over all the examples. Only the rows in `batch` are to feed it.",
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
            broadcast_errors,
            "(B,) predictions minus (B, 1) targets are B × B differences, each prediction minus each target. Take the "
            "column out of y first: `y[batch, 0]`.",
        ),
        Misconception(
            lambda X, y, w, batch: batch_gradient(X, y, w, batch).reshape(2, 1),
            "The numbers are right, but as a column of shape (2, 1). Like `w`, the gradient has shape (2,).",
        ),
    ),
    hints=(
        "Start from the five lines of the update. Which of them speak of the examples, and which of the weights?",
        "`X[batch]` are the inputs of the batch and `y[batch, 0]` its targets. With fewer examples, what does the mean "
        "divide by?",
    ),
    because="The formula stays; the sum runs over the batch, and the mean divides by its size.",
)


# Exercise 4


def updates_until(X, y, α, target):
    w, updates = np.zeros(2), 0
    while np.mean((X @ w - y[:, 0]) ** 2) >= target:
        gradient = 2 / len(y) * X.T @ (X @ w - y[:, 0])
        w = w - α * gradient
        updates += 1
    return updates


def count_by_closed_form(X, y, α, target):
    """Find the first k with a loss below the target by w_k = w* − (I − αH)ᵏ w*, without a step of descent."""
    best, hessian = np.linalg.lstsq(X, y[:, 0], rcond=None)[0], 2 / len(y) * X.T @ X
    lowest = np.mean((X @ best - y[:, 0]) ** 2)

    def loss_after(k):
        off = np.linalg.matrix_power(np.eye(2) - α * hessian, k) @ best
        return lowest + off @ hessian @ off / 2

    return next(k for k in range(100_000) if loss_after(k) < target)


def draw_targets():
    cases = []
    for n, α, target in ((60, 0.02, 3.0), (300, 0.05, 2.4), (1000, 0.03, 60.0), (500, 0.04, 1000.0)):
        data = simulate_line(n=n, seed=2000 + n)
        cases.append((data.X.double().numpy(), data.y.double().numpy(), α, target))
    return cases


UPDATES_UNTIL = Code(
    solution=updates_until,
    expected=count_by_closed_form,
    cases=draw_targets,
    misconceptions=(
        Misconception(
            lambda *case: updates_until(*case) + 1,
            "One too many. The loss at the start belongs to no update: count updates, not losses.",
        ),
        Misconception(
            lambda *case: updates_until(*case) - 1,
            "One too few. The update that brings the loss below the target counts, too.",
        ),
        Misconception(
            lambda X, y, α, target: updates_until(X, y, α / 2, target),
            "That many it takes with half the gradient: is the factor 2 in it?",
        ),
        Misconception(
            lambda X, y, α, target: updates_until(X, y, α, target) * len(y),
            "That is how many examples were read. An update reads all n of them, and is still one update.",
        ),
    ),
    hints=(
        "You don't know beforehand how many updates it takes, so a `while` loop fits better than a `for` loop.",
        "`while` the loss at `w` is not below the target: make an update, and add 1 to a counter that began at 0.",
    ),
    because="The loop asks for the loss before each update, so that nothing is done where the start is good enough.",
    endless="If each step goes uphill, or α is so large that the loss grows, it never falls below the target. Is the "
    "sign of the step right, and does `w` change in the loop?",
    then="On the chapter's data, is it half as many updates for twice the rate? Try α = 0.02 and α = 0.04, down to 2.",
)

QUESTIONS = (UPDATES_IN_AN_EPOCH, TIMES_AS_MANY_UPDATES, BATCH_GRADIENT, UPDATES_UNTIL)
