"""Run one notebook by papermill, in a process of its own, so that it can take no other along.

The job lies in the worker's folder, the outcome goes to its standard output, and its standard input is for the
`watchdog`. Only here is papermill asked to run a notebook, and only here are its errors put into words.
"""

import os
import pickle
import sys
import tempfile
from pathlib import Path

from gd_helpers.runner.scheduler import JOB, Outcome
from gd_helpers.runner.watchdog import watch

SOURCE, EXECUTED = "notebook.ipynb", "executed.ipynb"
PATIENCE = 300  # seconds that a busy machine may need to start a kernel, or to deliver a cell's outputs


def execute(job):
    """Execute the notebook of `job`, and return why that failed in one line, or "" if every cell was executed."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill import PapermillExecutionError, execute_notebook

    kernel = {"kernel_name": "python3", "language": "python", "cwd": job.folder}
    limits = {"execution_timeout": job.cell_timeout, "start_timeout": PATIENCE, "iopub_timeout": PATIENCE}
    try:
        executed = execute_notebook(SOURCE, EXECUTED, job.parameters, progress_bar=False, **kernel, **limits)
    except PapermillExecutionError as error:
        return _describe(error.ename, error.evalue)
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


def _describe(name, message):
    return f"{name}: {message.strip().partition(chr(10))[0]}".removesuffix(": ")


def read_executed():
    """Return the notebook as far as it was executed, as text, or "" if nothing readable came out."""
    import nbformat

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
    outcome = Outcome(execute(job), read_executed())
    with open(answer, "wb") as pipe:
        pickle.dump(outcome, pipe)


if __name__ == "__main__":
    main()
