"""The reader's progress: what was answered, in a file of the reader's on this computer, which is sent nowhere.

The file is ``progress.json`` in the folder where the platform keeps the data of programs, such as
``~/.local/share/gradient-descent``; the environment variable ``GD_PROGRESS_FILE`` moves it. In it are, by chapter,
``predictions`` and ``exercises``, and in these the last answers by name. A headless run neither reads nor writes it.
Whatever is wrong with the file costs the reader one line, and no more.
"""

import contextlib
import json
import os
from datetime import date
from pathlib import Path

import platformdirs
from filelock import FileLock

from gd_helpers.files import atomic_write
from gd_helpers.headless import is_headless

KINDS = ("predictions", "exercises")
PATIENCE = 5  # seconds that another kernel may take to write

_told = set()  # what this kernel has said about the file


def find_file():
    """Return the path of the file, whether it is there or not."""
    moved = os.environ.get("GD_PROGRESS_FILE")
    return Path(moved) if moved else platformdirs.user_data_path("gradient-descent", appauthor=False) / "progress.json"


def load(chapter, kind):
    """Return what was answered in `chapter` of a kind in `KINDS`: a dict of entries by name."""
    return {} if is_headless() else _load().get(chapter, {}).get(kind, {})


def save(chapter, kind, name, entry):
    """Keep `entry`, a dict, under `name`, and return in a sentence why that can't be done, if so.

    The first time, where it is kept is returned; after that, "". Entries of other kernels, which may write at the same
    time, stay.
    """
    if is_headless() or not chapter:
        return ""

    def enter(chapters):
        chapters.setdefault(chapter, {}).setdefault(kind, {})[name] = {**entry, "on": date.today().isoformat()}

    return _change(enter) or _once(tell_place())


def reset_progress(chapter):
    """Forget what was answered in `chapter`, "02_gradient_descent"; run its notebook from the top to answer anew.

    Whoever wants to forget all chapters deletes the file that ``exercises.progress()`` names.
    """
    found = []
    problem = "" if is_headless() else _change(lambda chapters: found.append(chapters.pop(chapter, None)))
    print(problem or f"{'Forgotten' if any(found) else 'Nothing was kept'}: what you answered in {chapter}.")


def tell_course():
    """Return in a sentence or two what was answered in all chapters, and where that is kept; or "" if nothing is."""
    chapters = {} if is_headless() else _load()
    predictions, exercises = (
        [entry for each in chapters.values() for entry in each.get(kind, {}).values()] for kind in KINDS
    )
    if not predictions and not exercises:
        return ""
    right = sum(entry.get("right") is True for entry in predictions)
    solved = sum(entry.get("state") == "right" for entry in exercises)
    counts = [f"predictions right: {right} of {len(predictions)}"] * bool(predictions)
    counts += [f"exercises solved: {solved}"] * bool(exercises)
    return f"All chapters so far: {', '.join(counts)}. {tell_place()}"


def tell_place():
    """Return a sentence that says where the answers are kept, and how to forget them."""
    return (
        f"Your answers are kept in `{_shorten(find_file())}`, on this computer alone; delete that file to start anew."
    )


def _load():
    path = find_file()
    try:
        return _read(path)
    except ValueError:
        try:
            with _locked(path):
                _set_aside(path)
        except OSError as error:
            _tell(f"Your progress is damaged, and can't be replaced: {_explain(path, error)}.")
    except OSError as error:
        _tell(f"Your progress can't be read: {_explain(path, error)}.")
    return {}


def _change(change):
    """Have the function `change` work on what the file holds by chapter; return "" or why that can't be kept."""
    path = find_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path):
            try:
                chapters = _read(path)
            except ValueError:
                _set_aside(path)
                chapters = {}
            change(chapters)
            atomic_write(path, (json.dumps(chapters, indent=1, ensure_ascii=False) + "\n").encode())
    except OSError as error:  # a lock that is not to be had is one, too
        return f"Your progress can't be kept: {_explain(path, error)}."
    return ""


def _read(path):
    """Return what the file `path` holds, by chapter, kind and name.

    Raises
    ------
    ValueError
        If it is damaged.
    """
    try:
        chapters = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    levels = [[chapters]]
    for _ in range(4):
        if not all(isinstance(each, dict) for each in levels[-1]):
            raise ValueError(f"{path} does not hold entries by chapter, kind and name")
        levels.append([value for each in levels[-1] for value in each.values()])
    if any(isinstance(value, dict | list) for value in levels[-1]):
        raise ValueError(f"{path} holds entries with more than texts, numbers and truth values")
    return chapters


def _locked(path):
    return FileLock(f"{path}.lock", timeout=PATIENCE)


def _set_aside(path):
    """Rename a damaged file, so that nothing in it is lost, and a new one can begin; it is locked."""
    aside = path.with_name(f"{path.stem}.damaged{path.suffix}")
    with contextlib.suppress(ValueError):
        _read(path)
        return  # another kernel has mended it
    os.replace(path, aside)
    _tell(f"Your progress was damaged: the file is now {_shorten(aside)}, and a new one begins.")


def _tell(sentence):
    if _once(sentence):
        print(sentence)


def _once(sentence):
    """Return `sentence`, or "" if this kernel has said it before."""
    if sentence in _told:
        return ""
    _told.add(sentence)
    return sentence


def _explain(path, error):
    return f"{_shorten(path)}: {error.strerror or 'another kernel has it'}"


def _shorten(path):
    """Return `path` as a text, with ``~`` for the home folder."""
    with contextlib.suppress(ValueError, RuntimeError):
        return f"~/{path.relative_to(Path.home()).as_posix()}"
    return str(path)
