"""The exercises of chapter 13: variance of a batch, equal floors, shuffling at half the rate, and both in code."""

from itertools import combinations, product

import numpy as np

from gd_helpers.data import simulate_line
from gd_helpers.exercises.question_types import Choice, Code, Misconception, Prediction
from gd_helpers.metrics import gradient_variance, noise_floor, ols
from gd_helpers.training.trainer import train

# Exercise 1


def variance_of_a_quarter(n, seed):
    data, B = simulate_line(n=n, seed=seed), n // 4
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    gradients = 2 * (X @ ols(data).weights - y)[:, None] * X
    variance = np.mean(np.sum(gradients**2, axis=1))  # their mean is zero
    return variance / B, variance / B * (n - B) / (n - 1)


def variance_by_metrics(n, seed):
    """Ask the package, whose gradients and least squares are its own."""
    data = simulate_line(n=n, seed=seed)
    weights = ols(data).weights
    return tuple(gradient_variance(data, weights, batch_size=n // 4, replacement=r) for r in (True, False))


VARIANCE_OF_A_QUARTER = Prediction(
    solution=variance_of_a_quarter,
    expected=variance_by_metrics,
    asks=("with replacement", "without"),
    relative=0.02,
    misconceptions=(
        Misconception(lambda n, seed: variance_by_metrics(n, seed)[::-1], "These two are the wrong way round."),
        Misconception(
            lambda n, seed: (variance_by_metrics(n, seed)[0],) * 2,
            "The same for both? A quarter of the data is not small beside all of them.",
        ),
        Misconception(
            lambda n, seed: tuple(value**0.5 for value in variance_by_metrics(n, seed)),
            "Those are standard deviations. The variance is asked for.",
        ),
        Misconception(
            lambda n, seed: tuple(value * (n // 4) for value in variance_by_metrics(n, seed)),
            "Where is the batch size? The mean of B independent draws has a B-th of the variance of one.",
        ),
        Misconception(
            lambda n, seed: tuple(value * (n // 4) ** 0.5 for value in variance_by_metrics(n, seed)),
            "It is the standard deviation that falls with the root of B; the variance falls with B itself.",
        ),
        Misconception(
            lambda n, seed: tuple(value / (n // 4) for value in variance_by_metrics(n, seed)),
            "You divided by B twice. The variance of a sum of B draws is B times that of one, and the mean is a B-th "
            "of the sum.",
        ),
        Misconception(
            lambda n, seed: (None, variance_by_metrics(n, seed)[0] / 4),
            "A quarter is what the batch holds. The factor says what it leaves out.",
        ),
        Misconception(
            lambda n, seed: (None, variance_by_metrics(n, seed)[0] * 0.75**0.5),
            "You took the root of the factor: that is right for standard deviations.",
        ),
        Misconception((None, 0), "Without replacement the variance is zero only for all of the data."),
    ),
    hints=(
        "The variance σ² of one example's gradient is printed at the chapter's beginning.",
        "With replacement it is σ² / B. Without, times (n − B) / (n − 1): at a quarter that is nearly 3/4.",
    ),
    because="$\\sigma^2/B$, and that times $\\frac{n-B}{n-1}$.",
)


# Exercise 2


def batch_for_the_same_floor(n, seed):
    data = simulate_line(n=n, seed=seed)
    floor = noise_floor(data, 0.01, batch_size=10)
    B = 1
    while noise_floor(data, 0.04, batch_size=B) > floor:
        B += 1
    return B


def solve_for_the_batch(n, seed):
    """Build the map of second moments with its four entries, and bisect over real batch sizes."""
    data = simulate_line(n=n, seed=seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    gradients = 2 * (X @ np.linalg.lstsq(X, y, rcond=None)[0] - y)[:, None] * X
    h = 2 * X[:, :, None] * X[:, None, :]
    H, C = h.mean(axis=0), gradients.T @ gradients / n
    each = np.einsum("jab,jcd->acbd", h, h).reshape(4, 4) / n
    first = np.kron(H, np.eye(2)) + np.kron(np.eye(2), H)

    def floor(rate, B):
        second = rate * (each / B + (1 - 1 / B) * np.kron(H, H))
        return H.ravel() @ np.linalg.solve(first - second, rate / B * C.ravel()) / 2

    target, low, high = floor(0.01, 10), 10.0, 10_000.0
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if floor(0.04, middle) > target else (low, middle)
    return np.ceil(high)


BATCH_FOR_THE_SAME_FLOOR = Prediction(
    solution=batch_for_the_same_floor,
    expected=solve_for_the_batch,
    asks=("batch size",),
    relative=0.05,
    misconceptions=(
        Misconception(
            40,
            "That is the rule of thumb, which knows α / B alone. Is it too high at α = 0.04, or too low? See the right "
            "panel of the grid.",
        ),
        Misconception(
            2.5,
            "A larger rate has a higher floor and a smaller batch too: which way has B to go?",
        ),
        Misconception(
            160,
            "Four times the rate does not take sixteen times the batch: the floor goes with α, not with its square.",
        ),
        Misconception(20, "The floor goes with 1 / B, not with 1 / √B, and so with α / B at small rates."),
        Misconception(10, "With the same batch the floor is four times as high, and more."),
    ),
    hints=(
        "By the rule of thumb, α / B has to stay the same. But at the larger rate the exact floor is above the rule.",
        "Compute `noise_floor(data, 0.04, batch_size=B)` for a few B around that, and compare it with "
        "`noise_floor(data, 0.01, batch_size=10)`.",
    ),
    because="The rule of thumb gives 40. The exact floor grows faster than the rate, so it takes a batch that is "
    "larger than in proportion.",
)


# Exercise 3

SHARES = {"as much": 1, "a half": 1 / 2, "a quarter": 1 / 4, "an eighth": 1 / 8}


def shuffled_at_half_the_rate(n, seed):
    data, floors = simulate_line(n=n - n % 5, seed=seed), []
    for rate in (0.02, 0.01):
        rule = {"batch_size": n // 5, "learning_rate": rate, "optimizer": "sgd", "epochs": 2000}
        run = train(data, "mini-batch", init=ols(data).weights, shuffle_seed=seed, **rule)
        floors.append(run.trace.loss[1000:].mean() - ols(data).mse)
    share = floors[1] / floors[0]
    texts = {"as much": 1, "a half": 1 / 2, "a quarter": 1 / 4, "an eighth": 1 / 8}
    return min(texts, key=lambda text: abs(np.log(share / texts[text])))


def shuffle_by_hand(n, seed, runs=24, epochs=120):
    """Walk many runs at once in float64, at both rates in the same orders, and take the nearest share."""
    data, generator = simulate_line(n=n - n % 5, seed=seed), np.random.default_rng(seed)
    X, y = data.X.double().numpy(), data.y.double().numpy()[:, 0]
    pulls = (X @ np.linalg.lstsq(X, y, rcond=None)[0] - y)[:, None] * X
    terms = np.column_stack([X[:, :1] * X, X[:, 1:] * X, pulls])  # two rows of x xᵀ, and the gradient's half
    rates, above = np.array([[0.02], [0.01]])[:, None], np.zeros(2)
    away = np.zeros((2, runs, 2))
    for epoch in range(epochs):
        orders = generator.permuted(np.tile(np.arange(len(X)), (runs, 1)), axis=1)
        for batch in terms[orders].reshape(runs, 5, -1, 6).mean(axis=2).transpose(1, 0, 2):
            curved = np.einsum("cij,rcj->rci", batch[:, :4].reshape(-1, 2, 2), away)
            away = away - 2 * rates * (curved + batch[:, 4:])
        if epoch >= epochs // 2:
            above += np.mean((away @ X.T) ** 2, axis=(1, 2))
    return min(SHARES, key=lambda text: abs(np.log(above[1] / above[0] / SHARES[text])))


SHUFFLED_AT_HALF_THE_RATE = Choice(
    solution=shuffled_at_half_the_rate,
    expected=shuffle_by_hand,
    options=tuple(SHARES),
    misconceptions=(
        Misconception(
            "as much", "At a fifth of the data a batch is still noisy, and the steps along that noise are half as long."
        ),
        Misconception(
            "a half",
            "So it is with replacement. A shuffled epoch gives back at its end what it has borrowed: how much is left "
            "over, if the steps are half as long?",
        ),
        Misconception(
            "a quarter",
            "What an epoch leaves over falls with the square of the rate at least, since only the order is left in it, "
            "and that is a matter of α². Its *square* is what the loss counts, and how many epochs it adds up over is "
            "a matter of 1 / α.",
        ),
    ),
    hints=(
        "With replacement the floor is proportional to α. With large batches, shuffled epochs lie far below: do they "
        "fall faster, too?",
        "In α the order of the batches makes no difference to where an epoch ends: the sum of all gradients at least "
        "squares is zero. What is left of an epoch is a matter of α², its square of α⁴, and it adds up over about 1/α "
        "epochs.",
        "Or measure: two runs of `train` with `batch_size=n // 5`, from `init=best.weights`, 2,000 epochs each. Take "
        "the mean loss above least squares over the later 1,000.",
    ),
    because="What a shuffled epoch leaves over is of the order of $\\alpha^2$. Squared, and added up over about "
    "$1/\\alpha$ epochs, this is $\\alpha^3$.",
    then="Halve the rate, and the floor of such epochs falls nearly by a factor of eight, not of two.",
)


# Exercise 4


def variance_of_batches(gradients, B, replacement):
    n = len(gradients)
    variance = np.mean(np.sum((gradients - gradients.mean(axis=0)) ** 2, axis=1)) / B
    return variance if replacement else variance * (n - B) / (n - 1)


def list_all_batches(gradients, B, replacement):
    """Take the mean of every batch that there is, where they can be listed; of many examples, by the covariance."""
    n = len(gradients)
    if n**B > 10_000:
        total = np.trace(np.atleast_2d(np.cov(gradients, rowvar=False))) * (n - 1) / n / B
        return total if replacement else total * (1 - (B - 1) / (n - 1))
    batches = product(range(n), repeat=B) if replacement else combinations(range(n), B)
    means = np.array([gradients[list(batch)].mean(axis=0) for batch in batches])
    return np.mean(np.sum((means - gradients.mean(axis=0)) ** 2, axis=1))


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


VARIANCE_OF_BATCHES = Code(
    solution=variance_of_batches,
    expected=list_all_batches,
    cases=draw_gradients_of_examples,
    misconceptions=(
        Misconception(
            lambda gradients, B, replacement: variance_of_batches(gradients, 1, True),
            "That is the variance of one example's gradient. The mean of a batch has less.",
        ),
        Misconception(
            lambda gradients, B, replacement: variance_of_batches(gradients, B, True),
            "Right with replacement. Without, an example can't come twice, and the batch of all examples has no "
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
            "You took the mean over the entries of a gradient. The squared distance is their sum.",
        ),
        Misconception(
            lambda gradients, B, replacement: variance_of_batches(gradients, B, replacement) ** 0.5,
            "That is its root, a standard deviation.",
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
            "(n − B) / n is nearly right for large n. What does it say of a batch of one example?",
        ),
    ),
    hints=(
        "First the variance of one row: the mean over the rows of the squared distance from their mean, summed over "
        "the entries.",
        "Then divide by B; without replacement multiply by (n − B) / (n − 1).",
    ),
    because="The two laws of the chapter, with the mean subtracted, since only at least squares it is zero.",
)


# Exercise 5


def simulated_floor(X, y, α, batches):
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    w, above = best, []
    for batch in batches:
        errors = X[batch] @ w - y[batch]
        w = w - α * 2 / len(batch) * X[batch].T @ errors
        above.append(np.mean((X @ w - y) ** 2) - np.mean((X @ best - y) ** 2))
    return np.mean(above[len(above) // 2 :])


def simulate_around_least_squares(X, y, α, batches):
    """Follow what is off least squares, with the example's curvatures, and take its height on the bowl."""
    residuals = X @ np.linalg.solve(X.T @ X, X.T @ y) - y
    off, heights = np.zeros(X.shape[1]), []
    for batch in batches:
        curved = 2 * np.einsum("bi,bj->ij", X[batch], X[batch]) / len(batch)
        off = off - α * (curved @ off + 2 * (residuals[batch] @ X[batch]) / len(batch))
        heights.append(np.mean((X @ off) ** 2))
    later = heights[len(heights) // 2 :]
    return sum(later) / len(later)


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


SIMULATED_FLOOR = Code(
    solution=simulated_floor,
    expected=simulate_around_least_squares,
    cases=draw_batches,
    misconceptions=(
        Misconception(
            simulate_with(later=False),
            "You took the mean over all updates. The earlier half is for the noise to build up.",
        ),
        Misconception(last_only, "That is the height after the last update alone. Take the mean over the later half."),
        Misconception(simulate_with(subtract=False), "That is the loss itself. Subtract the loss of least squares."),
        Misconception(
            simulate_with(at_batch=True),
            "You took the loss of the batch that had just been fitted. The loss over all data is asked for.",
        ),
        Misconception(simulate_with(after=False), "You took the loss before each update. Take it after."),
        Misconception(
            simulate_with(factor=1.0), "The steps are half as long as is right: the square brings a factor 2 with it."
        ),
        Misconception(add_up, "Those are the gradients of sums. The loss of a batch is a mean: divide by its B."),
        Misconception(simulate_with(start=0.0), "You began at zero. Begin at the least squares weights."),
        Misconception(simulate_with(factor=-2.0), "The loop goes uphill: a step is against the gradient."),
    ),
    hints=(
        "Least squares: `np.linalg.lstsq(X, y, rcond=None)[0]`. Then a loop over the rows of `batches`, with the "
        "update of this chapter's `descend`.",
        "After each update, keep `np.mean((X @ w - y) ** 2)` less the same at the least squares weights; at the end, "
        "the mean of the later half of the list.",
    ),
    because="It is `descend` with the batches given, and a list of heights.",
    then="With many batches drawn with replacement this comes near `noise_floor`.",
)

QUESTIONS = (
    VARIANCE_OF_A_QUARTER,
    BATCH_FOR_THE_SAME_FLOOR,
    SHUFFLED_AT_HALF_THE_RATE,
    VARIANCE_OF_BATCHES,
    SIMULATED_FLOOR,
)
