"""Keep a run within limits: its time, and the memory and the number of its processes."""

import contextlib
import time
from dataclasses import dataclass

import psutil

from gd_helpers.runner.watchdog import kill_descendants

PATIENCE = 60  # seconds that a worker may take to hand over what was executed, once its kernel was killed


@dataclass(frozen=True)
class Limits:
    """What one run may use."""

    seconds: float = 600.0
    memory: float = 4.0  # GiB of all its processes
    processes: int = 50
    output: float = 20.0  # MB in the notebook


class Guard:
    """Looks at the processes of a worker now and then, and kills those below it as soon as a limit is passed.

    It belongs in the process that started the worker, where what runs below the worker can't reach it.
    """

    def __init__(self, limits, pid):
        self.limits, self.worker, self.reason = limits, psutil.Process(pid), ""
        self._begin, self._seen, self._killed = time.monotonic(), set(), None

    def look(self):
        """Kill what is there if a limit is passed; kill the worker, too, if it does not end after that."""
        with contextlib.suppress(psutil.Error):
            below = self.worker.children(recursive=True)
            self._seen.update(below)
            self.reason = self.reason or self._find_reason(below)
            if not self.reason:
                return
            self._killed = self._killed or time.monotonic()
            kill_descendants(self.worker.pid)
            hopeless = self._measure([self.worker]) > self.limits.memory
            if hopeless or time.monotonic() > self._killed + PATIENCE:
                self.worker.kill()

    def _find_reason(self, below):
        limits = self.limits
        if time.monotonic() > self._begin + limits.seconds:
            return f"took more than {limits.seconds:g} s"
        if len(below) > limits.processes:
            return f"started more than {limits.processes} processes"
        if self._measure([self.worker, *below]) > limits.memory:
            return f"took more than {limits.memory:g} GiB of memory"
        return ""

    @staticmethod
    def _measure(processes):
        total = 0
        for process in processes:
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
        return total / 2**30

    def end(self):
        """Kill what is left of the processes that were seen."""
        for process in self._seen:
            with contextlib.suppress(psutil.Error):
                process.kill()  # psutil knows if another process has its number by now
