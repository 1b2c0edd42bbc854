"""The exercises of chapter 14: two steps in code, first steps, what momentum buys, and what the units of y change."""

import numpy as np

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, choice, code, prediction
from gd_helpers.training.trainer import train

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
    asks=("SGD", "Adam", "Adam without bias correction"),
    relative=0.01,
    misconceptions=(
        Misconception((0.04, None, None), "That is the gradient. The step is α times it."),
        Misconception((0.01, None, None), "That would be a step of α. SGD's is α times the gradient."),
        Misconception((None, 0.0004, None), "That is how far SGD moves. Adam divides by the size of the gradient."),
        Misconception((None, 0.0316227766, None), "That is the first step without correction, and with another β₂."),
        Misconception(
            (None, None, 0.001),
            "You used only m, which is a tenth of the gradient. What it is divided by is too small as well.",
        ),
        Misconception((None, None, 0.0316227766), "That is for β₂ = 0.999. Here it is 0.9999."),
        Misconception((None, None, 0.01), "That is the step with correction."),
        Misconception((None, None, 1.0), "You left out β₁: m is a tenth of the gradient. Or is the root missing?"),
        Misconception((None, None, 10), "That is in units of α."),
        Misconception((None, None, 0.004), "You divided by the size of the gradient once, and multiplied by it again?"),
    ),
    hints=(
        "After one update, m = (1 − β₁) g and r = (1 − β₂) g², and the correction divides by just these factors.",
        "Without the correction, what remains is (1 − β₁) / √(1 − β₂), times α. The root of 0.0001 is 0.01.",
    ),
    because="SGD moves by $\\alpha |g|$. In Adam's first update $\\hat m / \\sqrt{\\hat r} = g / |g|$, whatever $g$ "
    "is. Without the correction it is $(1 - \\beta_1) / \\sqrt{1 - \\beta_2}$ times that.",
    then="The longer the memory of r, the longer the first uncorrected step: 10 α here, 3.16 α with PyTorch's 0.999.",
)
def first_steps():
    α, g, β1, β2 = 0.01, 0.04, 0.9, 0.9999
    return α * g, α, α * (1 - β1) / np.sqrt(1 - β2)


# Exercise 4


@prediction(
    asks=("plain", "momentum"),
    relative=0.05,
    misconceptions=(
        Misconception((23.0, 460.5), "The wrong way round: momentum is the faster one."),
        Misconception(
            (200, None),
            "The first is for a factor of e. A digit is a factor of 10, which takes ln 10 = 2.3 times as many.",
        ),
        Misconception(
            (None, 10),
            "The second is for a factor of e. A digit is a factor of 10, which takes ln 10 = 2.3 times as many.",
        ),
        Misconception(
            (230.3, None),
            "The first is for a digit of the loss, which goes with the square: it gains two while the distance gains "
            "one.",
        ),
        Misconception(
            (None, 11.5),
            "The second is for a digit of the loss, which goes with the square: it gains two while the distance gains "
            "one.",
        ),
        Misconception((None, 460.5), "That is what the plain rule takes. For momentum, √κ takes the place of κ."),
        Misconception((23.0, None), "That is with √κ, as for momentum. The plain rule has κ itself."),
        Misconception((40.9, None), "The first is for the κ of the chapter. Here it is 400."),
        Misconception((None, 6.8), "The second is for the κ of the chapter. Here it is 400."),
        Misconception((None, 43.7), "That is for μ = 0.9. The best settings have another μ."),
    ),
    hints=(
        "The factors are (κ − 1) / (κ + 1) and the same with √κ = 20. How many of these factors make a tenth?",
        "t updates give the factor to the power of t, so t = ln 0.1 / ln factor.",
    ),
    because="With the factor $f$, a digit takes $\\ln 0.1 / \\ln f$ updates. For large κ that is about "
    "$1.15\\,\\kappa$ and $1.15\\sqrt\\kappa$.",
    then="The ratio is 20, which is √κ. The narrower the valley, the more momentum is worth.",
)
def updates_a_digit():
    κ = 400
    factors = np.array([(κ - 1) / (κ + 1), (np.sqrt(κ) - 1) / (np.sqrt(κ) + 1)])
    return tuple(np.log(0.1) / np.log(factors))


# Exercise 5


@choice(
    options=("sgd", "adam", "both", "neither"),
    misconceptions=(
        Misconception(
            "adam",
            "Adam's steps stay the same when the loss is multiplied. But here the distance is a hundred times as long "
            "too. How far does it get in 200 steps of about 0.1?",
        ),
        Misconception("both", "One of them takes steps of about α, however far it has to go. How far is that now?"),
        Misconception(
            "neither",
            "Write down the gradient with 100 y and 100 w in place of y and w. How long is the plain rule's step?",
        ),
    ),
    hints=(
        "The best weights are 100 times as far away. Whose steps become 100 times as long?",
        "The gradient is linear in w and y. Adam divides it by its own size.",
    ),
    because="The gradient $\\frac2n X^\\top(Xw - y)$ becomes 100 times as large with $w$ and $y$, and so does each "
    "step of the plain rule: the whole path is the old one times 100. Adam's steps are about α in the units of the "
    "weights, so its 200 steps take it at most 20 of the 500 units.",
    then="Adam does not notice a factor in the loss; SGD does not notice the unit of y.",
)
def same_in_other_units(n, seed):
    same = []
    for name in ("sgd", "adam"):
        left = []
        for unit in (1, 100):
            data = simulate_line(n=n, intercept=5.0 * unit, slope=2.0 * unit, noise=(unit, unit), seed=seed)
            recipe = {"learning_rate": 0.1, "optimizer": name, "init": [0.0, 0.0]}
            left.append(train(data, "batch", epochs=200, **recipe).mse / float((data.y**2).mean()))
        if np.isclose(*left, rtol=1e-3):
            same.append(name)
    return {0: "neither", 1: same[0] if same else "", 2: "both"}[len(same)]


QUESTIONS = (
    momentum_step,
    adam_step,
    first_steps,
    updates_a_digit,
    same_in_other_units,
)
