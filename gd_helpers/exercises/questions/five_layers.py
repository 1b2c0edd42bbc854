"""The exercises of chapter 10: slopes alone, gradients by layer, units that see x, lost races, and runs enough."""

import numpy as np
import torch
from scipy.stats import norm

from gd_helpers.exercises.question_types import Code, Misconception, Prediction
from gd_helpers.models import mlp
from gd_helpers.training import intervals

# Exercise 1


def slopes_alone():
    sigmoid, tanh = 1 / 4, 1  # the largest slope of each
    return sigmoid**5, tanh**5


def multiply_measured_slopes():
    """Measure the largest slopes by autograd, and multiply five of them."""
    z = torch.linspace(-5, 5, 1001, dtype=torch.float64).requires_grad_()
    slopes = (torch.autograd.grad(bend(z).sum(), z)[0] for bend in (torch.sigmoid, torch.tanh))
    return [slope.max().item() ** 5 for slope in slopes]


SLOPES_ALONE = Prediction(
    solution=slopes_alone,
    expected=multiply_measured_slopes,
    asks=("factor with sigmoid", "factor with tanh"),
    relative=0.01,
    misconceptions=(
        Misconception((1 / 64, None), "That is for three layers on the way. Here it passes five."),
        Misconception((1 / 4, None), "That is for one layer on the way. Each of the five has such a factor."),
        Misconception((5 / 4, None), "You added. Each layer multiplies what comes from the one above."),
        Misconception(
            (1 / 32, None), "½ is the value of the sigmoid in the middle. What is its slope there, σ(1 − σ)?"
        ),
        Misconception((4**5, None), "Upside down: by how much it gets smaller. What is left of 1?"),
        Misconception((1 / 4**4, None), "You left out one layer: five activations are on the way."),
        Misconception((1 / 4**6, None), "You counted one layer too many: after the output there is no activation."),
        Misconception(
            (None, 1 / 4**5), "The slope of tanh is larger than that of the sigmoid. How steep is it in the middle?"
        ),
        Misconception((None, 0), "Far out its slope is 0. The most is asked for, as it is in the middle."),
    ),
    hints=(
        "Each layer multiplies the gradient by the slope of its activation. How large can that slope be at most?",
        "The slope of the sigmoid is σ(1 − σ), the largest where σ = ½. That of tanh is 1 − tanh², the largest at 0.",
    ),
    because="The largest slope of the sigmoid is 1/4 and that of tanh is 1. Five of them are on the way, and multiply.",
    then="The weights multiply, too, so this is not all. But with tanh they are free to keep the gradient up.",
)


# Exercise 2


def sizes_by_layer(model, X, y):
    loss = torch.nn.MSELoss()(model(X), y)
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    return np.array([layer.square().mean().sqrt().item() for layer in gradients])


def go_backward(model, X, y):
    """Return the gradient of each weight matrix by the chain rule, written out in NumPy."""
    weights = [layer.weight.detach().numpy() for layer in model if isinstance(layer, torch.nn.Linear)]
    is_tanh = any(isinstance(layer, torch.nn.Tanh) for layer in model)
    values = [X.numpy()]
    for place, w in enumerate(weights, 1):
        z = values[-1] @ w.T
        values.append(z if place == len(weights) else np.tanh(z) if is_tanh else 1 / (1 + np.exp(-z)))
    signal, found = 2 / len(y) * (values[-1] - y.numpy()), []
    for w, h in zip(weights[::-1], values[-2::-1], strict=True):
        found.insert(0, signal.T @ h)
        signal = signal @ w * (1 - h**2 if is_tanh else h * (1 - h))
    return found


def by_layer(measure):
    """Return the function that takes `measure` of each layer's gradient."""
    return lambda model, X, y: np.array([measure(layer) for layer in go_backward(model, X, y)])


def root_mean_square(layer):
    return np.sqrt(np.mean(layer**2))


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


SIZES_BY_LAYER = Code(
    solution=sizes_by_layer,
    expected=by_layer(root_mean_square),
    cases=draw_networks,
    misconceptions=(
        Misconception(
            by_layer(np.linalg.norm),
            "That is the length of each layer's gradient, which grows with the number of weights. Take the mean of the "
            "squares, not their sum.",
        ),
        Misconception(by_layer(lambda layer: np.mean(layer**2)), "The root is missing: that is the mean square."),
        Misconception(
            by_layer(lambda layer: np.mean(np.abs(layer))), "That is the mean of the absolute values, not of squares."
        ),
        Misconception(by_layer(np.mean), "That is the mean with its signs, in which large entries cancel."),
        Misconception(by_layer(np.std), "That is the spread around the mean. The gradient's size is measured from 0."),
        Misconception(by_layer(lambda layer: np.abs(layer).max()), "That is the largest entry of each layer."),
        Misconception(
            lambda *case: by_layer(root_mean_square)(*case)[::-1],
            "The output layer comes first in yours. Begin with the first layer, as `model.parameters()` does.",
        ),
        Misconception(
            lambda model, X, y: by_layer(root_mean_square)(model, X, y) * len(y),
            "That is of the sum of the squared errors. The loss is their mean.",
        ),
        Misconception(
            lambda *case: root_mean_square(np.concatenate([layer.ravel() for layer in go_backward(*case)])),
            "That is one number for all weights. Each layer is to have its own.",
        ),
    ),
    hints=(
        "First the gradient of the loss, a matrix for each weight matrix. Then a number for each matrix.",
        "`torch.autograd.grad(loss, list(model.parameters()))` gives the matrices; the root mean square of one is "
        "`layer.square().mean().sqrt()`.",
    ),
    because="Autograd has the gradient of every layer at once; the root mean square makes layers of different sizes "
    "comparable.",
    then="Try it on a network that does not learn, before you change anything about it.",
)


# Exercise 3


def unit_spread(model, X):
    with torch.no_grad():
        last_hidden = model[:-1](X)  # all but the output layer
    return last_hidden.std(dim=0, correction=0)


def values_of(model, X, up_to):
    """Return what comes out of the first layers of `model`, as an array."""
    with torch.no_grad():
        for layer in list(model)[:up_to]:
            X = layer(X)
    return X.numpy()


def spread_around_the_mean(model, X):
    values = values_of(model, X, -1)
    return np.sqrt(np.mean(values**2, axis=0) - np.mean(values, axis=0) ** 2)


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


UNIT_SPREAD = Code(
    solution=unit_spread,
    expected=spread_around_the_mean,
    cases=draw_models,
    misconceptions=(
        Misconception(
            lambda model, X: values_of(model, X, -1).std(axis=1),
            "That is the spread over the units, for each example. Take it over the examples, for each unit.",
        ),
        Misconception(
            lambda model, X: values_of(model, X, -1).var(axis=0), "That is the variance. Its root is asked for."
        ),
        Misconception(
            lambda model, X: values_of(model, X, -1).std(axis=0, ddof=1),
            "You divided by n − 1, as `std` of torch does unless told `correction=0`.",
        ),
        Misconception(
            lambda model, X: values_of(model, X, -2).std(axis=0),
            "That is the spread before the activation. A unit can be flat after it though its sum is not.",
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
            "That is one number for all units. Each is to have its own.",
        ),
    ),
    hints=(
        "A `Sequential` can be sliced like a list: `model[:2]` is its first hidden layer with the activation.",
        "`model[:-1](X)` has a row an example and a column a unit. Take the standard deviation down the columns.",
    ),
    because="All but the output layer gives what the last hidden units say; down its columns is the spread over "
    "examples.",
    then="On the plateau of the mean it is next to 0 for both units: `unit_spread(set_weights(mlp(widths), "
    "run.path[500]), data.X)` shows it, and a later epoch shows the net awake.",
)


# Exercise 4


def both_units_work():
    def share_above(limit):
        return (limit + 0.41) / (2 * limit)  # of a weight drawn evenly from −limit to limit

    pytorch, xavier = 1 / np.sqrt(2), np.sqrt(6 / (2 + 1))
    return share_above(pytorch) ** 2, share_above(xavier) ** 2


def count_starts(steps=4000):
    """Count on an even grid of pairs of output weights."""
    grid = (np.arange(steps) + 0.5) / steps * 2 - 1
    works = {limit: limit * grid > -0.41 for limit in (2**-0.5, 2**0.5)}
    return [np.logical_and.outer(first, first).mean() for first in works.values()]


BOTH_UNITS_WORK = Prediction(
    solution=both_units_work,
    expected=count_starts,
    asks=("share with PyTorch's start", "share with Xavier's"),
    absolute=0.01,
    misconceptions=(
        Misconception(
            (0.416, 0.624), "The wrong way round: which start draws the larger weights, also on the negative side?"
        ),
        Misconception((0.79, 0.645), "Those are the shares for one unit. Both have to work."),
        Misconception((0.376, 0.584), "Those are the shares of starts that lose a unit."),
        Misconception(
            (0.956, 0.874), "Those are the shares of starts with at least one working unit. Both have to work."
        ),
        Misconception((1 / 4, 1 / 4), "Not the sign decides but −0.41: a small negative weight still gets across."),
        Misconception((1 / 2, 1 / 2), "Not the sign of one unit decides: both have to start above −0.41."),
        Misconception((62.4, 41.6), "Give shares between 0 and 1, not per cent."),
    ),
    hints=(
        "From −limit to limit each weight is as likely as any other. Which part of that range is above −0.41?",
        "The output layer has 2 inputs and 1 output, so the limits are 1/√2 and √(6/3). For both units take the square "
        "of the share of one.",
    ),
    because="A weight drawn evenly from $-g$ to $g$ is above −0.41 with the chance $(g + 0.41)/(2g)$, both with its "
    "square. The limits $g$ are $1/\\sqrt 2$ and $\\sqrt{6/3}$: the larger one loses more races.",
    then="In the chapter, 55 of 100 runs from PyTorch's start end with two working units, and 5 of 10 from Xavier's.",
)


# Exercise 5


def runs_enough():
    low = intervals.share_interval([True] * 10)[0]
    runs = 1
    while intervals.share_interval([True] * runs)[0] <= 0.95:
        runs += 1
    return low, runs


def solve_for_runs():
    """Wilson's lower end for n of n is n / (n + z²)."""
    z2 = norm.ppf(0.975) ** 2
    return 10 / (10 + z2), np.floor(0.95 * z2 / 0.05) + 1


RUNS_ENOUGH = Prediction(
    solution=runs_enough,
    expected=solve_for_runs,
    asks=("lower end for 10 of 10", "runs that must all arrive"),
    absolute=0.02,
    misconceptions=(
        Misconception((1, None), "Ten runs that arrive do not show that the eleventh will."),
        Misconception(
            (0.95, None), "The 95 % say how sure the interval is. Its lower end depends on how many runs there are."
        ),
        Misconception((0.9, None), "A tenth is not what ten runs leave open. The interval is wider."),
        Misconception((0.5, None), "With ten of ten, a half is already out of the question."),
        Misconception((None, 10), "That many runs were made, and the figure shows how wide their interval is."),
        Misconception(
            (None, 20),
            "One in twenty is 5 %, but twenty runs that all arrive are well possible with a share below that.",
        ),
        Misconception(
            (None, 60),
            "The rule of three, 3/0.05, is for an interval with its whole doubt on one side. Ask the function.",
        ),
        Misconception((None, 72), "One too few: with so many the lower end is just below 95 %."),
        Misconception((None, 100), "So many are enough, as the mended recipe shows. Do fewer do?"),
    ),
    hints=(
        "`intervals.share_interval([True] * 10)` gives both ends.",
        "Try more and more runs until the lower end is above 0.95; between 50 and 100 you will find it.",
    ),
    because="By Wilson's formula the lower end for n of n is $n/(n + 1.96^2)$. It comes near 1 only slowly.",
    then='So "it worked in all of my 10 runs" may still mean that one run in four fails.',
)

QUESTIONS = (SLOPES_ALONE, SIZES_BY_LAYER, UNIT_SPREAD, BOTH_UNITS_WORK, RUNS_ENOUGH)
