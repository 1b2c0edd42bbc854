"""The exercises of chapter 18: an epoch of seven workers, a forgotten division, what pays, and both kinds of shares."""

import numpy as np
import torch
from torch.utils.data import DataLoader, DistributedSampler

from gd_helpers.data import simulate_line
from gd_helpers.exercises.question_types import Code, Misconception, Prediction
from gd_helpers.metrics import stability_limit

# Exercise 1


def epoch_of_seven(n):
    share = -(-n // 7)  # rounded up
    return share, 7 * share - n, -(-share // 16)


def count_with_samplers(n):
    """Deal the rows out, and cut the shares by loaders."""
    shares = [DistributedSampler(range(n), 7, rank) for rank in range(7)]
    rows = [row for share in shares for row in share]
    with torch.random.fork_rng(devices=[]):  # a loader draws from the global generator whenever it begins an epoch
        (updates,) = {len(list(DataLoader(range(n), 16, sampler=share))) for share in shares}
    return len(shares[0]), len(rows) - len(set(rows)), updates


EPOCH_OF_SEVEN = Prediction(
    solution=epoch_of_seven,
    expected=count_with_samplers,
    asks=("examples in a share", "examples that come twice", "updates an epoch"),
    misconceptions=(
        Misconception(
            lambda n: (n // 7, None, None),
            "That is what `drop_last=True` would give. By default the last round is filled up.",
        ),
        Misconception(
            lambda n: (n / 7, None, None), "A share is a whole number of examples, and all are of the same size."
        ),
        Misconception(
            lambda n: (None, n % 7, None),
            "Those are the examples of the last round, which is not full. How many are missing in it?",
        ),
        Misconception(
            lambda n: (None, None, -(-n // 16)),
            "So many batches of 16 hold all the data. But seven of them feed one update, one of each worker.",
        ),
        Misconception(
            lambda n: (None, None, -(-n // 7) // 16),
            "You left out the short last batch. A loader with its defaults keeps it.",
        ),
    ),
    hints=(
        "All seven shares are of the same size, and together they hold each example at least once.",
        "A share is n / 7, rounded up. Seven shares hold a few more than n: those come twice. A worker's batches are "
        "its share over 16, rounded up, and each of them feeds an update.",
    ),
    because="The sampler rounds the share up, and what that is too much is dealt out twice. An update takes a batch of "
    "each worker, so an epoch has as many updates as one worker has batches.",
    then="The last batch of each worker is short, but equally short for all, so that the mean of the means is right.",
)


# Exercise 2


def limit_of_a_sum(n, seed):
    X = simulate_line(n=n - n % 4, seed=seed).X.double().numpy()
    H = 2 / len(X) * X.T @ X  # the curvature of the mean over all
    return 2 / np.linalg.eigvalsh(4 * H)[-1]


def add_up_shares(n, seed):
    """Add the gradients of four shares for rising rates, until errors grow, and bisect."""
    X = simulate_line(n=n - n % 4, seed=seed).X.double().numpy()
    low, high = 0.0, 1.0
    for _ in range(40):
        middle, error = (low + high) / 2, np.array([0.3, 1.0])
        for _ in range(100):
            total = sum(2 / len(share) * (share @ error) @ share for share in np.split(X, 4))
            error = error - middle * total
            growth = np.linalg.norm(error)
            error = error / growth
        low, high = (low, middle) if growth > 1 else (middle, high)
    return high


def limit_of_the_mean(n, seed):
    return stability_limit(simulate_line(n=n - n % 4, seed=seed))


LIMIT_OF_A_SUM = Prediction(
    solution=limit_of_a_sum,
    expected=add_up_shares,
    asks=("learning rate",),
    relative=0.02,
    misconceptions=(
        Misconception(
            limit_of_the_mean, "That is the limit of the mean. A sum over four workers is four times as long."
        ),
        Misconception(
            lambda n, seed: 4 * limit_of_the_mean(n, seed),
            "The wrong way round: a longer step needs a smaller rate.",
        ),
        Misconception(
            lambda n, seed: limit_of_the_mean(n, seed) / 2,
            "That is the limit with two workers. Here there are four.",
        ),
        Misconception(
            lambda n, seed: limit_of_the_mean(n, seed) / 8,
            "The limit is 2 / λ, not 1 / λ, with the largest curvature λ.",
        ),
        Misconception(
            lambda n, seed: limit_of_the_mean(n, seed) / 16,
            "Each worker takes the mean over its own share, so the number of examples is in it already. You divided by "
            "four twice.",
        ),
    ),
    hints=(
        "The sum of four workers' gradients is four times their mean. Which rate is that, with the mean?",
        "The limit of the mean is $2/\\lambda$ with the largest curvature of the loss, chapter 12, since all shares "
        "together are all the data.",
    ),
    because="With the sum, α does what 4 α does with the mean. So the limit is a fourth of $2/\\lambda$.",
    then="A script that adds in place of averaging works with few workers, and diverges with more.",
)


# Exercise 3


def workers_for_ten_times():
    gains = [(k * 100 / (100 + 300), k * 800 / (800 + 300)) for k in range(1, 101)]
    return tuple(1 + sum(gain < 10 for gain in column) for column in zip(*gains, strict=True))


def watch_the_clock():
    """Count the examples that k workers have handled after a while, beside those of one."""
    answers = []
    for batch, gradient in ((10, 100), (80, 800)):
        until = 4_400_000  # µs
        by_one, k = until // gradient * batch, 1
        while k * (until // (gradient + 300)) * batch < 10 * by_one:
            k += 1
        answers.append(k)
    return tuple(answers)


WORKERS_FOR_TEN_TIMES = Prediction(
    solution=workers_for_ten_times,
    expected=watch_the_clock,
    asks=("workers with batches of 10", "workers with batches of 80"),
    misconceptions=(
        Misconception((10, None), "Ten workers would do if the all-reduce took no time."),
        Misconception((None, 10), "With the larger batch the all-reduce matters less, and still it takes its 300 µs."),
        Misconception(
            (30, None), "You compared the all-reduce with the gradient. An update is both, one after the other."
        ),
        Misconception((None, 40), "The gradient of 80 examples takes longer, and the all-reduce does not."),
        Misconception((None, 13), "13 are not quite enough: round up."),
        Misconception(
            (None, 5),
            "An all-reduce counts once for each update, whatever the batch. How many examples a second has *one* "
            "worker with batches of 80, which needs none?",
        ),
    ),
    hints=(
        "One worker alone needs no all-reduce: 10 examples in 100 µs, or 80 in 800 µs, which is the same.",
        "k workers handle $k\\,c/(c+a)$ times as many, with $c$ = 100 and $a$ = 300, or $c$ = 800 and $a$ = 300.",
    ),
    because="k workers need $c + a$ for an update, one needs $c$: so they are $k\\,c/(c+a)$ times as fast. That is "
    "$k/4$ for $c$ = 100, and $k \\cdot 8/11$ for $c$ = 800.",
    then="The larger the batch of each worker, the less the message costs. But k B then grows all the faster towards "
    "the size where no rate helps.",
)


# Exercise 4


def mean_of_shares(gradients, counts):
    return counts @ gradients / counts.sum()


def repeat_rows(gradients, counts):
    """Give each example the mean gradient of its worker, and take the mean over the examples."""
    return np.repeat(gradients, counts, axis=0).mean(axis=0)


def draw_shares():
    small = np.array([[1.0, 4.0], [8.0, -3.0]]), np.array([10, 4])
    drawn = np.random.default_rng(2024).normal(size=(5, 3)), np.array([3, 7, 1, 7, 2])
    even = drawn[0][:3], np.array([6, 6, 6])
    return [small, drawn, even]


MEAN_OF_SHARES = Code(
    solution=mean_of_shares,
    expected=repeat_rows,
    cases=draw_shares,
    misconceptions=(
        Misconception(
            lambda gradients, counts: gradients.mean(axis=0),
            "That is the mean of the means. A worker with few examples has too much say in it.",
        ),
        Misconception(
            lambda gradients, counts: gradients.sum(axis=0), "That is a sum over the workers, as `all_reduce` gives."
        ),
        Misconception(
            lambda gradients, counts: counts @ gradients,
            "That is the sum over all examples. Divide by how many they are.",
        ),
        Misconception(
            lambda gradients, counts: counts @ gradients / len(counts),
            "You divided by the number of workers. The sum over all examples is to be divided by that of examples.",
        ),
        Misconception(
            lambda gradients, counts: gradients.sum(axis=0) / counts.sum(),
            "Each row is a mean already. To get the sum over a worker's examples, multiply by its count.",
        ),
        Misconception(
            lambda gradients, counts: (1 / counts) @ gradients / (1 / counts).sum(),
            "The wrong way round: a worker with more examples counts more.",
        ),
    ),
    hints=(
        "A worker's row times its count is the sum over its examples. Add these sums, then divide.",
        "`counts @ gradients` multiplies each row by its count, and adds the rows.",
    ),
    because="Count times mean is the sum over a worker's examples. The sum of these over the number of all examples is "
    "the mean.",
    then="In a script, each worker would send its sum and its count through `all_reduce`, and divide one by the other.",
)


# Exercise 5


def share_of(order, workers, rank, drop_last):
    rounds = len(order) // workers if drop_last else -(-len(order) // workers)
    return np.resize(order, rounds * workers)[rank::workers]


def ask_the_sampler(order, workers, rank, drop_last):
    sampler = DistributedSampler(range(len(order)), workers, rank, shuffle=False, drop_last=drop_last)
    return order[list(sampler)]


def draw_orders():
    short = np.array([5, 2, 0, 4, 1, 3, 6])
    cases = [(short, 3, 0, False), (short, 3, 1, True), (short, 3, 1, False)]
    for length, workers, rank in ((20, 4, 3), (50, 7, 5), (50, 7, 6)):
        order = np.random.default_rng(length).permutation(length)
        cases += [(order, workers, rank, False), (order, workers, rank, True)]
    return cases


def fill_up(order, workers, filling):
    missing = -len(order) % workers
    return np.concatenate([order, np.full(missing, filling)]) if missing else order


SHARE_OF = Code(
    solution=share_of,
    expected=ask_the_sampler,
    cases=draw_orders,
    misconceptions=(
        Misconception(
            lambda order, workers, rank, drop_last: order[rank::workers],
            "The shares are not all of the same length: what becomes of the last round, which is not full?",
        ),
        Misconception(
            lambda order, workers, rank, drop_last: np.array_split(order, workers)[rank],
            "Those are pieces of the order, one after the other. It is dealt out like cards, round by round.",
        ),
        Misconception(
            lambda order, workers, rank, drop_last: share_of(order, workers, rank, True),
            "Here `drop_last` is False: the last round is filled up, not left out.",
        ),
        Misconception(
            lambda order, workers, rank, drop_last: share_of(order, workers, rank, False),
            "Here `drop_last` is True: a round that is not full is left out.",
        ),
        Misconception(
            lambda order, workers, rank, drop_last: share_of(order, workers, (rank - 1) % workers, drop_last),
            "That is the share of a neighbour. Ranks are counted from 0.",
        ),
        Misconception(
            lambda order, workers, rank, drop_last: (
                share_of(order, workers, rank, True) if drop_last else fill_up(order, workers, order[-1])[rank::workers]
            ),
            "You filled up with the last row again. The sampler begins the order anew.",
        ),
        Misconception(
            lambda order, workers, rank, drop_last: share_of(np.sort(order), workers, rank, drop_last),
            "Those are the row numbers as they stand. Deal out the order that you are given.",
        ),
    ),
    hints=(
        "First make the order as long as a multiple of `workers`. Then worker `rank` has every `workers`-th row.",
        "`np.resize(order, length)` cuts an array off, or begins it anew until it is as long. And `[rank::workers]` "
        "takes every `workers`-th from `rank` on.",
    ),
    because="Cut the order off at the last full round, or begin it anew to fill it; then deal it out like cards.",
    then="Shuffled, the order is `torch.randperm` with the generator seeded by seed + epoch: the same for all ranks.",
)

QUESTIONS = (EPOCH_OF_SEVEN, LIMIT_OF_A_SUM, WORKERS_FOR_TEN_TIMES, MEAN_OF_SHARES, SHARE_OF)
