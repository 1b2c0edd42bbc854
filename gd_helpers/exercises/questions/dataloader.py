"""The exercises of chapter 08: drop_last, which generator, a curve and its bug, the rows of an epoch, and stacking."""

import numpy as np
import torch
from torch.utils.data import DataLoader

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, choice, code, prediction
from gd_helpers.metrics import ols

# Exercise 1


@prediction(
    asks=("updates",),
    misconceptions=(
        Misconception(
            lambda n: 10 * -(-n // 300),
            "That is without `drop_last`. With it, the examples left over in an epoch make no batch.",
        ),
        Misconception(lambda n: n // 300, "Those are the updates of one epoch. How many epochs are there?"),
        Misconception(
            lambda n: 10 * n / 300,
            "There is no such thing as part of an update. What becomes of the examples that do not fill a batch?",
        ),
        Misconception(
            lambda n: 10 * n // 300,
            "You cut up all epochs in a row. A loader begins each epoch with a new batch, and drops one in each.",
        ),
        Misconception(lambda n: n % 300, "That is how many examples each epoch leaves out. How many batches are full?"),
    ),
    hints=(
        "Cut one epoch into batches of 300. How many are full?",
        "With `drop_last` an epoch has $\\lfloor n/300 \\rfloor$ batches.",
    ),
    because="The examples left over in an epoch make no batch, so n/300 is rounded down, in each of the ten epochs.",
    then="Without `drop_last` they make a short batch, and n/300 is rounded up.",
)
def ten_epochs_of_300(n):
    full_batches = n // 300
    return 10 * full_batches


# Exercise 2


@choice(
    options=(
        "print(len(loader))",
        "extra = torch.nn.Linear(2, 1)",
        "torch.manual_seed(2)",
        "print(next(iter(other)))",
    ),
    misconceptions=(
        Misconception("print(len(loader))", "The length is computed from the number of examples and the batch size."),
        Misconception(
            "extra = torch.nn.Linear(2, 1)",
            "The layer draws its weights from torch's global generator. From which does this loader draw?",
        ),
        Misconception(
            "torch.manual_seed(2)",
            "That seeds torch's global generator. From which does this loader draw?",
        ),
    ),
    hints=(
        "The order is changed by whatever draws from `generator` before the training does, and by nothing else.",
        "Each `iter(…)` of a shuffling loader draws an order from the generator that the loader was given.",
    ),
    because="The orders come from `generator`, so what matters is what draws from it first. `other` is another loader, "
    "but it shuffles with the same generator, and a look at one of its batches begins an epoch.",
    then="So if you and a colleague get different results with the same loop and seed, search for a line that only "
    "looks at a batch.",
)
def line_that_draws():
    def first_epoch(added):
        generator = torch.Generator().manual_seed(1)
        loader = DataLoader(range(100), batch_size=10, shuffle=True, generator=generator)
        added(loader, DataLoader(range(100), shuffle=True, generator=generator))
        return torch.cat(list(loader)).tolist()

    lines = {
        "print(len(loader))": lambda loader, other: len(loader),
        "extra = torch.nn.Linear(2, 1)": lambda loader, other: torch.nn.Linear(2, 1),
        "torch.manual_seed(2)": lambda loader, other: torch.manual_seed(2),
        "print(next(iter(other)))": lambda loader, other: next(iter(other)),
    }
    with torch.random.fork_rng(devices=[]):  # restores the global generator afterwards
        untouched = first_epoch(lambda loader, other: None)
        (found,) = [line for line, added in lines.items() if first_epoch(added) != untouched]
    return found


# Exercise 3


@choice(
    options=(
        "sorted by flow, not shuffled",
        "generator seeded anew each epoch",
        "last batch dropped",
        "learning rate past its limit",
    ),
    misconceptions=(
        Misconception(
            "generator seeded anew each epoch",
            "That repeats in every epoch, too. But in a shuffled order each batch has small and large flows, and the "
            "loss rises far less.",
        ),
        Misconception(
            "last batch dropped",
            "That takes a few examples from an epoch. It does not turn each epoch into a high wave.",
        ),
        Misconception(
            "learning rate past its limit",
            "Then the loss would grow without end. Here no epoch's peak is twice the last one's.",
        ),
    ),
    hints=(
        "The wave comes back in every epoch, so the order is the same in each. And why is it so high?",
        "What do the batches in the first half of an epoch have in common, that pulls the line away from the others?",
    ),
    because="At the start of each epoch come the mornings of small flow, and pull the line down; at its end those of "
    "large flow pull it up. The loss over all the data rises and falls with it, in every epoch alike.",
    then="A loss that is drawn once an epoch shows nothing of this: it always looks at the same point of the wave.",
)
def bug_of_the_wave(n, seed):
    data = simulate_line(n=n, seed=seed)
    (X, y), mixed = data.numpy(), np.random.default_rng(seed).permutation(n)

    def follow(order, rate=0.05):
        w, losses = ols(data).weights.copy(), []
        for _ in range(3):
            for batch in np.split(order, range(32, len(order), 32)):
                w -= rate * 2 / len(batch) * X[batch].T @ (X[batch] @ w - y[batch])
                losses.append(np.mean((X @ w - y) ** 2))
        return np.reshape(losses, (3, -1))  # a row for each epoch

    runs = {
        "sorted by flow, not shuffled": follow(np.argsort(y)),
        "generator seeded anew each epoch": follow(mixed),
        "last batch dropped": follow(mixed[: n - n % 32]),
        "learning rate past its limit": follow(mixed, rate=0.5),
    }
    bounded = {bug: epochs for bug, epochs in runs.items() if epochs[2].max() < 2 * epochs[1].max()}
    return max(bounded, key=lambda bug: bounded[bug][2].max() / bounded[bug][2].min())


# Exercise 4


def shuffled(n, seed):
    return np.random.default_rng(seed).permutation(n)


def cut(order, batch_size, drop_last=False):
    batches = [order[first : first + batch_size] for first in range(0, len(order), batch_size)]
    return tuple(batch for batch in batches if len(batch) == batch_size or not drop_last)


def shuffle_within(n, batch_size, seed, drop_last):
    rng = np.random.default_rng(seed)
    return tuple(rng.permutation(batch) for batch in cut(np.arange(n), batch_size, drop_last))


@code(
    cases=lambda: [
        (10, 4, 1, False),
        (10, 4, 2, True),
        (60, 20, 3, True),
        (1000, 32, 4, True),
        (50, 1, 5, False),
        (50, 50, 6, True),
    ],
    misconceptions=(
        Misconception(
            lambda n, batch_size, seed, drop_last: cut(np.arange(n), batch_size, drop_last),
            "Those are the rows as they stand, without a shuffle.",
        ),
        Misconception(
            lambda n, batch_size, seed, drop_last: cut(shuffled(n, seed), batch_size),
            "The short last batch is still there. With `drop_last` it must be left out.",
        ),
        Misconception(
            lambda n, batch_size, seed, drop_last: cut(shuffled(n, seed), batch_size, True),
            "You left out the short last batch without being asked to. That depends on `drop_last`.",
        ),
        Misconception(
            lambda n, batch_size, seed, drop_last: cut(shuffled(n, seed), batch_size)[: -1 if drop_last else None],
            "You left out the last batch although it was full. `drop_last` leaves out only a short one.",
        ),
        Misconception(
            lambda n, batch_size, seed, drop_last: cut(
                np.random.default_rng(seed).integers(n, size=n), batch_size, drop_last
            ),
            "Some rows come twice and others not at all. Put the rows in a new order instead of drawing each one anew.",
        ),
        Misconception(
            lambda n, batch_size, seed, drop_last: tuple(np.array_split(shuffled(n, seed), -(-n // batch_size))),
            "You made all batches about the same size. Each has `batch_size` rows; only the last may be short.",
        ),
        Misconception(
            shuffle_within,
            "You shuffled within each batch, so the same rows always stay together. Shuffle first, then cut.",
        ),
        Misconception(
            lambda n, batch_size, seed, drop_last: (shuffled(n, seed),),
            "That is one batch of all rows. Cut the order into pieces of `batch_size`.",
        ),
    ),
    hints=(
        "First draw the order of the whole epoch, with `np.random.default_rng(seed).permutation(n)`; then cut it.",
        "`order[first : first + batch_size]` for `first` in `range(0, n, batch_size)`; the last piece may be short.",
    ),
    because="It is what a loader does: the sampler gives an order of all rows, which is cut into batches, the short "
    "one kept or not.",
    then="With `NumpyOrder(n, seed)` and the same seed, a loader over `range(n)` gives the same batches.",
)
def rows_of_epoch(n, batch_size, seed, drop_last):
    order = np.random.default_rng(seed).permutation(n)
    batches = [order[first : first + batch_size] for first in range(0, n, batch_size)]
    if drop_last and len(batches[-1]) < batch_size:
        batches = batches[:-1]
    return batches


# Exercise 5


def draw_examples():
    generator = np.random.default_rng(2024)
    cases = [([(torch.tensor([1.0, 2.0]), 9.5), (torch.tensor([1.0, -0.5]), 4.25), (torch.tensor([1.0, 3.0]), 10.0)],)]
    for size, columns in ((2, 2), (7, 3), (1, 2)):
        rows = torch.from_numpy(generator.normal(size=(size, columns)).astype(np.float32))
        cases.append(([(row, float(value)) for row, value in zip(rows, generator.normal(size=size), strict=True)],))
    cases.append(([(torch.tensor([1.0, 2.0]), 9), (torch.tensor([1.0, 3.0]), 10)],))
    return cases


@code(
    cases=draw_examples,
    strict=True,
    misconceptions=(
        Misconception(
            lambda examples: (stack_examples(examples)[0], stack_examples(examples)[1][:, 0]),
            "y has the shape (B,). Against predictions of shape (B, 1), the loss would compare each with each: the "
            "trap of chapter 01.",
        ),
        Misconception(
            lambda examples: (stack_examples(examples)[0], stack_examples(examples)[1].T),
            "y is a row of shape (1, B). Each example should be a row.",
        ),
        Misconception(
            lambda examples: stack_examples(examples)[::-1], "These two are the wrong way round: X comes first."
        ),
        Misconception(
            lambda examples: (torch.cat([x for x, _ in examples]), stack_examples(examples)[1]),
            "The inputs are end to end in one long row: `cat` joins along an existing axis, `stack` makes a new one.",
        ),
        Misconception(
            lambda examples: (stack_examples(examples)[0].T, stack_examples(examples)[1]),
            "X has an example in each column. Stack along the first axis.",
        ),
        Misconception(
            lambda examples: (stack_examples(examples)[0].double(), stack_examples(examples)[1].double()),
            "The numbers and shapes are right, but in float64. The model's weights are float32, and torch refuses to "
            "mix the two.",
        ),
        Misconception(
            lambda examples: (stack_examples(examples)[0], torch.tensor([[value] for _, value in examples])),
            "These targets are whole numbers, and torch made int64 of them. Say `dtype=torch.float32`.",
        ),
        Misconception(
            lambda examples: (stack_examples(examples)[0].numpy(), stack_examples(examples)[1].numpy()),
            "The numbers and shapes are right, but these are arrays. The model needs tensors.",
        ),
    ),
    hints=(
        "Separate the inputs from the targets, and stack each along a new first axis.",
        "`torch.stack` for the inputs. For the targets, a list with a list for each number: `[[9.5], [4.25]]` becomes "
        "a tensor of shape (2, 1).",
    ),
    because="Stack the inputs along a new first axis, and give every target a row of its own.",
    then="A loader takes such a function as `collate_fn=stack_examples`, for examples that do not simply stack.",
)
def stack_examples(examples):
    X = torch.stack([x for x, _ in examples])
    y = torch.tensor([[value] for _, value in examples], dtype=torch.float32)  # also where all are whole numbers
    return X, y


QUESTIONS = (
    ten_epochs_of_300,
    line_that_draws,
    bug_of_the_wave,
    rows_of_epoch,
    stack_examples,
)
