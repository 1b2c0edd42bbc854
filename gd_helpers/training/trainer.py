"""Training: one recipe in, one run out."""

import copy
import time
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.parameter import is_lazy

from gd_helpers.checks import LARGEST_SEED, check_bool, check_choice, check_int
from gd_helpers.data import check_data
from gd_helpers.devices import find_device
from gd_helpers.metrics.scores import r2_from_mse
from gd_helpers.models import get_weights, init_weights, linear, set_weights
from gd_helpers.torch_state import preserved_random_state, standard_modes
from gd_helpers.training.engines import compiled, eager
from gd_helpers.training.losses import mean_squared_error
from gd_helpers.training.progress import progress_bar
from gd_helpers.training.recipes import Recipe
from gd_helpers.training.runs import Run, make_trace

ENGINES = {"compiled": compiled.run_epochs, "eager": eager.run_epochs}


def train(
    data,
    method="stochastic",
    *,
    model=None,
    epochs=None,
    batch_size=None,
    shuffle=None,
    replacement=False,
    learning_rate=1e-3,
    schedule="constant",
    optimizer="adam",
    average_after=None,
    engine="compiled",
    seed=37,
    init=None,
    init_seed=None,
    shuffle_seed=None,
    device="cpu",
    show_progress=False,
):
    """Train a model on mean squared error by gradient descent, w ← w − α ∂L/∂w or a relative of it.

    Parameters
    ----------
    data : Line, or anything with ``X`` of shape (n, p), ``y`` of shape (n, 1) and ``to``
        Its dtype is the run's: float32, or float64 after ``data.to(torch.float64)``.
    method : {"batch", "stochastic", "mini-batch"}
        Sets epochs, batch size and shuffling as in the source: 4,500 epochs of one update with all examples in fixed
        order; 500 shuffled epochs with an update per example; 300 shuffled epochs in batches of 32, or of all examples
        if there are fewer.
    model : torch.nn.Module, optional
        The model to train; ``linear(p)`` if not given. It is copied, not changed; the copy starts from `init` or from
        weights drawn with `init_seed`, whatever weights the model has.
    epochs, batch_size : int, optional
        Passes over the data, at least 1; examples per update, 1 to n.
    shuffle : bool, optional
        Whether each epoch draws a new order.
    replacement : bool
        Whether each epoch draws its n examples with replacement, each uniformly from all of them, instead of a
        permutation (the term of ``torch.utils.data.RandomSampler``). It implies shuffling.
    learning_rate : float
        α, greater than 0 and at most 1e37: Adam's first step, ten times as much, must be a float32 number.
    schedule : {"constant", "linear", "cosine", "inverse-time", "inverse-sqrt"} or function
        Update t, counted from 0, of a run of T updates with τ updates an epoch steps by α f(t), with f(t) = 1,
        1 − t/T, (1 + cos πt/T) / 2, 1 / (1 + t/τ) or 1 / √(1 + t/τ). A function takes a float64 array of values of t
        and returns f(t) for each, finite and at least 0, such as ``lambda t: 0.5 ** (t // 1000)``.
    optimizer : {"sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"}
        With torch's default settings, except momentum, which is 0.9.
    average_after : int, optional
        The number of epochs, 0 to epochs − 1, after which the run reports the mean of all iterates (the weights after
        each update) since then instead of the last iterate: in its path, losses, weights and scores. The updates
        continue from the iterates, and ``batch_loss`` is theirs.
    engine : {"compiled", "eager"}
        What computes the updates: compiled loops on the CPU, for linear models and for ``nn.Sequential`` of linear
        layers and activations, or the PyTorch loop, for every model and device.
    seed : int
        Seed of the initial weights and of the shuffling, 0 to 2³² − 1, unless `init_seed` or `shuffle_seed` is given.
    init : array, shape (number of weights,), optional
        Initial weights, instead of a draw from `init_seed`.
    init_seed, shuffle_seed : int, optional
        Seeds of the initial weights alone, and of the shuffling and of what the model draws in training (Dropout).
    device : str
        "cpu", "cuda", "cuda:N", or "auto" for a CUDA device if there is one.
    show_progress : bool
        Whether to show a progress bar over the epochs; none is shown when ``GD_HEADLESS=1``.

    Returns
    -------
    Run
        A run whose loss or weights become non-finite stops and is marked ``diverged``. A run that is interrupted from
        the keyboard says so and keeps the epochs that were finished.

    Raises
    ------
    ValueError
        If an argument is not allowed, before anything is trained. The message names it, its value and what is allowed.

    Examples
    --------
    >>> from gd_helpers.data import simulate_line
    >>> run = train(simulate_line(n=100), "mini-batch", epochs=2)
    >>> list(run.trace.updates), run.path.shape
    ([4, 8], (3, 2))

    Notes
    -----
    The same seed gives the same initial weights and orders in every engine. Global random state is neither read nor
    changed, and PyTorch's modes (``no_grad``, autocast) and its default device and dtype make no difference.

    Losses and scores are computed in float64 from the weights as they are, whatever the dtype of the run.

    Source: Robbins & Monro (1951), A stochastic approximation method, for rates that fall; Polyak & Juditsky (1992),
    Acceleration of stochastic approximation by averaging, for the mean of the iterates; Bottou, Curtis & Nocedal
    (2018), Optimization methods for large-scale machine learning, for both. `recipes.SCHEDULES` has the sources of the
    schedules.
    """
    show_progress = check_bool("show_progress", show_progress)
    task = prepare(
        data,
        method,
        model=model,
        epochs=epochs,
        batch_size=batch_size,
        shuffle=shuffle,
        replacement=replacement,
        learning_rate=learning_rate,
        schedule=schedule,
        optimizer=optimizer,
        average_after=average_after,
        engine=engine,
        seed=seed,
        init=init,
        init_seed=init_seed,
        shuffle_seed=shuffle_seed,
        device=device,
    )
    with standard_modes(task.data.X.device):
        return _run(task, show_progress)


class Task(NamedTuple):
    """A run that is ready to be made: the model with its initial weights, data on their device, recipe and engine."""

    model: torch.nn.Module
    data: object
    recipe: Recipe
    engine: str


def prepare(data, method, *, model, engine, seed, init, init_seed, shuffle_seed, device, **settings):
    """Return the checked `Task` of the arguments of `train`; `settings` are those of the recipe."""
    check_data(data)
    seed = check_int("seed", seed, 0, LARGEST_SEED)
    init_seed = seed if init_seed is None else init_seed
    shuffle_seed = seed if shuffle_seed is None else shuffle_seed
    recipe = Recipe.complete(method, len(data.X), init_seed=init_seed, shuffle_seed=shuffle_seed, **settings)
    check_choice("engine", engine, ENGINES)
    data = data.to(find_device(device))
    with standard_modes(data.X.device):
        return Task(_initialise(model, data, init, init_seed), data, recipe, engine)


def _run(task, show_progress):
    """Train the model of `task` in place from its present weights and return the record."""
    model, data, recipe, engine = task
    init = get_weights(model).cpu().numpy().astype(np.float64)
    begin = time.perf_counter()
    chunks = ENGINES[engine](model, data.X.detach(), data.y.detach(), recipe)
    losses, batch_losses, path, interrupted = _collect(chunks, init.size, recipe, show_progress)
    seconds = time.perf_counter() - begin

    path = np.vstack([init, path])
    model = set_weights(model.to("cpu"), path[-1]).eval()
    data = data.to("cpu")
    mse = float(losses[-1]) if len(losses) else mean_squared_error(model, data.X, data.y)
    return Run(
        recipe=recipe,
        engine=engine,
        model=model,
        trace=make_trace(recipe, losses, batch_losses),
        path=path,
        mse=mse,
        r2=r2_from_mse(data.y, mse),
        seconds=seconds,
        diverged=len(losses) > 0 and not _is_finite(losses, path),
        interrupted=interrupted,
    )


def _is_finite(losses, path):
    """Return whether the last loss and the last weights are finite."""
    return bool(np.isfinite(losses[-1]) and np.isfinite(path[-1]).all())


def _collect(chunks, weights, recipe, show_progress):
    """Join an engine's chunks of epochs until they end, become non-finite or are interrupted."""
    collected, epochs, interrupted = [], 0, False
    with progress_bar(None, f"{recipe.method}, epochs", total=recipe.epochs, shown=show_progress) as bar:
        try:
            for losses, batch_losses, path in chunks:
                collected.append((losses, batch_losses, path))
                epochs += len(losses)
                bar.update(len(losses))
                if not _is_finite(losses, path):
                    break
        except KeyboardInterrupt:
            interrupted = True
    if interrupted:
        print(f"Interrupted: the run keeps the {epochs} of {recipe.epochs} epochs that were finished.")
    if not collected:
        return np.empty(0), np.empty(0), np.empty((0, weights)), interrupted
    losses, batch_losses, path = (np.concatenate(records) for records in zip(*collected, strict=True))
    return losses, batch_losses, path, interrupted


def _initialise(model, data, init, init_seed):
    """Return a copy of `model`, or a linear model, with initial weights, on the device and in the dtype of `data`."""
    if model is None:
        model = linear(data.X.shape[1])
    elif isinstance(model, torch.nn.Module) and any(weight.requires_grad for weight in model.parameters()):
        model = copy.deepcopy(model).to("cpu")
    else:
        raise ValueError(f"model must be a torch.nn.Module with weights to train, got {model!r}")
    model.eval()
    first_row = data.X[:1].detach()
    if any(is_lazy(weight) for weight in model.parameters()):
        _predict_row(model.to(first_row.dtype), first_row.cpu(), data)
    model = init_weights(model, init_seed).to(first_row.device, first_row.dtype)
    if init is not None and not torch.isfinite(get_weights(set_weights(model, init))).all():
        raise ValueError(f"init must hold finite numbers only, got {init!r}")
    shape = tuple(_predict_row(model, first_row, data).shape)
    if shape != (1, 1):  # the loss would broadcast it against y
        raise ValueError(f"model must give one prediction, shape (1, 1), for one row of X, got shape {shape}")
    return model


def _predict_row(model, row, data):
    """Return the prediction of `model` for one row of X, which gives the weights of lazy modules their shapes."""
    try:
        with preserved_random_state(row.device), torch.no_grad():
            return model(row)
    except RuntimeError as error:
        raise ValueError(f"model must take rows of X, shape {tuple(data.X.shape)}: {error}") from error
