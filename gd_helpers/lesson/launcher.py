"""Starting the worker processes of a script from a notebook, by the function that ``torchrun`` is built on."""

import atexit
import inspect
import logging
import os
import runpy
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import torch
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, Std
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ErrorHandler, record
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

logger = logging.getLogger("torch.distributed.elastic")
logger.addHandler(logging.NullHandler())
logger.propagate = False  # what it logs about workers, the error says as well


def write_script(imports, *functions):
    """Write a script of functions, which calls the last one with its folder, and return its path.

    Parameters
    ----------
    imports : str
        The first lines of the script; ``sys`` and ``Path`` are among what they import.
    *functions
        Functions of a notebook or a module, whose source is to be in the script.

    Returns
    -------
    pathlib.Path
        Of ``script.py``, in a new folder that is removed when Python ends.

    Examples
    --------
    >>> def greet(folder):
    ...     print("hello from", folder.name)
    >>> write_script("import sys; from pathlib import Path", greet).name
    'script.py'
    """
    script = Path(tempfile.mkdtemp(prefix="workers-"), "script.py")
    atexit.register(shutil.rmtree, script.parent, ignore_errors=True)
    call = f'if __name__ == "__main__":\n    {functions[-1].__name__}(Path(sys.argv[1]))\n'
    script.write_text("\n\n".join([imports, *map(inspect.getsource, functions), call]), encoding="utf-8")
    return script


def launch_workers(script, *arguments, workers=2, timeout=300):
    """Run a script in several processes that know their rank, as ``torchrun`` does, and wait for them.

    No port is opened for their rendezvous. The workers end with this process, even if it is killed.

    Parameters
    ----------
    script : path
        Finds its rank in the environment variable ``RANK``, and the number of workers in ``WORLD_SIZE``.
    *arguments
        The script's command line.
    workers : int
    timeout : float
        Seconds after which a worker that hangs is ended.

    Raises
    ------
    RuntimeError
        In one line, if a worker fails, or on Windows. Its cause, a ``ChildFailedError``, holds the tracebacks.

    Examples
    --------
    >>> launch_workers("train.py", "data.npz", workers=2)  # doctest: +SKIP

    Source: PyTorch documentation, "torchrun (Elastic Launch)" and "Error Propagation".
    """
    if sys.platform == "win32":
        raise RuntimeError("the workers need Linux or macOS; on Windows, use WSL")
    os.environ["TORCH_DISABLE_SHARE_RDZV_TCP_STORE"] = "1"  # or a port is opened, though the store is a file
    with tempfile.TemporaryDirectory() as folder:
        node = {"min_nodes": 1, "max_nodes": 1, "nproc_per_node": workers, "max_restarts": 0, "local_addr": "127.0.0.1"}
        store = {"rdzv_backend": "c10d", "rdzv_endpoint": f"{folder}/store", "rdzv_configs": {"store_type": "file"}}
        config = LaunchConfig(
            run_id="workers",
            **node,
            **store,
            logs_specs=DefaultLogsSpecs(f"{folder}/logs", redirects=Std.ERR),
            signals_to_handle="SIGQUIT",  # its handlers stay, and those of SIGINT and SIGTERM are Jupyter's
        )
        options = ["-P", __file__, os.getpid(), timeout]
        try:
            elastic_launch(config, sys.executable)(*options, script, *arguments)
        except ChildFailedError as error:
            raise RuntimeError(f"{describe(error.failures)}; all workers were ended") from error


def describe(failures):
    """Return which worker failed first, and how: the others may have failed because it was gone."""

    def order(item):
        rank, failure = item
        raised = isinstance(failure.message, dict)
        ended_by_launcher = failure.exitcode == -signal.SIGTERM and not raised
        return ended_by_launcher, raised, os.path.getmtime(failure.error_file) if raised else rank

    rank, failure = min(failures.items(), key=order)
    if isinstance(failure.message, dict):
        return f"worker {rank} raised {failure.message['message'].splitlines()[0]}"
    if failure.exitcode < 0:
        return f"worker {rank} was killed by {failure.signal_name()}"
    return f"worker {rank} ended with exit code {failure.exitcode}"


def watch(launcher, timeout):
    """End this worker when the process `launcher` has ended, or after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while os.getppid() == launcher and time.monotonic() < deadline:
        time.sleep(0.2)
    if os.getppid() == launcher:
        ErrorHandler().record_exception(TimeoutError(f"not done after {timeout:g} s"))
    os._exit(1)


if __name__ == "__main__":  # in a worker
    launcher, timeout, *sys.argv = sys.argv[1:]
    threading.Thread(target=watch, args=(int(launcher), float(timeout)), daemon=True).start()
    torch.set_num_threads(1)  # torchrun's default
    record(runpy.run_path)(sys.argv[0], run_name="__main__")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # PyTorch's threads may outlast Python and abort: "terminate called without an active exception"
