"""The numbers that sliders go through: round, by ratios of about one size, with where they stand at first."""

import numpy as np

# The steps between one power of ten and the next, or one power of two.
RATES = (1, 1.1, 1.25, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3.2, 3.6, 4, 4.5, 5, 5.6, 6.3, 7, 8, 9)
COUNTS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
BATCHES = (1, 1.5)
LOWEST_RATE, HIGHEST_RATE = 1e-4, 1.0

# Of the limit: closer together near 1, and on to where momentum has its own.
FRACTIONS = (0.01, 0.02, 0.05, *np.arange(1, 10) / 10, 0.95, 0.98, 0.99, 0.995, 0.999)
FRACTIONS += (1, 1.001, 1.005, 1.01, 1.02, 1.05, 1.1, 1.2, 1.5, 1.8, 1.9, 2, 2.5)


def steps_of(recipe):
    """Return the steps of the sliders of a recipe: learning rate, batch size and epochs."""
    rate, n = recipe.learning_rate, recipe.n
    # what theory says of batches drawn with replacement is about batches of one size, without a short last one
    sizes = _divisors(n) if recipe.replacement else _whole(logarithmic(1, n, BATCHES, 2))
    return {
        "learning_rate": sorted(logarithmic(min(LOWEST_RATE, rate), max(HIGHEST_RATE, rate), RATES, 10) | {rate}),
        "batch_size": sorted(sizes | {recipe.batch_size, n}),
        "epochs": counts(1, most_epochs(recipe), recipe.epochs),
    }


def most_epochs(recipe):
    """Return how far the slider of the epochs goes."""
    return max(1000, 3 * recipe.epochs)


def counts(low, high, *more):
    """Return whole numbers from `low` to `high`, with both ends' like and `more`."""
    return sorted(_whole(logarithmic(low, high, COUNTS, 10)) | {high, *more})


def logarithmic(low, high, steps, base):
    """Return the set of the `steps` times a power of `base` that lie between `low` and `high`."""
    exponents = range(int(np.floor(np.log(low) / np.log(base))) - 1, int(np.ceil(np.log(high) / np.log(base))) + 1)
    values = {float(f"{step * float(base) ** exponent:.6g}") for exponent in exponents for step in steps}
    return {value for value in values if low <= value <= high}


def rounded(rate):
    """Return `rate` with the six digits that a slider shows."""
    return float(f"{rate:.6g}")


def _divisors(n):
    small = {i for i in range(1, int(n**0.5) + 1) if n % i == 0}
    return small | {n // i for i in small}


def _whole(values):
    return {int(value) for value in values if value == int(value)}
