"""How the package compiles: with numba, to plain IEEE arithmetic, cached on disk if possible."""

import contextlib
import functools
import hashlib
from pathlib import Path

import llvmlite.binding
import numba
from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

# Both change only the time. The first merges equal operations that are written side by side into one on several
# numbers; the second lets a loop work on four such groups at once, since each would wait for its own last result.
numba.config.SLP_VECTORIZE = 1
llvmlite.binding.set_option("", "-force-vector-interleave=4")


class _Cache(FunctionCache):
    """numba's cache of the machine code of one function, which recompiles when it has to and never fails.

    numba recompiles a function when its file has changed; here it also does when any other file of this folder has,
    since a kernel is made of functions from several files. A cache that cannot be read or written is ignored.
    """

    def __init__(self, function):
        super().__init__(function)
        self._cache_file = IndexDataCacheFile(self.cache_path, self._impl.filename_base, _hash_of_sources())

    def load_overload(self, sig, target_context):
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # unpickling a damaged file can raise anything
            with contextlib.suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig, data):
        try:
            super().save_overload(sig, data)
        except OSError:  # the disk is full, or the folder has been removed
            self.disable()


@functools.cache
def _hash_of_sources():
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def kernel(function):
    """Compile `function` at its first call, for the types of that call; it runs without the interpreter's lock.

    The machine code is cached in ``NUMBA_CACHE_DIR``, or ``__pycache__`` beside the source, or the user's cache folder,
    whichever is writable first. If none is, each process compiles anew.

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

    The function cannot create arrays. It is compiled without numba's memory management, since counting the references
    to its arguments would take longer than an update of two weights.
    """
    return njit(forceinline=True, _nrt=False, error_model="numpy")(function)
