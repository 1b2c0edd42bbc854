"""Sweeps: one chapter over a grid of parameters, a run a point, and a tidy table of what the runs recorded."""

import contextlib
import hashlib
import itertools
import json
import sys
from pathlib import Path

import nbformat
import pandas as pd

from gd_helpers.files import atomic_write
from gd_helpers.lesson.parameters import check_names
from gd_helpers.lesson.results import read_results
from gd_helpers.runner import chapters
from gd_helpers.runner.cluster import connect, run_on_cluster
from gd_helpers.runner.files import check_out, hash_package, locked_folder
from gd_helpers.runner.scheduler import Job, SweepError, collect, run_jobs

RUNS = "runs"  # the folder of notebooks inside that of a sweep
PLAIN = (bool, int, float, str, type(None))


def sweep(chapter, grid, given=None, *, out, jobs=None, dask=None, notebooks=chapters.NOTEBOOKS):
    """Run `chapter` once for every combination of the values in `grid`, and return the `Sweep`.

    A sweep that is called again does not do again what was finished, as long as chapter and package are the same.

    `grid` are the texts of the values to go through, such as ``{"seed": ["1", "2"]}``, and `given` those of parameters
    that are the same in all runs. At most `jobs` run at a time, by default as many as there are cores; or the workers
    of the Dask scheduler whose address is `dask` do the runs.

    Raises
    ------
    ValueError
        If anything asked for is not allowed. Nothing was run then, and nothing written.
    SweepError
        If the cluster cannot go on, or the package has changed. What was finished is kept.
    """
    if jobs is not None and dask is not None:
        raise ValueError("--jobs and --dask exclude each other: a cluster has as many workers as it has")
    (path,) = chapters.select_chapters([chapter], notebooks)
    check_out(out, notebooks, [path])
    plan = make_plan(path, grid, given or {})
    with connect(dask) as client, locked_folder(out) as place:
        result = Sweep(Path(out), plan)
        waiting = [job for key, (job, _) in plan.items() if key not in result.rows]
        outcomes = run_jobs(waiting, place, jobs) if client is None else run_on_cluster(waiting, client)
        try:
            collect(outcomes, result.add, total=len(plan), unit="run", done=result.before)
        except KeyboardInterrupt:
            result.read()  # of a run that was about to be added
            raise
        except SweepError as error:
            kept = sum(row["status"] == "finished" for row in result.rows.values())
            kept = f"{kept} of {len(plan)} runs are finished and kept in {out}, the same command does the rest"
            raise SweepError(f"{error}; {kept}") from error
    return result


def make_plan(path, grid, given):
    """Return the jobs of a sweep of the chapter `path` over `grid`, each with all values of its run, by key.

    A key is a hash of what a run depends on: the chapter's name and source, the package, and all values.

    Raises
    ------
    ValueError
        If a name or a value is not allowed, or is there twice.
    """
    defaults, text, package = chapters.read_defaults(path), chapters.read_source(path), hash_package()
    check_names(path.stem, {name: texts[0] for name, texts in grid.items()}, defaults)
    for name, texts in grid.items():
        if len({chapters.parse_value(name, each, defaults[name]) for each in texts}) < len(texts):
            raise ValueError(f"the values of -g {name} must all be different, got {', '.join(texts)}")
    plan = {}
    for texts in itertools.product(*grid.values()):
        point = chapters.parse_parameters(path.stem, given | dict(zip(grid, texts, strict=True)), defaults)
        values = {name: each if isinstance(each, PLAIN) else repr(each) for name, each in (defaults | point).items()}
        parts = [path.stem, text, package, json.dumps(values, sort_keys=True)]
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]
        plan[key] = Job(key, text, point, package=package), values
    return plan


class Sweep:
    """The runs of a sweep that have ended, and their table.

    ``out/table.parquet`` and ``out/table.csv`` have a row a run, in the order of the plan: parameters, status, reason
    of a failure, seconds, what the chapter recorded, path of its notebook in `out`. They grow as runs end. A finished
    run is ``out/runs/KEY.ipynb``, whole or not there, and all that its row says is read from it.
    """

    def __init__(self, out, plan):
        self.out, self.plan, self.rows, self.problem = out, plan, {}, ""
        self.read()
        self.before = len(self.rows)
        others = {path.stem for path in (out / RUNS).glob("*.ipynb") if ".failed" not in path.name} - plan.keys()
        if others:
            what = "of other parameters, or of another version of the chapter or of the package"
            print(f"note: {len(others)} runs in {out} are {what}, and are left out of the table", file=sys.stderr)

    def read(self):
        """Add the rows of the finished runs whose notebooks are there, and write the table."""
        for key in self.plan.keys() - self.rows.keys():
            self._read(key)
        self._write()

    def _read(self, key):
        """Add the row of a finished run, unless its notebook is missing, damaged or another's."""
        with contextlib.suppress(Exception):  # whatever was done to the file, the run is done again
            notebook = nbformat.read(self.out / RUNS / f"{key}.ipynb", as_version=4)
            results, metadata = read_results(notebook), notebook.metadata.papermill
            whole = metadata.parameters == self.plan[key][0].parameters and metadata.exception is None
            if whole and all(isinstance(each, PLAIN) for each in results.values()):
                self._add_row(key, results, "", metadata.duration)

    def add(self, job, outcome):
        """Keep the notebook of an outcome, then write the table with its row."""
        reason = chapters.keep_notebook(outcome, self.out / RUNS, job.key)
        results, seconds = {}, outcome.seconds
        if outcome.text:
            notebook = nbformat.reads(outcome.text, as_version=4)
            results, seconds = read_results(notebook), notebook.metadata.papermill.duration
        self._add_row(job.key, results, reason, seconds)
        self._write()

    def _add_row(self, key, results, reason, seconds):
        row = {**self.plan[key][1], "status": "failed" if reason else "finished", "reason": reason}
        row["seconds"] = round(seconds, 3)
        row |= {f"{name}_recorded" if name in {*row, "notebook"} else name: value for name, value in results.items()}
        notebook = f"{RUNS}/{key}{'.failed' if reason else ''}.ipynb"
        self.rows[key] = {**row, "notebook": notebook if (self.out / notebook).is_file() else ""}

    @property
    def table(self):
        """The table; columns of values of several kinds, or of whole numbers beyond 64 bits, are texts."""
        table = pd.DataFrame([self.rows[key] for key in self.plan if key in self.rows])
        if self.rows:
            table["notebook"] = table.pop("notebook")  # the last column
        kinds = {name: pd.api.types.infer_dtype(table[name]) for name in table if table[name].dtype == object}
        mixed = [name for name, kind in kinds.items() if kind.startswith(("mixed", "integer"))]
        return table.astype(dict.fromkeys(mixed, str))

    def _write(self):
        """Write the table, once for programs and once for people; without a row there is none."""
        table, self.problem = self.table, ""
        csv = table.to_csv(index=False, lineterminator="\n").encode()
        for kind, text in {"parquet": table.to_parquet(index=False), "csv": csv}.items():
            path = self.out / f"table.{kind}"
            try:
                atomic_write(path, text) if self.rows else path.unlink(missing_ok=True)
            except OSError as error:
                self.problem = f"{path} cannot be written: {error.strerror}"

    @property
    def failed(self):
        """The rows of the runs that failed."""
        return [row for row in self.rows.values() if row["status"] == "failed"]

    def __str__(self):
        lines = [f"failed: {row['notebook'] or 'no notebook'}: {row['reason']}" for row in self.failed]
        there = f", {self.before} of them before" if self.before else ""
        lines.append(f"{len(self.rows) - len(lines)} of {len(self.rows)} runs finished{there}, {len(lines)} failed")
        return "\n".join([*lines, self.problem or f"table: {self.out / 'table.csv'}, and the same in table.parquet"])
