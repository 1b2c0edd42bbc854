"""Schedule runs of notebooks: many, a few at a time, each by a `worker` process. Run, refresh and sweep all use it."""

import contextlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from gd_helpers.runner.files import PACKAGE, hash_package
from gd_helpers.runner.limits import Guard, Limits

CELL_TIMEOUT = 600  # seconds
POLL = 0.1  # seconds
JOB = "job.pickle"


class SweepError(Exception):
    """A sweep cannot go on: its cluster is gone, or the package has changed."""


@dataclass(frozen=True)
class Job:
    """One run of a notebook, with all that a worker anywhere has to know."""

    key: str  # its name among the others
    text: str  # the notebook
    parameters: dict  # values by name
    folder: str | None = None  # where the kernel works; None is a folder of its own
    cell_timeout: int = CELL_TIMEOUT  # seconds
    package: str | None = None  # the hash of the package that it must be run with, if that matters
    limits: Limits | None = None  # for a notebook of somebody else; it also runs on after a cell that raises
    kernel: tuple = ()  # the command that starts the kernel, if not the usual one


@dataclass(frozen=True)
class Outcome:
    """How a job ended: why it failed or "", the notebook as far as it was executed or "", and its seconds."""

    reason: str
    text: str = ""
    seconds: float = 0.0


def run_jobs(jobs, place, processes=None, run=None):
    """Yield each of `jobs` with its `Outcome` as it ends; they start in this order, inside the folder `place`.

    At most `processes` run at a time, by default as many as there are cores. However this ends, no process is left.
    `run` is `run_job`, or does something before and after it.

    Raises
    ------
    SweepError
        If the package is not the one that a job must be run with.
    """
    over = threading.Event()
    with ThreadPoolExecutor(processes or count_cores()) as pool:
        try:
            pending = {pool.submit(run or run_job, job, place, over.is_set): job for job in jobs}
            while pending:
                done, _ = wait(pending, timeout=1, return_when=FIRST_COMPLETED)  # Windows hears Ctrl-C only in between
                for future in done:
                    yield pending.pop(future), future.result()
        finally:
            over.set()
            pool.shutdown(cancel_futures=True)


def count_cores():
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def run_job(job, place, is_over):
    """Run `job` in a folder of its own inside `place`, and return its `Outcome`, or None as soon as `is_over()`.

    Raises
    ------
    SweepError
        If the package here is not the one that the job must be run with, or did not stay it.
    """
    begin = time.monotonic()
    _check_package(job)
    try:
        with tempfile.TemporaryDirectory(dir=place, prefix="run-", ignore_cleanup_errors=True) as folder:
            outcome = _run_worker(job, Path(folder).resolve(), is_over)
    except OSError as error:
        outcome = Outcome(f"{type(error).__name__}: {error}")
    _check_package(job)
    return outcome and replace(outcome, seconds=time.monotonic() - begin)


def _check_package(job):
    if job.package is not None and job.package != hash_package():
        raise SweepError("the package gd_helpers where a run was made is not, or not any more, that of the sweep")


def _run_worker(job, folder, is_over):
    (folder / JOB).write_bytes(pickle.dumps(job))
    worker = subprocess.Popen(
        [sys.executable, "-m", "gd_helpers.runner.worker"],
        cwd=folder,
        env=_make_environment(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the command alone
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    watched, worker.stdin = worker.stdin, None  # `communicate` would close it
    guard = Guard(job.limits, worker.pid) if job.limits else None
    with worker, watched, contextlib.ExitStack() as stack:  # once `watched` is closed, the worker's watchdog ends all
        if guard:
            stack.callback(guard.end)
        while not is_over():
            try:
                outcome = _read_outcome(worker.communicate(timeout=POLL)[0])
                return replace(outcome, reason=guard.reason) if guard and guard.reason else outcome
            except subprocess.TimeoutExpired:
                if guard:
                    guard.look()


def _read_outcome(said):
    """Return the `Outcome` that a worker said; it said so in JSON, since reading a pickle runs what is in it."""
    try:
        content = json.loads(said)
        return Outcome(str(content["reason"]), str(content["text"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return Outcome("its worker process was killed")


def _make_environment(folder):
    environment = dict(os.environ)
    environment.pop("MPLBACKEND", None)  # any other than the notebook's own would draw no figures
    environment.setdefault("OMP_NUM_THREADS", "1")  # chapters run side by side, on problems too small to share out
    paths = [str(PACKAGE.parent), *filter(None, [environment.get("PYTHONPATH")])]
    return environment | {
        "GD_HEADLESS": "1",
        "PYTHONPATH": os.pathsep.join(paths),  # a kernel's folder is that of its notebook
        "IPYTHONDIR": str(folder / "ipython"),  # nobody's own start-up files
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),  # a killed kernel leaves its connection file
    }


def collect(outcomes, finish, *, total, unit, done=0):
    """Call `finish` with each job and outcome of the generator `outcomes`, under a bar on stderr."""
    interval = 0.1 if sys.stderr.isatty() else 15  # in a log file, a line now and then
    with closing(outcomes), tqdm(total=total, initial=done, unit=unit, mininterval=interval) as bar:
        for job, outcome in outcomes:
            finish(job, outcome)
            bar.update()
