"""Files that are whole at any time, and what processes that were killed have left behind."""

import os
import platform
import re
import shutil
import zlib

import psutil

from gd_helpers.runner.lifeline import lives

HOST = f"{zlib.crc32(platform.node().encode()):08x}"  # a folder may be shared by machines


def owner():
    """Return the mark of this process, for the names of what it makes for a while."""
    return f"{HOST}-{os.getpid()}"


def is_stale(path, own=()):
    """Return whether the owner in the name of `path` is a process of this machine that has ended.

    One with our own number has ended, too, unless the name is in `own`: a container counts from 1 each time.
    """
    found = re.search(rf"\b{HOST}-(\d+)\b", path.name)
    if found is None:
        return False
    if int(found[1]) == os.getpid():
        return path.name not in own
    try:
        return not lives(psutil.Process(int(found[1])))
    except psutil.NoSuchProcess:
        return True


def atomic_write(path, content):
    """Write the bytes `content` to the file `path`, which is what it was, or whole, at any time."""
    fresh = path.with_name(f".{path.name}.{owner()}")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, fresh)
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
