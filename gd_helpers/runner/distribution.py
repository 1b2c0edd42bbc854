"""Where the runs of a sweep are carried out: by processes of this machine, or by the workers of a Dask cluster.

On this machine joblib's threads each wait for the papermill process of one run. On a cluster Dask's own client is asked
and not joblib's backend for it, which hands anything above a kilobyte to one worker to keep, loses it with that worker,
and has no word for a scheduler that is gone.
"""

import contextlib
import hashlib
import logging
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import joblib

from gd_helpers.lesson.results import read_results
from gd_helpers.runner.execution import POLL, Execution, end_all

PACKAGE = Path(__file__).resolve().parents[1]
CONNECT_TIMEOUT, ANSWER_TIMEOUT = 10, 30  # seconds; a scheduler may be busy
POLL_CLUSTER = 0.2  # seconds
PATIENCE = 60  # seconds that a cluster may be without a worker


class ClusterError(Exception):
    """A cluster cannot go on with what it was asked to do."""


@dataclass(frozen=True)
class Job:
    """One run of a chapter, with all that a worker elsewhere has to know.

    Attributes
    ----------
    key : str
        Its name among the others.
    chapter : str
        The notebook's stem.
    text : str
        The notebook.
    parameters : dict
        Texts by name.
    package : str
        The `hash_package` that it is to be run with.
    """

    key: str
    chapter: str
    text: str
    parameters: dict
    package: str


@dataclass(frozen=True)
class Outcome:
    """How a job ended: why it failed or "", its seconds, its results by name, and the executed notebook or ""."""

    key: str
    reason: str
    seconds: float = 0.0
    results: dict | None = None
    text: str = ""


def hash_package(folder=PACKAGE):
    """Return a hash of all source files of the package in `folder`."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".mplstyle")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def carry_out(job, folder, is_over):
    """Run `job` in a folder of its own inside `folder` and return its `Outcome`, or None as soon as `is_over()`.

    Raises
    ------
    ClusterError
        If the package here is not the one that the job is to be run with, or did not stay it.
    """
    with tempfile.TemporaryDirectory(dir=folder, prefix="run-", ignore_cleanup_errors=True) as place:
        notebook = Path(place).resolve() / f"{job.chapter}.ipynb"
        notebook.write_text(job.text, encoding="utf-8")
        execution = Execution(notebook, parameters=job.parameters)
        _check_package(job)
        try:
            execution.start(notebook.parent / "work")
            while not execution.ended():
                if is_over():
                    return None
                time.sleep(POLL)
        finally:
            if execution.process:
                end_all([execution])
                execution.end_rest()
        _check_package(job)
        results = read_results(execution.executed) if execution.executed else {}
        text = execution.output.read_text(encoding="utf-8") if execution.executed else ""
        return Outcome(job.key, execution.failure, execution.seconds, results, text)


def _check_package(job):
    if hash_package() != job.package:
        raise ClusterError("the package gd_helpers where a run was made is not, or not any more, that of the sweep")


def run_here(jobs, folder, *, processes, stop):
    """Run `jobs` inside `folder`, so many at a time, and yield the `Outcome` of each as it ends.

    Raises
    ------
    KeyboardInterrupt
        As soon as the list `stop` has an element. However this ends, no process is left.
    ClusterError
        See `carry_out`.
    """
    over = threading.Event()

    def is_over():
        return over.is_set() or bool(stop)

    def attempt(job):
        try:
            return None if is_over() else carry_out(job, folder, is_over)
        except Exception as error:  # raised here, it would keep joblib from waiting for the others
            over.set()
            return error

    parallel = joblib.Parallel(n_jobs=processes, backend="threading", return_as="generator_unordered")
    outcomes, errors = parallel(joblib.delayed(attempt)(job) for job in jobs), []
    try:
        for outcome in outcomes:
            if isinstance(outcome, Outcome):
                yield outcome
            elif outcome is not None:
                errors.append(outcome)
    finally:
        over.set()
        for _ in outcomes:  # wait until each thread has ended its processes
            pass
    if stop:
        raise KeyboardInterrupt
    if errors:
        raise errors[0]


@contextlib.contextmanager
def connected(address):
    """Give a client of the Dask scheduler at `address`, such as "tcp://127.0.0.1:8786", or None without an address.

    Raises
    ------
    ValueError
        If nobody answers there, or Dask is not installed.
    """
    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        raise ValueError(
            "--dask needs the packages of the extra 'cluster', which are not installed: pip install -e '.[cluster]'"
        ) from None
    with _dask_quiet():
        try:
            client = Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
        except (OSError, TypeError, ValueError) as error:  # a time that runs out is an OSError
            reason = " ".join(str(error).split()) or "no answer"
            raise ValueError(f"--dask must be the address of a running scheduler, got {address!r}: {reason}") from None
        try:
            yield client
        finally:
            client.close(timeout=1)


@contextlib.contextmanager
def _dask_quiet():
    """Keep Dask from writing of what goes wrong, which is said in one line, by us."""
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def run_on_cluster(jobs, client, *, stop):
    """Run `jobs` on the workers of `client`, and yield the `Outcome` of each as it ends.

    A job whose worker is gone is done by another. What nobody waits for any more ends on the workers, too.

    Raises
    ------
    KeyboardInterrupt
        As soon as the list `stop` has an element.
    ClusterError
        If the scheduler is gone, no worker has come for a minute, or the workers cannot run the jobs.
    """
    from distributed import as_completed

    jobs_by_future, seen = {}, time.monotonic()
    ended = as_completed(loop=client.loop, with_results=True, raise_errors=False)

    def submit(job):
        future = client.submit(_carry_out_on_worker, job, pure=False)
        jobs_by_future[future] = job
        ended.add(future)

    for job in jobs:
        submit(job)
    while jobs_by_future:
        for future, result in ended.next_batch(block=False):
            job = jobs_by_future.pop(future)
            outcome = _read_result(job, result)
            if outcome is None:  # its worker was asked to close, and gave it up
                submit(job)
            else:
                yield outcome
        if stop:
            raise KeyboardInterrupt
        if _has_workers(client):
            seen = time.monotonic()
        elif time.monotonic() - seen > PATIENCE:
            raise ClusterError(f"the cluster has had no worker for {PATIENCE} s")
        time.sleep(POLL_CLUSTER)


def _has_workers(client):
    with contextlib.suppress(OSError):  # the scheduler ended in the moment in which it was asked, or does not answer
        if client.status == "running":
            return bool(client.sync(client.scheduler.ncores, workers=None, callback_timeout=ANSWER_TIMEOUT))
    raise ClusterError("the connection to the scheduler is lost")


def _read_result(job, result):
    """Return the outcome that a future of Dask came to, or None if its job was given up.

    What the future has become since, after its worker or the scheduler ended, makes no difference.
    """
    if result is None or isinstance(result, Outcome):
        return result
    if not isinstance(result, tuple):  # it was cancelled
        raise ClusterError("the connection to the scheduler is lost")
    from distributed import KilledWorker

    error = result[1]
    if isinstance(error, KilledWorker):
        return Outcome(job.key, "one worker after another was gone while it ran")
    raise error if isinstance(error, ClusterError) else ClusterError(f"{type(error).__name__}: {error}")


def _carry_out_on_worker(job):
    """Carry `job` out as a task of a Dask worker, until nobody waits for it."""
    from distributed import Status, get_worker

    worker = get_worker()
    name = worker.get_current_task()

    def is_over():
        task = worker.state.tasks.get(name)
        return task is None or task.state == "cancelled" or worker.status not in (Status.running, Status.paused)

    return carry_out(job, worker.local_directory, is_over)
