"""The exercises of chapter 08: drop_last, which generator, the rows of an epoch, replacement, and stacking."""

import numpy as np
import torch
from torch.utils.data import DataLoader

from gd_helpers.exercises.question_types import Code, Misconception, Prediction

# Exercise 1


def ten_epochs_of_300(n):
    kept = int(np.ceil(n / 300))
    dropped = n // 300
    return 10 * kept, 10 * dropped, n - 300 * dropped


def count_in_loaders(n):
    """Have two loaders deliver their batches, and count."""
    with torch.random.fork_rng(devices=[]):  # each epoch of a loader takes a number from the global generator
        kept, dropped = (list(DataLoader(range(n), batch_size=300, drop_last=drop)) for drop in (False, True))
    return 10 * len(kept), 10 * len(dropped), n - sum(map(len, dropped))


TEN_EPOCHS_OF_300 = Prediction(
    solution=ten_epochs_of_300,
    expected=count_in_loaders,
    asks=("updates without drop_last", "updates with drop_last", "examples that an epoch leaves out"),
    misconceptions=(
        Misconception(
            lambda n: (10 * (n // 300), 10 * -(-n // 300), None),
            "The first two are the wrong way round: `drop_last` takes something away.",
        ),
        Misconception(
            lambda n: (-(-n // 300), n // 300, None),
            "Those are the updates of one epoch. How many epochs are there?",
        ),
        Misconception(
            lambda n: (10 * n / 300, None, None),
            "A part of an update does not happen. The examples left over make a short batch, which is an update.",
        ),
        Misconception(
            lambda n: (None, -(-10 * n // 300) - 1, None),
            "You cut all epochs in a row. A loader begins each epoch with a new batch, and drops in each.",
        ),
        Misconception(lambda n: (None, None, -n % 300), "That is what the last batch lacks to be full."),
        Misconception(
            lambda n: (None, None, 10 * (n % 300)),
            "That is the sum over ten epochs. Shuffled, each leaves out others; how many are it in one?",
        ),
        Misconception((None, None, 0), "Then `drop_last` would drop nothing. How many examples has the last batch?"),
    ),
    hints=(
        "Cut one epoch into batches of 300. How many are full, and how many examples are left over?",
        "Without `drop_last` an epoch has $\\lceil n/300 \\rceil$ batches, with it $\\lfloor n/300 \\rfloor$.",
    ),
    because="Without `drop_last` the examples left over make a batch of their own, so n/300 is rounded up. With it "
    "they make none, so it is rounded down, and in each epoch they are left out.",
)


# Exercise 2


def same_batches_after():
    def first_epoch(added):
        generator = torch.Generator().manual_seed(1)
        loader = DataLoader(range(100), batch_size=10, shuffle=True, generator=generator)
        added(loader, generator)
        return torch.cat(list(loader)).tolist()

    added = (
        lambda loader, generator: len(loader),
        lambda loader, generator: next(iter(loader)),
        lambda loader, generator: torch.nn.Linear(2, 1),
        lambda loader, generator: next(iter(DataLoader(range(100), shuffle=True, generator=generator))),
    )
    untouched = first_epoch(lambda loader, generator: None)
    return tuple(int(first_epoch(line) == untouched) for line in added)


def look_at_the_dice():
    """Compare the state of the loader's generator before and after each of the lines."""
    generator = torch.Generator().manual_seed(1)
    loader, other = (DataLoader(range(100), batch_size=10, shuffle=True, generator=generator) for _ in range(2))
    lines = lambda: len(loader), lambda: next(iter(loader)), lambda: torch.rand(3), lambda: next(iter(other))
    unmoved = []
    with torch.random.fork_rng(devices=[]):
        for line in lines:
            before = generator.get_state()
            line()
            unmoved.append(int(torch.equal(before, generator.get_state())))
    return unmoved


SAME_BATCHES_AFTER = Prediction(
    solution=same_batches_after,
    expected=look_at_the_dice,
    asks=("len(loader)", "next(iter(loader))", "torch.nn.Linear(2, 1)", "a loader with the same generator"),
    misconceptions=(
        Misconception((1, 1, 1, 1), "Two of these lines draw an order. Which of them begin an epoch?"),
        Misconception(
            (0, 0, 0, 0),
            "Not everything draws from this loader's generator: which lines need a random number from it?",
        ),
        Misconception(
            (None, 1, 0, None),
            "You have the two generators the wrong way round: which line draws from the loader's?",
        ),
        Misconception((0, None, None, None), "The length is counted, from the number of examples and the batch size."),
        Misconception(
            (None, 1, None, None), "To look at one batch is to begin an epoch, and an epoch begins with an order."
        ),
        Misconception(
            (None, None, 0, None),
            "The layer draws its weights from torch's global generator. From which does this loader draw?",
        ),
        Misconception(
            (None, None, None, 1),
            "It is another loader, but not another generator: the two take turns drawing from the same one.",
        ),
    ),
    hints=(
        "The order is changed by whatever draws from `generator` before the training does, and by nothing else.",
        "Each `iter(…)` of a shuffling loader draws an order from the generator that the loader was given.",
    ),
    because="The orders come from `generator`, so what matters is what draws from it first. A length is counted and a layer "
    "uses torch's global generator. Both lines with `next(iter(…))` begin an epoch of a loader that shuffles by "
    "`generator`.",
    then="So if you and a colleague differ though code and seed are the same, look for a line that looks at a batch.",
)


# Exercise 3


def rows_of_epoch(n, batch_size, seed, drop_last):
    order = np.random.default_rng(seed).permutation(n)
    batches = [order[first : first + batch_size] for first in range(0, n, batch_size)]
    if drop_last and len(batches[-1]) < batch_size:
        batches = batches[:-1]
    return batches


def ask_a_loader(n, batch_size, seed, drop_last):
    order = shuffled(n, seed).tolist()
    with torch.random.fork_rng(devices=[]):  # as above
        return tuple(batch.numpy() for batch in DataLoader(order, batch_size=batch_size, drop_last=drop_last))


def shuffled(n, seed):
    return np.random.default_rng(seed).permutation(n)


def cut(order, batch_size, drop_last=False):
    batches = [order[first : first + batch_size] for first in range(0, len(order), batch_size)]
    return tuple(batch for batch in batches if len(batch) == batch_size or not drop_last)


def shuffle_within(n, batch_size, seed, drop_last):
    rng = np.random.default_rng(seed)
    return tuple(rng.permutation(batch) for batch in cut(np.arange(n), batch_size, drop_last))


ROWS_OF_EPOCH = Code(
    solution=rows_of_epoch,
    expected=ask_a_loader,
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
            "The short last batch is still there. With `drop_last` it is to be left out.",
        ),
        Misconception(
            lambda n, batch_size, seed, drop_last: cut(shuffled(n, seed), batch_size, True),
            "You left out the short last batch without being asked to: that depends on `drop_last`.",
        ),
        Misconception(
            lambda n, batch_size, seed, drop_last: cut(shuffled(n, seed), batch_size)[: -1 if drop_last else None],
            "You left out the last batch though it was full. `drop_last` leaves out a short one, and no other.",
        ),
        Misconception(
            lambda n, batch_size, seed, drop_last: cut(
                np.random.default_rng(seed).integers(n, size=n), batch_size, drop_last
            ),
            "Some rows come twice and others not at all. Put them in a new order; do not draw each anew.",
        ),
        Misconception(
            lambda n, batch_size, seed, drop_last: tuple(np.array_split(shuffled(n, seed), -(-n // batch_size))),
            "The batches are of about the same size, so none has `batch_size` rows. Only the last may be short.",
        ),
        Misconception(
            shuffle_within,
            "You shuffled within each batch, so the same rows stay together. Shuffle first, then cut.",
        ),
        Misconception(
            lambda n, batch_size, seed, drop_last: (shuffled(n, seed),),
            "That is one batch of all rows. Cut the order into pieces of `batch_size`.",
        ),
    ),
    hints=(
        "First the order of the whole epoch, by `np.random.default_rng(seed).permutation(n)`; then cut it.",
        "`order[first : first + batch_size]` for `first` in `range(0, n, batch_size)`; the last piece may be short.",
    ),
    because="It is what a loader does: an order of all rows from the sampler, cut into batches, the short one kept or "
    "not.",
    then="With `NumpyOrder(n, seed)` and the same seed, a loader over `range(n)` gives the same batches.",
)


# Exercise 4


def missed_with_replacement(n):
    never = (1 - 1 / n) ** n  # the chance that all n draws miss a given example
    return n * never


def count_missed(n):
    """Draw a thousand epochs, and count."""
    rng = np.random.default_rng(2024)
    return np.mean([n - np.unique(rng.integers(n, size=n)).size for _ in range(1000)])


MISSED_WITH_REPLACEMENT = Prediction(
    solution=missed_with_replacement,
    expected=count_missed,
    asks=("examples that an epoch misses, on average",),
    relative=0.03,
    misconceptions=(
        Misconception(0, "With replacement an example can be drawn twice. Then another one is not drawn at all."),
        Misconception(
            lambda n: n / 2, "A guess of one half? Work out the chance that all n draws miss a given example."
        ),
        Misconception(lambda n: n * (1 - np.exp(-1)), "Those are the examples that it sees. How many does it miss?"),
        Misconception(
            1,
            "A given example is drawn once on average. But some are drawn twice or more often, and that leaves others "
            "out.",
        ),
        Misconception(lambda n: np.exp(-1), "That is the share of the examples. How many are it of n?"),
    ),
    hints=(
        "One draw misses a given example with the chance 1 − 1/n. And n draws, each made anew?",
        "$(1 - 1/n)^n$ is the share that is missed; for large n it is near 1/e.",
    ),
    because="Each draw misses a given example with the chance $1 - 1/n$, all n of them with $(1 - 1/n)^n \\approx "
    "1/e$. So an epoch misses about $n/e$ examples, and sees others twice or more often.",
    then="`RandomSampler(points, replacement=True)` draws like this. Over many epochs it leaves nobody out, but "
    "shuffling has each example exactly once in every epoch.",
)


# Exercise 5


def stack_examples(examples):
    X = torch.stack([x for x, _ in examples])
    y = torch.tensor([[value] for _, value in examples])
    return X, y


def fill_in(examples):
    """Make the arrays first, and fill them in row by row."""
    X, y = np.zeros((len(examples), len(examples[0][0])), np.float32), np.zeros((len(examples), 1), np.float32)
    for row, (x, value) in enumerate(examples):
        X[row], y[row, 0] = x.numpy(), value
    return torch.from_numpy(X), torch.from_numpy(y)


def draw_examples():
    generator = np.random.default_rng(2024)
    cases = [([(torch.tensor([1.0, 2.0]), 9.5), (torch.tensor([1.0, -0.5]), 4.25), (torch.tensor([1.0, 3.0]), 10.0)],)]
    for size, columns in ((2, 2), (7, 3), (1, 2)):
        rows = torch.from_numpy(generator.normal(size=(size, columns)).astype(np.float32))
        cases.append(([(row, float(value)) for row, value in zip(rows, generator.normal(size=size), strict=True)],))
    return cases


STACK_EXAMPLES = Code(
    solution=stack_examples,
    expected=fill_in,
    cases=draw_examples,
    strict=True,
    misconceptions=(
        Misconception(
            lambda examples: (fill_in(examples)[0], fill_in(examples)[1][:, 0]),
            "y has the shape (B,). Against predictions of shape (B, 1) the loss would compare each with each: the trap "
            "of chapter 01.",
        ),
        Misconception(
            lambda examples: (fill_in(examples)[0], fill_in(examples)[1].T),
            "y is a row of shape (1, B). Each example is a row of its own.",
        ),
        Misconception(lambda examples: fill_in(examples)[::-1], "These two are the wrong way round: X comes first."),
        Misconception(
            lambda examples: (torch.cat([x for x, _ in examples]), fill_in(examples)[1]),
            "The inputs stand end to end in one long row: `cat` joins along the axis there is. A new first axis is "
            "made by `stack`.",
        ),
        Misconception(
            lambda examples: (fill_in(examples)[0].T, fill_in(examples)[1]),
            "X has an example in each column. Stack along the first axis.",
        ),
        Misconception(
            lambda examples: (fill_in(examples)[0].double(), fill_in(examples)[1].double()),
            "The numbers and shapes are right, but in 64 bits. The model has weights of 32, and torch refuses to mix "
            "them.",
        ),
        Misconception(
            lambda examples: (fill_in(examples)[0].numpy(), fill_in(examples)[1].numpy()),
            "The numbers and shapes are right, but these are arrays. The model wants tensors.",
        ),
    ),
    hints=(
        "Take the examples apart, all inputs and all targets, and stack each along a new first axis.",
        "`torch.stack` for the inputs. For the targets, a list with a list for each number: `[[9.5], [4.25]]` becomes "
        "a tensor of shape (2, 1).",
    ),
    because="Stack the inputs along a new first axis, and give every target a row of its own.",
    then="A loader takes such a function as `collate_fn=stack_examples`, for examples that do not simply stack.",
)

QUESTIONS = (TEN_EPOCHS_OF_300, SAME_BATCHES_AFTER, ROWS_OF_EPOCH, MISSED_WITH_REPLACEMENT, STACK_EXAMPLES)
