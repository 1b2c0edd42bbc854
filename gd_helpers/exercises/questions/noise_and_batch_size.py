"""The exercises of chapter 13: variance of a batch, equal floors, shuffling at half the rate, and both in code."""

import numpy as np

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, choice, code, prediction
from gd_helpers.metrics import noise_floor, ols
from gd_helpers.training.trainer import train

# Exercise 1


def variance_with_replacement(n, seed):
    return variance_of_a_quarter(n, seed) * (n - 1) / (n - n // 4)


@prediction(
    asks=("variance",),
    relative=0.02,
    misconceptions=(
        Misconception(
            variance_with_replacement,
            "That is with replacement. A quarter of the data is not a small part of it: how much does it leave out?",
        ),
        Misconception(
            lambda n, seed: variance_of_a_quarter(n, seed) ** 0.5,
            "That is the standard deviation. The variance is asked for.",
        ),
        Misconception(
            lambda n, seed: variance_of_a_quarter(n, seed) * (n // 4),
            "Where is the batch size? The mean of B independent draws has the variance of one, divided by B.",
        ),
        Misconception(
            lambda n, seed: variance_of_a_quarter(n, seed) * (n // 4) ** 0.5,
            "It is the standard deviation that falls with the root of B; the variance falls with B itself.",
        ),
        Misconception(
            lambda n, seed: variance_of_a_quarter(n, seed) / (n // 4),
            "You divided by B twice. The variance of a sum of B independent draws is B times that of one, and the mean "
            "is the sum divided by B.",
        ),
        Misconception(
            lambda n, seed: variance_with_replacement(n, seed) / 4,
            "A quarter is what the batch contains. The factor is about what it leaves out.",
        ),
        Misconception(
            lambda n, seed: variance_with_replacement(n, seed) * 0.75**0.5,
            "You took the root of the factor. That is right for standard deviations.",
        ),
        Misconception(0, "Without replacement, the variance is zero only if the batch is the whole data set."),
    ),
    hints=(
        "The variance σ² of one example's gradient is printed at the beginning of the chapter.",
        "With replacement it is σ² / B. Without, times (n − B) / (n − 1): at a quarter that is nearly 3/4.",
    ),
    because="With replacement it is $\\sigma^2/B$; without, that times $\\frac{n-B}{n-1}$.",
)
def variance_of_a_quarter(n, seed):
    data, B = simulate_line(n=n, seed=seed), n // 4
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    gradients = 2 * (X @ ols(data).weights - y)[:, None] * X
    variance = np.mean(np.sum(gradients**2, axis=1))  # their mean is zero
    return variance / B * (n - B) / (n - 1)


# Exercise 2


@prediction(
    asks=("batch size",),
    relative=0.05,
    misconceptions=(
        Misconception(
            40,
            "That is the rule of thumb, which depends on α / B alone. Is it too high at α = 0.04, or too low? See the "
            "picture of the sixteen pairs.",
        ),
        Misconception(
            2.5,
            "A larger rate has a higher floor, and so does a smaller batch. Which way does B have to go?",
        ),
        Misconception(
            160,
            "Four times the rate does not take sixteen times the batch: the floor goes with α, not with α².",
        ),
        Misconception(20, "Then the floor is twice as high, and more. At small rates it goes with α / B."),
        Misconception(10, "With the same batch the floor is four times as high, and more."),
    ),
    hints=(
        "By the rule of thumb, α / B has to stay the same. But at the larger rate the exact floor is above the rule.",
        "Compute `noise_floor(data, 0.04, batch_size=B)` for a few B around that, and compare it with "
        "`noise_floor(data, 0.01, batch_size=10)`.",
    ),
    because="The rule of thumb gives 40. The exact floor grows faster than the rate, so the batch has to grow more "
    "than in proportion.",
)
def batch_for_the_same_floor(n, seed):
    data = simulate_line(n=n, seed=seed)
    floor = noise_floor(data, 0.01, batch_size=10)
    B = 1
    while noise_floor(data, 0.04, batch_size=B) > floor:
        B += 1
    return B


# Exercise 3


@choice(
    options=("as much", "a half", "a quarter", "an eighth"),
    misconceptions=(
        Misconception(
            "as much", "A batch of a fifth of the data is still noisy, and the steps along that noise are half as long."
        ),
        Misconception(
            "a half",
            "That is right with replacement. A shuffled epoch gives back at its end what it has borrowed. How much is "
            "left over, if the steps are half as long?",
        ),
        Misconception(
            "a quarter",
            "What an epoch leaves over is of the order of α², since it comes from the order of the batches alone. But "
            "the loss counts its *square*, which adds up over a number of epochs that goes with 1 / α.",
        ),
    ),
    hints=(
        "With replacement the floor is proportional to α. With large batches, shuffled epochs are far below that: do "
        "they also fall faster?",
        "To first order in α, the order of the batches makes no difference to where an epoch ends: the sum of all "
        "gradients at least squares is zero. What is left of an epoch goes with α², its square with α⁴, and it adds up "
        "over about 1/α epochs.",
        "Or measure: two runs of `train` with `batch_size=n // 5`, from `init=best.weights`, 2,000 epochs each. Take "
        "the mean loss above least squares over the later 1,000.",
    ),
    because="What a shuffled epoch leaves over is of the order of $\\alpha^2$. Squared, and added up over about "
    "$1/\\alpha$ epochs, this gives $\\alpha^3$.",
    then="Halve the rate, and the floor of such epochs falls by about a factor of eight, not two.",
)
def shuffled_at_half_the_rate(n, seed):
    data, floors = simulate_line(n=n - n % 5, seed=seed), []
    for rate in (0.02, 0.01):
        rule = {"batch_size": n // 5, "learning_rate": rate, "optimizer": "sgd", "epochs": 2000}
        run = train(data, "mini-batch", init=ols(data).weights, shuffle_seed=seed, **rule)
        floors.append(run.trace.loss[1000:].mean() - ols(data).mse)
    share = floors[1] / floors[0]
    texts = {"as much": 1, "a half": 1 / 2, "a quarter": 1 / 4, "an eighth": 1 / 8}
    return min(texts, key=lambda text: abs(np.log(share / texts[text])))


# Exercise 4


def draw_gradients_of_examples():
    small = np.array([[1.0, 0.0], [3.0, 2.0], [-2.0, 4.0], [0.0, 6.0]])
    cases = [(small, 2, True), (small, 3, False)]
    for n, p, B in ((40, 3, 7), (25, 1, 25)):
        gradients = np.random.default_rng(n).normal(1.0, 2.0, size=(n, p))
        cases += [(gradients, B, True), (gradients, B, False)]
    return cases


def around_zero(gradients, B, replacement):
    return variance_of_batches(np.vstack([gradients, -gradients]), B, True) * (
        1 if replacement else (len(gradients) - B) / (len(gradients) - 1)
    )


@code(
    cases=draw_gradients_of_examples,
    misconceptions=(
        Misconception(
            lambda gradients, B, replacement: variance_of_batches(gradients, 1, True),
            "That is the variance of one example's gradient. The mean of a batch has less.",
        ),
        Misconception(
            lambda gradients, B, replacement: variance_of_batches(gradients, B, True),
            "Right with replacement. Without it, no example can come twice, and the batch of all examples has no "
            "variance at all.",
        ),
        Misconception(
            lambda gradients, B, replacement: variance_of_batches(gradients, B, not replacement),
            "You have with and without replacement the wrong way round.",
        ),
        Misconception(
            around_zero,
            "You took the squared distance from zero. Here the mean of all gradients is not zero: subtract it.",
        ),
        Misconception(
            lambda gradients, B, replacement: variance_of_batches(gradients, B, replacement) / gradients.shape[1],
            "You took the mean over the entries of a gradient. The squared distance is a sum over them.",
        ),
        Misconception(
            lambda gradients, B, replacement: variance_of_batches(gradients, B, replacement) ** 0.5,
            "That is the standard deviation, the root of what is asked for.",
        ),
        Misconception(
            lambda gradients, B, replacement: (
                variance_of_batches(gradients, B, replacement) * len(gradients) / (len(gradients) - 1)
            ),
            "You divided by n − 1, as for an estimate from a sample. These gradients are all there are: divide by n.",
        ),
        Misconception(
            lambda gradients, B, replacement: (
                variance_of_batches(gradients, B, True) * (1 if replacement else 1 - B / len(gradients))
            ),
            "(n − B) / n is nearly right for large n. But what does it give for a batch of one example?",
        ),
    ),
    hints=(
        "First find the variance of one row: the mean over the rows of the squared distance from their mean, summed "
        "over the entries.",
        "Then divide by B; without replacement multiply by (n − B) / (n − 1).",
    ),
    because="These are the two laws of the chapter, with the mean subtracted, since it is zero only at least squares.",
)
def variance_of_batches(gradients, B, replacement):
    n = len(gradients)
    variance = np.mean(np.sum((gradients - gradients.mean(axis=0)) ** 2, axis=1)) / B
    return variance if replacement else variance * (n - B) / (n - 1)


# Exercise 5


def draw_batches():
    X = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 3.0]])
    cases = [(X, np.array([1.0, 2.0, 0.0]), 0.1, np.array([[0, 0], [2, 1], [1, 1], [0, 2]]))]
    for n, B, updates in ((30, 4, 60), (50, 1, 100)):
        data, generator = simulate_line(n=n, seed=6000 + n), np.random.default_rng(n)
        X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
        cases.append((X, y, 0.02, generator.integers(n, size=(updates, B))))
    return cases


def simulate_with(factor=2.0, later=True, at_batch=False, subtract=True, start=None, after=True):
    """Return the simulation with a mistake in it."""

    def simulate(X, y, α, batches):
        best = np.linalg.lstsq(X, y, rcond=None)[0]
        least = np.mean((X @ best - y) ** 2) if subtract else 0.0
        w, above = best if start is None else start * best, []
        for batch in batches:
            before, errors = w, X[batch] @ w - y[batch]
            w = w - α * factor / (len(batch) if factor else 1) * X[batch].T @ errors
            shown = w if after else before
            loss = np.mean((X[batch] @ shown - y[batch]) ** 2) if at_batch else np.mean((X @ shown - y) ** 2)
            above.append(loss - least)
        return np.mean(above[len(above) // 2 :] if later else above)

    return simulate


def add_up(X, y, α, batches):
    return simulate_with(factor=2.0 * batches.shape[1])(X, y, α, batches)


def last_only(X, y, α, batches):
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    w = best
    for batch in batches:
        w = w - α * 2 / len(batch) * X[batch].T @ (X[batch] @ w - y[batch])
    return np.mean((X @ w - y) ** 2) - np.mean((X @ best - y) ** 2)


@code(
    cases=draw_batches,
    misconceptions=(
        Misconception(
            simulate_with(later=False),
            "You took the mean over all updates. The earlier half is there for the noise to build up.",
        ),
        Misconception(last_only, "That is the height after the last update only. Take the mean over the later half."),
        Misconception(simulate_with(subtract=False), "That is the loss itself. Subtract the loss of least squares."),
        Misconception(
            simulate_with(at_batch=True),
            "You took the loss of the batch that the update had just used. The loss over all data is asked for.",
        ),
        Misconception(simulate_with(after=False), "You took the loss before each update. Take it after."),
        Misconception(
            simulate_with(factor=1.0),
            "The steps are half as long as is right: the derivative of a square brings a factor 2 with it.",
        ),
        Misconception(add_up, "Those are the gradients of sums. The loss of a batch is a mean: divide by B."),
        Misconception(simulate_with(start=0.0), "You began at zero. Begin at the least squares weights."),
        Misconception(simulate_with(factor=-2.0), "The loop goes uphill: a step must go against the gradient."),
    ),
    hints=(
        "Least squares is `np.linalg.lstsq(X, y, rcond=None)[0]`. Then loop over the rows of `batches`, with the "
        "update of this chapter's `descend`.",
        "After each update, keep `np.mean((X @ w - y) ** 2)` minus the same at the least squares weights; at the end, "
        "return the mean of the later half of the list.",
    ),
    because="It is `descend` with the batches given, and a list of heights.",
    then="With many batches drawn with replacement this comes near `noise_floor`.",
)
def simulated_floor(X, y, α, batches):
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    w, above = best, []
    for batch in batches:
        errors = X[batch] @ w - y[batch]
        w = w - α * 2 / len(batch) * X[batch].T @ errors
        above.append(np.mean((X @ w - y) ** 2) - np.mean((X @ best - y) ** 2))
    return np.mean(above[len(above) // 2 :])


QUESTIONS = (
    variance_of_a_quarter,
    batch_for_the_same_floor,
    shuffled_at_half_the_rate,
    variance_of_batches,
    simulated_floor,
)
