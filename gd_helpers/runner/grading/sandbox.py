"""A place to run somebody else's notebook in: a folder of its own and, if there are some, a user of its own."""

import contextlib
import os
import queue
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace

import psutil

from gd_helpers.runner.files import PACKAGE
from gd_helpers.runner.scheduler import count_cores, run_job

LAUNCHER = "gd_helpers.runner.grading.launcher"


class Sandbox:
    """Runs jobs, each in a folder that is gone afterwards, as one of the `users`, or as who runs this.

    No two jobs run as the same user at a time: a process may end, and look into, every other one of its user.

    Raises
    ------
    ValueError
        If who runs this may not become one of the `users`, or one of them cannot run this Python, has a way into a
        folder in `closed`, or can change the course.
    """

    def __init__(self, users=(), processes=None, closed=()):
        self._free = queue.SimpleQueue()
        for user in dict.fromkeys(users):
            _check_user(user, closed)
            self._free.put(user)
        wanted = processes or count_cores()
        self.processes = min(wanted, self._free.qsize()) if users else wanted
        self._has_users = bool(users)

    def run(self, job, place, is_over):
        """Run `job` in a folder of its own, and return its `Outcome` (`run_job`)."""
        if not self._has_users:
            with tempfile.TemporaryDirectory(dir=place, prefix="own-", ignore_cleanup_errors=True) as folder:
                return run_job(_place(job, folder), place, is_over)
        user = self._free.get()
        try:
            with _folder_of(user) as folder:
                return run_job(_place(job, folder, user), place, is_over)
        finally:
            self._free.put(user)


def _place(job, folder, *user):
    if sys.platform == "win32":  # a program cannot become another there
        return replace(job, folder=folder)
    command = (sys.executable, "-P", "-m", LAUNCHER, folder, "{connection_file}", *user)
    return replace(job, folder=folder, kernel=command)


@contextlib.contextmanager
def _folder_of(user):
    """Give a new folder that belongs to `user`; at the end, kill all processes of the user, and remove it."""
    folder = tempfile.mkdtemp(prefix="gd-")  # not where the results are: the user has no way in there
    try:
        shutil.chown(folder, user)
        yield os.path.realpath(folder)
    finally:
        _kill_processes(user)
        shutil.rmtree(folder, ignore_errors=True)


def _kill_processes(user):
    import pwd

    number = pwd.getpwnam(user).pw_uid
    while found := [each for each in psutil.process_iter() if _is_alive_as(each, number)]:
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()


def _is_alive_as(process, number):
    with contextlib.suppress(psutil.Error):
        return number in process.uids() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _check_user(user, closed):
    """Check that notebooks can be run as `user`: by whoever runs this, and without harm."""
    if not hasattr(os, "setuid") or os.getuid() != 0:
        raise ValueError(f"--user {user} needs the rights of root: only root may run programs as somebody else")
    import pwd

    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise ValueError(f"--user must be a user of this machine, got {user!r}") from None
    if account.pw_uid == 0:
        raise ValueError(f"--user must be a user without rights, got {user!r}")
    said, reason = _ask(account, "import gd_helpers.checks, ipykernel")
    if reason:
        raise ValueError(
            f"--user {user} cannot run the course, which must be installed where all may read it: {reason}"
        )
    for path, mode, what in (*((path, "R_OK | os.X_OK", "read") for path in closed), (PACKAGE, "W_OK", "change")):
        said, _ = _ask(account, f"import os; print(os.access({os.path.abspath(path)!r}, os.{mode}))")
        if said != "False":
            raise ValueError(
                f"--user {user} must not be able to {what} {str(path)!r}: set its rights, as chmod 700 does"
            )


def _ask(account, program):
    """Run a small `program` as somebody else; return what it printed and, if it failed, why."""
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    command = [sys.executable, "-P", "-c", program]
    try:
        tried = subprocess.run(command, cwd="/", **identity, capture_output=True, text=True, check=False)
    except OSError as error:
        return "", str(error)
    return tried.stdout.strip(), tried.stderr.strip().rpartition("\n")[2]
