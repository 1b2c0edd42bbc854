import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

import gd_helpers
from gd_helpers.training.engines import compiled, jit, linear, network, quadratic, shuffling

PACKAGE = Path(gd_helpers.__file__).parent

# Prints the bits of runs by every kernel; the networks' widths and batches leave rests in all that is done by eights.
BITS = """
import hashlib, torch
from gd_helpers.data import simulate_line
from gd_helpers.models import mlp
from gd_helpers.training import replicate, train
data = simulate_line(n=203)
runs = [train(data.to(torch.float64), method, epochs=40, learning_rate=0.01) for method in ("batch", "stochastic")]
for activation in ("sigmoid", "tanh", "relu"):
    model = mlp((2, 9, 5, 1), activation, bias=True)
    runs.append(train(data, "mini-batch", model=model, epochs=20, learning_rate=0.01))
for method in ("batch", "mini-batch"):
    choices = {"replacement": method == "mini-batch", "schedule": "inverse-sqrt", "average_after": 10}
    runs.append(train(data, method, epochs=20, learning_rate=0.01, **choices))
for run in runs:
    print(hashlib.sha256(run.path.tobytes() + run.trace.to_numpy().tobytes()).hexdigest(), run.status)
recipes = {"stochastic": {"method": "stochastic", "epochs": 3}, "mini-batch": {"method": "mini-batch", "epochs": 3}}
table = replicate(recipes, 9, data=data, jobs=1, show_progress=False)
print(hashlib.sha256(table[["b0", "w1", "mse", "r2"]].to_numpy().tobytes()).hexdigest())
"""

ONE_RUN = """
import warnings
warnings.simplefilter("error")
import gd_helpers
from gd_helpers.data import simulate_line
from gd_helpers.training.trainer import train
print(gd_helpers.__file__, train(simulate_line(n=50), epochs=2).updates)
"""


def run_python(code, folder, **environment):
    """Return what `code` prints in a new process in `folder`."""
    finished = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def plus_one(x):
    return x + 1


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return the folder in which numba is to keep machine code during a test."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def compile_and_call():
    """Return how often compiling `plus_one` for one type was spared, and was not, by the cache."""
    function = jit.kernel(plus_one)
    assert function(1.5) == 2.5
    return sum(function.stats.cache_hits.values()), sum(function.stats.cache_misses.values())


def test_a_kernel_is_compiled_once_and_then_read_from_the_disk(cache):
    assert [compile_and_call(), compile_and_call()] == [(0, 1), (1, 0)]


def test_a_kernel_is_compiled_anew_once_any_file_of_the_engines_has_changed(cache, monkeypatch):
    compile_and_call()
    monkeypatch.setattr(jit, "_hash_of_sources", lambda: "of other sources")
    assert [compile_and_call(), compile_and_call()] == [(0, 1), (1, 0)]


def test_the_hash_of_the_sources_tells_one_change_in_one_file(tmp_path, monkeypatch):
    hashes = set()
    for steps in ("α", "β", "α"):
        (tmp_path / "jit.py").write_text("")
        (tmp_path / "steps.py").write_text(steps)
        monkeypatch.setattr(jit, "__file__", str(tmp_path / "jit.py"))
        hashes.add(jit._hash_of_sources.__wrapped__())
    assert len(hashes) == 2


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
def test_a_damaged_cache_is_done_without(cache, suffix):
    compile_and_call()
    for file in cache.rglob(f"*.{suffix}"):
        file.write_bytes(b"damaged")
    assert compile_and_call()[0] == 0


def test_a_cache_that_is_taken_away_is_done_without(cache):
    function = jit.kernel(plus_one)
    shutil.rmtree(cache)
    cache.write_text("a file where the folder was")
    assert function(1.5) == 2.5
    assert function(1) == 2


def test_every_kernel_is_cached_and_runs_without_the_interpreters_lock():
    compiled.warm_up()
    modules = {linear: "run_chunk", network: "run_chunk", quadratic: "run_chunk", shuffling: "draw_permutations"}
    for module, name in modules.items():
        kernels = [value for value in vars(module).values() if hasattr(value, "targetoptions")]
        kernels = [value for value in kernels if not value.targetoptions.get("forceinline")]
        assert getattr(module, name) in kernels
        assert all(kernel.targetoptions["nogil"] for kernel in kernels)
        assert all(isinstance(kernel._cache, jit._Cache) for kernel in kernels)


def test_training_works_where_nothing_can_be_written(tmp_path):
    file = tmp_path / "file"
    file.write_text("no folder can be made below a file")
    shutil.copytree(PACKAGE, tmp_path / "gd_helpers", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "gd_helpers" / "training" / "engines" / "__pycache__").write_text("")
    nowhere = str(file / "below")
    output = run_python(ONE_RUN, tmp_path, NUMBA_CACHE_DIR=nowhere, HOME=nowhere, XDG_CACHE_HOME=nowhere)
    assert output.split() == [str(tmp_path / "gd_helpers" / "__init__.py"), "100"]
    assert not list(tmp_path.rglob("*.nbi"))


def test_the_numbers_have_the_same_bits_on_a_processor_without_extensions(tmp_path, capsys):
    exec(BITS, {})
    here = capsys.readouterr().out
    generic = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    assert here.count("finished") == 7
    assert run_python(BITS, PACKAGE.parent, **generic) == here
