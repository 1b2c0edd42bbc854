"""Start the kernel of somebody else's notebook: with limits on its files, and as another user if one is named.

A program of its own, since what it does to the rights of its process can't be undone: ``launcher FOLDER CONNECTION
[USER]``. FOLDER is all that the other user may write to; CONNECTION is the file by which Jupyter finds the kernel.
"""

import ctypes
import os
import shutil
import sys

LARGEST_FILE = 2**30  # bytes
MOST_THREADS = 1000  # of the other user, each process counted as one, too
PR_SET_NO_NEW_PRIVS = 38
KEPT = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "PYTHONPATH", "OMP_NUM_THREADS", "GD_HEADLESS")


def main(folder, connection, user=""):
    """Become `user`, if one is named, and then the kernel."""
    environment = dict(os.environ)
    if hasattr(os, "setuid"):
        _limit_files()
    if user:
        connection = shutil.copy(connection, os.path.join(folder, "connection.json"))
        environment = {name: environment[name] for name in KEPT if name in environment} | _make_places(folder)
        _become(user, connection)
    os.chdir(folder)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", connection]
    os.execve(sys.executable, command, environment)


def _limit_files():
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))


def _make_places(folder):
    """Return the environment in which programs find places for their files inside `folder`."""
    names = {"HOME": "", "TMPDIR": "", "IPYTHONDIR": "ipython", "JUPYTER_RUNTIME_DIR": "runtime", "MPLCONFIGDIR": "mpl"}
    return {name: os.path.join(folder, place) for name, place in (names | {"NUMBA_CACHE_DIR": "numba"}).items()}


def _become(user, connection):
    """Give the file `connection` to `user`, and go on with the rights of that user and of no group but its own."""
    import pwd
    import resource

    account = pwd.getpwnam(user)
    os.chown(connection, account.pw_uid, account.pw_gid)
    resource.setrlimit(resource.RLIMIT_NPROC, (MOST_THREADS, MOST_THREADS))
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
