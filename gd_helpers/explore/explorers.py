"""The explorers that the chapters show."""

import numpy as np
import torch
from scipy import stats

from gd_helpers.checks import LARGEST_SEED, check_float, check_int
from gd_helpers.data import Line, Table
from gd_helpers.explore.bundle import encode_data, make_bundle, ziggurat_edges
from gd_helpers.explore.steps import FRACTIONS, counts, rounded, steps_of
from gd_helpers.explore.widget import display_explorer
from gd_helpers.metrics import best_rate, ols, stability_limit
from gd_helpers.models import mlp
from gd_helpers.plotting import B0_LABEL, W1_LABEL, X_LABEL, Y_LABEL, explored_runs, explored_theory, figures
from gd_helpers.training.engines import compiled
from gd_helpers.training.recipes import Recipe
from gd_helpers.training.redrawn import RUNS, train_on_redrawn
from gd_helpers.training.trainer import train

STORY = {"x": X_LABEL, "y": Y_LABEL, "b0": B0_LABEL, "w1": W1_LABEL}


def descent(data, method="mini-batch", *, epochs=None, batch_size=None, learning_rate=1e-3, optimizer="adam", seed=37):
    """Show an explorer of a straight line's training: the path on the loss surface, the loss, and the numbers.

    Every move of a control trains anew, in the page, to the bits that `train` gives. The three methods can race.
    Headless, a picture at the first settings is shown, with what a page needs to make it live.

    Parameters
    ----------
    data : Line
        With an intercept and one x.
    method : {"batch", "stochastic", "mini-batch"}
        Gives the epochs and the batch size at which the sliders stand at first.
    epochs, batch_size : int, optional
        In place of the method's own.
    learning_rate : float
        α, greater than 0.
    optimizer : {"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"}
        The optimizer, by its name.
    seed : int
        Seed of the first weights and of the orders, 0 to 2³² − 1.

    Raises
    ------
    ValueError
        If an argument is not allowed; the message names it, its value and what is allowed.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> descent(simulate_line(n=100), "batch", epochs=50, learning_rate=0.1, optimizer="sgd")  # doctest: +SKIP
    """
    recipe = _complete(data, method, seed, epochs, batch_size, learning_rate=learning_rate, optimizer=optimizer)
    data = data.to("cpu")
    run, best = _train(data, recipe), ols(data)
    figure, axes = figures.subplots(ncols=2, height=3.9)
    left = explored_runs.draw_path(axes[0], data, best, run)
    right = explored_runs.draw_loss(axes[1], data, best, run)
    bundle = make_bundle("descent", data, recipe, axes, steps_of(recipe))
    display_explorer(figure, _alt(run, left, right), bundle)


def fitted_curve(
    data,
    method="mini-batch",
    *,
    model=None,
    epochs=None,
    batch_size=None,
    learning_rate=1e-3,
    optimizer="adam",
    seed=37,
):
    """Show an explorer of a network's training: its curve inside and outside the data, the loss, and the numbers.

    Parameters
    ----------
    data : Line
        Trained on in single precision.
    model : torch.nn.Module, optional
        A network that the compiled engine of `train` computes, with a hidden layer; ``mlp((2, 2, 1))`` if not given.
    method, epochs, batch_size, learning_rate, optimizer, seed
        As of `descent`.

    Raises
    ------
    ValueError
        If an argument is not allowed; the message names it, its value and what is allowed.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> fitted_curve(simulate_line(n=100), epochs=50, learning_rate=0.01)  # doctest: +SKIP
    """
    recipe = _complete(data, method, seed, epochs, batch_size, learning_rate=learning_rate, optimizer=optimizer)
    model = mlp((2, 2, 1)) if model is None else model
    if isinstance(model, torch.nn.Module) and compiled.read_layers(model).are_linear:
        raise ValueError(f"model must have a hidden layer, got {model!r}; use descent for a line")
    data = data.to("cpu", torch.float32)
    run, best = _train(data, recipe, model), ols(data)
    figure, axes = figures.subplots(ncols=2, height=3.9)
    right = explored_runs.draw_loss(axes[1], data, best, run)
    left = explored_runs.draw_curve(axes[0], data, best, run)
    bundle = make_bundle("fitted_curve", data, recipe, axes, steps_of(recipe), model=model)
    display_explorer(figure, _alt(run, left, right), bundle)


def noise_ball(data, *, epochs=400, batch_size=10, learning_rate=0.05, optimizer="sgd", seed=37):
    """Show an explorer of the noise floor: the cloud of iterates and the loss, beside what theory predicts of both.

    Batches are drawn with replacement, as the prediction has it; it is for plain SGD alone. What is measured is taken
    over the later half of the epochs.

    Parameters
    ----------
    data : Line
    epochs, batch_size, learning_rate, optimizer, seed
        As of `descent`: where the sliders stand at first.

    Raises
    ------
    ValueError
        If an argument is not allowed; the message names it, its value and what is allowed.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> noise_ball(simulate_line(n=100), learning_rate=0.02, batch_size=5)  # doctest: +SKIP
    """
    rest = {"learning_rate": learning_rate, "optimizer": optimizer, "replacement": True}
    recipe, data = _complete(data, "mini-batch", seed, epochs, batch_size, **rest), data.to("cpu")
    run, best = _train(data, recipe), ols(data)
    figure, axes = figures.subplots(ncols=2, height=3.9)
    left = explored_theory.draw_cloud(axes[0], data, best, run)
    right = explored_theory.draw_floor(axes[1], data, best, run)
    bundle = make_bundle("noise_ball", data, recipe, axes, steps_of(recipe))
    display_explorer(figure, _alt(run, left, right), bundle)


def learning_rate(data, *, epochs=300, batch_size=None, learning_rate=0.1, optimizer="sgd", seed=37):
    """Show an explorer of the learning rate: a run across its limit, beside what the curvatures predict.

    The slider of the rate goes in multiples of the limit 2 / λmax. The prediction is for plain gradient descent with
    all the data in each update; the other settings are there to see what it does not cover. Runs are in float64.

    Parameters
    ----------
    data : Line
    learning_rate : float
        α at first, greater than 0, of which six digits are taken.
    epochs, batch_size, optimizer, seed
        As of `descent`, for the method "batch".

    Raises
    ------
    ValueError
        If an argument is not allowed; the message names it, its value and what is allowed.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> learning_rate(simulate_line(n=100), learning_rate=0.15)  # doctest: +SKIP
    """
    rate = rounded(check_float("learning_rate", learning_rate, above=0))
    recipe = _complete(data, "batch", seed, epochs, batch_size, learning_rate=rate, optimizer=optimizer)
    data = data.to("cpu", torch.float64)
    run, best, limit = _train(data, recipe), ols(data), stability_limit(data)
    figure, axes = figures.subplots(ncols=2, height=3.9)
    left = explored_theory.draw_axes(axes[0], data, best, run)
    right = explored_theory.draw_predicted(axes[1], data, best, run)
    rates = {rate, rounded(best_rate(data)), *(rounded(fraction * limit) for fraction in FRACTIONS)}
    bundle = make_bundle("learning_rate", data, recipe, axes, steps_of(recipe) | {"learning_rate": sorted(rates)})
    display_explorer(figure, _alt(run, left, right, rate=f"{rate:g} = {rate / limit:.4g} × limit"), bundle)


def estimates(data, *, epochs=200, learning_rate=0.1, optimizer="sgd", n=None, seed=37):
    """Show an explorer of the estimates from 100 data sets at the same x, each with new noise, beside theory.

    Each is trained from zero with all of its points in an update. The data sets are `redraw_noise` of the first n
    points, for the seeds 100 · seed, 100 · seed + 1, … (modulo 2³²).

    Parameters
    ----------
    data : Line
        With noise.
    epochs, learning_rate, optimizer, seed
        As of `descent`: where the sliders stand at first.
    n : int, optional
        How many of the points, at least 4; all if not given.

    Raises
    ------
    ValueError
        If an argument is not allowed; the message names it, its value and what is allowed.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> estimates(simulate_line(n=100), epochs=150)  # doctest: +SKIP
    """
    _check_line(data)
    if not data.noise_variance > 0:
        raise ValueError(f"data must have noise to draw anew, got noise variance {data.noise_variance}")
    most, data = len(data), data.to("cpu")
    n = most if n is None else check_int("n", n, 4, most)
    recipe = _complete(data, "batch", seed, epochs, None, learning_rate=learning_rate, optimizer=optimizer)
    points, found, run = train_on_redrawn(data, n, recipe)
    figure, axes = figures.subplots(ncols=2, height=3.9)
    left = explored_theory.draw_estimates(axes[0], points, found, run)
    right = explored_theory.draw_errors(axes[1], points, found, run)
    steps = steps_of(recipe) | {"n": counts(max(4, most // 10), most, n)}
    rest = {"quantiles": stats.t.ppf(0.975, np.array(steps["n"]) - 2).tolist()}  # of the 95 % intervals at each n
    bundle = make_bundle("estimates", data, recipe, axes, steps, edges=ziggurat_edges(), replicates=RUNS, **rest)
    del bundle["starts"], bundle["settings"]["batch_size"]  # they start from zero, with all points in each update
    bundle["settings"]["n"] = n
    bundle["data"] |= {"truth": data.truth.tolist(), "noise_variance": data.noise_variance}
    display_explorer(figure, _alt(run, left, right, size=f"points {n:,}"), bundle)


def held_out(
    training,
    unseen,
    method="mini-batch",
    *,
    epochs=None,
    batch_size=None,
    learning_rate=0.01,
    optimizer="sgd",
    seed=37,
):
    """Show an explorer of a linear model of several columns, scored on the rows it is trained on and on others.

    Parameters
    ----------
    training, unseen : Table
        The rows to train on and those held out, with the same columns, best in units of their standard deviations.
        Both are rounded to single precision, which is the same on every processor.
    method, epochs, batch_size, learning_rate, optimizer, seed
        As of `descent`: where the sliders stand at first.

    Raises
    ------
    ValueError
        If an argument is not allowed; the message names it, its value and what is allowed.

    Examples
    --------
    >>> from gd_helpers.data import table
    >>> rows = np.random.default_rng(0).normal(size=(60, 4))
    >>> data = [table(part[:, 1:], part[:, 0]) for part in (rows[:40], rows[40:])]
    >>> held_out(*data, epochs=50)  # doctest: +SKIP
    """
    for name, data in (("training", training), ("unseen", unseen)):
        if not isinstance(data, Table):
            raise ValueError(f"{name} must be a Table, such as table() gives, got {type(data).__name__}")
    if unseen.names != training.names:
        raise ValueError(f"unseen must have the columns of training, {training.names}, got {unseen.names}")
    rest = {"learning_rate": learning_rate, "optimizer": optimizer}
    recipe = _recipe(len(training), method, seed, epochs, batch_size, **rest)
    parts = [data.to("cpu", torch.float32) for data in (training, unseen)]
    run, best = _train(parts[0], recipe), ols(parts[0])
    figure, axes = figures.subplots(ncols=2, height=3.9)
    left = explored_runs.draw_coefficients(axes[0], parts[0], best, run)
    right = explored_runs.draw_scores(axes[1], parts, best, run)
    more = {"unseen": encode_data(parts[1]), "names": list(training.names)}
    bundle = make_bundle("held_out", parts[0], recipe, axes, steps_of(recipe), **more)
    display_explorer(figure, _alt(run, left, right), bundle)


def by_hand(data, *, intercept=0.0, slope=0.0, learning_rate=0.02, epochs=600):
    """Show a line to be dragged through the points, with its loss, until gradient descent takes it from there.

    Parameters
    ----------
    data : Line
        Air temperatures and flows of a stream of melt water, a row a morning.
    intercept, slope : float
        The line at first.
    learning_rate : float
        α of the descent, by plain gradient descent with all the data in each update.
    epochs : int
        Its updates.

    Raises
    ------
    ValueError
        If an argument is not allowed; the message names it, its value and what is allowed.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> by_hand(simulate_line(n=100))  # doctest: +SKIP
    """
    recipe = _complete(data, "batch", 37, epochs, None, learning_rate=learning_rate, optimizer="sgd")
    line = [check_float("intercept", intercept), check_float("slope", slope)]
    data = data.to("cpu", torch.float64)
    figure, axes = figures.subplots(ncols=2, height=3.9)
    left = explored_runs.draw_line(axes[0], data, line, labels=STORY)
    right = explored_runs.draw_place(axes[1], data, ols(data), line, labels=STORY)
    ways = {"b0": _twentieths(axes[1].get_xlim(), line[0]), "w1": _twentieths(axes[1].get_ylim(), line[1])}
    bundle = make_bundle("by_hand", data, recipe, axes, steps_of(recipe) | ways)
    del bundle["starts"]  # it starts where the line is
    bundle["settings"] |= {"b0": line[0], "w1": line[1]}
    display_explorer(figure, f"Left: {left}. Right: {right}.", bundle)


def _twentieths(limits, *more):
    """Return the multiples of 0.05 between two limits, and `more`."""
    low, high = (int(np.ceil(20 * limits[0])), int(np.floor(20 * limits[1])))
    return sorted({round(0.05 * step, 2) for step in range(low, high + 1)} | set(more))


def _check_line(data):
    if not isinstance(data, Line):
        raise ValueError(f"data must be a Line, such as simulate_line() gives, got {type(data).__name__}")


def _complete(data, method, seed, epochs, batch_size, **rest):
    _check_line(data)
    return _recipe(len(data), method, seed, epochs, batch_size, **rest)


def _recipe(n, method, seed, epochs, batch_size, **rest):
    """Return the recipe of an explorer: one seed, and new orders for every batch that is not all the data."""
    seed = check_int("seed", seed, 0, LARGEST_SEED)
    seeds = {"init_seed": seed, "shuffle_seed": seed}
    recipe = Recipe.complete(method, n, epochs=epochs, batch_size=batch_size, **seeds, **rest)
    shuffle = recipe.batch_size < n or recipe.replacement
    return Recipe.complete(method, n, epochs=epochs, batch_size=batch_size, shuffle=shuffle, **seeds, **rest)


def _train(data, recipe, model=None):
    """Return the run of a recipe."""
    names = (
        "epochs",
        "batch_size",
        "shuffle",
        "replacement",
        "learning_rate",
        "optimizer",
        "init_seed",
        "shuffle_seed",
    )
    return train(data, recipe.method, model=model, **{name: getattr(recipe, name) for name in names})


def _alt(run, left, right, *, rate=None, size=None):
    """Return what a picture shows, in two sentences."""
    recipe, epochs = run.recipe, len(run.path) - 1
    settings = f"learning rate {rate or f'{recipe.learning_rate:g}'}, {size or f'batch size {recipe.batch_size:,}'}, "
    settings += f"{recipe.optimizer}, seed {recipe.init_seed}, after epoch {epochs:,} of {recipe.epochs:,}"
    return f"At {settings}. Left: {left}. Right: {right}.{' The run diverged.' if run.diverged else ''}"
