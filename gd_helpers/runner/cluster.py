"""Runs of a sweep on the workers of a Dask cluster.

Dask's own client is asked and not joblib's backend for it, which hands anything above a kilobyte to one worker to keep,
loses it with that worker, and has no word for a scheduler that is gone.
"""

import contextlib
import logging

from gd_helpers.runner.scheduler import Outcome, SweepError, run_job

CONNECT_TIMEOUT = 30  # seconds; a scheduler may be busy
PATIENCE = 60  # seconds in which a first worker must have come


@contextlib.contextmanager
def connect(address):
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
        install = "pip install -e '.[cluster]'"
        raise ValueError(f"--dask needs the packages of the extra 'cluster', which are missing: {install}") from None
    logging.disable()  # what goes wrong with a cluster is said in one line, by us
    try:
        client = Client(address, timeout=CONNECT_TIMEOUT, set_as_default=False)
    except (OSError, TypeError, ValueError) as error:  # a time that runs out is an OSError
        reason = " ".join(str(error).split()) or "no answer"
        raise ValueError(f"--dask must be the address of a running scheduler, got {address!r}: {reason}") from None
    else:
        try:
            yield client
        finally:
            client.close(timeout=1)
    finally:
        logging.disable(logging.NOTSET)


def run_on_cluster(jobs, client):
    """Yield each of `jobs` with its `Outcome` as it ends on a worker of `client`.

    A job whose worker is gone is done by another. What nobody waits for any more ends on the workers, too.

    Raises
    ------
    SweepError
        If the scheduler is gone, no worker has come, or the workers cannot run the jobs.
    """
    from distributed import KilledWorker, as_completed

    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise SweepError(f"the cluster has had no worker for {PATIENCE} s") from None
    pending = {client.submit(_run_on_worker, job, pure=False): job for job in jobs}
    for future, result in as_completed(list(pending), loop=client.loop, with_results=True, raise_errors=False):
        # what the future has become since, after its worker or the scheduler ended, makes no difference
        if isinstance(result, tuple):  # type, error and traceback
            _, error, _ = result
            if not isinstance(error, KilledWorker):
                raise error if isinstance(error, SweepError) else SweepError(f"{type(error).__name__}: {error}")
            result = Outcome("one worker after another was gone while it ran")
        elif not isinstance(result, Outcome):  # it was cancelled
            raise SweepError("the connection to the scheduler is lost")
        yield pending.pop(future), result


def _run_on_worker(job):
    """Run `job` as a task of a Dask worker, until nobody waits for it."""
    from distributed import Reschedule, Status, get_worker

    worker = get_worker()
    name = worker.get_current_task()

    def is_over():
        task = worker.state.tasks.get(name)
        return task is None or task.state == "cancelled" or worker.status not in (Status.running, Status.paused)

    outcome = run_job(job, worker.local_directory, is_over)
    if outcome is None:
        raise Reschedule  # the worker was asked to close
    return outcome
