"""The parameters of the chapters: their published values, and the checks of what a chapter is given."""

import difflib

from gd_helpers.checks import LARGEST_SEED, check_choice, check_float, check_int
from gd_helpers.devices import find_device
from gd_helpers.lesson import claims, predictions
from gd_helpers.optimizers import OPTIMIZERS
from gd_helpers.training.recipes import METHODS

FEWEST_POINTS = 50
MOST_POINTS = {"16_real_data": 442}  # of a data set that is not simulated
MOST_WORKERS = 16  # processes on one machine

_DATA = {"seed": 37, "n": 1000}
_RECIPE = {"learning_rate": 1e-3, "optimizer": "adam", "device": "cpu"}

# The values that each chapter's text was written for. With these, a claim that does not hold fails the run.
PUBLISHED = {
    "00_introduction": {**_DATA, "batch_size": 32},
    "01_simulate_data": {**_DATA, "device": "cpu"},
    "02_gradient_descent": {**_DATA, "learning_rate": 0.1, "updates": 100},
    "03_batch": {**_DATA, "epochs": METHODS["batch"]["epochs"], **_RECIPE},
    "04_stochastic": {**_DATA, "epochs": METHODS["stochastic"]["epochs"], **_RECIPE},
    "05_mini_batch": {**_DATA, "epochs": METHODS["mini-batch"]["epochs"], "batch_size": 32, **_RECIPE},
    "06_verify_with_scikit_learn": {**_DATA},
    "07_summary": {**_DATA, "learning_rate": 1e-3, "optimizer": "adam", "replicates": 200},
    "08_dataloader": {**_DATA, "epochs": METHODS["mini-batch"]["epochs"], "batch_size": 32, **_RECIPE},
    "09_three_layers": {**_DATA, "epochs": 1000, "batch_size": 32, **_RECIPE, "replicates": 100},
    "10_five_layers": {
        **_DATA,
        "epochs": 1000,
        "batch_size": 64,
        "learning_rate": 1e-3,
        "optimizer": "adam",
        "replicates": 100,
    },
    "11_published_results": {**_DATA, "learning_rate": 1e-3, "optimizer": "adam", "replicates": 60},
    "12_learning_rate": {**_DATA, "updates": 100, "replicates": 20},
    "13_noise_and_batch_size": {**_DATA, "learning_rate": 0.05, "batch_size": 10, "replicates": 30},
    "14_optimizers": {
        **_DATA,
        "learning_rate": 1e-3,
        "updates": 300,
        "epochs": 10,
        "batch_size": 25,
        "replicates": 100,
    },
    "15_uncertainty": {**_DATA, "learning_rate": 0.1, "epochs": 400, "replicates": 1000},
    "16_real_data": {
        "seed": 37,
        "n": 442,
        "epochs": 1000,
        "batch_size": 32,
        "learning_rate": 0.01,
        "optimizer": "sgd",
        "replicates": 40,
    },
    "17_speed": {**_DATA, "batch_size": 32, **_RECIPE},
    "18_scaling_out": {
        **_DATA,
        "learning_rate": 0.05,
        "batch_size": 10,
        "workers": 2,
        "updates": 100,
        "replicates": 30,
    },
}

RULES = {
    "seed": lambda value: check_int("seed", value, 0, LARGEST_SEED),
    "n": lambda value: check_int("n", value, FEWEST_POINTS),
    "epochs": lambda value: check_int("epochs", value, 1),
    "updates": lambda value: check_int("updates", value, 1),
    "batch_size": lambda value: check_int("batch_size", value, 1),
    "learning_rate": lambda value: check_float("learning_rate", value, above=0),
    "optimizer": lambda value: check_choice("optimizer", value, OPTIMIZERS),
    "device": find_device,
    "workers": lambda value: check_int("workers", value, 2, MOST_WORKERS),
    "replicates": lambda value: check_int("replicates", value, 2),
}


def check_values(values, chapter=None):
    """Check the parameters of a chapter, the dict `values` by name, each by itself and together.

    A parameter without a rule, as a new chapter may have, passes.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is allowed.
    """
    for name, value in values.items():
        if name in RULES:
            _check_value(name, value)
    if chapter in MOST_POINTS and "n" in values:
        check_int("n", values["n"], FEWEST_POINTS, MOST_POINTS[chapter])
    if "batch_size" in values and "n" in values:
        check_int("batch_size", values["batch_size"], 1, values["n"])


def _check_value(name, value):
    try:
        RULES[name](value)
    except ValueError as error:
        if isinstance(value, str) and (number := _as_yaml_number(name, value)):
            reason = str(error).removesuffix(repr(value))
            raise ValueError(f"{reason}the text {value!r}; in YAML write {number}") from None
        raise


def _as_yaml_number(name, text):
    """Return the number that `text` was meant to be as YAML 1.1 has it, or None if that would not do either.

    YAML 1.1, which papermill reads, takes 1e-2 for a text: a float needs a point, and its exponent a sign.
    """
    try:
        number = float(text)
        whole = number.is_integer()
        RULES[name](int(number) if whole else number)
    except (ValueError, OverflowError):
        return None
    if whole:
        return str(int(number))
    mantissa, _, exponent = text.strip().lower().partition("e")
    mantissa = mantissa if "." in mantissa else f"{mantissa}.0"
    return f"{mantissa}e{int(exponent):+d}" if exponent else mantissa


def check_names(chapter, given, known):
    """Check that every name in the dict `given` is one of `known`, the names of the parameters of `chapter`.

    Raises
    ------
    ValueError
        Naming the unknown parameter, its value, all known names, and a similar one if there is one.
    """
    for name, value in given.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"{chapter} has no parameter {name!r} (given {value!r}), only {', '.join(known)}{hint}")


def check_parameters(chapter, **values):
    """Check the parameters that `chapter` runs with; the cell after its ``parameters`` cell calls this.

    With other values than the published ones, claims that do not hold are reported from here on, not raised.

    Parameters
    ----------
    chapter : str
        A key of `PUBLISHED`.
    **values
        All parameters of the chapter.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is allowed.
    """
    published = PUBLISHED[check_choice("chapter", chapter, PUBLISHED)]
    check_names(chapter, values, published)
    if missing := published.keys() - values.keys():
        raise ValueError(f"{chapter} must check all its parameters, got none for {', '.join(sorted(missing))}")
    check_values(values, chapter)
    claims.report_failures(values != published)
    predictions.open_chapter(chapter, values == published)
