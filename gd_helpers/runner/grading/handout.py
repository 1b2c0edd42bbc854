"""Hand out chapters: a folder for each learner of a roster, with the learner's own parameters in each notebook."""

import os
import tempfile
from pathlib import Path

import nbformat

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.runner.chapters import NOTEBOOKS, parse_parameters, read_defaults, read_source, select_chapters
from gd_helpers.runner.files import check_out
from gd_helpers.runner.grading import manifest
from gd_helpers.runner.grading.cells import find_answers, find_parameters
from gd_helpers.runner.grading.roster import make_seed, read_roster


def hand_out(roster, names, *, out, autograders=(), notebooks=NOTEBOOKS):
    """Write a folder for each learner of the file `roster` into `out`, with the chapters called `names`.

    Each notebook is without outputs and has the learner's values in its cell with the parameters. Where the roster sets
    no ``seed``, it is made from the learner's name (`make_seed`). ``out/manifest.json`` is for `grade`. The same roster
    and chapters give the same files, byte by byte. `autograders` are modules, `nbgrader` or `otter`: the notebooks are
    made ready for them, and what they need beside these is written, too. Returns the `Manifest`.

    Raises
    ------
    ValueError
        If anything asked for is not allowed. Nothing was written then.
    """
    paths = select_chapters(names, notebooks)
    check_out(out, notebooks, paths)
    learners, columns = read_roster(roster)
    defaults = {path.stem: read_defaults(path) for path in paths}
    _check_columns(roster, columns, defaults)
    sources = {path.stem: nbformat.reads(read_source(path), as_version=4) for path in paths}
    chapters = {stem: _describe_chapter(stem, source) for stem, source in sources.items()}
    handouts = [
        manifest.Handout(each.name, each.folder, {stem: _set(roster, each, stem, defaults[stem]) for stem in chapters})
        for each in learners
    ]
    made = manifest.Manifest(chapters, handouts)
    files = {manifest.FILE: made.dump()}
    for handout in handouts:
        for stem, values in handout.parameters.items():
            notebook = chapters[stem].set_parameters(sources[stem], values)
            for autograder in autograders:
                notebook = autograder.prepare(notebook, stem, chapters[stem])
            files[f"{handout.folder}/{stem}.ipynb"] = (nbformat.writes(notebook) + "\n").encode()
    for autograder in autograders:
        files |= autograder.make_files(sources, made)
    _write_all(Path(out), files)
    return made


def _check_columns(roster, columns, defaults):
    known = {name: None for values in defaults.values() for name in values}
    for name in columns:
        if name not in known:
            allowed = ", ".join(known)
            raise ValueError(f"{roster}: after the first, each column must be a parameter ({allowed}), got {name!r}")


def _describe_chapter(stem, source):
    """Return the `Chapter` with the notebook `source`.

    Raises
    ------
    ValueError
        If it has no exercises or no parameters, or doesn't ask for each of its exercises.
    """
    names = [question.name for question in questions_of(stem)]
    answers, place = find_answers(source, names), find_parameters(source)
    if place is None:
        raise ValueError(f"chapter must have a cell that is tagged parameters, got {stem}")
    if missing := [name for name in names if name not in answers]:
        raise ValueError(f"chapter must check each of its exercises, got {stem} without {', '.join(missing)}")
    cell = source.cells[place]
    return manifest.Chapter(cell.id, place, cell.source, answers)


def _set(roster, learner, stem, defaults):
    """Return all parameters of a learner in the chapter `stem`, values by name."""
    given = {name: text for name, text in learner.texts.items() if name in defaults}
    if "seed" in defaults:
        given.setdefault("seed", str(make_seed(learner.name)))
    try:
        values = defaults | parse_parameters(stem, given, defaults)
    except ValueError as error:
        raise ValueError(f"{roster}, line {learner.line} ({learner.name}): {error}") from None
    return {name: value for name, value in values.items() if value is not ...}


def _write_all(out, files):
    """Write `files`, contents by path, into the new folder `out`, all of them or none.

    Raises
    ------
    ValueError
        If there is something in `out`, which may be what learners have handed in, or it cannot be written.
    """
    try:
        if out.exists() and any(out.iterdir()):
            raise ValueError(f"--out must be a new or an empty folder, got {str(out)!r}")
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".handout-", ignore_cleanup_errors=True) as place:
            for name, content in files.items():
                path = Path(place, "whole", name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            if out.exists():
                out.rmdir()  # on Windows, nothing can be put in its place
            os.replace(Path(place, "whole"), out)
    except OSError as error:
        raise ValueError(f"--out must be a folder that can be written to, got {str(out)!r}: {error.strerror}") from None
