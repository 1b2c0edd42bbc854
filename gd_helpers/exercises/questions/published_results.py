"""The exercises of chapter 11: a swapped score, curves at equal updates, noise, and a fixed order."""

import numpy as np

from gd_helpers.data import simulate_line
from gd_helpers.exercises import Misconception, code, prediction
from gd_helpers.metrics import ols
from gd_helpers.training.trainer import train

# Exercise 1


@prediction(
    asks=("swapped score",),
    absolute=0.005,
    misconceptions=(
        Misconception(0.9, "Swapping changes the score: it then compares with the spread of the predictions."),
        Misconception(
            0.1, "That is the share that is left in the errors. What is it compared with, and subtracted from?"
        ),
        Misconception(1.1111, "No score of this kind is above 1. In finding 1, what is this subtracted from?"),
        Misconception(0.81, "That is R² squared. Divide the errors' share by R²: the predictions spread less than y."),
    ),
    hints=(
        "Finding 1 has the formula. What share of the spread of y do the predictions have, and what share the errors?",
        "The swapped score of OLS is 2 − 1/R².",
    ),
    because="The predictions have the share $R^2$ of the spread of y, and the errors have $1 - R^2$. The swapped score "
    "is $1 - (1 - R^2)/R^2 = 2 - 1/R^2$.",
    then="So the better the fit, the less the mistake shows.",
)
def swapped_score():
    r_squared = 0.9
    return 2 - 1 / r_squared


# Exercise 2


def pick(losses, epochs):
    """Return the loss of each run, by its name, after its number of epochs, or after its last one if it has fewer."""
    return {name: curve[min(max(epochs[name], 0), len(curve) - 1)] for name, curve in losses.items()}


def draw_records():
    generator = np.random.default_rng(2024)
    cases = []
    for per_epoch, epochs, updates in (
        ({"batch": 1, "mini-batch": 4, "stochastic": 3}, 9, 7),
        ({"batch": 1, "mini-batch": 32, "stochastic": 1000}, 5000, 4500),
        ({"B = 8": 13, "B = 50": 2}, 40, 26),
    ):
        bouncing = {name: 2 + generator.exponential(20 / (1 + np.arange(epochs))) for name in per_epoch}
        cases.append(({name: curve.round(3).tolist() for name, curve in bouncing.items()}, per_epoch, updates))
    return cases


@code(
    cases=draw_records,
    misconceptions=(
        Misconception(
            lambda losses, per_epoch, updates: pick(losses, dict.fromkeys(losses, updates)),
            "You took `updates` for epochs. An epoch has `per_epoch[name]` updates.",
        ),
        Misconception(
            lambda losses, per_epoch, updates: pick(losses, {name: -(-updates // per_epoch[name]) for name in losses}),
            "You rounded up: the last of these epochs is not complete after that many updates.",
        ),
        Misconception(
            lambda losses, per_epoch, updates: pick(
                losses, {name: int(updates / per_epoch[name] + 0.5) for name in losses}
            ),
            "You rounded to the nearest epoch. An epoch counts only when it is complete.",
        ),
        Misconception(
            lambda losses, per_epoch, updates: pick(losses, {name: updates // per_epoch[name] - 1 for name in losses}),
            "One epoch too early: each curve begins with the loss at the start, so the one after epoch k has index k.",
        ),
        Misconception(
            lambda losses, per_epoch, updates: pick(losses, {name: updates // per_epoch[name] + 1 for name in losses}),
            "One epoch too late: each curve begins with the loss at the start, so the one after epoch k has index k.",
        ),
        Misconception(
            lambda losses, per_epoch, updates: {name: curve[-1] for name, curve in losses.items()},
            "Those are the ends of the runs, after different numbers of updates: the comparison of finding 5.",
        ),
        Misconception(
            lambda losses, per_epoch, updates: pick(
                losses, dict.fromkeys(losses, updates // max(per_epoch[name] for name in losses))
            ),
            "You compared all runs after the same number of epochs. It is the updates that should be equal.",
        ),
        Misconception(
            lambda losses, per_epoch, updates: {
                name: min(curve[: updates // per_epoch[name] + 1]) for name, curve in losses.items()
            },
            "Those are the lowest losses so far. A run that bounces is not at its lowest when you look.",
        ),
    ),
    hints=(
        "How many whole epochs has a run made after `updates` updates, with `per_epoch[name]` in each?",
        "`updates // per_epoch[name]` epochs are complete, and `losses[name]` begins with epoch 0.",
    ),
    because="Turn the updates into whole epochs, for each run separately, and look up the loss after the last of them.",
)
def losses_at(losses, per_epoch, updates):
    return {name: curve[updates // per_epoch[name]] for name, curve in losses.items()}


# Exercise 3


@prediction(
    asks=("ceiling of R²",),
    relative=0.02,
    misconceptions=(
        Misconception(2 / 3, "That is the ceiling with two draws."),
        Misconception(4 / 5, "That is the ceiling with one draw."),
        Misconception(4 / 13, "You added standard deviations. For independent draws, variances add."),
        Misconception(3 / 7, "That is the share that is noise. R² is the other share."),
        Misconception(1 / 2, "That is for a noise variance of 4. Each of the three draws has the variance 1."),
        Misconception(1 / 4, "The signal is slope times x: with a slope of 2 its variance is not 1."),
        Misconception(2 / 5, "The signal is slope times x, and its variance contains the slope squared."),
    ),
    hints=(
        "What is the noise variance with three draws, and what the variance of 2x?",
        "The ceiling is 4 / (4 + σ²).",
    ),
    because="Variances of independent draws add, so $σ^2 = 3$, next to the signal's 4.",
    then="Could the residual variance of 1.845 have come from three draws?",
)
def noise_three_times():
    noise_variance = 3 * 1.0
    signal_variance = 2.0**2 * 1.0  # the slope's square times the variance of x
    return signal_variance / (signal_variance + noise_variance)


# Exercise 4


@prediction(
    asks=("distance of b0 from OLS in standard errors",),
    absolute=0.03,
    misconceptions=(
        Misconception(
            0.19,
            "As far as before? Then the fixed order itself would be the cause. What else changes with batches of 40?",
        ),
        Misconception(
            0.24,
            "In proportion to the batch? The 1,000 examples divide differently by 40 than by 32: look at the last "
            "batch.",
        ),
        Misconception(
            0.15,
            "In proportion to 1/B? The 1,000 examples divide differently by 40 than by 32: look at the last batch.",
        ),
        Misconception(
            1, "A whole standard error would be more than with 32, where a few examples had four times the weight."
        ),
    ),
    hints=(
        "Finding 11 combines two things: a fixed order, and a last batch of 8 that moves the weights as much as 32 "
        "others. Which of the two is still there?",
        "In a fixed order the run settles where the *batches* balance. When all have the same size, every example "
        "counts alike in that, as it does in OLS.",
    ),
    because="Nearly all of the offset came from the short last batch. In a cycle the run settles where the batches' "
    "gradients add up to zero; with 25 batches of 40 that is where the examples' gradients do, which is OLS. With "
    "32, the last 8 count four times: least squares with such weights is 0.20 standard errors off, close to the 0.19 "
    "of the run.",
    then="So with `shuffle=False`, a batch size that does not divide n quietly gives some examples more weight. "
    "`drop_last` would leave them out instead, always the same ones.",
)
def offset_with_batches_of_40():
    data = simulate_line(n=1000, seed=37)
    best = ols(data)
    settings = {"batch_size": 40, "shuffle": False, "epochs": 1000, "init": best.weights, "seed": 37}
    path = train(data, "mini-batch", **settings).path[200:]
    return abs(path.mean(axis=0) - best.weights)[0] / best.standard_errors[0]


QUESTIONS = (
    swapped_score,
    losses_at,
    noise_three_times,
    offset_with_batches_of_40,
)
