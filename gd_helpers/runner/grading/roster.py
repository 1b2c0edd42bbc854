"""Read a roster: who the learners are, what their folders are called, and which parameters are set for them."""

import csv
import hashlib
import io
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

LONGEST_FOLDER = 200  # bytes of a folder's name; file systems allow 255
SEEDS = 10**9  # seeds that a name can give
PORTS = [f"{port}{digit}" for port in ("com", "lpt") for digit in range(1, 10)]
OURS = {"manifest", "nbgrader", "otter"}  # what lies beside the learners' folders
RESERVED = {"con", "prn", "aux", "nul", *PORTS, *OURS}  # names on Windows, with any ending


@dataclass(frozen=True)
class Learner:
    """A line of the roster: the name as it came, the folder, the line's number, and texts of parameters by name."""

    name: str
    folder: str
    line: int
    texts: dict


def read_roster(path):
    """Return the `Learner` of each line of the roster `path`, and the parameters that it has columns for.

    A roster is a CSV file in UTF-8 with a heading line, commas or semicolons between the fields. Its first column says
    who the learner is; every other one is called as a parameter is. An empty field leaves that parameter as it is.

    Raises
    ------
    ValueError
        If it is no such file, or two lines are of the same learner. The message names the lines.
    """
    heading, rows = _read_rows(Path(path))
    columns = heading[1:]
    learners = []
    for line, row in rows:
        if len(row) != len(heading):
            raise ValueError(f"{path}, line {line}: must have {len(heading)} fields as the heading has, got {len(row)}")
        if not row[0]:
            raise ValueError(f"{path}, line {line}: the {heading[0]!r} must be given, got ''")
        texts = {name: text for name, text in zip(columns, row[1:], strict=True) if text}
        learners.append(Learner(row[0], make_folder_name(row[0]), line, texts))
    _check_different(path, learners)
    return learners, columns


def _read_rows(path):
    """Return the heading and the lines that are not blank, each with its number, all fields stripped."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"the roster must be a CSV file, got {str(path)!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"the roster must be a text in UTF-8, got {str(path)!r}: save it as “CSV UTF-8”") from None
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first and "," not in first else ",")
    try:
        rows = [(reader.line_num, [field.strip() for field in row]) for row in reader]
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: must be a line of a CSV file: {error}") from None
    rows = [(line, row) for line, row in rows if any(row)]
    if len(rows) < 2:
        raise ValueError(f"the roster must have a heading and a line for each learner, got {str(path)!r}")
    heading = rows[0][1]
    if len(set(heading)) < len(heading) or not all(heading):
        raise ValueError(f"{path}, line {rows[0][0]}: columns must have names, all different, got {', '.join(heading)}")
    return heading, rows[1:]


def _check_different(path, learners):
    """Check that no two learners would share a folder, be it on a file system that ignores case."""
    seen = {}
    for learner in learners:
        other = seen.setdefault(learner.folder.casefold(), learner)
        if other is not learner:
            same = "are the same name" if other.name == learner.name else "would share a folder"
            names = f"{other.name!r} and {learner.name!r}"
            raise ValueError(f"{path}, lines {other.line} and {learner.line}: {names} {same}; tell them apart")


def make_folder_name(name):
    """Return `name` as the name of a folder on any system: what no path may have becomes ``_``.

    Examples
    --------
    >>> make_folder_name("Zoë Müller-Lüdenscheidt"), make_folder_name("a/b: c?"), make_folder_name("..")
    ('Zoë Müller-Lüdenscheidt', 'a_b_ c_', '_')
    """
    folder = unicodedata.normalize("NFC", name)
    folder = "".join("_" if unicodedata.category(each)[0] == "C" else each for each in folder)
    folder = re.sub(r'[<>:"/\\|?*]', "_", folder)
    while len(folder.encode()) > LONGEST_FOLDER:
        folder = folder[:-1]
    folder = re.sub(r"^[.\s-]+|[.\s]+$", "_", folder)  # hidden, or read as an option; or lost on Windows
    return f"{folder}_" if folder.partition(".")[0].casefold() in RESERVED else folder


def make_seed(name):
    """Return the seed of the learner called `name`, where the roster gives none: always the same for a name.

    Examples
    --------
    >>> make_seed("Zoë"), make_seed("Anna")
    (516556048, 270975847)
    """
    digest = hashlib.sha256(unicodedata.normalize("NFC", name).encode()).digest()
    return int.from_bytes(digest[:8]) % SEEDS
