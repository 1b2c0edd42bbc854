"""Chapters for tests of the runner, and a papermill that takes no time.

The stand-in stands on ``PYTHONPATH`` before the real one, so that all else is as it is: the worker process, what looks
after it, the notebook that it leaves. It writes down every run that it begins and every one that it ends.
"""

import os

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from gd_helpers.runner import scheduler, sweeps
from gd_helpers.runner.files import PACKAGE
from gd_helpers.runner.scheduler import Job

PARAMETERS = """\
seed: int = 37  # seed
n: int = 1000  # points
epochs: int = 500  # passes
batch_size: int = 32  # examples an update
learning_rate: float = 0.001  # α
optimizer: str = "adam"  # its name
pause: float = 0.0  # seconds
"""

PAPERMILL = """
import time

import nbformat

class PapermillExecutionError(Exception):
    ename, evalue = "ValueError", "an unlucky number"

def execute_notebook(source, output, given, **options):
    def note(what):
        with open(LOG, "a") as log:
            log.write(f"{what} {sorted(given.items())}\\n")

    note("begin")
    time.sleep(given.get("pause", 0))
    if given["seed"] == 13:
        raise PapermillExecutionError
    notebook = nbformat.read(source, as_version=4)
    notebook.metadata.papermill = {"parameters": given, "duration": 0.5, "exception": None}
    for number, cell in enumerate(notebook.cells, start=1):
        cell.execution_count = number
    results = {"product": given["learning_rate"] * given["seed"], "seconds": 3, "seed": given["seed"]}
    bundle = {"application/papermill.record+json": results}
    notebook.cells[-1].outputs = [nbformat.v4.new_output("display_data", bundle)]
    nbformat.write(notebook, output)
    note("end")
    return notebook
"""


def write_chapter(folder, stem="03_batch", *cells, parameters=PARAMETERS):
    """Write a chapter into `folder`, and return its path."""
    notebook = new_notebook(
        cells=[new_code_cell(parameters, metadata={"tags": ["parameters"]}), *map(new_code_cell, cells or ["seed"])],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    folder.mkdir(exist_ok=True)
    nbformat.write(notebook, folder / f"{stem}.ipynb")
    return folder / f"{stem}.ipynb"


def install(folder, monkeypatch):
    """Put the stand-in for papermill before the real one for all processes, and return a folder with one chapter.

    The hash of the package is the same for all of this process, since somebody may be writing in it.
    """
    (folder / "stand_in" / "papermill").mkdir(parents=True)
    (folder / "stand_in" / "papermill" / "__init__.py").write_text(f"LOG = {str(folder / 'log')!r}\n{PAPERMILL}")
    (folder / "stand_in" / "nbclient").mkdir()
    (folder / "stand_in" / "nbclient" / "__init__.py").touch()
    (folder / "stand_in" / "nbclient" / "exceptions.py").write_text("CellTimeoutError = DeadKernelError = OSError\n")
    (folder / "log").touch()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PACKAGE.parent), str(folder / "stand_in")]))
    for module in (scheduler, sweeps):
        monkeypatch.setattr(module, "hash_package", lambda: "the package")
    return write_chapter(folder / "notebooks").parent


def noted(folder, what="begin"):
    """Return what the stand-in in `folder` has written down, a line for each run that it has begun or, say, ended."""
    return [line for line in (folder / "log").read_text().splitlines() if line.startswith(what)]


def make_jobs(course, *seeds, pause=0, package="the package"):
    """Return a job for each of `seeds`, which is its key."""
    text, given = (course / "03_batch.ipynb").read_text(), {"learning_rate": 0.5, "pause": pause}
    return [Job(seed, text, {"seed": int(seed), **given}, package=package) for seed in seeds]
