"""Writing a file so that it is whole at any time."""

import os
import shutil


def atomic_write(path, content):
    """Write the bytes `content` to the file `path`, which is what it was, or whole, at any time."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
