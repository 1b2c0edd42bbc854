"""Sweeps: one chapter over a grid of parameters, a run a point, and a tidy table of what the runs recorded."""

import contextlib
import hashlib
import itertools
import json
import shutil
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pandas as pd
from tqdm import tqdm

from gd_helpers.checks import check_int
from gd_helpers.lesson.parameters import check_names, check_values
from gd_helpers.runner.chapters import (
    NOTEBOOKS,
    count_cores,
    folder_inside,
    parse_value,
    read_defaults,
    select_chapters,
)
from gd_helpers.runner.distribution import ClusterError, Job, connected, hash_package, run_here, run_on_cluster
from gd_helpers.runner.execution import deferred_signals
from gd_helpers.runner.files import atomic_write, is_stale, owner

RUNS = "runs"  # the folder of rows and notebooks inside that of a sweep
PLAIN = (bool, int, float, str, type(None))
ROW = {"chapter", "source", "parameters", "status", "reason", "seconds", "results", "notebook"}


@dataclass(frozen=True)
class Swept:
    """A finished sweep: its table, its folder, and how many of its runs were there before."""

    table: pd.DataFrame
    out: Path
    before: int

    @property
    def failed(self):
        """The rows of the runs that failed."""
        return self.table[self.table.status == "failed"]

    def __str__(self):
        lines = [f"failed: {row.notebook or 'no notebook'}: {row.reason}" for row in self.failed.itertuples()]
        finished = len(self.table) - len(self.failed)
        there = f", {self.before} of them before" if self.before else ""
        lines.append(f"{finished} of {len(self.table)} runs finished{there}, {len(self.failed)} failed")
        return "\n".join([*lines, f"table: {self.out / 'table.csv'}, and the same in table.parquet"])


def sweep(chapter, grid, given=None, *, out, jobs=None, dask=None, notebooks=NOTEBOOKS):
    """Run `chapter` once for every combination of the values in `grid`, and return the finished sweep.

    ``out/table.parquet`` and ``out/table.csv`` have a row a run, in the order of the grid: parameters, status, reason
    of a failure, seconds, what the chapter recorded, path of its notebook in `out`. They grow as runs end. A sweep that
    is called again does not do again what was finished, as long as chapter and package are the same.

    Parameters
    ----------
    chapter : str
        Its stem or number.
    grid : dict of sequence of str
        Texts of the values by parameter, such as ``{"seed": ["1", "2"]}``.
    given : dict, optional
        Texts of the parameters that are the same in all runs.
    out : path
        The folder of the sweep; created where it is missing.
    jobs : int, optional
        How many runs at a time on this machine; by default as many as there are cores.
    dask : str, optional
        The address of a Dask scheduler, whose workers are to do the runs.
    notebooks : path
        The folder of the chapters.

    Raises
    ------
    ValueError
        If anything asked for is not allowed. Nothing was run then, and nothing written.
    ClusterError
        If the cluster cannot go on. What was finished is kept.
    KeyboardInterrupt
        If the sweep was stopped from outside. What was finished is kept.
    """
    if jobs is not None and dask is not None:
        raise ValueError("--jobs and --dask exclude each other: a cluster has as many workers as it has")
    jobs = check_int("jobs", count_cores() if jobs is None else jobs, 1)
    (path,) = select_chapters([chapter], notebooks)
    points, values = make_points(path, grid, given or {})
    text, package = read_source(path), hash_package()
    plan = {}
    for point, each in zip(points, values, strict=True):
        key = make_key(path.stem, text, package, each)
        plan[key] = (Job(key, path.stem, text, point, package), each)

    hidden = f".run-{owner()}-"
    with connected(dask) as client, deferred_signals() as stop, folder_inside(out, notebooks, hidden) as folder:
        rows = _Rows(Path(out), plan, folder)
        waiting = [job for key, (job, _) in plan.items() if key not in rows.finished]
        if dask is None:
            outcomes = run_here(waiting, folder, processes=min(jobs, max(1, len(waiting))), stop=stop)
        else:
            outcomes = run_on_cluster(waiting, client, stop=stop)
        _collect(outcomes, rows, len(plan))
    return Swept(rows.table(), Path(out), len(plan) - len(waiting))


def make_points(path, grid, given):
    """Return the points of `grid` as the texts by name that each run of the chapter `path` is given, and as all values.

    Raises
    ------
    ValueError
        If a name or a value is not allowed, or is there twice.
    """
    parsed = {name: [parse_value(text) for text in texts] for name, texts in grid.items()}
    for name, several in parsed.items():
        if name in given:
            raise ValueError(f"{name!r} must be given to -g or to -p, got both")
        different = {value if type(value) in (int, float) else repr(value) for value in several}  # 1 is 1.0
        if len(different) < len(several):
            raise ValueError(f"the values of -g {name} must all be different, got {', '.join(map(repr, several))}")
    defaults = read_defaults(path)
    same = {name: parse_value(text) for name, text in given.items()}
    check_names(path.stem, same | {name: several[0] for name, several in parsed.items()}, defaults)
    plain = {name: value for name, value in defaults.items() if value is not ...}
    points = [given | dict(zip(grid, texts, strict=True)) for texts in itertools.product(*grid.values())]
    values = [plain | same | dict(zip(parsed, several, strict=True)) for several in itertools.product(*parsed.values())]
    for each in values:
        check_values(each, path.stem)
    return points, values


def read_source(path):
    """Return the notebook `path` without its outputs, as text: what its runs depend on."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return nbformat.writes(notebook)


def make_key(chapter, text, package, values):
    """Return the key of a run: a hash of the chapter's name and source, the package's hash, and all parameters."""
    parts = [chapter, text, package, json.dumps(values, sort_keys=True, default=repr)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


class _Rows:
    """The rows of a sweep on disk: each run is ``runs/KEY.json``, whole or not there, beside its notebook.

    Parameters
    ----------
    out : Path
        The folder of the sweep.
    plan : dict
        Job and values of each run, by key, in the order of the table.
    folder : Path
        Where this sweep works, inside `out`.
    """

    def __init__(self, out, plan, folder):
        self.out, self.plan, self.rows = out, plan, {}
        (out / RUNS).mkdir(exist_ok=True)
        _remove_left_over(out, folder)
        others = Counter()
        for path in sorted((out / RUNS).glob("*.json")):
            row = read_row(path)
            if path.stem not in plan:
                others[self._difference(row)] += 1
            elif row and row["status"] == "finished" and (out / row["notebook"]).exists():
                self.rows[path.stem] = row
        for what, count in sorted(others.items()):
            print(f"note: {count} runs in {out} are {what}, and are left out of the table", file=sys.stderr)
        self.finished = set(self.rows)
        self.write_table()

    def _difference(self, row):
        """Return in words what sets a row apart from those of this sweep."""
        if row is None:
            return "not readable"
        job, _ = next(iter(self.plan.values()))
        if row["chapter"] != job.chapter:
            return "of another chapter"
        same = row["source"] == _hash_source(job)
        return "of other parameters" if same else "of another version of the chapter or of the package"

    def add(self, outcome):
        """Write the row of an outcome, after its notebook, and the table."""
        job, values = self.plan[outcome.key]
        notebook = f"{RUNS}/{outcome.key}.ipynb" if outcome.text else ""
        if notebook:
            atomic_write(self.out / notebook, outcome.text.encode())
        row = {
            "chapter": job.chapter,
            "source": _hash_source(job),
            "parameters": {name: value if isinstance(value, PLAIN) else repr(value) for name, value in values.items()},
            "status": "failed" if outcome.reason else "finished",
            "reason": outcome.reason,
            "seconds": round(outcome.seconds, 3),
            "results": outcome.results or {},
            "notebook": notebook,
        }
        self.rows[outcome.key] = row
        atomic_write(self.out / RUNS / f"{outcome.key}.json", json.dumps(row, indent=1).encode())
        self.write_table()

    def table(self):
        """Return the table of the rows that are there, in the order of the plan."""
        return make_table([self.rows[key] for key in self.plan if key in self.rows])

    def write_table(self):
        """Write the table, once for programs and once for people; without a row there is none."""
        files, table = [self.out / f"table.{kind}" for kind in ("parquet", "csv")], self.table()
        if table.empty:
            for path in files:
                path.unlink(missing_ok=True)
            return
        atomic_write(files[0], table.to_parquet(index=False))
        atomic_write(files[1], table.to_csv(index=False, lineterminator="\n").encode())


def read_row(path):
    """Return the row in the file `path`, or None if it has none."""
    try:
        row = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    return row if isinstance(row, dict) and row.keys() >= ROW else None


def make_table(rows):
    """Return `rows` as a tidy table; a result that is called as another column is gets the suffix "_recorded".

    Columns of values of several kinds, or of whole numbers of more than 64 bits, are texts.
    """
    records = []
    for row in rows:
        record = {**row["parameters"], **{name: row[name] for name in ("status", "reason", "seconds")}}
        taken = {*record, "notebook"}
        results = {f"{name}_recorded" if name in taken else name: value for name, value in row["results"].items()}
        records.append({**record, **results})
    table = pd.DataFrame(records)
    table["notebook"] = [row["notebook"] for row in rows]
    kinds = {name: pd.api.types.infer_dtype(table[name], skipna=True) for name in table if table[name].dtype == object}
    return table.astype({name: str for name, kind in kinds.items() if kind.startswith("mixed") or kind == "integer"})


def _collect(outcomes, rows, total):
    """Add each outcome to `rows` as it comes, under a bar."""
    interval = 0.1 if sys.stderr.isatty() else 15  # in a log file, a line now and then
    bar = tqdm(total=total, initial=len(rows.finished), unit="run", mininterval=interval)
    with bar, contextlib.closing(outcomes):
        try:
            for outcome in outcomes:
                rows.add(outcome)
                bar.update()
        except ClusterError as error:
            finished = sum(row["status"] == "finished" for row in rows.rows.values())
            kept = f"{finished} of {total} runs are finished and kept in {rows.out}, the same command does the rest"
            raise ClusterError(f"{error}; {kept}") from error


def _hash_source(job):
    return hashlib.sha256("\0".join([job.text, job.package]).encode()).hexdigest()[:20]


def _remove_left_over(out, folder):
    """Remove what sweeps that were killed left half done, but not the `folder` of this one."""
    for path in [*out.glob(".run-*"), *out.glob(".table.*"), *(out / RUNS).glob(".*")]:
        if is_stale(path, [folder.name]):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
