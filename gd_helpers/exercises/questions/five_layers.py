"""The exercises of chapter 10: slopes alone, a curve and its bug, gradients by layer, and runs enough."""

import numpy as np
import torch

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, choice, code, prediction
from gd_helpers.models import mlp
from gd_helpers.training import intervals

# Exercise 1


@prediction(
    asks=("factor",),
    relative=0.01,
    misconceptions=(
        Misconception(1 / 64, "That is for a gradient that passes three layers. Here it passes five."),
        Misconception(1 / 4, "That is for one layer. Each of the five has such a factor."),
        Misconception(5 / 4, "You added. Each layer multiplies what comes from the one above."),
        Misconception(1 / 32, "½ is the value of the sigmoid in the middle. What is its slope there, σ(1 − σ)?"),
        Misconception(4**5, "Upside down: that is how many times smaller it becomes. What is left of 1?"),
        Misconception(1 / 4**4, "You left out one layer: the gradient passes five activations."),
        Misconception(1 / 4**6, "You counted one layer too many: after the output there is no activation."),
        Misconception(1, "That is for tanh, whose largest slope is 1."),
    ),
    hints=(
        "Each layer multiplies the gradient by the slope of its activation. How large can that slope be at most?",
        "The slope of the sigmoid is σ(1 − σ), largest where σ = ½.",
    ),
    because="The largest slope of the sigmoid is 1/4. The gradient is multiplied by five of them.",
    then="The largest slope of tanh is 1, and five of those leave all of it. The weights multiply too, so this is not "
    "the whole story.",
)
def slopes_alone():
    largest_slope = 1 / 4
    return largest_slope**5


# Exercise 2


@choice(
    options=("targets of shape (n,)", "zero_grad forgotten", "learning rate too small", "factor 2 left out"),
    misconceptions=(
        Misconception("zero_grad forgotten", "Then the loss would swing up and down, and not come to rest."),
        Misconception(
            "learning rate too small", "Then the loss would still be falling. This one rises, and comes to rest."
        ),
        Misconception(
            "factor 2 left out", "That halves each step. The loss still falls all the way to that of least squares."
        ),
    ),
    hints=(
        "At the variance of y, the line forecasts the mean flow, whatever the temperature. Which loss asks for that?",
        "If each prediction were compared with all the targets, which one would be best for every x?",
    ),
    because="Predictions of shape (n, 1) less targets of shape (n,) are n × n differences: each prediction is compared "
    "with every target. The best prediction is then the mean of y, for every x, and its loss is the variance of y.",
    then="The plateau of this chapter is at the same level. But a net that sleeps may wake up; this line never does.",
)
def bug_of_the_level(n, seed):
    data = simulate_line(n=n, seed=seed)
    X, y = data.numpy()

    def last_losses(alpha=0.1, targets=y, cleared=True):
        w, total, losses = np.zeros(2), np.zeros(2), []
        for _ in range(1000):
            gradient = 2 / n * X.T @ (X @ w - targets)
            total = gradient if cleared else total + gradient
            w = w - alpha * total
            losses.append(np.mean((X @ w - y) ** 2))
        return np.array(losses[-100:])

    runs = {
        "targets of shape (n,)": last_losses(targets=y.mean()),  # each prediction is pulled to all targets
        "zero_grad forgotten": last_losses(cleared=False),
        "learning rate too small": last_losses(alpha=1e-4),
        "factor 2 left out": last_losses(alpha=0.05),
    }
    return min(runs, key=lambda bug: np.abs(runs[bug] - y.var()).max())


# Exercise 3


def gradients_of(model, X, y):
    """Return the gradient of each weight matrix."""
    loss = torch.nn.functional.mse_loss(model(X), y)
    return [layer.numpy() for layer in torch.autograd.grad(loss, list(model.parameters()))]


def by_layer(measure):
    """Return the function that takes `measure` of each layer's gradient."""
    return lambda model, X, y: np.array([measure(layer) for layer in gradients_of(model, X, y)])


def draw_networks():
    generator = np.random.default_rng(2024)
    cases = []
    for widths, activation, n in (
        ((2, 3, 1), "sigmoid", 4),
        ((2, 10, 20, 2, 1), "sigmoid", 80),
        ((2, 5, 5, 1), "tanh", 30),
    ):
        x = generator.normal(2, 1, n)
        X = torch.from_numpy(np.column_stack([np.ones(n), x]))
        y = torch.from_numpy(3 - x + generator.normal(size=n))[:, None]
        cases.append((mlp(widths, activation=activation, seed=2024).double(), X, y))
    return cases


@code(
    cases=draw_networks,
    misconceptions=(
        Misconception(
            by_layer(np.linalg.norm),
            "That is the length of each layer's gradient, which grows with the number of weights. Take the mean of the "
            "squares, not their sum.",
        ),
        Misconception(by_layer(lambda layer: np.mean(layer**2)), "That is the mean square. Its root is asked for."),
        Misconception(
            by_layer(lambda layer: np.mean(np.abs(layer))),
            "That is the mean of the absolute values. Take the root of the mean square.",
        ),
        Misconception(by_layer(np.mean), "That is the plain mean, in which large entries of opposite sign cancel."),
        Misconception(by_layer(np.std), "That is the spread around the mean. Size is measured from 0."),
        Misconception(by_layer(lambda layer: np.abs(layer).max()), "That is the largest entry of each layer."),
        Misconception(
            lambda *case: sizes_by_layer(*case)[::-1],
            "Yours begins with the output layer. Begin with the first layer, as `model.parameters()` does.",
        ),
        Misconception(
            lambda model, X, y: sizes_by_layer(model, X, y) * len(y),
            "That is for the sum of the squared errors. The loss is their mean.",
        ),
        Misconception(
            lambda *case: np.sqrt(np.mean(np.concatenate([layer.ravel() for layer in gradients_of(*case)]) ** 2)),
            "That is one number for all weights. Each layer should have its own.",
        ),
    ),
    hints=(
        "First find the gradient of the loss: a matrix for each weight matrix. Then compute one number for each.",
        "`torch.autograd.grad(loss, list(model.parameters()))` gives the matrices; the root mean square of one is "
        "`layer.square().mean().sqrt()`.",
    ),
    because="Autograd gives the gradients of all layers at once; the root mean square makes layers of different sizes "
    "comparable.",
    then="Try it on a network that does not learn, before you change anything else about it.",
)
def sizes_by_layer(model, X, y):
    loss = torch.nn.MSELoss()(model(X), y)
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    return np.array([layer.square().mean().sqrt().item() for layer in gradients])


# Exercise 4


@prediction(
    asks=("runs",),
    misconceptions=(
        Misconception(10, "For ten of ten the lower end is 0.72."),
        Misconception(20, "One in twenty is 5 %, but twenty runs can easily all arrive with a share below 95 %."),
        Misconception(
            60, "The rule of three, 3/0.05, is for an interval with all its doubt on one side. Ask the function."
        ),
        Misconception(72, "One too few: with these, the lower end is just below 0.95."),
        Misconception(100, "That is enough. Would fewer do?"),
    ),
    hints=(
        "Ask `intervals.share_interval([True] * runs)` for more and more runs.",
        "The lower end rises above 0.95 between 50 and 100 runs.",
    ),
    because="By Wilson's formula the lower end for n of n is $n/(n + 1.96^2)$. It approaches 1 only slowly.",
    then='So "it worked in all of my 10 runs" may still mean that one run in four fails.',
)
def runs_enough():
    runs = 1
    while intervals.share_interval([True] * runs)[0] <= 0.95:
        runs += 1
    return runs


QUESTIONS = (
    slopes_alone,
    bug_of_the_level,
    sizes_by_layer,
    runs_enough,
)
