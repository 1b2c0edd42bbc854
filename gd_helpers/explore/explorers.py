"""The explorers that the chapters show."""

import torch

from gd_helpers.checks import LARGEST_SEED, check_float, check_int
from gd_helpers.data import Line
from gd_helpers.explore.controls import most_epochs
from gd_helpers.explore.explorer import Explorer
from gd_helpers.explore.noise import CloudPanel, FloorPanel, NoiseExplorer
from gd_helpers.explore.panels import CurvePanel, LossPanel, PathPanel
from gd_helpers.explore.rate import AxesPanel, PredictedLossPanel, RateExplorer, rounded
from gd_helpers.metrics import ols
from gd_helpers.models import mlp
from gd_helpers.plotting import figures
from gd_helpers.training.recipes import Recipe


def descent(data, method="mini-batch", *, epochs=None, batch_size=None, learning_rate=1e-3, optimizer="adam", seed=37):
    """Show an explorer of a straight line's training: the path on the loss surface, the loss, and the numbers.

    Every move of a slider or menu trains anew with `train`. Headless, a picture at the first settings is shown.

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
    _show(PathPanel, data.to("cpu"), recipe)


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
    model : torch.nn.Module, optional
        A network that the compiled engine of `train` computes; ``mlp((2, 2, 1))`` if not given.
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
    _show(CurvePanel, data.to("cpu"), recipe, mlp((2, 2, 1)) if model is None else model)


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
    figure, (left, right) = figures.subplots(ncols=2, height=3.9)
    best = ols(data)
    panels = CloudPanel(left, data, best), FloorPanel(right, data, best, most_epochs(recipe) * recipe.n)
    NoiseExplorer(figure, *panels, data=data, best=best, recipe=recipe).display()


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
    rest = {"learning_rate": check_float("learning_rate", learning_rate, above=0), "optimizer": optimizer}
    rest["learning_rate"] = rounded(rest["learning_rate"])
    recipe = _complete(data, "batch", seed, epochs, batch_size, **rest)
    data = data.to("cpu", torch.float64)
    figure, (left, right) = figures.subplots(ncols=2, height=3.9)
    best = ols(data)
    panels = AxesPanel(left, data, best), PredictedLossPanel(right, data, best, most_epochs(recipe))
    RateExplorer(figure, *panels, data=data, best=best, recipe=recipe).display()


def _complete(data, method, seed, epochs, batch_size, **rest):
    if not isinstance(data, Line):
        raise ValueError(f"data must be a Line, such as simulate_line() gives, got {type(data).__name__}")
    seed = check_int("seed", seed, 0, LARGEST_SEED)
    seeds = {"init_seed": seed, "shuffle_seed": seed}
    return Recipe.complete(method, len(data), epochs=epochs, batch_size=batch_size, **seeds, **rest)


def _show(panel, data, recipe, model=None):
    """Show an explorer with a `panel` on the left."""
    figure, (left, right) = figures.subplots(ncols=2, height=3.9)
    best = ols(data)
    panels = panel(left, data, best), LossPanel(right, data, best, most_epochs(recipe) * recipe.n)
    Explorer(figure, *panels, data=data, best=best, recipe=recipe, model=model).display()
