"""Find chapters, parse their parameters, run them headless, and refresh their stored outputs."""

import ast
import contextlib
import difflib
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

from gd_helpers.files import atomic_write
from gd_helpers.runner.files import check_out, locked_folder
from gd_helpers.runner.notebooks import NOTEBOOKS
from gd_helpers.runner.scheduler import CELL_TIMEOUT, Job, collect, run_jobs


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
    """Return the paths of the chapters called `names`, or of all without names.

    A name is a stem ("03_batch"), a number ("03" or "3") or the path of a notebook, which may lie anywhere.

    Raises
    ------
    ValueError
        If there is no such chapter; the message names the nearest. If two notebooks have the same name.
    """
    chapters = find_chapters(notebooks)
    if not chapters:
        raise ValueError(f"chapters are notebooks called NN_name.ipynb, got none in {str(notebooks)!r}")
    paths = {}
    for name in names or chapters:
        path = _find_chapter(name, chapters)
        if not paths.setdefault(path.stem, path).samefile(path):
            raise ValueError(f"chapters must have different names, got {str(paths[path.stem])!r} and {str(path)!r}")
    return list(paths.values())


def _find_chapter(name, chapters):
    if Path(name).is_file():
        if not name.endswith(".ipynb"):
            raise ValueError(f"chapter must be a notebook, got {name!r}")
        return Path(name).resolve()
    found = [stem for stem in chapters if stem == name.removesuffix(".ipynb") or stem[:2] == name.zfill(2)]
    if len(found) != 1:
        near = difflib.get_close_matches(Path(name).stem, found or chapters, n=1, cutoff=0)[0]
        raise ValueError(f"chapter must be one of {', '.join(found or chapters)}, got {name!r}; did you mean {near!r}?")
    return chapters[found[0]]


def read_source(path):
    """Return the notebook `path` without its outputs, as text: what its runs depend on.

    Raises
    ------
    ValueError
        If the file is no notebook.
    """
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"a chapter must be a notebook that can be read, got {path.name}: {reason}") from None
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return nbformat.writes(notebook)


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


def parse_value(name, text, default=...):
    """Return the value that the `text` of the parameter `name` stands for, of the type of its `default` if it has one.

    Raises
    ------
    ValueError
        If the default is a number and the text is none.

    Examples
    --------
    >>> parse_value("n", "1e3", 1000), parse_value("learning_rate", "1", 0.001), parse_value("optimizer", "sgd", "adam")
    (1000, 1.0, 'sgd')
    """
    if isinstance(default, str):
        return text
    if text in ("True", "False", "None"):
        return ast.literal_eval(text)
    for kind in (float,) if isinstance(default, float) else (int, float):
        with contextlib.suppress(ValueError):
            value = kind(text)
            return int(value) if isinstance(default, int) and value % 1 == 0 else value
    if isinstance(default, int | float):
        raise ValueError(f"{name} must be a number, got the text {text!r}; write for example -p {name} {default}")
    return text


def parse_parameters(chapter, texts, defaults):
    """Return the parameters that `chapter` is given, values by name, from their `texts` by name.

    They are checked together with the `defaults` of the others.

    Raises
    ------
    ValueError
        If the chapter has no parameter of that name, or may not take that value.
    """
    from gd_helpers.lesson.parameters import check_names, check_values  # slow to load, since PyTorch is

    check_names(chapter, texts, defaults)
    given = {name: parse_value(name, text, defaults[name]) for name, text in texts.items()}
    check_values({name: value for name, value in (defaults | given).items() if value is not ...}, chapter)
    return given


def run_chapters(names=(), given=None, *, out, jobs=None, notebooks=NOTEBOOKS, cell_timeout=CELL_TIMEOUT):
    """Run the chapters called `names`, or all, and return a `Result` for each.

    A chapter that ran to its end is ``out/NN_name.ipynb``. Of one that failed, ``out/NN_name.failed.ipynb`` is what was
    executed, and no ``NN_name.ipynb`` of an earlier run is left. `given` are texts of parameters by name; `jobs` is how
    many chapters run at a time, by default as many as there are cores.

    Raises
    ------
    ValueError
        If anything asked for is not allowed. Nothing was run then, and nothing written.
    """
    paths = select_chapters(names, notebooks)
    check_out(out, notebooks, paths)
    values = [parse_parameters(path.stem, given, read_defaults(path)) if given else {} for path in paths]
    planned = _plan(paths, values, cell_timeout)

    def finish(path, outcome):
        return _make_result(path, outcome, "finished", keep_notebook(outcome, Path(out), path.stem))

    with locked_folder(out) as place:
        return _run(planned, place, jobs, finish)


def refresh_chapters(names=(), *, jobs=None, notebooks=NOTEBOOKS, cell_timeout=CELL_TIMEOUT):
    """Run chapters under their own parameters, store the normalised outputs in place, and return a `Result` for each.

    A file whose content would be the same is not touched; nor is that of a chapter that fails, shows what only this
    machine has, or was edited meanwhile. Arguments and errors are those of `run_chapters`.
    """
    paths = select_chapters(names, notebooks)
    before = {path: path.read_bytes() for path in paths}
    planned = _plan(paths, [{}] * len(paths), cell_timeout)
    with contextlib.ExitStack() as stack:
        places = [stack.enter_context(locked_folder(folder)) for folder in sorted({path.parent for path in paths})]
        return _run(planned, places[0], jobs, lambda path, outcome: _store(path, outcome, before[path]))


def _plan(paths, values, cell_timeout):
    return {
        path: Job(path.stem, read_source(path), given, str(path.parent.resolve()), cell_timeout)
        for path, given in zip(paths, values, strict=True)
    }


def _run(planned, place, processes, finish):
    """Run the jobs `planned` by path, and return what `finish` makes of each path and outcome."""
    paths, results = {job.key: path for path, job in planned.items()}, {}
    jobs = sorted(planned.values(), key=lambda job: job.text.count('"cell_type"'), reverse=True)  # long ones first

    def keep(job, outcome):
        results[job.key] = finish(paths[job.key], outcome)

    collect(run_jobs(jobs, place, processes), keep, total=len(jobs), unit="chapter")
    return [results[key] for key in paths]


def keep_notebook(outcome, folder, stem):
    """Write what was executed as ``stem.ipynb``, or as ``stem.failed.ipynb``, and return why the run failed, or ""."""
    wanted = folder / f"{stem}{'.failed' if outcome.reason else ''}.ipynb"
    try:
        folder.mkdir(exist_ok=True)
        for path in (folder / f"{stem}.ipynb", folder / f"{stem}.failed.ipynb"):
            path.unlink(missing_ok=True)
        if outcome.text:
            atomic_write(wanted, outcome.text.encode())
    except OSError as error:
        return outcome.reason or f"{wanted} cannot be written: {error.strerror}"
    return outcome.reason


def _store(path, outcome, before):
    """Write the normalised outputs into the chapter, and return the result."""
    from gd_helpers.runner.outputs import check_portable, normalise, replace_notebook

    status, reason = "unchanged", outcome.reason
    if not reason:
        try:
            notebook = normalise(nbformat.reads(outcome.text, as_version=4))
            check_portable(notebook)
            if path.read_bytes() != before:
                raise ValueError("the notebook was edited while it ran, and is left as it is now")
            status = "rewritten" if replace_notebook(path, notebook) else "unchanged"
        except (OSError, ValueError) as error:
            reason = str(error)
    return _make_result(path, outcome, status, reason)


def _make_result(path, outcome, status, reason):
    from gd_helpers.runner.outputs import count_claims  # slow to load, since PyTorch is

    held, claims = count_claims(nbformat.reads(outcome.text, as_version=4)) if outcome.text else (0, 0)
    return Result(path.stem, "failed" if reason else status, outcome.seconds, held, claims, reason)


def make_table(results):
    """Return the closing table: chapter, status, seconds and claims held of each result, and why a chapter failed."""
    width = max(len(result.chapter) for result in results)
    lines = [f"{'chapter':<{width}}  {'status':<9}  seconds  claims held"]
    for result in results:
        claims = f"{result.held}/{result.claims}"
        line = f"{result.chapter:<{width}}  {result.status:<9}  {result.seconds:7.1f}  {claims:<11}  {result.reason}"
        lines.append(line.rstrip())
    return "\n".join(lines)
