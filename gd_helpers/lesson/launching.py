"""Starting several processes from a chapter, by PyTorch's ``torchrun``, so that none is left however it ends."""

import atexit
import contextlib
import inspect
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from shutil import rmtree

import psutil
import torch.distributed

from gd_helpers.runner.files import is_stale, owner
from gd_helpers.runner.lifeline import end_marked, lifeline, lives, stop_family

LOOPBACK = "127.0.0.1"
INTERVAL = 0.1  # seconds between two looks
TIMEOUT = 60  # seconds
FOLDER, FOLDERS = "gd-workers-", []  # how folders of scripts are called, and those of this process
MARK = "GD_HELPERS_LAUNCH"  # in the environment of all processes of one launch, with a text that no other has

# PyTorch's threads are not always over when Python ends, and then abort it: "terminate called without an active
# exception". So a worker that has done its work goes without waiting for them.
LAST_LINES = """
if __name__ == "__main__":
    {function}(pathlib.Path(sys.argv[1]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
"""


def write_script(imports, *functions):
    """Write a script of `functions`, which calls the last one with its folder, and return its path.

    Parameters
    ----------
    imports : str
        What the functions need, as the script's first lines.
    *functions
        Functions, of a notebook or of a module; or their texts.

    Returns
    -------
    pathlib.Path
        Of ``script.py``, in a new folder that is removed when Python ends, or by the next call if it was killed.

    Raises
    ------
    ValueError
        If there is no last function to call.

    Examples
    --------
    >>> def greet(folder):
    ...     print("hello from", folder.name)
    >>> write_script("import time", greet).name
    'script.py'
    """
    texts = [each if isinstance(each, str) else inspect.getsource(each) for each in functions]
    last = re.match(r"\s*def (\w+)", texts[-1] if texts else "")
    if last is None:
        raise ValueError(f"the last of functions must be a function, or the text of one, got {functions[-1:]!r}")
    call = LAST_LINES.format(function=last.group(1))
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        if is_stale(folder, FOLDERS):
            rmtree(folder, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER}{owner()}-")).resolve()
    FOLDERS.append(folder.name)
    atexit.register(rmtree, folder, ignore_errors=True)
    script = folder / "script.py"
    script.write_text("\n\n".join(["import os\nimport pathlib\nimport sys", imports, *texts, call]), encoding="utf-8")
    return script


def torchrun(*words, environment=None, timeout=TIMEOUT):
    """Run ``torchrun`` with these words and wait for it; whatever happens, no process of it is left.

    Parameters
    ----------
    *words
        Of the command line, after ``torchrun``; texts, numbers and paths.
    environment : dict of str, optional
        What the processes find in their environment beside what is there.
    timeout : float
        Seconds.

    Returns
    -------
    set of str
        The addresses at which `torchrun` or a worker was seen to listen.

    Raises
    ------
    RuntimeError
        In one line: if a worker was killed or failed, if the time ran out, or if there are no such workers here.
    """
    check_platform()
    command, mark = lifeline("torch.distributed.run", *words), uuid.uuid4().hex
    environment = {**os.environ, **(environment or {}), MARK: mark}
    family, heard, deadline = set(), set(), time.monotonic() + timeout
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT}
        process = subprocess.Popen(command, env=environment, **streams)
        try:
            while process.poll() is None:
                family |= set(family_of(process.pid))
                heard |= {address for address, _ in listening(family)}
                if time.monotonic() > deadline:
                    raise RuntimeError(f"torchrun had not ended after {timeout:g} s, and was ended with its workers")
                time.sleep(INTERVAL)
        finally:
            if process.poll() is None:
                family |= set(stop_family(psutil.Process(process.pid)))
            end_marked(MARK, mark, family)  # and a worker that began after the last look
            process.wait()
        if process.returncode:
            log.seek(0)
            raise RuntimeError(f"torchrun failed and ended all its workers: {explain(log.read(), process.returncode)}")
    return heard


def check_platform():
    """Check that this machine has what the workers need.

    Raises
    ------
    RuntimeError
        In one line, if it does not.
    """
    if sys.platform == "win32" or not (torch.distributed.is_available() and torch.distributed.is_gloo_available()):
        raise RuntimeError("torchrun with gloo does not run here: it needs Linux or macOS, or WSL on Windows")


def loopback_interface():
    """Return the name of the network interface that no other machine can reach, ``lo`` on Linux."""
    names = [name for name, found in psutil.net_if_addrs().items() if LOOPBACK in [each.address for each in found]]
    if not names:
        raise RuntimeError(f"no network interface has the address {LOOPBACK}")
    return names[0]


def explain(said, status):
    """Return in one line why ``torchrun``, which `said` this, ended with `status`."""
    ends = {int(rank): int(code) for rank, code in re.findall(r"rank +: (\d+).*?exitcode +: (-?\d+)", said, re.DOTALL)}
    killed = sorted(rank for rank, code in ends.items() if code == -signal.SIGKILL)
    if killed:
        return f"worker {' and '.join(map(str, killed))} was killed"
    raised = r"^(?:\[rank\d+\]: )?((?!torch\.distributed\.elastic)[\w.]*(?:Error|Exception|Interrupt)\b.*)"
    if found := re.search(raised, said, re.MULTILINE):
        return found.group(1)
    first = {rank: code for rank, code in ends.items() if code != -signal.SIGTERM} or ends  # torchrun ended the others
    if first:
        return ", ".join(f"worker {rank} ended with status {code}" for rank, code in sorted(first.items()))
    return (said.strip().splitlines() or [f"it ended with status {status}"])[-1]


def family_of(pid):
    """Return the process `pid` and its descendants, as far as they are there."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def listening(processes=None):
    """Return address and port of each socket at which `processes`, or this one and its family, wait for calls."""
    heard = set()
    for process in family_of(os.getpid()) if processes is None else processes:
        with contextlib.suppress(psutil.Error):
            found = process.net_connections("inet")
            heard |= {tuple(each.laddr) for each in found if each.status == psutil.CONN_LISTEN}
    return heard


def alive(*pids):
    """Return those of the process numbers `pids` whose process has not ended."""
    living = {process.pid for process in psutil.process_iter() if process.pid in pids and lives(process)}
    return [pid for pid in pids if pid in living]
