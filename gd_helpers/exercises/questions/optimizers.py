"""The exercises of chapter 14: two steps in code, what momentum buys, and a curve and its bug."""

import numpy as np

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, choice, code, prediction
from gd_helpers.metrics import ols

# Exercise 1


def draw_velocities():
    first = np.array([1.0, 2.0]), np.array([0.5, -1.0]), np.array([2.0, 3.0]), 0.1, 0.8
    generator = np.random.default_rng(2024)
    return [first, *((*generator.normal(size=(3, p)), 0.02, μ) for p, μ in ((2, 0.9), (7, 0.5)))]


@code(
    cases=draw_velocities,
    misconceptions=(
        Misconception(
            lambda w, g, v, α, μ: (w - α * v, μ * v + g),
            "You used the velocity from before the update. Use the new one.",
        ),
        Misconception(
            lambda w, g, v, α, μ: (w - α * (g + μ * (μ * v + g)), μ * v + g),
            "That is Nesterov's rule. Momentum steps by the velocity itself.",
        ),
        Misconception(
            lambda w, g, v, α, μ: (w - α * (μ * v + (1 - μ) * g), μ * v + (1 - μ) * g),
            "That is a running mean, as in Adam. Momentum adds the whole gradient.",
        ),
        Misconception(
            lambda w, g, v, α, μ: (w - α * (v + μ * g), v + μ * g),
            "μ multiplies the old velocity, not the gradient.",
        ),
        Misconception(
            lambda w, g, v, α, μ: (w + μ * v - α * g, μ * v - α * g),
            "Your velocity contains α and the sign. That is a form of momentum too, but in the chapter's the velocity "
            "is made of gradients alone.",
        ),
        Misconception(
            lambda w, g, v, α, μ: (w + α * (μ * v + g), μ * v + g),
            "The step goes uphill: it must go against the velocity.",
        ),
        Misconception(
            lambda w, g, v, α, μ: (w - α * g, μ * v + g), "The velocity is right, but your step uses g instead of it."
        ),
        Misconception(lambda w, g, v, α, μ: (μ * v + g, w - α * (μ * v + g)), "The wrong way round: weights first."),
        Misconception(
            lambda w, g, v, α, μ: w - α * (μ * v + g), "The weights are right. Return the new velocity as well."
        ),
    ),
    hints=(
        "Two lines will do: first the velocity, then the weights.",
        "`v = μ * v + g`, then the step of SGD with `v` in place of `g`. Make a new array: not `v *= μ`.",
    ),
    because="One line comes before the step of SGD, and in that step $v$ takes the place of $g$. What the chapter "
    "keeps in `s.v` is passed in and returned here.",
)
def momentum_step(w, g, v, α, μ):
    v = μ * v + g
    return w - α * v, v


# Exercise 2


def draw_means():
    first = np.array([1.0, 2.0]), np.array([0.5, -1.0]), np.array([0.2, 0.3]), np.array([0.4, 0.9])
    cases, generator = [(*first, 3, 0.1, 0.8, 0.95, 0.01)], np.random.default_rng(2024)
    for p, t, ε in ((2, 1, 1e-8), (5, 40, 1e-3)):
        w, g, m, r = generator.normal(size=(4, p))
        m, r = (0 * m, 0 * r) if t == 1 else (m, r**2)
        cases.append((w, g, m, r, t, 0.02, 0.9, 0.999, ε))
    return cases


def correct_all(m, r, t, β1, β2):
    return m / (1 - β1**t), r / (1 - β2**t)


def adam_with(correct=correct_all, root=lambda r, ε: np.sqrt(r) + ε):
    """Return Adam's step with a mistake in the correction, or in what is divided by."""

    def step(w, g, m, r, t, α, β1, β2, ε):
        _, m, r = adam_step(w, g, m, r, t, α, β1, β2, ε)
        m_hat, r_hat = correct(m, r, t, β1, β2)
        return w - α * m_hat / root(r_hat, ε), m, r

    return step


def keep_corrected(w, g, m, r, t, α, β1, β2, ε):
    w, m, r = adam_step(w, g, m, r, t, α, β1, β2, ε)
    return w, *correct_all(m, r, t, β1, β2)


def add_whole_gradients(w, g, m, r, t, α, β1, β2, ε):
    m, r = β1 * m + g, β2 * r + g**2
    m_hat, r_hat = correct_all(m, r, t, β1, β2)
    return w - α * m_hat / (np.sqrt(r_hat) + ε), m, r


def average_unsquared(w, g, m, r, t, α, β1, β2, ε):
    m, r = β1 * m + (1 - β1) * g, β2 * r + (1 - β2) * g
    m_hat, r_hat = correct_all(m, r, t, β1, β2)
    return w - α * m_hat / (np.sqrt(np.abs(r_hat)) + ε), m, r


def divide_gradient(w, g, m, r, t, α, β1, β2, ε):
    _, m, r = adam_step(w, g, m, r, t, α, β1, β2, ε)
    return w - α * g / (np.sqrt(correct_all(m, r, t, β1, β2)[1]) + ε), m, r


@code(
    cases=draw_means,
    misconceptions=(
        Misconception(adam_with(correct=lambda m, r, t, β1, β2: (m, r)), "The bias correction is missing."),
        Misconception(
            adam_with(correct=lambda m, r, t, β1, β2: (m / (1 - β1**t), r)),
            "You corrected only m. r begins at 0 too.",
        ),
        Misconception(
            adam_with(correct=lambda m, r, t, β1, β2: (m / (1 - β1 ** (t + 1)), r / (1 - β2 ** (t + 1)))),
            "That is the correction for the next update. t is already 1 in the first one.",
        ),
        Misconception(
            adam_with(correct=lambda m, r, t, β1, β2: (m / (1 - β1), r / (1 - β2))),
            "You divide by 1 − β whatever t is, which is right only in the first update.",
        ),
        Misconception(
            adam_with(correct=lambda m, r, t, β1, β2: (m * (1 - β1**t), r * (1 - β2**t))),
            "The means are too small, so divide by 1 − βᵗ, which is below 1.",
        ),
        Misconception(
            adam_with(root=lambda r, ε: np.sqrt(r + ε)),
            "Your ε is under the root. It is added after the root is taken.",
        ),
        Misconception(adam_with(root=lambda r, ε: r + ε), "The root is missing: r is a mean of squares."),
        Misconception(
            lambda w, g, m, r, t, α, β1, β2, ε: adam_step(w, g, m, r, t, α, β2, β1, ε),
            "The two β are the wrong way round: β₁ is for m.",
        ),
        Misconception(
            keep_corrected,
            "The weights are right, but you return the corrected means: next time they would be corrected again.",
        ),
        Misconception(add_whole_gradients, "Those are sums. In a running mean, the new gradient has the weight 1 − β."),
        Misconception(average_unsquared, "Under the root is a mean of squares: g**2."),
        Misconception(divide_gradient, "The means are right. What is divided by the root is the corrected m, not g."),
        Misconception(adam_with(root=lambda r, ε: -(np.sqrt(r) + ε)), "The step goes uphill."),
    ),
    hints=(
        "Compute the two means, the two corrected means, and the step.",
        "The corrected means are for this step only: `m_hat = m / (1 - β1**t)`, and the same for r with β2.",
    ),
    because="It is the chapter's `adam`, with its memory passed in and returned. In the first update $\\hat m = g$ "
    "and $\\hat r = g^2$, so that the step is α in every weight.",
)
def adam_step(w, g, m, r, t, α, β1, β2, ε):
    m = β1 * m + (1 - β1) * g
    r = β2 * r + (1 - β2) * g**2
    m_hat, r_hat = m / (1 - β1**t), r / (1 - β2**t)
    return w - α * m_hat / (np.sqrt(r_hat) + ε), m, r


# Exercise 3


@prediction(
    asks=("updates",),
    relative=0.05,
    misconceptions=(
        Misconception(
            10, "That is for a factor of e. A digit is a factor of 10, which takes ln 10 = 2.3 times as many."
        ),
        Misconception(
            11.5,
            "That is for a digit of the loss, which goes with the square: it gains two while the distance gains one.",
        ),
        Misconception(460.5, "That is what plain gradient descent takes. For momentum, √κ takes the place of κ."),
        Misconception(6.8, "That is for the κ of the chapter. Here it is 400."),
        Misconception(43.7, "That is for μ = 0.9. The best settings have another μ."),
    ),
    hints=(
        "The factor is (q − 1) / (q + 1) with q = √κ = 20. How many of these factors make a tenth?",
        "t updates give the factor to the power of t, so t = ln 0.1 / ln factor.",
    ),
    because="With the factor $f$, a digit takes $\\ln 0.1 / \\ln f$ updates. For large κ that is about "
    "$1.15\\sqrt\\kappa$, against $1.15\\,\\kappa$ for plain gradient descent.",
    then="Plain gradient descent takes 20 times as many, which is √κ. The narrower the valley, the more momentum is "
    "worth.",
)
def updates_a_digit():
    κ = 400
    factor = (np.sqrt(κ) - 1) / (np.sqrt(κ) + 1)
    return np.log(0.1) / np.log(factor)


# Exercise 4


@choice(
    options=("no bias correction", "rate ten times too high", "the root forgotten", "no mean of the gradient"),
    misconceptions=(
        Misconception(
            "rate ten times too high",
            "Then the first step is ten times too long, and the loss jumps a hundred times as far, not ten.",
        ),
        Misconception(
            "the root forgotten",
            "Then each step is divided by the square of the gradient: a small one throws the weights far away.",
        ),
        Misconception(
            "no mean of the gradient",
            "The first step of Adam is α, with the mean or without. This one is about three times as long.",
        ),
    ),
    hints=(
        "The loss is a parabola: ten times as far up is about three times as long a step. Which bug makes the first "
        "step √10 times as long?",
        "After one update m is a tenth of the gradient, and r a thousandth of its square.",
    ),
    because="Without correction the first step is $0.1/\\sqrt{0.001} = 3.16$ times α long. Once both means "
    "have filled, the steps are those of Adam.",
    then="Let the rate rise over the first hundred updates, and the jump is gone: that is a warm-up.",
)
def bug_of_the_jump(n, seed):
    data = simulate_line(n=n, seed=seed)
    (X, y), best = data.numpy(), ols(data)

    def mean_losses(α=0.1, β1=0.9, root=np.sqrt, corrected=True):
        rng, w, m, r, losses = np.random.default_rng(seed), np.tile(best.weights, (100, 1)), 0.0, 0.0, []
        for t in range(1, 151):
            batch = rng.integers(n, size=(100, 25))
            errors = np.einsum("cbp,cp->cb", X[batch], w) - y[batch]
            g = 2 / 25 * np.einsum("cb,cbp->cp", errors, X[batch])
            m, r = β1 * m + (1 - β1) * g, 0.999 * r + 0.001 * g**2
            over, under = (m / (1 - β1**t), r / (1 - 0.999**t)) if corrected else (m, r)
            w = w - α * over / (root(under) + 1e-8)
            losses.append(np.mean((w @ X.T - y) ** 2) / best.mse - 1)
        return np.array(losses)

    usual = mean_losses()
    runs = {
        "no bias correction": mean_losses(corrected=False),
        "rate ten times too high": mean_losses(α=1.0),
        "the root forgotten": mean_losses(root=lambda r: r),
        "no mean of the gradient": mean_losses(β1=0.0),
    }
    jumps = {bug: run for bug, run in runs.items() if run[0] > 5 * usual[0]}
    return min(jumps, key=lambda bug: jumps[bug][100:].mean())


QUESTIONS = (momentum_step, adam_step, updates_a_digit, bug_of_the_jump)
