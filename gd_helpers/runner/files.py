"""Folders that one command has for itself."""

import contextlib
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from filelock import FileLock, Timeout

PACKAGE = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def locked_folder(folder):
    """Make and lock `folder`, remove what a killed command left there, and give a hidden folder inside to work in.

    Raises
    ------
    ValueError
        If another command has it, or it cannot be written to.
    """
    folder = Path(folder)
    lock = FileLock(folder / ".lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
        for path in [*folder.glob(".run-*"), *folder.glob(".*.partial"), *folder.glob("*/.*.partial")]:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        place = tempfile.mkdtemp(prefix=".run-", dir=folder)
    except Timeout:
        raise ValueError(f"another run, sweep or refresh is at work in {str(folder)!r}: wait for its end") from None
    except OSError as error:
        lock.release()
        raise ValueError(f"{str(folder)!r} must be a folder that can be written to: {error.strerror}") from None
    try:
        yield Path(place).resolve()
    finally:
        shutil.rmtree(place, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.unlink(lock.lock_file)  # while it is held: filelock notices that a file is gone
        lock.release()


def check_out(out, notebooks, paths):
    """Check that `out` is a folder apart from `notebooks` and from the folders of the notebooks `paths`.

    Folders are compared by what they are: through a bind mount, a link or another case of letters it is the same one.

    Raises
    ------
    ValueError
        If `out` is one of them, or inside `notebooks`.
    """
    if not os.fspath(out):
        raise ValueError("--out must be a folder, got ''")  # an unset variable, not this folder
    place = Path(out).resolve()
    inside = any(os.path.samefile(each, notebooks) for each in (place, *place.parents) if each.exists())
    if inside or (place.exists() and any(os.path.samefile(place, path.parent) for path in paths)):
        raise ValueError(f"--out must be a folder apart from that of the chapters, got {str(out)!r}")


def hash_package(folder=PACKAGE):
    """Return a hash of all source files of the package in `folder`."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".mplstyle")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
