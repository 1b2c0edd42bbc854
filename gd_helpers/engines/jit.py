"""How the package compiles: numba, cached on disk where that is possible."""

from numba import njit


def compiled(function):
    """Compile `function` with numba at its first call; it runs without the interpreter's lock."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return njit(nogil=True)(function)
