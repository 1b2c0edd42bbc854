"""What is measured in a process of its own: the first `train`, and time and memory against the size of the data.

``python -m benchmarks.alone WHAT ...`` prints one line of JSON.
"""

import json
import sys
import time

ENOUGH_SECONDS = 1.0
MOST_REPEATS = 15


def peak_bytes():
    """Return the most memory that this process has held so far."""
    if sys.platform == "win32":
        import psutil

        return psutil.Process().memory_info().peak_wset
    if sys.platform == "linux":  # ru_maxrss would begin at what the parent process held
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure_first(name):
    """Return how long the import takes, the first run of the recipe `name`, and the second."""
    begin = time.perf_counter()
    from gd_helpers.data import simulate_line
    from gd_helpers.training.trainer import train

    imported = time.perf_counter() - begin
    from benchmarks.recipes import RECIPES, SEED

    published = next(recipe for recipe in RECIPES if recipe.name == name)
    data, model = simulate_line(), published.make_model()
    seconds = []
    for _ in range(2):
        begin = time.perf_counter()
        train(data, model=model, seed=SEED, **published.settings)
        seconds.append(time.perf_counter() - begin)
    return {"import": imported, "first": seconds[0], "second": seconds[1]}


def measure_growth(folder, method, epochs):
    """Return seconds and memory of a run on the arrays in `folder`, the process's imports left out."""
    import statistics
    from pathlib import Path

    import numpy as np
    import torch

    from gd_helpers.data import Line, simulate_line
    from gd_helpers.training.trainer import train

    imported = peak_bytes()
    train(simulate_line(), method, epochs=1)
    loaded = peak_bytes()
    X, y = (torch.from_numpy(np.load(Path(folder) / f"{name}.npy")) for name in ("X", "y"))
    data = Line(X=X, y=y, truth=np.array([5.0, 2.0]), noise_variance=2.0)
    seconds = []
    while not seconds or (sum(seconds) < ENOUGH_SECONDS and len(seconds) < MOST_REPEATS):
        begin = time.perf_counter()
        run = train(data, method, epochs=int(epochs))
        seconds.append(time.perf_counter() - begin)
    return {
        "median": statistics.median(seconds),
        "repeats": len(seconds),
        "data_bytes": X.nbytes + y.nbytes,
        "peak_bytes": peak_bytes() - imported,
        "kernel_bytes": loaded - imported,
        "weights": run.weights.tolist(),
    }


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    print(json.dumps({"first": measure_first, "growth": measure_growth}[what](*arguments)))
