"""Reading what is to be drawn: runs by name, the trace of a run, and the path of its weights."""

import numpy as np
import pandas as pd


def runs_by_name(runs):
    """Return `runs` as a dict; a single run is named after its method, anything else has no name."""
    if isinstance(runs, dict):
        return runs
    return {runs.recipe.method if hasattr(runs, "recipe") else "_": runs}


def trace_of(run, against, column):
    """Return the trace of a run, or an array of losses as a trace, with the columns `against` and `column`.

    Raises
    ------
    ValueError
        If the trace lacks one of them.
    """
    trace = run.trace if hasattr(run, "recipe") else run
    if not isinstance(trace, pd.DataFrame):
        losses = np.asarray(trace, dtype=np.float64)
        trace = pd.DataFrame({"updates": np.arange(len(losses)), column: losses})
    for name in (against, column):
        if name not in trace:
            raise ValueError(f"a trace drawn by {name!r} must have that column, got {', '.join(trace.columns)}")
    return trace


def path_of(run):
    """Return the weights of a run or array as a float64 path of shape (steps, 2), up to the last that can be drawn.

    Raises
    ------
    ValueError
        If the weights are not an intercept and a slope, or the first are not finite.
    """
    path = np.atleast_2d(np.asarray(getattr(run, "path", run), dtype=np.float64))
    if path.ndim != 2 or path.shape[1] != 2 or not np.isfinite(path[0]).all():
        raise ValueError(f"a path must have shape (steps, 2), b0 and w1, and a finite start, got {path.shape}")
    # a path that diverges is too large to be turned into pixels long before it becomes non-finite
    drawable = (np.abs(path) < 1e6 * (1 + np.abs(path[0]).max())).all(axis=1)
    return path if drawable.all() else path[: np.argmin(drawable)]
