"""The exercises of chapter 01: noise that adds up, tensors, a loss that broadcasts."""

import numpy as np
import torch

from gd_helpers.exercises import Misconception, code, prediction

# Exercise 1


@prediction(
    asks=("R² ceiling",),
    relative=0.01,
    misconceptions=(
        Misconception(4 / 13, "You added the standard deviations and squared the sum. It is the variances that add."),
        Misconception(4 / 7, "Standard deviations don't add. Variances do: square each one first."),
        Misconception(
            4 / (4 + np.sqrt(5)), "You added the standard deviation of the noise to a variance. Add its variance."
        ),
        Misconception(1 / 2, "You took the gauge alone. The weather still disturbs the stream."),
        Misconception(5 / 9, "That is the share that is noise. The ceiling is the share that the line explains."),
        Misconception(2 / 3, "That was the ceiling with the old gauge. More noise leaves a smaller share to explain."),
    ),
    hints=(
        "The noise is the sum of two independent draws. What adds, their standard deviations or their variances?",
        "The line explains 2² · 1 = 4 of the variance of the flow. What share is that of the whole?",
    ),
    because="The variances 1² and 2² add up to 5, and the line explains 4 of $4 + 5$.",
    then="`simulate_line(noise=(1.0, 2.0))` has it as `r2_ceiling`.",
)
def wider_noise():
    noise = 1.0**2 + 2.0**2
    explained = 2**2 * 1
    return explained / (explained + noise)


# Exercise 2


def draw_points():
    generator = np.random.default_rng(2024)
    small = np.array([1.5, 2.0, 3.0]), np.array([8.0, 9.5, 11.0])
    return [small, (generator.normal(2, 1, 20), generator.normal(9, 2, 20))]


def change_X(change):
    """Return `as_tensors` with a mistake in its first result."""

    def mistaken(x, y):
        X_tensor, y_tensor = as_tensors(x, y)
        return change(X_tensor).contiguous(), y_tensor

    return mistaken


@code(
    cases=draw_points,
    strict=True,
    misconceptions=(
        Misconception(
            lambda x, y: (torch.from_numpy(np.column_stack([np.ones(len(x)), x])), torch.from_numpy(y).reshape(-1, 1)),
            "The numbers are right, but in float64, as NumPy has them. PyTorch's models are float32: `.float()`.",
        ),
        Misconception(
            lambda x, y: (np.column_stack([np.ones(len(x)), x]), y.reshape(-1, 1)),
            "The numbers and shapes are right, but these are NumPy arrays. `torch.from_numpy(...)` makes a tensor of "
            "each, still in float64.",
        ),
        Misconception(
            lambda x, y: (np.column_stack([np.ones(len(x)), x]), y),
            "These are NumPy arrays, and the targets are not a column yet. `torch.from_numpy(...)` makes a tensor "
            "of each.",
        ),
        Misconception(
            lambda x, y: (as_tensors(x, y)[0], as_tensors(x, y)[1][:, 0]),
            "The targets have shape (n,). Against predictions of shape (n, 1) they would broadcast: make them a "
            "column.",
        ),
        Misconception(
            change_X(lambda X_tensor: X_tensor.flip(1)),
            "The columns are the wrong way round: the ones come first, so that the first weight is the intercept.",
        ),
        Misconception(
            change_X(lambda X_tensor: X_tensor[:, 1:]),
            "The ones column is missing: without it the line has no intercept.",
        ),
        Misconception(
            change_X(lambda X_tensor: X_tensor.T),
            "The inputs have shape (2, n). Each row should be an example: (n, 2).",
        ),
        Misconception(
            lambda x, y: as_tensors(x, y)[::-1],
            "Inputs and targets are the wrong way round: the inputs come first.",
        ),
    ),
    hints=(
        "Three things have to be right: the shape, the type, and the ones in the first column.",
        "`np.column_stack([np.ones(n), x])` makes the inputs, `torch.from_numpy(...)` a tensor of them, `.float()` "
        "turns it into float32, and `.reshape(n, 1)` makes a column.",
    ),
    because="Stack the ones and x as columns, make float32 tensors of the inputs and the targets, and make the targets "
    "a column.",
)
def as_tensors(x, y):
    n = len(x)
    X_tensor = torch.from_numpy(np.column_stack([np.ones(n), x])).float()
    y_tensor = torch.from_numpy(y).float().reshape(n, 1)
    return X_tensor, y_tensor


# Exercise 3


def draw_predictions():
    generator = np.random.default_rng(2024)
    targets, predictions = generator.normal(9, 2, (50, 1)), generator.normal(9, 2, 50)
    return [
        (np.array([[1.0], [4.0], [9.0]]), np.array([2.0, 4.5, 6.0])),
        (targets, predictions),
        (targets, predictions.reshape(50, 1)),
        (targets[:, 0], predictions),
    ]


@code(
    cases=draw_predictions,
    misconceptions=(
        Misconception(
            lambda targets, predictions: np.mean((predictions - targets) ** 2),
            "(n,) against (n, 1) broadcasts: that is the mean over every prediction minus every target. Give both the "
            "same shape first.",
        ),
        Misconception(
            lambda *case: mean_squared_error(*case) * case[0].size,
            "That is the sum of the squares. The mean divides it by n.",
        ),
        Misconception(
            lambda targets, predictions: np.mean((predictions.reshape(-1, 1) - targets) ** 2),
            "You reshaped the predictions alone. That is right for targets of shape (n, 1), but here both come as "
            "(n,): give both the same shape.",
        ),
        Misconception(
            lambda targets, predictions: np.mean((predictions - targets.reshape(-1)) ** 2),
            "You reshaped the targets alone. That is right for predictions of shape (n,), but here both come as "
            "(n, 1): give both the same shape.",
        ),
        Misconception(
            lambda *case: np.sqrt(mean_squared_error(*case)),
            "You took the root, which is in L/s. The mean squared error is in (L/s)².",
        ),
        Misconception(
            lambda targets, predictions: np.mean(np.abs(predictions.reshape(-1) - targets.reshape(-1))),
            "That is the mean of the absolute errors: square them.",
        ),
        Misconception(
            lambda *case: mean_squared_error(*case) / 2,
            "Half of what is right. Some books divide by 2n to get rid of the factor 2 in the gradient; this course "
            "doesn't.",
        ),
        Misconception(
            lambda targets, predictions: np.mean(predictions - targets.reshape(predictions.shape)) ** 2,
            "You squared the mean. Take the mean of the squares.",
        ),
    ),
    hints=(
        "What is the shape of `predictions - targets` if one has shape (n,) and the other (n, 1)?",
        "`values.reshape(-1)` has shape (n,), whichever of the two shapes `values` had.",
    ),
    because="Give both the same shape; then take the errors, their squares, and the mean.",
)
def mean_squared_error(targets, predictions):
    errors = predictions.reshape(-1) - targets.reshape(-1)
    return np.mean(errors**2)


QUESTIONS = (
    wider_noise,
    as_tensors,
    mean_squared_error,
)
