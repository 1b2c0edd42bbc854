"""The exercises of chapter 18: an epoch of seven workers, a forgotten division, what pays, and both kinds of shares."""

import numpy as np

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, code, prediction
from gd_helpers.metrics import stability_limit

# Exercise 1


@prediction(
    asks=("examples in a share", "examples that come twice", "updates an epoch"),
    misconceptions=(
        Misconception(
            lambda n: (n // 7, None, None),
            "That is what `drop_last=True` would give. By default, the last round is filled up.",
        ),
        Misconception(
            lambda n: (n / 7, None, None), "A share is a whole number of examples, and all shares have the same size."
        ),
        Misconception(
            lambda n: (None, n % 7, None),
            "Those are the examples in the last round, which is not full. How many are missing from it?",
        ),
        Misconception(
            lambda n: (None, None, -(-n // 16)),
            "That is how many batches of 16 hold all the data. But each update uses seven of them, one from each "
            "worker.",
        ),
        Misconception(
            lambda n: (None, None, -(-n // 7) // 16),
            "You left out the short last batch. A loader with its defaults keeps it.",
        ),
    ),
    hints=(
        "All seven shares have the same size, and together they contain each example at least once.",
        "A share is n / 7, rounded up. Seven shares contain a few more than n: those come twice. The number of a "
        "worker's batches is its share divided by 16, rounded up, and each of them goes into one update.",
    ),
    because="The sampler rounds the share up, and the examples needed to fill it come twice. An update takes a batch "
    "from each worker, so an epoch has as many updates as one worker has batches.",
    then="Each worker's last batch is short, but equally short for all, so the mean of the means is right.",
)
def epoch_of_seven(n):
    share = -(-n // 7)  # rounded up
    return share, 7 * share - n, -(-share // 16)


# Exercise 2


def limit_of_the_mean(n, seed):
    return stability_limit(simulate_line(n=n - n % 4, seed=seed))


@prediction(
    asks=("learning rate",),
    relative=0.02,
    misconceptions=(
        Misconception(
            limit_of_the_mean, "That is the limit for the mean. A sum over four workers is four times as long."
        ),
        Misconception(
            lambda n, seed: 4 * limit_of_the_mean(n, seed),
            "The wrong way round: a longer step needs a smaller rate.",
        ),
        Misconception(
            lambda n, seed: limit_of_the_mean(n, seed) / 2,
            "That is the limit for two workers. Here there are four.",
        ),
        Misconception(
            lambda n, seed: limit_of_the_mean(n, seed) / 8,
            "The limit is 2 / λ, not 1 / λ, with the largest curvature λ.",
        ),
        Misconception(
            lambda n, seed: limit_of_the_mean(n, seed) / 16,
            "Each worker takes the mean over its own share, so its number of examples is already accounted for. You "
            "divided by four twice.",
        ),
    ),
    hints=(
        "The sum of four workers' gradients is four times their mean. Which rate would do the same with the mean?",
        "The limit for the mean is $2/\\lambda$ with the largest curvature of the loss (chapter 12), since the shares "
        "together are all the data.",
    ),
    because="With the sum, α does what 4 α does with the mean. So the limit is a quarter of $2/\\lambda$.",
    then="A script that adds instead of averaging works with few workers, and diverges with more.",
)
def limit_of_a_sum(n, seed):
    X = simulate_line(n=n - n % 4, seed=seed).X.double().numpy()
    H = 2 / len(X) * X.T @ X  # the curvature of the mean over all
    return 2 / np.linalg.eigvalsh(4 * H)[-1]


# Exercise 3


@prediction(
    asks=("workers with batches of 10", "workers with batches of 80"),
    misconceptions=(
        Misconception((10, None), "Ten workers would do if the all-reduce took no time."),
        Misconception((None, 10), "With the larger batch the all-reduce matters less, but it still takes its 300 µs."),
        Misconception(
            (30, None), "You compared the all-reduce with the gradient. An update needs both, one after the other."
        ),
        Misconception((None, 40), "The gradient of 80 examples takes longer, but the all-reduce does not."),
        Misconception((None, 13), "13 are not quite enough: round up."),
        Misconception(
            (None, 5),
            "Each update needs one all-reduce, whatever the batch. How many examples a second does *one* worker handle "
            "with batches of 80, when it needs none?",
        ),
    ),
    hints=(
        "One worker alone needs no all-reduce: 10 examples in 100 µs, or 80 in 800 µs, which is the same.",
        "k workers handle $k\\,c/(c+a)$ times as many, with $c$ = 100 and $a$ = 300, or $c$ = 800 and $a$ = 300.",
    ),
    because="k workers need $c + a$ for an update, one needs $c$, so they are $k\\,c/(c+a)$ times as fast. That is "
    "$k/4$ for $c$ = 100, and $k \\cdot 8/11$ for $c$ = 800.",
    then="The larger each worker's batch, the less the communication costs. But k B then grows all the faster towards "
    "the size at which no rate helps.",
)
def workers_for_ten_times():
    gains = [(k * 100 / (100 + 300), k * 800 / (800 + 300)) for k in range(1, 101)]
    return tuple(1 + sum(gain < 10 for gain in column) for column in zip(*gains, strict=True))


# Exercise 4


def draw_shares():
    small = np.array([[1.0, 4.0], [8.0, -3.0]]), np.array([10, 4])
    drawn = np.random.default_rng(2024).normal(size=(5, 3)), np.array([3, 7, 1, 7, 2])
    even = drawn[0][:3], np.array([6, 6, 6])
    return [small, drawn, even]


@code(
    cases=draw_shares,
    misconceptions=(
        Misconception(
            lambda gradients, counts: gradients.mean(axis=0),
            "That is the mean of the means. In it, a worker with few examples counts too much.",
        ),
        Misconception(
            lambda gradients, counts: gradients.sum(axis=0), "That is a sum over the workers, as `all_reduce` gives."
        ),
        Misconception(
            lambda gradients, counts: counts @ gradients,
            "That is the sum over all examples. Divide by their number.",
        ),
        Misconception(
            lambda gradients, counts: counts @ gradients / len(counts),
            "You divided by the number of workers. Divide the sum over all examples by the number of examples.",
        ),
        Misconception(
            lambda gradients, counts: gradients.sum(axis=0) / counts.sum(),
            "Each row is already a mean. To get the sum over a worker's examples, multiply by its count.",
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
    because="Count times mean is the sum over a worker's examples. Add these up and divide by the number of all "
    "examples.",
    then="In a script, each worker would send its sum and its count through `all_reduce`, and divide one by the other.",
)
def mean_of_shares(gradients, counts):
    return counts @ gradients / counts.sum()


# Exercise 5


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


@code(
    cases=draw_orders,
    misconceptions=(
        Misconception(
            lambda order, workers, rank, drop_last: order[rank::workers],
            "The shares are not all the same length: what becomes of the last round, which is not full?",
        ),
        Misconception(
            lambda order, workers, rank, drop_last: np.array_split(order, workers)[rank],
            "Those are consecutive pieces of the order. It is dealt out like cards, round by round.",
        ),
        Misconception(
            lambda order, workers, rank, drop_last: share_of(order, workers, rank, True),
            "Here `drop_last` is False: the last round is filled up, not left out.",
        ),
        Misconception(
            lambda order, workers, rank, drop_last: share_of(order, workers, rank, False),
            "Here `drop_last` is True: the round that is not full is left out.",
        ),
        Misconception(
            lambda order, workers, rank, drop_last: share_of(order, workers, (rank - 1) % workers, drop_last),
            "That is the share of a neighbour. Ranks are counted from 0.",
        ),
        Misconception(
            lambda order, workers, rank, drop_last: (
                share_of(order, workers, rank, True) if drop_last else fill_up(order, workers, order[-1])[rank::workers]
            ),
            "You filled up with copies of the last row. The sampler begins the order again.",
        ),
        Misconception(
            lambda order, workers, rank, drop_last: share_of(np.sort(order), workers, rank, drop_last),
            "Those are the row numbers as they stand. Deal out the order that you are given.",
        ),
    ),
    hints=(
        "First make the length of the order a multiple of `workers`. Then worker `rank` gets every `workers`-th row.",
        "`np.resize(order, length)` cuts an array short, or repeats it until it is long enough. And `[rank::workers]` "
        "takes every `workers`-th entry from `rank` on.",
    ),
    because="Cut the order off after the last full round, or begin it again to fill the round; then deal it out like "
    "cards.",
    then="With shuffling, the order is `torch.randperm` with a generator seeded by seed + epoch: the same for all "
    "ranks.",
)
def share_of(order, workers, rank, drop_last):
    rounds = len(order) // workers if drop_last else -(-len(order) // workers)
    return np.resize(order, rounds * workers)[rank::workers]


QUESTIONS = (
    epoch_of_seven,
    limit_of_a_sum,
    workers_for_ten_times,
    mean_of_shares,
    share_of,
)
