"""How the package compiles: numba, cached on disk where that is possible."""

from numba import njit


def compiled(function):
    """Compile `function` with numba at its first call; it runs without the interpreter's lock."""
    try:
        return njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:
        return njit(nogil=True, error_model="numpy")(function)


def inlined(function):
    """Compile `function` into the body of each compiled function that calls it."""
    return njit(forceinline=True, _nrt=False, error_model="numpy")(function)
