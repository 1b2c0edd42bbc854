"""The exercises of chapter 01: noise that adds up, standard errors, tensors, a loss that broadcasts."""

import numpy as np
import torch

from gd_helpers.exercises import Misconception, code, prediction

# Exercise 1


@prediction(
    asks=("noise variance", "reach of the band", "R² ceiling"),
    relative=0.01,
    misconceptions=(
        Misconception(
            (9, None, None), "You added the standard deviations and squared the sum. It is the variances that add."
        ),
        Misconception((3, None, None), "Standard deviations don't add. Variances do: square each one first."),
        Misconception(
            (np.sqrt(5), None, None), "That is the standard deviation of the noise. The first number is its variance."
        ),
        Misconception(
            (None, 4 * np.sqrt(5), None), "That is the band from edge to edge. How far does it reach to one side?"
        ),
        Misconception((None, np.sqrt(5), None), "That is one standard deviation; the band reaches two."),
        Misconception((None, 10, None), "The band reaches two standard deviations, not two variances."),
        Misconception(
            (None, None, 5 / 9), "That is the share that is noise. The ceiling is the share that the line explains."
        ),
        Misconception(
            (None, None, 2 / 3),
            "That was the ceiling with the old noise. More noise leaves a smaller share to explain.",
        ),
    ),
    hints=(
        "The noise is the sum of two independent draws. What adds, their standard deviations or their variances?",
        "The band reaches two standard deviations of the noise on either side. The line explains 2² · 1 = 4 of the "
        "variance of y.",
    ),
    because="The variances 1² and 2² add up to 5. The band reaches $2\\sqrt 5$ on either side, and the line explains "
    "4 of $4 + 5$.",
    then="`simulate_line(noise=(1.0, 2.0))` has the first and the last as `noise_variance` and `r2_ceiling`.",
)
def wider_noise():
    variance = 1.0**2 + 2.0**2
    half_width = 2 * np.sqrt(variance)
    explained = 2**2 * 1
    return variance, half_width, explained / (explained + variance)


# Exercise 2


@prediction(
    asks=("points",),
    relative=0.01,
    misconceptions=(
        Misconception(
            lambda n: 2 * n, "Twice the points won't halve it: the standard error falls with √n, not with n."
        ),
        Misconception(lambda n: n * np.sqrt(2), "You took the root of 2. Which number has the root 2?"),
        Misconception(lambda n: n / 2, "With fewer points the mean becomes less certain, not more."),
        Misconception(lambda n: n / 4, "The other way round: with fewer points the standard error doubles."),
        Misconception(lambda n: 16 * n, "That would halve it twice."),
        Misconception(4, "That is how many times as many. How many points is that?"),
    ),
    hints=(
        "The standard error of the mean of x is √(1/n). What must n become for the root to be half as large?",
        "√(1/m) = ½ √(1/n): square both sides.",
    ),
    because="The standard error $\\sqrt{1/n}$ falls with the root of $n$, so half of it takes $2^2$ times the points.",
    then="Precision is expensive: one more digit takes a hundred times the data.",
)
def points_for_half_the_error(n):
    return 4 * n


# Exercise 3


def draw_samples():
    generator = np.random.default_rng(2024)
    cases = [(np.array([1.0, 2.0, 4.0, 6.0]), 2.0, 9.0)]
    cases += [(generator.normal(9, 6**0.5, n), 9.0, 6.0) for n in (30, 400)]
    return [*cases, (generator.normal(0, 0.1, 1000), 0.01, 0.01)]


@code(
    cases=draw_samples,
    misconceptions=(
        Misconception(
            lambda *case: -z_of_mean(*case), "The sign is wrong: z is positive where the sample lies above the theory."
        ),
        Misconception(
            lambda sample, mean, variance: (np.mean(sample) - mean) / np.sqrt(variance),
            "You divided by the standard deviation of a single draw. The mean of n draws varies less: by √n.",
        ),
        Misconception(
            lambda sample, mean, variance: (np.mean(sample) - mean) / (variance / len(sample)),
            "You divided by the variance of the mean. Its standard error is the root of that.",
        ),
        Misconception(
            lambda sample, mean, variance: (np.mean(sample) - mean) / (variance / np.sqrt(len(sample))),
            "You divided by variance / √n. The standard error is the standard deviation / √n.",
        ),
        Misconception(
            lambda sample, mean, variance: (np.mean(sample) - mean) / (np.sqrt(variance) / len(sample)),
            "You divided by standard deviation / n. The standard error falls with √n.",
        ),
        Misconception(
            lambda sample, mean, variance: (np.mean(sample) - mean) / np.sqrt(variance / (len(sample) - 1)),
            "You divided by n − 1, as for a variance that is estimated from the sample. This one is known, and a mean "
            "of n draws has the variance `variance / n`.",
        ),
        Misconception(
            lambda sample, mean, variance: z_of_mean(sample, mean, np.var(sample)),
            "You took the variance of the sample. The variance of the theory is given: `variance`.",
        ),
        Misconception(
            lambda sample, mean, variance: z_of_mean(sample, mean, np.var(sample, ddof=1)),
            "You took the sample's own variance. That of the theory is given: `variance`.",
        ),
        Misconception(
            lambda sample, mean, variance: np.mean(sample) - mean,
            "That is the difference in units of x. How many standard errors is it?",
        ),
    ),
    hints=(
        "It is the difference, the sample's mean minus the theoretical one, divided by its standard error.",
        "The variance of a mean of n draws is `variance / n`, and its standard error is the root of that.",
    ),
    because="The difference is measured in standard errors of the mean, √(variance / n).",
    then="Try it on 200 seeds: about 9 of the 200 values of |z| should be above 2.",
)
def z_of_mean(sample, mean, variance):
    standard_error = np.sqrt(variance / len(sample))
    return (np.mean(sample) - mean) / standard_error


# Exercise 4


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


# Exercise 5


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
            "You took the root, which is in units of y. The mean squared error has none.",
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
    points_for_half_the_error,
    z_of_mean,
    as_tensors,
    mean_squared_error,
)
