"""The exercises of chapter 14: two steps in code, first steps, what momentum buys, and what the units of y change."""

import math

import numpy as np
import torch

from gd_helpers.data import simulate_line
from gd_helpers.exercises.question_types import Choice, Code, Misconception, Prediction
from gd_helpers.metrics import ols
from gd_helpers.training.trainer import train

# Exercise 1


def momentum_step(w, g, v, α, μ):
    v = μ * v + g
    return w - α * v, v


def step_by_sgd(w, g, v, α, μ):
    """Have torch take the step, from a velocity that is put into its memory."""
    weights = torch.nn.Parameter(torch.tensor(w))
    step_rule = torch.optim.SGD([weights], lr=α, momentum=μ)
    step_rule.state[weights]["momentum_buffer"] = torch.tensor(v)
    weights.grad = torch.tensor(g)
    step_rule.step()
    return weights.detach().numpy(), step_rule.state[weights]["momentum_buffer"].numpy()


def draw_velocities():
    first = np.array([1.0, 2.0]), np.array([0.5, -1.0]), np.array([2.0, 3.0]), 0.1, 0.8
    generator = np.random.default_rng(2024)
    return [first, *((*generator.normal(size=(3, p)), 0.02, μ) for p, μ in ((2, 0.9), (7, 0.5)))]


MOMENTUM_STEP = Code(
    solution=momentum_step,
    expected=step_by_sgd,
    cases=draw_velocities,
    misconceptions=(
        Misconception(
            lambda w, g, v, α, μ: (w - α * v, μ * v + g), "You step by the velocity before the update, not the new."
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
            "μ belongs to the velocity before, not to the gradient.",
        ),
        Misconception(
            lambda w, g, v, α, μ: (w + μ * v - α * g, μ * v - α * g),
            "Here the velocity holds α and the sign. That is a form of momentum, too, but not the chapter's, in which "
            "the velocity is made of gradients alone.",
        ),
        Misconception(
            lambda w, g, v, α, μ: (w + α * (μ * v + g), μ * v + g), "The step goes uphill: it is against the velocity."
        ),
        Misconception(
            lambda w, g, v, α, μ: (w - α * g, μ * v + g), "The velocity is right, but the step is made by g alone."
        ),
        Misconception(lambda w, g, v, α, μ: (μ * v + g, w - α * (μ * v + g)), "The wrong way round: weights first."),
        Misconception(
            lambda w, g, v, α, μ: w - α * (μ * v + g), "The weights are right. Return the new velocity as well."
        ),
    ),
    hints=(
        "Two lines: first the velocity, then the weights.",
        "`v = μ * v + g`, and the step of SGD with `v` in place of `g`. A new array, not `v *= μ`.",
    ),
    because="One line comes before the step of SGD, and in that step $v$ stands in place of $g$. What the chapter "
    "keeps in `s.v` is here handed over and returned.",
)


# Exercise 2


def adam_step(w, g, m, r, t, α, β1, β2, ε):
    m = β1 * m + (1 - β1) * g
    r = β2 * r + (1 - β2) * g**2
    m_hat, r_hat = m / (1 - β1**t), r / (1 - β2**t)
    return w - α * m_hat / (np.sqrt(r_hat) + ε), m, r


def step_by_adam(w, g, m, r, t, α, β1, β2, ε):
    """Have torch take the step, from means that are put into its memory."""
    weights = torch.nn.Parameter(torch.tensor(w))
    step_rule = torch.optim.Adam([weights], lr=α, betas=(β1, β2), eps=ε)
    memory = {"step": torch.tensor(float(t - 1)), "exp_avg": torch.tensor(m), "exp_avg_sq": torch.tensor(r)}
    step_rule.state[weights] = memory
    weights.grad = torch.tensor(g)
    step_rule.step()
    return weights.detach().numpy(), memory["exp_avg"].numpy(), memory["exp_avg_sq"].numpy()


def draw_means():
    first = np.array([1.0, 2.0]), np.array([0.5, -1.0]), np.array([0.2, 0.3]), np.array([0.4, 0.9])
    cases, generator = [(*first, 3, 0.1, 0.8, 0.95, 0.01)], np.random.default_rng(2024)
    for p, t, ε in ((2, 1, 1e-8), (5, 40, 1e-3)):
        w, g, m, r = generator.normal(size=(4, p))
        m, r = (0 * m, 0 * r) if t == 1 else (m, r**2)
        cases.append((w, g, m, r, t, 0.02, 0.9, 0.999, ε))
    return cases


def adam_with(correct=lambda m, r, t, β1, β2: (m / (1 - β1**t), r / (1 - β2**t)), root=lambda r, ε: np.sqrt(r) + ε):
    """Return Adam's step with a mistake: in the correction, or in what is divided by."""

    def step(w, g, m, r, t, α, β1, β2, ε):
        m, r = β1 * m + (1 - β1) * g, β2 * r + (1 - β2) * g**2
        m_hat, r_hat = correct(m, r, t, β1, β2)
        return w - α * m_hat / root(r_hat, ε), m, r

    return step


def keep_corrected(w, g, m, r, t, α, β1, β2, ε):
    w, m, r = adam_step(w, g, m, r, t, α, β1, β2, ε)
    return w, m / (1 - β1**t), r / (1 - β2**t)


def add_whole_gradients(w, g, m, r, t, α, β1, β2, ε):
    m, r = β1 * m + g, β2 * r + g**2
    return w - α * m / (1 - β1**t) / (np.sqrt(r / (1 - β2**t)) + ε), m, r


def average_unsquared(w, g, m, r, t, α, β1, β2, ε):
    m, r = β1 * m + (1 - β1) * g, β2 * r + (1 - β2) * g
    return w - α * m / (1 - β1**t) / (np.sqrt(np.abs(r) / (1 - β2**t)) + ε), m, r


def divide_gradient(w, g, m, r, t, α, β1, β2, ε):
    _, m, r = adam_step(w, g, m, r, t, α, β1, β2, ε)
    return w - α * g / (np.sqrt(r / (1 - β2**t)) + ε), m, r


ADAM_STEP = Code(
    solution=adam_step,
    expected=step_by_adam,
    cases=draw_means,
    misconceptions=(
        Misconception(adam_with(correct=lambda m, r, t, β1, β2: (m, r)), "The bias correction is missing."),
        Misconception(
            adam_with(correct=lambda m, r, t, β1, β2: (m / (1 - β1**t), r)),
            "You corrected m alone. r begins at 0, too.",
        ),
        Misconception(
            adam_with(correct=lambda m, r, t, β1, β2: (m / (1 - β1 ** (t + 1)), r / (1 - β2 ** (t + 1)))),
            "The correction is that of the update after. t is 1 in the first update already.",
        ),
        Misconception(
            adam_with(correct=lambda m, r, t, β1, β2: (m / (1 - β1), r / (1 - β2))),
            "You divide by 1 − β whatever t is, which is right in the first update only.",
        ),
        Misconception(
            adam_with(correct=lambda m, r, t, β1, β2: (m * (1 - β1**t), r * (1 - β2**t))),
            "The means are too small, so divide by 1 − βᵗ, which is below 1.",
        ),
        Misconception(
            adam_with(root=lambda r, ε: np.sqrt(r + ε)),
            "Here ε stands below the root. It is added to the root, after it is taken.",
        ),
        Misconception(adam_with(root=lambda r, ε: r + ε), "The root is missing: r is a mean of squares."),
        Misconception(
            lambda w, g, m, r, t, α, β1, β2, ε: adam_step(w, g, m, r, t, α, β2, β1, ε),
            "The two β are the wrong way round: β₁ is for m.",
        ),
        Misconception(
            keep_corrected,
            "The weights are right, but you keep the corrected means: next time they are corrected again.",
        ),
        Misconception(add_whole_gradients, "Those are sums. In a running mean the new gradient counts (1 − β)."),
        Misconception(average_unsquared, "The mean below the root is one of squares: g**2."),
        Misconception(divide_gradient, "The means are right. Above the root belongs the corrected m, not g."),
        Misconception(adam_with(root=lambda r, ε: -(np.sqrt(r) + ε)), "The step goes uphill."),
    ),
    hints=(
        "Four lines: the two means, the two corrected means, and the step.",
        "The corrected means are for this step only: `m_hat = m / (1 - β1**t)`, and the same with r and β2.",
    ),
    because="It is the chapter's `adam` with its memory handed over and returned. In the first update $\\hat m = g$ "
    "and $\\hat r = g^2$, so that the step is α in every weight.",
)


# Exercise 3


def first_steps():
    α, g, β1, β2 = 0.01, 0.04, 0.9, 0.9999
    return α * g, α, α * (1 - β1) / np.sqrt(1 - β2)


def step_once():
    """Let torch take the steps; without correction is with the correction's factors undone."""
    moved = []
    for make in (torch.optim.SGD, torch.optim.Adam):
        weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
        step_rule = make([weight], lr=0.01)
        weight.grad = torch.full_like(weight, -0.04)
        step_rule.step()
        moved.append(weight.item())
    m, r = 0.1 * -0.04, 0.0001 * 0.04**2
    return *moved, -0.01 * m / (math.sqrt(r) + 1e-8)


FIRST_STEPS = Prediction(
    solution=first_steps,
    expected=step_once,
    asks=("SGD", "Adam", "Adam without bias correction"),
    relative=0.01,
    misconceptions=(
        Misconception((0.04, None, None), "That is the gradient. The step is α times it."),
        Misconception((0.01, None, None), "That would be a step of α. SGD's is α times the gradient."),
        Misconception((None, 0.0004, None), "So far SGD goes. Adam divides by the size of the gradient."),
        Misconception((None, 0.0316227766, None), "That is the first step without correction, and with another β₂."),
        Misconception(
            (None, None, 0.001),
            "You took only m, which is a tenth of the gradient. What it is divided by is too small as well.",
        ),
        Misconception((None, None, 0.0316227766), "That is for β₂ = 0.999. Here it is 0.9999."),
        Misconception((None, None, 0.01), "That is the step with correction."),
        Misconception((None, None, 1.0), "You left out β₁: m is a tenth of the gradient. Or is a root missing?"),
        Misconception((None, None, 10), "That is in units of α."),
        Misconception((None, None, 0.004), "You divided by the size of the gradient once, and multiplied by it again?"),
    ),
    hints=(
        "After one update m = (1 − β₁) g and r = (1 − β₂) g², and the correction divides by just these factors.",
        "Without the correction what remains is (1 − β₁) / √(1 − β₂), times α. The root of 0.0001 is 0.01.",
    ),
    because="SGD moves by $\\alpha |g|$. In Adam's first update $\\hat m / \\sqrt{\\hat r} = g / |g|$, whatever $g$ "
    "is. Without correction it is $(1 - \\beta_1) / \\sqrt{1 - \\beta_2}$ times that.",
    then="The longer the memory of r, the longer the first uncorrected step: 10 α here, 3.16 α with PyTorch's 0.999.",
)


# Exercise 4


def updates_a_digit():
    κ = 400
    factors = np.array([(κ - 1) / (κ + 1), (np.sqrt(κ) - 1) / (np.sqrt(κ) + 1)])
    return tuple(np.log(0.1) / np.log(factors))


def from_the_roots():
    """Find the factors as the spectral radii of the two maps, with curvatures 1 and 400."""
    plain, heavy = 2 / 401, 4 / (1 + 20) ** 2
    inertia = (19 / 21) ** 2
    radii = [max(abs(1 - plain * curvature) for curvature in (1, 400))]
    maps = [np.array([[1 + inertia - heavy * curvature, -inertia], [1, 0]]) for curvature in (1, 400)]
    radii.append(max(math.sqrt(abs(np.linalg.det(each))) for each in maps))  # a double root: its square is det
    return tuple(-1 / math.log10(radius) for radius in radii)


UPDATES_A_DIGIT = Prediction(
    solution=updates_a_digit,
    expected=from_the_roots,
    asks=("plain", "momentum"),
    relative=0.05,
    misconceptions=(
        Misconception((23.0, 460.5), "The wrong way round: momentum is the faster one."),
        Misconception(
            (200, None),
            "The first is for a factor e. A digit is a factor 10, for which ln 10 = 2.3 times as many are needed.",
        ),
        Misconception(
            (None, 10),
            "The second is for a factor e. A digit is a factor 10, for which ln 10 = 2.3 times as many are needed.",
        ),
        Misconception(
            (230.3, None),
            "The first is for a digit of the loss, which is a square: it loses two while the distance loses one.",
        ),
        Misconception(
            (None, 11.5),
            "The second is for a digit of the loss, which is a square: it loses two while the distance loses one.",
        ),
        Misconception(
            (None, 460.5), "That is what the plain rule takes. For momentum, the root of κ stands in its place."
        ),
        Misconception((23.0, None), "That is with √κ, as for momentum. The plain rule has κ itself."),
        Misconception((40.9, None), "The first is for the κ of the chapter. Here it is 400."),
        Misconception((None, 6.8), "The second is for the κ of the chapter. Here it is 400."),
        Misconception((None, 43.7), "With μ = 0.9 it would be so. At its best settings μ is another."),
    ),
    hints=(
        "The factors are (κ − 1) / (κ + 1) and the same with √κ = 20. How often does a factor fit into a tenth?",
        "t updates give the factor to the power t, so t = ln 0.1 / ln factor.",
    ),
    because="With a factor $f$, a digit takes $\\ln 0.1 / \\ln f$ updates. For large κ that is about $1.15\\,\\kappa$ "
    "and $1.15\\sqrt\\kappa$.",
    then="The ratio is 20, which is √κ. The narrower the valley, the more momentum is worth.",
)


# Exercise 5


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


def compare_with_torch(n, seed):
    """Run torch's optimizers in float64 and compare where they end, in the units of y."""
    data = simulate_line(n=n, seed=seed).to(torch.float64)
    least = ols(data).weights
    found = []
    for name, make in (("sgd", torch.optim.SGD), ("adam", torch.optim.Adam)):
        ends = []
        for unit in (1.0, 100.0):
            weights = torch.nn.Parameter(torch.zeros(2, 1, dtype=torch.float64))
            step_rule = make([weights], lr=0.1)
            for _ in range(200):
                weights.grad = 2 / n * data.X.T @ (data.X @ weights.detach() - unit * data.y)
                step_rule.step()
            ends.append(weights.detach().numpy()[:, 0] / unit)
        if np.abs(ends[0] - ends[1]).max() < 1e-3 * np.abs(least).max():
            found.append(name)
    return "both" if len(found) == 2 else (found or ["neither"])[0]


SAME_IN_OTHER_UNITS = Choice(
    solution=same_in_other_units,
    expected=compare_with_torch,
    options=("sgd", "adam", "both", "neither"),
    misconceptions=(
        Misconception(
            "adam",
            "Adam's steps stay as they are when the loss is multiplied. But here the way is a hundred times as long, "
            "too. How far does it get in 200 steps of about 0.1?",
        ),
        Misconception("both", "One of them takes steps of about α, however far it has to go. How long is the way now?"),
        Misconception(
            "neither",
            "Write down the gradient with 100 y and 100 w in place of y and w. How long is the step of the plain rule?",
        ),
    ),
    hints=(
        "The best weights are 100 times as far away. Whose steps become 100 times as long?",
        "The gradient is linear in w and y. Adam divides it by its own size.",
    ),
    because="The gradient $\\frac2n X^\\top(Xw - y)$ becomes 100 times as large with $w$ and $y$, and so does each "
    "step of the plain rule: the whole path is the old one times 100. Adam's steps are about α in the units of the "
    "weights, so its 200 steps take it 20 of the 500 units at most.",
    then="Adam does not notice a factor in the loss, SGD not the unit of y.",
)

QUESTIONS = (MOMENTUM_STEP, ADAM_STEP, FIRST_STEPS, UPDATES_A_DIGIT, SAME_IN_OTHER_UNITS)
