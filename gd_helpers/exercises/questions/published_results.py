"""The exercises of chapter 11: swapped scores, curves at equal updates, honest means, noise, and a fixed order."""

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2

from gd_helpers.data import simulate_line
from gd_helpers.exercises.question_types import Code, Misconception, Prediction
from gd_helpers.metrics import ols, r2
from gd_helpers.training.trainer import train

# Exercise 1


def swapped_score():
    swapped = 2 - 1 / 0.9
    negative_below = 1 / 2
    return swapped, negative_below


def swap_on_points():
    """Score points whose least squares line is known, with noise of the size that gives the R² wanted."""
    x = np.array([-1.0, -1.0, 1.0, 1.0])
    off = np.array([-1.0, 1.0, -1.0, 1.0])

    def swap(wanted):
        return r2(x, x + np.sqrt(1 / wanted - 1) * off)

    return swap(0.9), brentq(swap, 0.1, 0.99)


SWAPPED_SCORE = Prediction(
    solution=swapped_score,
    expected=swap_on_points,
    asks=("swapped score", "R² below which it is negative"),
    absolute=0.005,
    misconceptions=(
        Misconception(
            (0.9, None), "Swapped, the score is another one: it compares with the spread of the predictions."
        ),
        Misconception(
            (0.1, None), "That is the share of the noise. The score says how much is left when it is subtracted."
        ),
        Misconception(
            (1.1111, None), "No score of this kind is above 1. Subtract it from what finding 1 subtracts it from."
        ),
        Misconception((0.81, None), "That is R² squared. Divide by R²: the predictions are less spread than y."),
        Misconception((None, 0), "At that R² the swapped score has fallen far below zero."),
        Misconception(
            (None, 0.5143), "That is the published score, of data whose R² is 0.67. For which R² is the score 0?"
        ),
        Misconception(
            (None, 2 / 3), "There it is still well above zero. Where are the errors as spread as the predictions?"
        ),
    ),
    hints=(
        "Finding 1 has the formula. Of the spread of y, which share have the predictions, and which have the errors?",
        "The swapped score of OLS is 2 − 1/R². Put 0.9 in; then set it to zero and solve for R².",
    ),
    because="Of the spread of y, the share $R^2$ is that of the predictions and $1 - R^2$ that of the errors. The "
    "swapped score is $1 - (1 - R^2)/R^2 = 2 - 1/R^2$, which is zero where the two shares are equal.",
    then="So the better the fit, the less the mistake shows.",
)


# Exercise 2


def losses_at(losses, per_epoch, updates):
    return {name: curve[updates // per_epoch[name]] for name, curve in losses.items()}


def walk_to(losses, per_epoch, updates):
    """Walk through the epochs of each run, as long as the next one can still be paid for."""
    found = {}
    for name, curve in losses.items():
        found[name], left = curve[0], updates
        for after in curve[1:]:
            left -= per_epoch[name]
            if left < 0:
                break
            found[name] = after
    return found


def pick(losses, epochs):
    """Return the loss of each run after so many epochs, by its name; at most those that it has."""
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


LOSSES_AT = Code(
    solution=losses_at,
    expected=walk_to,
    cases=draw_records,
    misconceptions=(
        Misconception(
            lambda losses, per_epoch, updates: pick(losses, dict.fromkeys(losses, updates)),
            "You took `updates` for epochs. An epoch has `per_epoch[name]` updates.",
        ),
        Misconception(
            lambda losses, per_epoch, updates: pick(losses, {name: -(-updates // per_epoch[name]) for name in losses}),
            "You rounded up: the last of these epochs is not complete after so many updates.",
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
            "Those are the ends of the runs, after different numbers of updates. That is the comparison of finding 5.",
        ),
        Misconception(
            lambda losses, per_epoch, updates: pick(
                losses, dict.fromkeys(losses, updates // max(per_epoch[name] for name in losses))
            ),
            "You compared all runs after the same number of epochs. It is the updates that are to be equal.",
        ),
        Misconception(
            lambda losses, per_epoch, updates: {
                name: min(curve[: updates // per_epoch[name] + 1]) for name, curve in losses.items()
            },
            "Those are the lowest losses up to there. A run that bounces is not at its lowest when you look.",
        ),
    ),
    hints=(
        "How many whole epochs has a run made after `updates` updates, with `per_epoch[name]` in each?",
        "`updates // per_epoch[name]` epochs are complete, and `losses[name]` begins with epoch 0.",
    ),
    because="Turn the updates into whole epochs, for each run by itself, and look up the loss after the last of them.",
)


# Exercise 3


def epoch_means(batch_losses, n, batch_size):
    firsts = np.arange(0, n, batch_size)
    sizes = np.minimum(batch_size, n - firsts)  # of the batches of one epoch
    return batch_losses.reshape(-1, len(sizes)) @ sizes / n


def repeat_for_examples(batch_losses, n, batch_size):
    """Give each example the loss of its batch, and take the mean over examples."""
    of_example = np.arange(n) // batch_size
    by_epoch = batch_losses.reshape(-1, of_example[-1] + 1)
    return np.array([np.mean(epoch[of_example]) for epoch in by_epoch])


def by_epoch(batch_losses, n, batch_size):
    return batch_losses.reshape(-1, -(-n // batch_size))


def draw_batch_losses():
    generator = np.random.default_rng(2024)
    cases = [(np.array([4.0, 2.0, 9.0, 3.0, 1.0, 5.0]), 10, 4)]  # two epochs of 4, 4 and 2 examples
    for n, batch_size, epochs in ((1000, 32, 5), (96, 16, 3), (70, 64, 4), (50, 50, 3)):
        cases.append((generator.exponential(2.0, epochs * -(-n // batch_size)), n, batch_size))
    return cases


EPOCH_MEANS = Code(
    solution=epoch_means,
    expected=repeat_for_examples,
    cases=draw_batch_losses,
    misconceptions=(
        Misconception(
            lambda *case: by_epoch(*case).mean(axis=1),
            "That is the mean over batches. The few examples of a short last batch count in it as much as a full one.",
        ),
        Misconception(
            lambda *case: by_epoch(*case)[:, -1],
            "That is the loss of each epoch's last batch, which finding 7 warns of.",
        ),
        Misconception(lambda *case: by_epoch(*case)[:, 0], "That is the loss of each epoch's first batch."),
        Misconception(
            lambda *case: by_epoch(*case).sum(axis=1),
            "You added the losses of the batches. Each is a mean already: weight it by the batch's examples.",
        ),
        Misconception(
            lambda *case: by_epoch(*case).sum(axis=1) * case[2] / case[1],
            "You weighted each batch as if it were full. How many examples has the last?",
        ),
        Misconception(
            lambda *case: epoch_means(*case) * case[1],
            "That is the sum over the examples of each epoch. Their mean is asked for.",
        ),
        Misconception(
            lambda *case: epoch_means(*case).mean(),
            "That is one mean over all epochs. Each epoch is to have its own.",
        ),
    ),
    hints=(
        "First cut the losses into epochs: how many batches has each? How many examples stand behind each loss?",
        "An epoch has $\\lceil n/B \\rceil$ batches, so `batch_losses.reshape(-1, batches)` has a row an epoch. Weight "
        "each loss by its batch's size, and divide by n.",
    ),
    because="A batch's loss is a mean over its examples, so in the mean over all of them it counts by its size.",
    then="Even this mean is of losses measured while the weights move. Only a pass over all the data after the epoch "
    "has the loss of one model.",
)


# Exercise 4


def noise_three_times(n):
    noise_variance = 3 * 1.0
    signal_variance = 2.0**2 * 1.0  # the slope's square times the variance of x
    ceiling = signal_variance / (signal_variance + noise_variance)
    return ceiling, noise_variance * np.sqrt(2 / n)


def take_from_theory(n):
    """Ask the data for their ceiling, and the chi-squared distribution for the spread of a variance."""
    data = simulate_line(n=n, noise=(1.0, 1.0, 1.0), seed=1)
    return data.r2_ceiling, chi2(n).std() / n * data.noise_variance


NOISE_THREE_TIMES = Prediction(
    solution=noise_three_times,
    expected=take_from_theory,
    asks=("ceiling of R²", "standard error of the residual variance"),
    relative=0.02,
    misconceptions=(
        Misconception((2 / 3, None), "That is the ceiling with two draws."),
        Misconception((4 / 5, None), "That is the ceiling with one draw."),
        Misconception((4 / 13, None), "You added standard deviations. Of independent draws the variances add."),
        Misconception((3 / 7, None), "That is the share of the noise. R² is the other share."),
        Misconception((1 / 4, None), "The signal is slope times x: with a slope of 2 its variance is not 1."),
        Misconception((2 / 5, None), "The signal is slope times x, and its variance has the slope squared."),
        Misconception(
            lambda n: (None, np.sqrt(2 / n)),
            "That is for a noise variance of 1. The standard error grows with the variance itself.",
        ),
        Misconception(
            lambda n: (None, 2 * np.sqrt(2 / n)),
            "That is for a noise variance of 2. How large is it with three draws?",
        ),
        Misconception(
            lambda n: (None, np.sqrt(3) * np.sqrt(2 / n)),
            "The formula has the variance σ², not the standard deviation σ.",
        ),
        Misconception(
            lambda n: (None, np.sqrt(3 / n)), "That is the standard error of a mean. Here it is of a variance."
        ),
        Misconception(lambda n: (None, 3 * 2 / n), "The root is missing: it falls with √n."),
    ),
    hints=(
        "Finding 8 has both formulas. What is the noise variance with three draws, and what the variance of 2x?",
        "Ceiling: 4 / (4 + σ²). Standard error: σ² √(2/n).",
    ),
    because="Variances of independent draws add, so $σ^2 = 3$, beside the 4 of the signal. Both formulas are those of "
    "finding 8.",
    then="Would the residual variance of 1.845 have passed for one of three draws?",
)


# Exercise 5


def offset_with_batches_of_40():
    data = simulate_line(n=1000, seed=37)
    best = ols(data)
    settings = {"batch_size": 40, "shuffle": False, "epochs": 1000, "init": best.weights, "seed": 37}
    path = train(data, "mini-batch", **settings).path[200:]
    return abs(path.mean(axis=0) - best.weights)[0] / best.standard_errors[0]


def settle_in_a_cycle(batch_size=40, epochs=400):
    """Descend with Adam in NumPy from the least squares fit, batch after batch in fixed order."""
    data = simulate_line(n=1000, seed=37)
    X, y, best = data.X.double().numpy(), data.y.double().numpy()[:, 0], ols(data)
    w, m, v, k, path = best.weights, 0, 0, 0, []
    for _ in range(epochs):
        for first in range(0, 1000, batch_size):
            inputs, targets = X[first : first + batch_size], y[first : first + batch_size]
            g = 2 / len(inputs) * inputs.T @ (inputs @ w - targets)
            k, m, v = k + 1, 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            w = w - 0.001 * m / (1 - 0.9**k) / (np.sqrt(v / (1 - 0.999**k)) + 1e-8)
        path.append(w)
    return abs(np.mean(path[epochs // 2 :], axis=0) - best.weights)[0] / best.standard_errors[0]


OFFSET_WITH_BATCHES_OF_40 = Prediction(
    solution=offset_with_batches_of_40,
    expected=settle_in_a_cycle,
    asks=("distance of b0 from OLS in standard errors",),
    absolute=0.03,
    misconceptions=(
        Misconception(
            0.19, "As far as before? Then it would be the fixed order as such. What else changes with batches of 40?"
        ),
        Misconception(
            0.24,
            "In proportion to the batch? The 1,000 examples make other batches of 40 than of 32: look at the last.",
        ),
        Misconception(
            0.15, "In proportion to 1/B? The 1,000 examples make other batches of 40 than of 32: look at the last."
        ),
        Misconception(
            1, "A whole standard error would be more than with 32, where a few examples had four times the weight."
        ),
    ),
    hints=(
        "Finding 11 has two things in one: a fixed order, and a last batch of 8 that moves the weights as much as 32 "
        "others. Which of the two is still there?",
        "In a fixed order the run settles where the *batches* balance. When all have the same size, every example "
        "counts alike in that, as it does in OLS.",
    ),
    because="Nearly all of the offset was the short last batch. In a cycle the run settles where the batches' "
    "gradients add up to zero; with 25 batches of 40 that is where the examples' gradients do, which is OLS. With "
    "32, the last 8 count four times: least squares with such weights is 0.20 standard errors off, close to the 0.19 "
    "of the run.",
    then="So with `shuffle=False` a batch size that does not divide n quietly weights some examples more. `drop_last` "
    "would leave them out instead, always the same ones.",
)

QUESTIONS = (SWAPPED_SCORE, LOSSES_AT, EPOCH_MEANS, NOISE_THREE_TIMES, OFFSET_WITH_BATCHES_OF_40)
