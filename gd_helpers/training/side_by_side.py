"""The runs of one recipe from several seeds, trained side by side by the compiled engine, as rows of a table."""

import time
from typing import NamedTuple

import numpy as np

from gd_helpers.metrics.scores import r2_from_mse
from gd_helpers.models import draw_weights, get_weights, weight_names
from gd_helpers.torch_state import standard_modes
from gd_helpers.training.engines import compiled
from gd_helpers.training.engines.lanes import LANES
from gd_helpers.training.runs import summarise

FEWEST_RUNS = LANES // 4  # with fewer, the lanes that stay empty would cost more than the others save
MOST_EXAMPLES = 2**16  # with more, the orders of all lanes would take more memory than the data


def train_seeds(task, seeds, datasets, vary):
    """Return a row for each seed, to the bit that of ``train(...).summary()`` except for its seconds.

    Its seconds are its share of those that the runs beside it took together.

    Parameters
    ----------
    task : trainer.Task
        Of the compiled engine.
    seeds : sequence of int
    datasets : sequence of data
        One for all seeds or one for each, of one shape and dtype, as `trainer.prepare` has checked them.
    vary : collection of {"data", "init", "shuffle"}
        What the seeds draw; the rest is that of the task.

    Raises
    ------
    ValueError
        If the compiled engine does not support the model, the device or the dtype.
    """
    with standard_modes():
        layers = compiled.read_layers(task.model)
        arrays = [compiled.as_arrays(task.model, data.X, data.y) for data in datasets]
        if "init" in vary:
            starts = draw_weights(task.model, seeds)
        else:
            starts = np.tile(get_weights(task.model).numpy(), (len(seeds), 1))
        many = layers.are_linear and len(seeds) >= FEWEST_RUNS and task.recipe.n <= MOST_EXAMPLES
        width = LANES if many else 1
        rows = []
        for first in range(0, len(seeds), width):
            taken = range(first, min(first + width, len(seeds)))
            filled = [*taken, *[taken[-1]] * (width - len(taken))]  # a kernel has all its lanes
            X, y = _join(arrays, filled)
            w = np.ascontiguousarray(starts[filled].T.astype(X.dtype))
            shuffle_seeds = [seeds[i] for i in filled] if "shuffle" in vary else None
            ends = _run(layers, X, y, w, task.recipe, shuffle_seeds, len(taken))
            rows += _summarise(task, datasets if len(datasets) == 1 else datasets[first : taken.stop], ends)
        return rows


class Ends(NamedTuple):
    """Where runs ended: the epochs made, the last weights and loss, and whether these are finite; an entry per run."""

    epochs: np.ndarray
    weights: np.ndarray
    mse: np.ndarray
    finite: np.ndarray
    seconds: float


def _join(arrays, filled):
    """Return X and y with the data of the lanes as their last axis."""
    if len(arrays) == 1:
        X, y = arrays[0]
        return X[:, :, None], y[:, None]
    return (np.stack(parts, axis=-1) for parts in zip(*(arrays[i] for i in filled), strict=True))


def _run(layers, X, y, w, recipe, shuffle_seeds, runs):
    """Train, and return the `Ends` of the first `runs` lanes; their seconds are a share each."""
    begin = time.perf_counter()
    lanes = np.arange(w.shape[1])
    ends = Ends(np.zeros(lanes.size, np.int64), w.T.astype(np.float64), np.empty(lanes.size), None, None)
    for records in compiled.run_side_by_side(layers, X, y, w, recipe, shuffle_seeds):
        trained = lanes[records.epochs > 0]
        last = records.epochs[trained] - 1
        ends.epochs[trained] += last + 1
        ends.mse[trained], ends.weights[trained] = records.losses[last, trained], records.path[last, :, trained]
    seconds = (time.perf_counter() - begin) / runs
    return Ends(ends.epochs[:runs], ends.weights[:runs], ends.mse[:runs], records.finite[:runs], seconds)


def _summarise(task, datasets, ends):
    """Return the rows of the runs that ended so; there are data for all of them, or for each."""
    if len(datasets) == 1:
        r2 = r2_from_mse(datasets[0].y, ends.mse).tolist()
    else:
        r2 = [r2_from_mse(data.y, mse) for data, mse in zip(datasets, ends.mse, strict=True)]
    names = weight_names(task.model)
    columns = (ends.epochs.tolist(), ends.weights.tolist(), ends.mse.tolist(), r2, ends.finite.tolist())
    return [
        summarise(
            task.recipe,
            epochs=epochs,
            seconds=ends.seconds,
            weights=dict(zip(names, weights, strict=True)),
            mse=mse,
            r2=r2,
            status="finished" if finite else "diverged",
        )
        for epochs, weights, mse, r2, finite in zip(*columns, strict=True)
    ]
