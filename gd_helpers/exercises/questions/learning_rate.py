"""The exercises of chapter 12: updates to a millionth, another zero and another unit, limit and loss from the data."""

import numpy as np

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, choice, code, prediction
from gd_helpers.metrics import best_rate, condition_number, hessian, stability_limit

# Exercise 1


def updates_at(factor):
    return np.log(1e6) / -np.log(abs(factor))


def factors_of(n, seed, rate=0.05):
    return 1 - rate * np.linalg.eigvalsh(hessian(simulate_line(n=n, seed=seed)))


@prediction(
    asks=("updates",),
    relative=0.03,
    misconceptions=(
        Misconception(
            lambda n, seed: updates_at(factors_of(n, seed)[1]),
            "That is how long it takes across the valley. Which axis is slower at this rate?",
        ),
        Misconception(
            lambda n, seed: updates_at(factors_of(n, seed)[0]) / 2,
            "That is how long it takes until the loss above its minimum is a millionth: it shrinks by the square of "
            "the factor.",
        ),
        Misconception(
            lambda n, seed: 6 / -np.log(factors_of(n, seed)[0]),
            "One of your logarithms is to the base 10 and the other is not. Both have to be to the same base.",
        ),
        Misconception(
            lambda n, seed: updates_at(factors_of(n, seed, best_rate(simulate_line(n=n, seed=seed)))[0]),
            "That is all it takes at the best rate. Here the rate is 0.05.",
        ),
        Misconception(
            lambda n, seed: updates_at(factors_of(n, seed, 0.025)[0]),
            "Twice as many as is right: is the factor 2 of the gradient in your curvatures?",
        ),
    ),
    hints=(
        "The slowest component sets the pace. What share of it does an update at α = 0.05 leave?",
        "It leaves 1 − 0.05 · 0.329 of the component along the floor. Which power of that is 10⁻⁶?",
    ),
    because="An update multiplies the component along the floor by $1 - αλ_\\text{min}$, the larger factor. So "
    "$t = \\ln 10^6 / (-\\ln(1 - αλ_\\text{min}))$, rounded up.",
)
def updates_to_a_millionth(n, seed):
    X = simulate_line(n=n, seed=seed).X.double().numpy()
    factor = np.abs(1 - 0.05 * np.linalg.eigvalsh(2 / n * X.T @ X)).max()
    return np.ceil(np.log(1e6) / -np.log(factor))


# Exercise 2


def shifted(n, seed, shift):
    data = simulate_line(n=n, seed=seed)
    data.X[:, 1] += shift
    return data


@prediction(
    asks=("times as many updates",),
    relative=0.05,
    misconceptions=(
        Misconception(1, "The line and the points are the same, but the valley is not: what becomes of κ?"),
        Misconception(
            36,
            "The squared mean is 36 times as large, 144 against 4. But what becomes of κ?",
        ),
        Misconception(
            lambda n, seed: condition_number(shifted(n, seed, 10)),
            "That is the new κ. How many times as large as the old one is it?",
        ),
        Misconception(
            lambda n, seed: stability_limit(shifted(n, seed, 0)) / stability_limit(shifted(n, seed, 10)),
            "That is the factor by which the limit falls. But the floor becomes flatter too, and the updates go with "
            "κ.",
        ),
        Misconception(
            lambda n, seed: condition_number(shifted(n, seed, -10)) / condition_number(shifted(n, seed, 0)),
            "You shifted x the other way: x − 10 instead of x + 10.",
        ),
    ),
    hints=(
        "Put x + 10 into the column of X, and look at the eigenvalues of 2 XᵀX / n.",
        "The number of updates is ln 10⁶ divided by −ln ((κ − 1) / (κ + 1)), and nearly proportional to κ.",
    ),
    because="Far from zero, the slope and the intercept can hardly be told apart: κ grows with the fourth power of the "
    "mean, since the large curvature grows with its square, and the small one falls with its square.",
    then="A date in years, 2,026 for example, is such an x.",
)
def times_as_many_from_another_zero(n, seed):
    X = simulate_line(n=n, seed=seed).X.double().numpy()
    needed = []
    for shift in (0, 10):
        moved = X + np.array([0, shift])
        λ = np.linalg.eigvalsh(2 / n * moved.T @ moved)
        κ = λ[1] / λ[0]
        needed.append(1 / -np.log((κ - 1) / (κ + 1)))
    return needed[1] / needed[0]


# Exercise 3


@choice(
    options=("a thousandth", "a millionth", "the same", "a thousand times"),
    misconceptions=(
        Misconception(
            "a thousandth",
            "The gradient is 1,000 times as long, but so is the distance to go. Where is y in the Hessian?",
        ),
        Misconception(
            "a millionth",
            "The loss is a million times as large, and so are the squares of the weights. Where is y in the Hessian?",
        ),
        Misconception(
            "a thousand times",
            "The weights are 1,000 times as large, and so is the gradient. Where is y in the Hessian?",
        ),
    ),
    hints=(
        "The limit is 2 / λmax. What is λmax computed from?",
        "H = 2 XᵀX / n. Look for y in it.",
    ),
    because="The Hessian is $2X^\\top X/n$: curvatures, limit and speed depend on X alone.",
    then="Another unit for a column of X would change it.",
)
def limit_for_another_unit_of_y():
    return "the same"  # 2 XᵀX / n, and so its eigenvalues, have no y in them


# Exercise 4


def draw_inputs():
    generator = np.random.default_rng(12)
    cases = [(np.array([[1.0, 0.0], [1.0, 2.0], [1.0, 4.0]]),)]
    for n, p in ((20, 3), (50, 1), (30, 5)):
        cases.append((generator.normal(size=(n, p)) * 10 ** generator.uniform(-1, 1, p) + 1,))
    return cases


@code(
    cases=draw_inputs,
    misconceptions=(
        Misconception(
            lambda X: 2 * limit_from_inputs(X),
            "Twice what is right: the factor 2 of the mean squared error's Hessian is missing.",
        ),
        Misconception(
            lambda X: limit_from_inputs(X) / 2,
            "Half of what is right: at 1 / λmax the steepest component is zero after one update. How far may a step "
            "go?",
        ),
        Misconception(
            lambda X: limit_from_inputs(X) / len(X),
            "That is the limit for the sum of the squared errors. The loss is their mean.",
        ),
        Misconception(
            lambda X: 2 / np.linalg.eigvalsh(2 / len(X) * X.T @ X).min(),
            "That uses the smallest curvature. Along which axis does too large a rate fail?",
        ),
        Misconception(
            lambda X: 2 / np.diag(2 / len(X) * X.T @ X).max(),
            "That uses the curvatures of single weights, the diagonal. The axes of the valley are different ones.",
        ),
        Misconception(
            lambda X: 2 / (2 / len(X) * np.linalg.svd(X, compute_uv=False)[0]),
            "The singular values of X are the roots of the eigenvalues of XᵀX: square them.",
        ),
        Misconception(
            lambda X: 1 / limit_from_inputs(X) * 2,
            "That is the largest curvature. The limit is 2 divided by it.",
        ),
        Misconception(
            lambda X: 2 / np.sum(2 / len(X) * X**2),
            "You divided by the sum of the curvatures, the trace. Only the largest of them matters.",
        ),
    ),
    hints=(
        "The limit is 2 / λmax, with the largest eigenvalue of the Hessian of the mean squared error.",
        "The Hessian is 2 XᵀX / n; `np.linalg.eigvalsh` gives its eigenvalues.",
    ),
    because="The steepest axis fails first, where $1 - αλ_\\text{max}$ becomes −1.",
)
def limit_from_inputs(X):
    curvatures = np.linalg.eigvalsh(2 / len(X) * X.T @ X)
    return 2 / curvatures.max()


# Exercise 5


def draw_ways():
    generator = np.random.default_rng(2012)
    cases = [(np.array([[1.0, 0.0], [1.0, 2.0], [1.0, 3.0]]), np.array([1.0, -2.0]), 0.1, 3)]
    for n, p, updates in ((20, 3, 5), (50, 2, 40), (30, 4, 1)):
        X = np.column_stack([np.ones(n), generator.normal(1, 1, size=(n, p - 1))])
        cases.append((X, generator.normal(size=p), 0.8 * limit_from_inputs(X), updates))
    return cases


def excess_with(power, weight=lambda λ: λ / 2, rotate=lambda away, axes: away @ axes):
    """Return a mistaken solution."""

    def mistaken(X, away, learning_rate, updates):
        λ, axes = np.linalg.eigh(2 / len(X) * X.T @ X)
        z = np.abs(1 - learning_rate * λ) ** power(updates) * rotate(away, axes)
        return np.sum(weight(λ) * z**2)

    return mistaken


@code(
    cases=draw_ways,
    misconceptions=(
        Misconception(
            excess_with(lambda updates: updates, weight=lambda λ: λ),
            "Twice what is right: a parabola of the curvature λ rises by ½ λ z².",
        ),
        Misconception(
            excess_with(lambda updates: updates, weight=np.ones_like),
            "That is the squared distance. In the loss each component counts with its curvature.",
        ),
        Misconception(
            excess_with(lambda updates: updates / 2, weight=lambda λ: λ / 2),
            "The loss goes with the square of the components, so each update shrinks it by the square of the factor.",
        ),
        Misconception(
            excess_with(lambda updates: updates, rotate=lambda away, axes: away),
            "You used the components along the weights. Rotate `away` to the axes first.",
        ),
        Misconception(
            excess_with(lambda updates: updates, rotate=lambda away, axes: axes @ away),
            "The axes are the columns of what `eigh` returns: component k is `away @ axes[:, k]`.",
        ),
        Misconception(
            excess_with(lambda updates: updates - 1),
            "One update too few.",
        ),
        Misconception(
            excess_with(lambda updates: 0),
            "That is the loss at the start: where are the updates?",
        ),
        Misconception(
            lambda X, away, learning_rate, updates: predict_excess(X, away, learning_rate / 2, updates),
            "That is where half the rate would lead: is the factor 2 in your Hessian?",
        ),
    ),
    hints=(
        "Rotate `away` to the axes, let each component shrink by its own factor, and add up what each contributes to "
        "the loss.",
        "`away @ axes` gives the components z. After t updates they are (1 − αλ)ᵗ z, and the loss is ½ Σ λ z².",
    ),
    because="$L - L(\\hat w) = \\tfrac12 \\sum_k λ_k (1 - αλ_k)^{2t} z_k^2$, whatever the number of columns.",
    then="It costs the same for a million updates as for one.",
)
def predict_excess(X, away, learning_rate, updates):
    λ, axes = np.linalg.eigh(2 / len(X) * X.T @ X)
    z = (1 - learning_rate * λ) ** updates * (away @ axes)
    return np.sum(λ * z**2) / 2


QUESTIONS = (
    updates_to_a_millionth,
    times_as_many_from_another_zero,
    limit_for_another_unit_of_y,
    limit_from_inputs,
    predict_excess,
)
