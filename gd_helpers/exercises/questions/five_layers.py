"""The exercises of chapter 10: slopes alone, gradients by layer, units that see x, lost races, and runs enough."""

import numpy as np
import torch

from gd_helpers.exercises import Misconception, code, prediction
from gd_helpers.models import mlp
from gd_helpers.training import intervals

# Exercise 1


@prediction(
    asks=("factor with sigmoid", "factor with tanh"),
    relative=0.01,
    misconceptions=(
        Misconception((1 / 64, None), "That is for a gradient that passes three layers. Here it passes five."),
        Misconception((1 / 4, None), "That is for one layer. Each of the five has such a factor."),
        Misconception((5 / 4, None), "You added. Each layer multiplies what comes from the one above."),
        Misconception(
            (1 / 32, None), "½ is the value of the sigmoid in the middle. What is its slope there, σ(1 − σ)?"
        ),
        Misconception((4**5, None), "Upside down: that is how many times smaller it becomes. What is left of 1?"),
        Misconception((1 / 4**4, None), "You left out one layer: the gradient passes five activations."),
        Misconception((1 / 4**6, None), "You counted one layer too many: after the output there is no activation."),
        Misconception(
            (None, 1 / 4**5), "The slope of tanh is larger than that of the sigmoid. How steep is it in the middle?"
        ),
        Misconception((None, 0), "Its slope is 0 far out. What is asked for is the most, which is in the middle."),
    ),
    hints=(
        "Each layer multiplies the gradient by the slope of its activation. How large can that slope be at most?",
        "The slope of the sigmoid is σ(1 − σ), largest where σ = ½. That of tanh is 1 − tanh², largest at 0.",
    ),
    because="The largest slope of the sigmoid is 1/4 and that of tanh is 1. The gradient is multiplied by five of "
    "them.",
    then="The weights multiply too, so this is not the whole story. But with tanh they are able to keep the gradient "
    "up.",
)
def slopes_alone():
    sigmoid, tanh = 1 / 4, 1  # the largest slope of each
    return sigmoid**5, tanh**5


# Exercise 2


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


# Exercise 3


def values_of(model, X, up_to):
    """Return what comes out of the first layers of `model`, as an array."""
    with torch.no_grad():
        for layer in list(model)[:up_to]:
            X = layer(X)
    return X.numpy()


def draw_models():
    generator = np.random.default_rng(2024)
    cases = []
    for widths, activation, n in (
        ((2, 3, 1), "sigmoid", 4),
        ((2, 10, 20, 2, 1), "tanh", 200),
        ((2, 6, 4, 1), "relu", 50),
    ):
        X = torch.from_numpy(np.column_stack([np.ones(n), generator.normal(2, 1, n)]))
        cases.append((mlp(widths, activation=activation, seed=7).double(), X))
    return cases


@code(
    cases=draw_models,
    misconceptions=(
        Misconception(
            lambda model, X: values_of(model, X, -1).std(axis=1),
            "That is the spread over units, for each example. Take it over examples, for each unit.",
        ),
        Misconception(
            lambda model, X: values_of(model, X, -1).var(axis=0), "That is the variance. Its root is asked for."
        ),
        Misconception(
            lambda model, X: values_of(model, X, -1).std(axis=0, ddof=1),
            "You divided by n − 1, as torch's `std` does unless told `correction=0`.",
        ),
        Misconception(
            lambda model, X: values_of(model, X, -2).std(axis=0),
            "That is the spread before the activation. A unit can be flat after it even if its input is not.",
        ),
        Misconception(
            lambda model, X: values_of(model, X, None).std(axis=0),
            "That is the spread of the prediction. Leave the output layer out.",
        ),
        Misconception(
            lambda model, X: values_of(model, X, 2).std(axis=0),
            "That is the first hidden layer. The last one, just before the output, is asked for.",
        ),
        Misconception(
            lambda model, X: np.ptp(values_of(model, X, -1), axis=0),
            "That is the range from the lowest to the highest value.",
        ),
        Misconception(
            lambda model, X: values_of(model, X, -1).mean(axis=0), "That is the mean of each unit, not its spread."
        ),
        Misconception(
            lambda model, X: values_of(model, X, -1).std(),
            "That is one number for all units. Each should have its own.",
        ),
    ),
    hints=(
        "A `Sequential` can be sliced like a list: `model[:2]` is its first hidden layer with the activation.",
        "`model[:-1](X)` has a row for each example and a column for each unit. Take the standard deviation down the "
        "columns.",
    ),
    because="All layers but the last give the values of the last hidden units; the spread over examples is the "
    "standard deviation down the columns.",
    then="On the plateau at the mean it is close to 0 for both units: `unit_spread(set_weights(mlp(widths), "
    "run.path[500]), data.X)` shows that, and a later epoch shows the network at work.",
)
def unit_spread(model, X):
    with torch.no_grad():
        last_hidden = model[:-1](X)  # all but the output layer
    return last_hidden.std(dim=0, correction=0)


# Exercise 4


@prediction(
    asks=("share with PyTorch's start", "share with Xavier's"),
    absolute=0.01,
    misconceptions=(
        Misconception(
            (0.416, 0.624), "The wrong way round: which start draws larger weights, on the negative side too?"
        ),
        Misconception((0.79, 0.645), "Those are the shares for one unit. Both have to work."),
        Misconception((0.376, 0.584), "Those are the shares of starts that lose a unit."),
        Misconception(
            (0.956, 0.874), "Those are the shares of starts with at least one working unit. Both have to work."
        ),
        Misconception(
            (1 / 4, 1 / 4),
            "It is not the sign that decides, but −0.41: a unit with a small negative weight still gets across.",
        ),
        Misconception((1 / 2, 1 / 2), "It is not the sign of one unit that decides: both have to start above −0.41."),
        Misconception((62.4, 41.6), "Give shares between 0 and 1, not per cent."),
    ),
    hints=(
        "Each weight is uniform between −limit and limit. What share of that range is above −0.41?",
        "The output layer has 2 inputs and 1 output, so the limits are 1/√2 and √(6/3). For both units, square "
        "the share of one.",
    ),
    because="A weight drawn uniformly from $-g$ to $g$ is above −0.41 with probability $(g + 0.41)/(2g)$, both of them "
    "with its square. The limits $g$ are $1/\\sqrt 2$ and $\\sqrt{6/3}$: the larger one loses more races.",
    then="In the chapter, 55 of 100 runs from PyTorch's start end with two working units, and 5 of 10 from Xavier's.",
)
def both_units_work():
    def share_above(limit):
        return (limit + 0.41) / (2 * limit)  # of a weight drawn evenly from −limit to limit

    pytorch, xavier = 1 / np.sqrt(2), np.sqrt(6 / (2 + 1))
    return share_above(pytorch) ** 2, share_above(xavier) ** 2


# Exercise 5


@prediction(
    asks=("lower end for 10 of 10", "runs that must all arrive"),
    absolute=0.02,
    misconceptions=(
        Misconception((1, None), "Ten runs that all arrive do not show that the eleventh will."),
        Misconception(
            (0.95, None), "The 95 % is how reliable the interval is. Its lower end depends on the number of runs."
        ),
        Misconception((0.9, None), "Ten runs leave more than a tenth open. The interval is wider."),
        Misconception((0.5, None), "With ten of ten, a share of one half is already out of the question."),
        Misconception((None, 10), "That is how many runs were made, and the figure shows how wide their interval is."),
        Misconception(
            (None, 20),
            "One in twenty is 5 %, but twenty runs can easily all arrive with a share below 95 %.",
        ),
        Misconception(
            (None, 60),
            "The rule of three, 3/0.05, is for an interval with all its doubt on one side. Ask the function.",
        ),
        Misconception((None, 72), "One too few: with these, the lower end is just below 95 %."),
        Misconception((None, 100), "That is enough, as the mended recipe shows. Would fewer do?"),
    ),
    hints=(
        "`intervals.share_interval([True] * 10)` gives both ends.",
        "Try more and more runs until the lower end is above 0.95; it happens between 50 and 100.",
    ),
    because="By Wilson's formula the lower end for n of n is $n/(n + 1.96^2)$. It approaches 1 only slowly.",
    then='So "it worked in all of my 10 runs" may still mean that one run in four fails.',
)
def runs_enough():
    low = intervals.share_interval([True] * 10)[0]
    runs = 1
    while intervals.share_interval([True] * runs)[0] <= 0.95:
        runs += 1
    return low, runs


QUESTIONS = (
    slopes_alone,
    sizes_by_layer,
    unit_spread,
    both_units_work,
    runs_enough,
)
