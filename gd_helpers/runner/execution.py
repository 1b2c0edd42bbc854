"""Running notebooks, each in a papermill process of its own, so that none can take the others along."""

import contextlib
import functools
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import nbformat
import psutil
from tqdm import tqdm

from gd_helpers.runner.lifeline import GRACE, end_marked, lifeline, stop_family
from gd_helpers.runner.outputs import first_error, first_unexecuted

CELL_TIMEOUT = 600  # seconds
DEAD_KERNEL = 138  # papermill's exit status, whatever its output says
POLL = 0.05  # seconds
MARK = "GD_HELPERS_RUN"  # in the environment of all processes of one run, with a text that no other has
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Execution:
    """One notebook and the papermill process that runs it.

    Parameters
    ----------
    notebook : Path
        What to run; the kernel works in its folder.
    parameters : dict, optional
        Texts by name, which papermill turns into values.
    cell_timeout : int
        Seconds that one cell may take.

    Attributes
    ----------
    cells : int
        How many there are.
    output : Path
        The executed notebook. Whether it is whole is what `failure` says, never the file.
    seconds : float
        Wall time from start to end.

    Raises
    ------
    ValueError
        If the file is no notebook.
    """

    def __init__(self, notebook, *, parameters=None, cell_timeout=CELL_TIMEOUT):
        self.notebook, self.parameters, self.cell_timeout = notebook.absolute(), parameters or {}, cell_timeout
        try:
            self.cells = len(nbformat.read(notebook, as_version=4).cells)
        except (OSError, ValueError) as error:
            raise ValueError(f"a chapter must be a notebook that can be read, got {notebook.name}: {error}") from None
        self.seconds = 0.0
        self.process, self._cells_done, self._seen, self._mark = None, 0, None, uuid.uuid4().hex

    def start(self, folder):
        """Start the process, with all that it makes inside `folder`, which it shares with no other."""
        self.folder, self.output, self.log = folder, folder / self.notebook.name, folder / "log"
        folder.mkdir()
        self._started = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self._command(),
                cwd=folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C does not reach it: `end_all` ends it, with its kernel
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )

    def _command(self):
        source = str(self.notebook).replace("{", "{{").replace("}", "}}")  # papermill formats paths
        options = ["--cwd", str(self.notebook.parent), "--kernel", "python3", "--language", "python"]
        options += ["--no-progress-bar", "--execution-timeout", str(self.cell_timeout)]
        for name, text in self.parameters.items():
            options += ["-p", name, text]
        return lifeline("papermill", source, self.output.name, *options)

    def _environment(self):
        environment = dict(os.environ)
        environment.pop("MPLBACKEND", None)  # any other than the notebook's own would draw no figures
        environment.setdefault("OMP_NUM_THREADS", "1")  # chapters run side by side, on problems too small to share out
        package = str(Path(__file__).resolve().parents[2])
        paths = [package, *filter(None, [environment.get("PYTHONPATH")])]
        return environment | {
            "GD_HEADLESS": "1",
            MARK: self._mark,
            "PYTHONPATH": os.pathsep.join(paths),  # a kernel's folder is that of its notebook
            "IPYTHONDIR": str(self.folder / "ipython"),  # nobody's own start-up files
            "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),  # a killed kernel leaves its connection file
        }

    def ended(self):
        """Return whether the process has ended."""
        if self.process.poll() is None:
            return False
        self.seconds = time.monotonic() - self._started
        self._cells_done = self.cells
        return True

    def end_rest(self):
        """End what papermill and its kernel have started and left, once these have ended."""
        end_marked(MARK, self._mark, grace=GRACE)

    def cells_done(self):
        """Return how many cells are done; papermill saves its output after each."""
        if self.process is None or self._cells_done == self.cells:
            return self._cells_done
        with contextlib.suppress(OSError):
            stamp = self.output.stat().st_mtime_ns
            if stamp != self._seen:
                text = self.output.read_text(encoding="utf-8", errors="replace")
                self._seen = stamp
                self._cells_done = max(self._cells_done, min(self.cells, text.count('"status": "completed"')))
        return self._cells_done

    @functools.cached_property
    def executed(self):
        """The notebook as far as it was executed, or None if nothing readable came out; for after the end."""
        try:
            return nbformat.read(self.output, as_version=4)
        except (OSError, ValueError):  # papermill itself was ended, maybe while it wrote
            return None

    @functools.cached_property
    def failure(self):
        """Why the run failed, in one line, or "" if every cell was executed and raised nothing; for after the end."""
        status = self.process.returncode
        if status == DEAD_KERNEL:
            return "kernel died"
        log = self.log.read_text(encoding="utf-8", errors="replace")
        if status:
            if re.search(r"^nbclient\.exceptions\.CellTimeoutError", log, re.MULTILINE):
                return f"timed out: a cell took more than {self.cell_timeout} s"
            if self.executed and (error := first_error(self.executed)):
                return error
            return (log.strip().splitlines() or [f"papermill ended with status {status}"])[-1]
        if self.executed is None:
            return "papermill left no notebook"
        number = first_unexecuted(self.executed)
        return "" if number is None else f"ended early: cell {number} was not executed"


def end_all(executions):
    """End the processes of `executions` and all that they started: a kernel sits in a session of its own."""
    families = []
    for execution in executions:
        if execution.process.poll() is None:
            families += stop_family(psutil.Process(execution.process.pid))
    for process in families:
        with contextlib.suppress(psutil.Error):
            process.kill()
    for execution in executions:
        execution.process.wait()
    psutil.wait_procs(families, timeout=0.5)


@contextlib.contextmanager
def deferred_signals():
    """Collect in a list the signals that ask to stop, in place of obeying them wherever the program is."""
    noted, previous = [], {}
    for number in SIGNALS:
        # A shell without job control has its background jobs ignore the keyboard; being asked is being asked.
        if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:
            previous[number] = signal.signal(number, lambda number, frame: noted.append(number))
    try:
        yield noted
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler or signal.SIG_DFL)


def execute(executions, folder, *, jobs, finish, stop):
    """Run `executions` inside `folder`, at most `jobs` at a time, and call `finish` with each that has ended.

    A bar on stderr counts cells.

    Raises
    ------
    KeyboardInterrupt
        As soon as the list `stop` has an element. However this ends, no process is left.
    """
    # those with the most cells first, so that no long one is left to run alone at the end
    waiting, running = sorted(executions, key=lambda execution: execution.cells, reverse=True), []
    interval = 0.1 if sys.stderr.isatty() else 15  # in a log file, a line now and then
    with tqdm(total=sum(execution.cells for execution in executions), unit="cell", mininterval=interval) as bar:
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    running.append(waiting.pop(0))
                    running[-1].start(folder / running[-1].notebook.stem)
                    bar.set_description(", ".join(execution.notebook.stem for execution in running), refresh=False)
                for execution in [execution for execution in running if execution.ended()]:
                    execution.end_rest()
                    finish(execution)
                    running.remove(execution)
                bar.update(sum(execution.cells_done() for execution in executions) - bar.n)
                if stop:
                    raise KeyboardInterrupt
                time.sleep(POLL)
        finally:
            started = [execution for execution in running if execution.process]
            end_all(started)
            for execution in started:
                execution.end_rest()
