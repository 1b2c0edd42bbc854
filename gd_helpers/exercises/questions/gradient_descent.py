"""The exercises of chapter 02: the rate and the curvature, a bug by its curve, differences, the loop in PyTorch."""

from dataclasses import dataclass

import numpy as np
import torch

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, choice, code, prediction
from gd_helpers.metrics import stability_limit

# Exercise 1


@prediction(
    asks=("updates",),
    relative=0.1,
    misconceptions=(
        Misconception(
            100, "As many as before? Each step is shorter now: along the valley floor it goes only half as far."
        ),
        Misconception(50, "Half as many would do if the steps were twice as long. These are shorter."),
        Misconception(400, "Along the valley floor a step at half the rate goes half as far, not a quarter."),
    ),
    hints=(
        "Most of the 100 updates are spent on the valley floor. How far does a step go there, compared with before?",
        "Along the floor, with the curvature λ ≈ 0.33, a step leaves 1 − αλ of the distance. What power of 1 − 0.05 λ "
        "is as small as (1 − 0.1 λ)¹⁰⁰?",
    ),
    because="What takes long is the way along the floor, whose curvature λ is small. There one update leaves $1 - αλ$ "
    "of the distance, so $(1 - 0.05\\,λ)^k = (1 - 0.1\\,λ)^{100}$. Since $αλ$ is small, $k$ is nearly twice as large.",
)
def updates_at_half_the_rate(n, seed):
    X = simulate_line(n=n, seed=seed).X.double().numpy()
    λ = np.linalg.eigvalsh(2 / n * X.T @ X).min()  # the curvature along the valley
    return np.ceil(100 * np.log(1 - 0.1 * λ) / np.log(1 - 0.05 * λ))


# Exercise 2


@choice(
    options=(
        "zero_grad is missing",
        "the rate is past the limit",
        "the step goes along the gradient",
        "step is missing",
    ),
    misconceptions=(
        Misconception(
            "zero_grad is missing",
            "Each step would still begin downhill: without `zero_grad` the first updates lower the loss.",
        ),
        Misconception(
            "the rate is past the limit",
            "Past the limit the loss grows like this. But where is the limit for these mornings, and what is α here?",
        ),
        Misconception("step is missing", "Without a step the weights stay where they are. What would the curve do?"),
    ),
    hints=(
        "Two of the four bugs make the loss grow from the first update on. Which of them can it be at this rate?",
        "The limit of the rate for these mornings is 0.171.",
    ),
    because="A loss that grows from the first update on comes from a step uphill, or from a rate past the limit. The "
    "rate is far below the limit. So the sign of the step is wrong: $w + α \\nabla L$.",
    then="In PyTorch `maximize=True` does it, or a loss with a minus before it.",
)
def bug_of_the_curve():
    seen = [86.6, 107.0, 132.5, 164.2, 203.8, 253.3, 314.9]
    X, y = simulate_line().numpy()

    def losses_with(rate, kept=0.0):
        w, summed, losses = np.zeros(2), np.zeros(2), []
        for _ in seen:
            losses.append(np.mean((X @ w - y) ** 2))
            summed = kept * summed + 2 / len(y) * X.T @ (X @ w - y)
            w = w - rate * summed
        return np.array(losses)

    curves = {
        "zero_grad is missing": losses_with(0.01, kept=1.0),
        "the rate is past the limit": losses_with(0.18),
        "the step goes along the gradient": losses_with(-0.01),
        "step is missing": losses_with(0.0),
    }
    return min(curves, key=lambda bug: np.abs(np.log(curves[bug] / seen)).max())


# Exercise 3


def limit_of(n, seed):
    return stability_limit(simulate_line(n=n, seed=seed))


def variance_of_x(n, seed):
    return simulate_line(n=n, seed=seed).x.double().numpy().var()


@prediction(
    asks=("limit of the rate",),
    relative=0.02,
    misconceptions=(
        Misconception(
            limit_of,
            "That is the limit before centring. It is so low because x is far from 0; what is the mean of x² now?",
        ),
        Misconception(
            lambda n, seed: 1 / variance_of_x(n, seed),
            "That is the limit for the slope alone. The intercept has a curvature too, and the larger one decides.",
        ),
        Misconception(2, "The factor 2 of the gradient is missing: the Hessian is 2 XᵀX / n."),
        Misconception(
            0.5, "At that rate the intercept arrives in one step. How large can the rate be before the steps grow?"
        ),
    ),
    hints=(
        "The Hessian is 2 XᵀX / n. With a mean of 0, what becomes of its entry for intercept and slope together?",
        "Its diagonal is 2 and 2 · Var(x), and the other entries are 0, so these are the curvatures. The limit is 2 "
        "divided by the larger one.",
    ),
    because="With $\\bar x = 0$ the Hessian is diagonal, with 2 for the intercept and $2\\,\\text{Var}(x)$ for the "
    "slope. The valley is nearly round, and the largest curvature is a sixth of what it was.",
    then="At α = 0.5, two updates are now enough to come within 0.1 % of the lowest loss.",
)
def limit_for_centred_x(n, seed):
    x = simulate_line(n=n, seed=seed).x.double().numpy()
    along_intercept, along_slope = 2, 2 * np.var(x)
    return 2 / max(along_intercept, along_slope)


# Exercise 4


@dataclass(frozen=True, eq=False)
class Bowl:
    """A quadratic loss (w − c)ᵀ A (w − c)."""

    A: np.ndarray
    c: np.ndarray

    def __call__(self, w):
        """Return the loss at the weights w."""
        return float((w - self.c) @ self.A @ (w - self.c))


def make_bowls():
    generator = np.random.default_rng(2024)
    cases = [(Bowl(np.array([[1.0, 0.5], [0.5, 3.0]]), np.array([1.0, -1.0])), np.array([2.0, 0.5]), 0.1)]
    for p, h in ((1, 0.5), (3, 0.01), (2, 0.001)):
        roots = generator.normal(size=(p, p))
        cases.append((Bowl(roots @ roots.T, generator.normal(size=p)), generator.normal(size=p), h))
    return cases


@code(
    cases=make_bowls,
    misconceptions=(
        Misconception(
            lambda loss, w, h: (forward_differences(loss, w, h) + forward_differences(loss, w, -h)) / 2,
            "That is the two-sided quotient of the chapter. This one compares with the loss at w itself.",
        ),
        Misconception(
            lambda loss, w, h: forward_differences(loss, w, -h),
            "You looked backwards, from w to w − h. Step up by h.",
        ),
        Misconception(
            lambda loss, w, h: forward_differences(loss, w, h) / 2,
            "Half of what is right: the distance from w to w + h is h, not 2h.",
        ),
        Misconception(
            lambda loss, w, h: forward_differences(loss, w, h) * h,
            "That is how much the loss changes. Divide by h to get a slope.",
        ),
        Misconception(
            lambda loss, w, h: -forward_differences(loss, w, h),
            "The sign is wrong: the loss after the step minus the loss before.",
        ),
        Misconception(
            lambda loss, w, h: np.full(len(w), (loss(w + h) - loss(w)) / h),
            "You moved all weights at once. For a partial derivative, move one and leave the others where they are.",
        ),
    ),
    hints=(
        "Take one weight at a time. What is the loss where that weight is larger by h, and the others are as in w?",
        "`nudged = w.copy()`, then `nudged[j] += h`. Without the copy, the first weight would still be nudged when you "
        "come to the second.",
    ),
    because="For each weight, take the loss a step of h further on, subtract the loss at w, and divide by h.",
    then="For a quadratic it is off by h/2 times the curvature, whereas the two-sided quotient is exact.",
)
def forward_differences(loss, w, h):
    gradient = np.zeros(len(w))
    for j in range(len(w)):
        nudged = w.copy()
        nudged[j] += h
        gradient[j] = (loss(nudged) - loss(w)) / h
    return gradient


# Exercise 5


def descend(X, y, learning_rate, updates, kept=0):
    """Descend in NumPy; `kept` times the gradient before is added to each gradient."""
    X, y, w, gradient = X.double().numpy(), y.double().numpy()[:, 0], np.zeros(2), 0
    for _ in range(updates):
        gradient = kept * gradient + 2 / len(y) * X.T @ (X @ w - y)
        w = w - learning_rate * gradient
    return w


def draw_lines():
    cases = []
    for n, learning_rate, updates in ((20, 0.01, 3), (200, 0.1, 40), (100, 0.05, 150)):
        data = simulate_line(n=n, intercept=1.0, slope=-2.0, seed=3000 + n)
        cases.append((data.X, data.y, learning_rate, updates))
    return cases


@code(
    cases=draw_lines,
    relative=1e-4,
    unsteady="Called again with the same arguments, it ends elsewhere. A new layer draws its weights at random: does "
    "your loop begin at (0, 0)?",
    misconceptions=(
        Misconception(
            lambda *case: descend(*case, kept=1),
            "Each step follows the sum of all gradients so far: `zero_grad` is missing.",
        ),
        Misconception(
            lambda X, y, learning_rate, updates: descend(X, y, learning_rate, updates - 1),
            "One update too few.",
        ),
        Misconception(
            lambda X, y, learning_rate, updates: descend(X, y, learning_rate, updates + 1),
            "One update too many.",
        ),
        Misconception(
            lambda X, y, learning_rate, updates: descend(X, y, -learning_rate, updates),
            "The loop goes uphill: a step must go against the gradient.",
        ),
        Misconception(
            lambda X, y, learning_rate, updates: descend(X, y, learning_rate * len(y), updates),
            "That is where the sum of the squared errors would lead. The loss is their mean.",
        ),
        Misconception(
            lambda X, y, learning_rate, updates: descend(X, y, learning_rate / 2, updates),
            "That is where half the gradient would lead: is the factor 2 in yours?",
        ),
        Misconception(
            lambda X, y, learning_rate, updates: np.zeros(2),
            "The weights are still (0, 0). Is there a `step` in the loop, and do you return the weights at its end?",
        ),
        Misconception(
            lambda *case: descend(*case).reshape(1, 2),
            "The numbers are right, but their shape is (1, 2), as in the layer. Reshape them to (2,).",
        ),
    ),
    hints=(
        "The loop has four lines: clear the gradients, compute the loss, go backward, make a step.",
        "As in the chapter: `torch.nn.Linear(2, 1, bias=False)`, its weight set to zero, `torch.optim.SGD`, and at "
        "the end `model.weight.detach().reshape(2)`.",
    ),
    because="It is the chapter's loop, put into a function.",
)
def train_line(X, y, learning_rate, updates):
    model = torch.nn.Linear(2, 1, bias=False)
    torch.nn.init.zeros_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    for _ in range(updates):
        optimizer.zero_grad()
        loss = torch.nn.MSELoss()(model(X), y)
        loss.backward()
        optimizer.step()
    return model.weight.detach().reshape(2)


QUESTIONS = (
    updates_at_half_the_rate,
    bug_of_the_curve,
    limit_for_centred_x,
    forward_differences,
    train_line,
)
