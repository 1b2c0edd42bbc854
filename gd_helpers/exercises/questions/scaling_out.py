"""The exercises of chapter 18: an epoch of seven workers, a forgotten division, what pays, and unequal shares."""

import numpy as np

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, code, prediction
from gd_helpers.metrics import stability_limit

# Exercise 1


@prediction(
    asks=("updates",),
    misconceptions=(
        Misconception(
            lambda n: -(-n // 16),
            "That is how many batches of 16 hold all the data. But each update uses seven of them, one from each "
            "worker.",
        ),
        Misconception(
            lambda n: -(-n // 7) // 16, "You left out the short last batch. A loader with its defaults keeps it."
        ),
        Misconception(lambda n: -(-n // 7), "That is the number of examples in a share. In batches of 16, that is?"),
    ),
    hints=(
        "All seven shares have the same size, and together they contain each example at least once.",
        "A share is n / 7, rounded up. The number of a worker's batches is its share divided by 16, rounded up, and "
        "each of them goes into one update.",
    ),
    because="The sampler rounds the share up, and the examples needed to fill it come twice. An update takes a batch "
    "from each worker, so an epoch has as many updates as one worker has batches.",
    then="Where a worker's last batch is short, it is as short for all, so the mean of the means weights all alike.",
)
def epoch_of_seven(n):
    share = -(-n // 7)  # rounded up
    return -(-share // 16)


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
    asks=("workers",),
    misconceptions=(
        Misconception(10, "Ten would do if messages were free. Each update also takes the 300 µs of an all-reduce."),
        Misconception(13, "13 are not quite enough: round up."),
        Misconception(
            5,
            "How many examples a second does *one* worker handle, when it needs no all-reduce?",
        ),
        Misconception(
            lambda: 4 * 10, "You took the all-reduce for three times as long as the gradient. Here it is shorter."
        ),
    ),
    hints=(
        "One worker alone needs no all-reduce: 80 examples in 800 µs.",
        "k workers handle $k\\,c/(c+m)$ times as many, with $c$ = 800 and $m$ = 300.",
    ),
    because="k workers need $c + m$ for an update, one needs $c$, so they are $k\\,c/(c+m)$ times as fast: "
    "$k \\cdot 8/11$.",
    then="The larger each worker's batch, the less the communication costs. But k B then grows all the faster towards "
    "the size at which the rate can't be raised further.",
)
def workers_for_ten_times():
    return 1 + sum(k * 800 / (800 + 300) < 10 for k in range(1, 101))


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


QUESTIONS = (
    epoch_of_seven,
    limit_of_a_sum,
    workers_for_ten_times,
    mean_of_shares,
)
