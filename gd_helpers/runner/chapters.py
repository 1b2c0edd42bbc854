"""The chapters as files: find them, check what they are asked to do, run them headless, refresh their outputs."""

import ast
import contextlib
import difflib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gd_helpers.checks import check_int
from gd_helpers.runner.execution import CELL_TIMEOUT, Execution, deferred_signals, execute
from gd_helpers.runner.outputs import check_portable, count_claims, normalise, replace_notebook

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
OUT = Path("build/run")


@dataclass(frozen=True)
class Result:
    """How one chapter's run ended: a row of the closing table."""

    chapter: str
    status: str
    seconds: float
    held: int
    claims: int
    reason: str = ""


def find_chapters(notebooks=NOTEBOOKS):
    """Return the chapters in the folder `notebooks`, files called ``NN_name.ipynb``, as a dict of paths by stem."""
    paths = sorted(Path(notebooks).glob("*.ipynb"))
    return {path.stem: path for path in paths if re.fullmatch(r"\d\d_\w+", path.stem)}


def select_chapters(names=(), notebooks=NOTEBOOKS):
    """Return the paths of the chapters called `names`, by stem ("03_batch") or number ("03"); of all, without names.

    Raises
    ------
    ValueError
        If there is no such chapter; the message names the nearest.
    """
    chapters = find_chapters(notebooks)
    if not chapters:
        raise ValueError(f"chapters are notebooks called NN_name.ipynb, got none in {str(notebooks)!r}")
    chosen = {}
    for name in names or chapters:
        found = [stem for stem in chapters if name in (stem, stem[:2])]
        if len(found) != 1:
            nearest = difflib.get_close_matches(name, found or chapters, n=1, cutoff=0)[0]
            raise ValueError(
                f"chapter must be one of {', '.join(found or chapters)}, got {name!r}; did you mean {nearest!r}?"
            )
        chosen[found[0]] = chapters[found[0]]
    return list(chosen.values())


def parse_value(text):
    """Return the value that papermill makes of the `text` of a parameter: None, a bool, an int, a float, or the text.

    Examples
    --------
    >>> [parse_value(text) for text in ("True", "50", "1e-3", "adam")]
    [True, 50, 0.001, 'adam']
    """
    if text in ("True", "False", "None"):
        return ast.literal_eval(text)
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


def read_defaults(path):
    """Return the parameters of the chapter `path` by name; where the default is no plain value, it is ``...``."""
    from papermill import inspect_notebook  # slow to load, and most runs are given no parameters

    defaults = {}
    for name, parameter in inspect_notebook(str(path).replace("{", "{{").replace("}", "}}")).items():
        try:
            defaults[name] = ast.literal_eval(parameter["default"])
        except (SyntaxError, ValueError):
            defaults[name] = ...
    return defaults


def check_given(path, given):
    """Check the parameters `given` to the chapter `path`, values by name, together with the chapter's own defaults.

    Raises
    ------
    ValueError
        If the chapter has no parameter of that name, or may not take that value.
    """
    from gd_helpers.lesson.parameters import check_names, check_values  # slow to load, since PyTorch is

    defaults = read_defaults(path)
    check_names(path.stem, given, defaults)
    values = {name: value for name, value in (defaults | given).items() if value is not ...}
    check_values(values, path.stem)


def run_chapters(names=(), given=None, *, out=OUT, jobs=None, notebooks=NOTEBOOKS, cell_timeout=CELL_TIMEOUT):
    """Run chapters side by side, and return a `Result` for each, in the chapters' order.

    A chapter that ran to its end is ``out/NN_name.ipynb``. Of one that failed, ``out/NN_name.failed.ipynb`` is what was
    executed, and no ``NN_name.ipynb`` of an earlier run is left.

    Parameters
    ----------
    names : sequence of str
        Stems or numbers of chapters; none means all.
    given : dict, optional
        Parameters by name, as texts.
    out : path
        The folder for the executed notebooks; created where it is missing.
    jobs : int, optional
        How many chapters run at a time, at least 1; by default as many as there are cores.
    notebooks : path
        The folder of the chapters.
    cell_timeout : int
        Seconds that one cell may take.

    Raises
    ------
    ValueError
        If anything asked for is not allowed. Nothing was run then, and nothing written.
    KeyboardInterrupt
        If the run was stopped from outside. What was not finished left nothing.
    """
    given = given or {}
    jobs = check_int("jobs", count_cores() if jobs is None else jobs, 1)
    paths = select_chapters(names, notebooks)
    for path in paths if given else ():
        check_given(path, {name: parse_value(text) for name, text in given.items()})
    results = {}
    runs = [Execution(path, parameters=given, cell_timeout=cell_timeout) for path in paths]

    def keep(execution):
        results[execution.notebook.stem] = _keep(execution, Path(out))

    with deferred_signals() as stop, folder_inside(out, notebooks) as folder:
        execute(runs, folder, jobs=jobs, finish=keep, stop=stop)
    return [results[path.stem] for path in paths]


def refresh_chapters(names=(), *, jobs=None, notebooks=NOTEBOOKS, cell_timeout=CELL_TIMEOUT):
    """Run chapters under their own parameters, store the normalised outputs in place, and return a `Result` for each.

    A file whose content would be the same is not touched; nor is that of a chapter that fails, shows what only this
    machine has, or was edited meanwhile. Arguments and errors are those of `run_chapters`.
    """
    jobs = check_int("jobs", count_cores() if jobs is None else jobs, 1)
    paths = select_chapters(names, notebooks)
    before, results = {path.stem: path.read_bytes() for path in paths}, {}
    runs = [Execution(path, cell_timeout=cell_timeout) for path in paths]

    def store(execution):
        results[execution.notebook.stem] = _store(execution, before[execution.notebook.stem])

    with deferred_signals() as stop, tempfile.TemporaryDirectory() as folder:
        execute(runs, Path(folder), jobs=jobs, finish=store, stop=stop)
    return [results[path.stem] for path in paths]


def make_table(results):
    """Return the closing table: chapter, status, seconds and claims held of each result, and why a chapter failed."""
    width = max(len(result.chapter) for result in results)
    lines = [f"{'chapter':<{width}}  {'status':<9}  seconds  claims held"]
    for result in results:
        claims = f"{result.held}/{result.claims}"
        line = f"{result.chapter:<{width}}  {result.status:<9}  {result.seconds:7.1f}  {claims:<11}  {result.reason}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def count_cores():
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def folder_inside(out, notebooks, prefix=".run-"):
    """Make `out` and, for the time of the run, a hidden folder inside it, whose files can be moved in one step."""
    if not os.fspath(out):
        raise ValueError("--out must be a folder that can be written to, got ''")  # an unset variable, not this folder
    out = Path(out)
    if out.resolve() == Path(notebooks).resolve():
        raise ValueError(f"--out must be another folder than that of the chapters, got {str(out)!r}")
    missing = []
    try:
        missing = [folder for folder in (out, *out.parents) if not folder.exists()]
        out.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(prefix=prefix, dir=out)
    except OSError as error:
        for folder in missing:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise ValueError(f"--out must be a folder that can be written to, got {str(out)!r}: {error.strerror}") from None
    try:
        yield Path(folder).resolve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _keep(execution, out):
    """Move the executed notebook to where it belongs, and return its result."""
    finished, failed = out / execution.notebook.name, out / f"{execution.notebook.stem}.failed.ipynb"
    result = _make_result(execution, "finished", execution.failure)
    failed.unlink(missing_ok=True)
    if result.reason:
        finished.unlink(missing_ok=True)
    if execution.output.exists():
        os.replace(execution.output, failed if result.reason else finished)
    return result


def _store(execution, before):
    """Write the normalised outputs into the chapter, and return its result."""
    status, reason, path = "unchanged", execution.failure, execution.notebook
    if not reason:
        try:
            notebook = normalise(execution.executed)
            check_portable(notebook)
            if path.read_bytes() != before:
                raise ValueError("the notebook was edited while it ran, and is left as it is now")
            status = "rewritten" if replace_notebook(path, notebook) else "unchanged"
        except (OSError, ValueError) as error:
            reason = str(error)
    return _make_result(execution, status, reason)


def _make_result(execution, status, reason):
    held, claims = count_claims(execution.executed) if execution.executed else (0, 0)
    return Result(execution.notebook.stem, "failed" if reason else status, execution.seconds, held, claims, reason)
