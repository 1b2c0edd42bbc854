"""The exercises of chapter 09: a count, one hidden unit, a height outside the data, slopes, and units in an order."""

import numpy as np
import torch
from scipy.optimize import least_squares

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, code, prediction
from gd_helpers.metrics import ols, r2
from gd_helpers.models import mlp

# Exercise 1


@prediction(
    asks=("weights and biases",),
    misconceptions=(
        Misconception(52, "Those are the weights. Each unit that computes something has a bias besides."),
        Misconception(2 + 8 + 4 + 1, "Those are the units. Each has a weight for each unit before it."),
        Misconception(52 + 15, "The inputs compute nothing, so they have no biases."),
        Misconception(52 + 3, "That is one bias per layer. Each unit has its own."),
        Misconception(52 + 12, "You left out one unit: the output has a bias too."),
        Misconception(13, "Those are the biases alone."),
    ),
    hints=(
        "A layer has (units before) × (units in it) weights. Then count the units that compute something.",
        "The weights are 2·8 + 8·4 + 4·1. The units that compute something are 8 + 4 + 1.",
    ),
    because="Layer by layer, the weights are units before times units in it. The 8 + 4 + 1 units that compute "
    "something have a bias each.",
    then="Hidden units have no names: the 8 of one layer can stand in 8! orders, and for each of these the 4 of the "
    "other in 4!, so 967,680 sets of weights give the same function.",
)
def weights_with_biases():
    weights = 2 * 8 + 8 * 4 + 4 * 1
    biases = 8 + 4 + 1
    return weights + biases


# Exercise 2


def r2_of_line(n, seed):
    return ols(simulate_line(n=n, seed=seed)).r2


@prediction(
    asks=("R²",),
    absolute=0.01,
    misconceptions=(
        Misconception(
            0.5,
            "A unit less costs less than that. How straight can one step be made, where the mornings are?",
        ),
        Misconception(0.65, "Still a little low: even the two units that stayed equal to the end reached more."),
        Misconception(0.6, "Nearer to the line than that. What did the two units reach that stayed equal to the end?"),
        Misconception(
            lambda n, seed: r2_of_line(n, seed) / 2,
            "Half the units do not mean half the R². What did the two units reach that stayed equal to the end?",
        ),
        Misconception(
            0.53,
            "That was halfway between a network and its twin, where the weights are not the best for anything. Here "
            "the best weights are asked for.",
        ),
        Misconception(
            lambda n, seed: 2 - 1 / r2_of_line(n, seed),
            "That is about the swapped score, as printed by the source. R² compares with the spread of y.",
        ),
        Misconception(1, "Nothing reaches that on these points: what is the ceiling of R²?"),
        Misconception(0.75, "That is more than the network with two units has at its minimum."),
        Misconception(0, "That is what predicting the mean gives. One unit can follow the trend."),
    ),
    hints=(
        "Think of the network that started with all its weights equal. How many different units did it have?",
        "One step of a sigmoid, made wide and high enough, is nearly straight over the range of the data.",
    ),
    because="One wide step is nearly a line where the points are. The network of two equal units has shown that: they "
    "do the work of one, and little is lost.",
    then="Three weights do nearly all that six can, so there are directions among the six in which the loss hardly "
    "changes.",
)
def one_hidden_unit(n, seed):
    data = simulate_line(n=n, seed=seed)
    x, y = data.x.double().numpy(), data.y[:, 0].double().numpy()

    def fitted(weights):
        a, c, v = weights
        return v / (1 + np.exp(-a - c * x))

    best = least_squares(lambda weights: fitted(weights) - y, [-1.0, 0.5, 15.0]).x
    return r2(y, fitted(best))


# Exercise 3


@prediction(
    asks=("height far to the right",),
    absolute=0.01,
    misconceptions=(
        Misconception(6.5, "That is far to the left. To the right, which of the two units is up?"),
        Misconception(4, "You left out the bias of the output layer, which is added everywhere."),
        Misconception(10.5, "Not every unit rises with x. Look at the sign of each c."),
        Misconception(10, "Not every unit rises with x, and the bias of the output layer is added everywhere."),
        Misconception(0.5, "That is the bias alone. One of the two units is up."),
        Misconception(
            0.5 + sum(v / (1 + np.exp(-a)) for a, v in ((1, 4), (3, 6))),
            "That is the height at x = 0. Far out, the weight of x decides.",
        ),
    ),
    hints=(
        "Far out, each sigmoid is 0 or 1. The sign of c·x decides which.",
        "To the right the first unit is 1. And the second, whose c is negative?",
    ),
    because="Far out, $a$ does not matter, and each unit is 0 or 1 by the sign of $c\\,x$. The function is the bias, "
    "plus the $v_j$ of the units that are up.",
    then="Whatever the weights, such a function is bounded, and a line is not: no training makes it right far outside "
    "the data.",
)
def height_far_out():
    bias, v = 0.5, np.array([4.0, 6.0])
    is_up = np.array([1, 0])  # far to the right: c = 2 rises, c = −1 falls
    return bias + v @ is_up


# Exercise 4


def draw_networks():
    cases = []
    for widths, activation, bias, x in (
        ((2, 2, 1), "sigmoid", False, [0.0, 2.0, 3.0]),
        ((2, 5, 1), "tanh", True, np.linspace(-3, 3, 50)),
        ((2, 4, 3, 1), "sigmoid", False, np.linspace(-10, 10, 30)),
    ):
        model = mlp(widths, activation=activation, bias=bias, seed=2024).double()
        cases.append((model, torch.tensor(x, dtype=torch.float64)))
    return cases


def differentiate_by_inputs(model, x):
    """Return the derivatives by both columns of X."""
    X = torch.stack([torch.ones_like(x), x], dim=1)
    return torch.autograd.functional.jacobian(lambda X: model(X).sum(), X)


@code(
    cases=draw_networks,
    misconceptions=(
        Misconception(
            differentiate_by_inputs,
            "Those are the derivatives with respect to both columns of X. Which column is x?",
        ),
        Misconception(
            lambda model, x: differentiate_by_inputs(model, x)[:, 0],
            "That is the derivative with respect to the column of ones, which never changes.",
        ),
        Misconception(
            lambda model, x: slopes_of(model, x) / len(x),
            "Each slope is divided by their number: you differentiated the mean of the predictions.",
        ),
        Misconception(
            lambda model, x: slopes_of(model, x).mean(),
            "That is one number, the mean slope. The slope at each x is asked for.",
        ),
        Misconception(
            lambda model, x: slopes_of(model, x).sum(),
            "That is one number, the sum of all slopes. The slope at each x is asked for.",
        ),
        Misconception(
            lambda model, x: model(torch.stack([torch.ones_like(x), x], dim=1))[:, 0],
            "Those are the predictions. Differentiate them with respect to x.",
        ),
        Misconception(
            lambda model, x: slopes_of(model, x)[:, None],
            "The numbers are right, but as a column. Like x, the slopes have shape (n,).",
        ),
    ),
    hints=(
        "The model takes rows (1, x). Build them from x, and have autograd track them: `requires_grad_()`.",
        "`torch.autograd.grad` needs one number to differentiate. The sum of the predictions will do, since each "
        "depends on its own row alone.",
    ),
    because="It is the chapter's `slope`, with the model in place of its formula: autograd goes through the layers, "
    "whatever they are, down to the inputs.",
    then="On the chapter's run, `slopes_of(run.model, data.x).mean()` gives the mean slope over the data.",
)
def slopes_of(model, x):
    X = torch.stack([torch.ones_like(x), x], dim=1).requires_grad_()
    total = model(X).sum()  # each prediction depends on its own row alone
    return torch.autograd.grad(total, X)[0][:, 1]


# Exercise 5


def in_order(weights, key, *, hidden=True, output=True):
    """Sort by what `key` gives for each unit, and move only what is to be moved."""
    m = len(weights) // 3
    of_hidden, of_output = weights[: 2 * m].reshape(m, 2), weights[2 * m :]
    order = np.argsort(key(of_hidden[:, 0], of_hidden[:, 1], of_output))
    return np.concatenate(
        [(of_hidden[order] if hidden else of_hidden).ravel(), of_output[order] if output else of_output]
    )


def keep_columns(weights):
    """Order the units rightly, but list all a first, then all c."""
    a_and_c, v = np.split(steepest_first(weights), [2 * len(weights) // 3])
    return np.concatenate([a_and_c[0::2], a_and_c[1::2], v])


def read_columns(weights):
    """Take the first m numbers for all a and the next m for all c, and order these."""
    a, c, v = np.split(weights, 3)
    order = np.argsort(-c)
    return np.concatenate([a[order], c[order], v[order]])


def draw_weights():
    generator = np.random.default_rng(2024)
    first = np.array([1.0, 0.5, -2.0, 2.5, 3.0, 1.5, 7.0, 9.0, 4.0])  # 3 units: a1, c1, a2, c2, a3, c3, v1, v2, v3
    return [(first,), *((generator.normal(size=3 * m),) for m in (2, 5, 20))]


@code(
    cases=draw_weights,
    misconceptions=(
        Misconception(
            lambda weights: in_order(weights, lambda a, c, v: -c, output=False),
            "The output weights stayed where they were, so each unit now has another unit's: that is another function.",
        ),
        Misconception(
            lambda weights: in_order(weights, lambda a, c, v: -c, hidden=False),
            "Only the output weights moved. A unit's `a` and `c` go with its `v`.",
        ),
        Misconception(lambda weights: in_order(weights, lambda a, c, v: c), "That puts the flattest unit first."),
        Misconception(
            lambda weights: in_order(weights, lambda a, c, v: -np.abs(c)),
            "You sorted by |c|. The largest c comes first, and negative ones come late.",
        ),
        Misconception(
            lambda weights: in_order(weights, lambda a, c, v: -a),
            "You sorted by a, a unit's weight for the column of ones. The weight of x is the second.",
        ),
        Misconception(
            lambda weights: in_order(weights, lambda a, c, v: -v), "You sorted by v, a unit's weight in the output."
        ),
        Misconception(
            lambda weights: np.sort(weights)[::-1],
            "You sorted all weights by size, whatever they belong to. Sort units, each with its three weights.",
        ),
        Misconception(
            read_columns,
            "You read the weights as all a, then all c. They come in pairs: a₁, c₁, a₂, c₂ and so on, so "
            "`weights[: 2 * m].reshape(m, 2)` has a unit in each row.",
        ),
        Misconception(
            keep_columns,
            "The order of the units is right, but all a come before all c. Keep each unit's pair together: a, c, a, c.",
        ),
    ),
    hints=(
        "With m units the vector has 3m weights: m pairs (a, c), then m output weights. Reshape the pairs to (m, 2).",
        "`np.argsort(-c)` gives the order. Take the rows of the pairs in that order, and the output weights too.",
    ),
    because="Reordering the units in both layers alike leaves the function as it is.",
    then='So "w1 = 7.7 ± 0.4 over 100 seeds" depends on which unit was called the first. What would you report '
    "instead?",
)
def steepest_first(weights):
    m = len(weights) // 3
    hidden, output = weights[: 2 * m].reshape(m, 2), weights[2 * m :]
    order = np.argsort(-hidden[:, 1])
    return np.concatenate([hidden[order].ravel(), output[order]])


QUESTIONS = (
    weights_with_biases,
    one_hidden_unit,
    height_far_out,
    slopes_of,
    steepest_first,
)
