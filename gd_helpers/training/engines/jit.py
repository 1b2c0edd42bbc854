"""How the package compiles: with numba, to plain IEEE arithmetic, kept on disk where that is possible."""

import contextlib
import functools
import hashlib
from pathlib import Path

import numba
from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

# So that like operations written side by side become one on several numbers. It changes no number, only the time.
numba.config.SLP_VECTORIZE = 1


class _Cache(FunctionCache):
    """numba's cache of one function's machine code, made safe to forget about.

    numba recompiles a function when the file it stands in has changed; here it does when any file of this folder has,
    since a kernel is made of functions from several. A cache that cannot be read or written is done without.
    """

    def __init__(self, function):
        super().__init__(function)
        self._cache_file = IndexDataCacheFile(self.cache_path, self._impl.filename_base, _hash_of_sources())

    def load_overload(self, sig, target_context):
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # a damaged file can raise anything as it is unpickled
            with contextlib.suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig, data):
        try:
            super().save_overload(sig, data)
        except OSError:  # the disk is full, or the folder was taken away
            self.disable()


@functools.cache
def _hash_of_sources():
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def kernel(function):
    """Compile `function` when it is first called, for the types of that call; it runs without the interpreter's lock.

    The machine code is kept in ``NUMBA_CACHE_DIR``, else in ``__pycache__`` beside the source, else in the user's cache
    folder, whichever can be written first; where none can, each process compiles anew.

    Examples
    --------
    >>> @kernel
    ... def plus_one(x):
    ...     return x + 1
    >>> plus_one(1.5)
    2.5
    """
    dispatcher = njit(nogil=True, error_model="numpy")(function)
    with contextlib.suppress(RuntimeError):  # numba raises it where it finds no folder to write to
        dispatcher._cache = _Cache(function)
    return dispatcher


def inlined(function):
    """Compile `function` into the body of each kernel that calls it.

    It can make no arrays: without numba's memory management it does not count references to the ones it is given, which
    would take longer than an update of two weights.
    """
    return njit(forceinline=True, _nrt=False, error_model="numpy")(function)
