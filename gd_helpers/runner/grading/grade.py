"""Grade what came back: run each notebook within limits, judge its answers, write a table and feedback."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import nbformat
import pandas as pd

from gd_helpers.files import atomic_write
from gd_helpers.runner.files import check_out, hash_package, locked_folder
from gd_helpers.runner.grading.feedback import make_feedback
from gd_helpers.runner.grading.manifest import FILE, read_manifest
from gd_helpers.runner.grading.sandbox import Sandbox
from gd_helpers.runner.grading.submissions import Prepared, SubmissionError, fold_name, list_folders, prepare, read_file
from gd_helpers.runner.grading.verdicts import COLUMNS, judge_notebook
from gd_helpers.runner.limits import Limits
from gd_helpers.runner.scheduler import Job, collect, run_jobs

FEEDBACK = "feedback"  # the folder of notebooks inside that of the grades
GRADED = "gradient_descent_grades"  # in the metadata of a feedback notebook: what its rows are, and of what


@dataclass(frozen=True)
class Task:
    """One notebook of one learner that is to be graded."""

    key: str  # a hash of all that its verdicts depend on
    learner: str
    folder: str
    chapter: str
    parameters: dict
    prepared: Prepared | None  # None if there is nothing to run
    reason: str = ""  # why

    @property
    def path(self):
        """Where its feedback is, in the folder of the grades."""
        return Path(FEEDBACK, self.folder, f"{self.chapter}.ipynb")


@dataclass
class Grades:
    """The rows of the table by the key of their task, in the order of the tasks, and what else there is to tell."""

    out: Path
    tasks: list
    strangers: list = field(default_factory=list)  # folders of nobody in the manifest
    rows: dict = field(default_factory=dict)
    before: int = 0  # tasks that had been graded before

    @property
    def table(self):
        """A row for each exercise of each chapter of each learner."""
        rows = [row for task in self.tasks for row in self.rows.get(task.key, ())]
        return pd.DataFrame(rows, columns=COLUMNS).astype({"misconception": "Int64"})

    def write(self):
        """Write the table, once for programs and once for people."""
        table = self.table
        atomic_write(self.out / "grades.parquet", table.to_parquet(index=False))
        atomic_write(self.out / "grades.csv", table.to_csv(index=False, lineterminator="\n").encode())

    def __str__(self):
        reasons = [(task, self.rows[task.key][0]["reason"]) for task in self.tasks]
        lines = [f"{task.folder}/{task.chapter}: {reason}" for task, reason in reasons if reason]
        if self.strangers:
            lines.append(f"note: nobody in the manifest has the folders {', '.join(self.strangers)}")
        there = f", {self.before} of them before" if self.before else ""
        right = sum(row["points"] for rows in self.rows.values() for row in rows)
        asked = sum(len(rows) for rows in self.rows.values())
        count = f"{len(self.tasks)} notebook{'s' * (len(self.tasks) != 1)}"
        lines.append(f"graded {count}{there}; {right} of {asked} exercises right")
        return "\n".join([*lines, f"table: {self.out / 'grades.csv'}, and the same in grades.parquet"])


def grade(folder, *, out, jobs=None, limits=None, users=(), manifest=None):
    """Grade the notebooks in `folder` that were handed out with `manifest`, and return the `Grades`.

    Called again, it does not do again what was graded, as long as notebook, manifest, limits and package are the same.

    Parameters
    ----------
    folder : path
        Has a folder for each learner, as `hand_out` made them.
    out : path
        Gets ``grades.csv`` and ``grades.parquet``, and ``feedback/FOLDER/CHAPTER.ipynb`` for each notebook.
    jobs : int, optional
        How many notebooks run at a time: as many as there are cores, but no more than there are `users`.
    limits : Limits, optional
        What each notebook may use.
    users : sequence of str
        Notebooks run as these users of the machine, who must have no way into `folder` and `out`.
    manifest : path, optional
        ``folder/manifest.json`` by default.

    Raises
    ------
    ValueError
        If anything asked for is not allowed. Nothing was run then, and nothing written.
    """
    folder, out, limits = Path(folder), Path(out), limits or Limits()
    if not folder.is_dir():
        raise ValueError(f"what came back must be in a folder, got {str(folder)!r}")
    check_out(out, folder, [])
    handed_out = read_manifest(manifest or folder / FILE)
    sandbox = Sandbox(users, jobs, closed=[folder, out])
    tasks, strangers = _plan(folder, handed_out, limits)
    if users:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked_folder(out) as place:
        grades = Grades(out, tasks, strangers)
        _read_earlier(grades)
        _run(grades, sandbox, place, limits)
        grades.write()
    return grades


def _plan(folder, handed_out, limits):
    """Return a task for each notebook that was handed out, and the names of folders that are nobody's."""
    folders, common = list_folders(folder), json.dumps([hash_package(), asdict(limits)])
    tasks = []
    for handout in handed_out.handouts:
        place = folders.pop(fold_name(handout.folder), None)
        for stem, values in handout.parameters.items():
            chapter, content, prepared, reason = handed_out.chapters[stem], b"", None, ""
            try:
                content = read_file(place, f"{stem}.ipynb")
                prepared = prepare(content, stem, chapter, values)
            except SubmissionError as error:
                reason = str(error)
            known = json.dumps([common, handout.name, stem, asdict(chapter), values, reason]).encode()
            key = hashlib.sha256(known + content).hexdigest()[:20]
            tasks.append(Task(key, handout.name, handout.folder, stem, values, prepared, reason))
    return tasks, sorted(path.name for path in folders.values() if path.is_dir() and not path.name.startswith("."))


def _read_earlier(grades):
    """Take the rows of what was graded before from its feedback, which is whole or not there."""
    for task in grades.tasks:
        try:
            metadata = json.loads((grades.out / task.path).read_bytes())["metadata"][GRADED]
            if metadata["key"] == task.key:
                grades.rows[task.key] = metadata["rows"]
        except (OSError, ValueError, KeyError, TypeError):  # whatever was done to the file, it is graded again
            continue
    grades.before = len(grades.rows)


def _run(grades, sandbox, place, limits):
    """Run and judge what was not graded before."""
    waiting = {task.key: task for task in grades.tasks if task.key not in grades.rows}
    for task in waiting.values():
        if task.prepared is None:
            _finish(grades, task, "", task.reason)
    jobs = [
        Job(task.key, task.prepared.text, {}, cell_timeout=int(limits.seconds) + 60, limits=limits)
        for task in waiting.values()
        if task.prepared
    ]

    def finish(job, outcome):
        _finish(grades, waiting[job.key], outcome.text, outcome.reason)

    outcomes = run_jobs(jobs, place, sandbox.processes, sandbox.run)
    collect(outcomes, finish, total=len(grades.tasks), unit="notebook", done=len(grades.tasks) - len(jobs))


def _finish(grades, task, text, reason):
    """Judge one notebook, whose executed `text` is, and write its feedback."""
    executed = nbformat.reads(text, as_version=4) if text else None
    cells = {cell.id: cell for cell in executed.cells} if executed else {}
    rows = judge_notebook(task.chapter, task.parameters, task.prepared, cells, reason)
    rows = [{"learner": task.learner, "folder": task.folder, **row} for row in rows]
    feedback = make_feedback(task.learner, task.chapter, task.parameters, rows, executed, task.prepared)
    feedback.metadata[GRADED] = {"key": task.key, "rows": rows}
    path = grades.out / task.path
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, (nbformat.writes(feedback) + "\n").encode())
    grades.rows[task.key] = rows
