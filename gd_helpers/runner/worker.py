"""Run one notebook by papermill, in a process of its own, so that it can take no other along.

The job lies in the worker's folder, the outcome goes to its standard output, and its standard input is for the
`watchdog`. Only here is papermill asked to run a notebook, and only here are its errors put into words.
"""

import json
import os
import pickle
import sys
import tempfile
from pathlib import Path

import nbformat

from gd_helpers.runner.scheduler import JOB
from gd_helpers.runner.watchdog import kill_descendants, watch

SOURCE, EXECUTED = "notebook.ipynb", "executed.ipynb"
KERNEL = "own"
PATIENCE = 300  # seconds that a busy machine may need to start a kernel, or to deliver a cell's outputs


def execute(job):
    """Execute the notebook of `job`, and return why that failed in one line, or "" if every cell was executed."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill import PapermillExecutionError, execute_notebook

    kernel = {"kernel_name": _find_kernel(job), "language": "python", "cwd": job.folder}
    times = {"execution_timeout": job.cell_timeout, "start_timeout": PATIENCE, "iopub_timeout": PATIENCE}
    try:
        executed = execute_notebook(
            SOURCE, EXECUTED, job.parameters, progress_bar=False, **kernel, **times, **_find_engine(job)
        )
    except PapermillExecutionError as error:
        if not job.limits:
            return _describe(error.ename, error.evalue)
        executed = nbformat.reads(read_executed(), as_version=4)
    except DeadKernelError:
        return "kernel died"
    except CellTimeoutError:
        return f"timed out: a cell took more than {job.cell_timeout} s"
    except Exception as error:
        return _describe(type(error).__name__, str(error))
    for number, cell in enumerate(executed.cells, start=1):
        if cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None:
            return f"ended early: cell {number} was not executed"
    return ""


def _find_kernel(job):
    """Return the name of the kernel, for which Jupyter finds a specification if the job has a command of its own."""
    if not job.kernel:
        return "python3"
    folder = Path("kernels", KERNEL)
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps({"argv": job.kernel, "display_name": KERNEL, "language": "python"}))
    os.environ["JUPYTER_PATH"] = os.getcwd()
    return KERNEL


def _find_engine(job):
    if not job.limits:
        return {}
    from gd_helpers.runner import limited

    return {"engine_name": limited.NAME, "output_limit": job.limits.output}


def _describe(name, message):
    return f"{name}: {message.strip().partition(chr(10))[0]}".removesuffix(": ")


def read_executed():
    """Return the notebook as far as it was executed, as text, or "" if nothing readable came out."""
    try:
        return nbformat.writes(nbformat.read(EXECUTED, as_version=4)) + "\n"
    except (OSError, ValueError):
        return ""


def main():
    """Run the job that lies in this folder, and write its outcome to standard output."""
    answer = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the kernel inherits it, and whatever it prints is no outcome
    watch()
    tempfile.tempdir = os.getcwd()  # so that the kernel's connection file goes with this folder
    job = pickle.loads(Path(JOB).read_bytes())
    Path(SOURCE).write_text(job.text, encoding="utf-8")
    outcome = {"reason": execute(job), "text": read_executed()}
    kill_descendants()  # what the notebook started and its kernel left behind
    with open(answer, "w", encoding="utf-8") as pipe:
        json.dump(outcome, pipe)


if __name__ == "__main__":
    main()
