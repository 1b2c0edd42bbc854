"""A JupyterLab of its own for the tests: on loopback, behind a token, over a copy of the chapters."""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
CHAPTERS = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
EXPLORERS = [name for name in CHAPTERS if '"explore.' in (NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8")]
START_TIMEOUT, POLL = 300, 0.05  # seconds
PROGRESS = "progress.json"
FORGOTTEN = 600  # seconds after which idle kernels, and then the server, end by themselves if nobody ends them

SETTINGS = re.compile(r"(?<=echo ')\{.*\}(?=')")  # of JupyterLab, as `make env` writes them into .venv


@dataclass(frozen=True)
class Server:
    """A running JupyterLab.

    Attributes
    ----------
    url : str
        Ends with a slash.
    token : str
    progress : Path
        The file of what was predicted and solved.
    """

    url: str
    token: str
    progress: Path

    def address(self, chapter):
        """Return where JupyterLab shows the notebook of `chapter`."""
        return f"{self.url}lab/tree/{chapter}.ipynb?token={self.token}"


@contextmanager
def started(folder):
    """Start a JupyterLab that writes nowhere but into `folder`; however this ends, it and its kernels are ended."""
    chapters = folder / "notebooks"
    chapters.mkdir()
    for path in [*NOTEBOOKS.glob("*.ipynb"), *NOTEBOOKS.glob("*.md")]:
        shutil.copy(path, chapters)
    overrides = folder / "config" / "labconfig" / "default_setting_overrides.json"
    overrides.parent.mkdir(parents=True)
    overrides.write_text(SETTINGS.search((ROOT / "Makefile").read_text(encoding="utf-8"))[0], encoding="utf-8")
    token = secrets.token_hex(16)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            _command(token),
            cwd=chapters,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C does not reach it: it is ended here, with its kernels
        )
    try:
        yield Server(_wait_for_url(process, folder), token, folder / PROGRESS)
    finally:
        _end(process)


def _end(server):
    """Kill the server, then its kernels, which it would start again, and what they have started."""
    family = psutil.Process(server.pid).children(recursive=True) if server.poll() is None else []
    server.kill()
    server.wait()
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family)


def _command(token):
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": 0,  # whichever is free
        "ServerApp.allow_root": True,
        "ServerApp.open_browser": False,
        "ServerApp.shutdown_no_activity_timeout": FORGOTTEN,
        "MappingKernelManager.cull_idle_timeout": FORGOTTEN,
        "IdentityProvider.token": token,
        "LabApp.expose_app_in_browser": True,
    }
    return [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]


def _environment(folder):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    for name in ("GD_HEADLESS", "MPLBACKEND"):
        environment.pop(name, None)  # somebody watches
    environment.setdefault("OMP_NUM_THREADS", "1")  # several chapters run side by side
    paths = [str(ROOT), *filter(None, [environment.get("PYTHONPATH")])]
    own = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    return environment | {
        "PYTHONPATH": os.pathsep.join(paths),
        "IPYTHONDIR": str(folder / "ipython"),  # nobody's own settings and start-up files
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment
        "GD_PROGRESS_FILE": str(folder / PROGRESS),
        **{f"JUPYTER_{name}_DIR": str(folder / place) for name, place in own.items()},
    }


def _wait_for_url(process, folder):
    """Return the address that the server has written down, once it has."""
    runtime, end = folder / "runtime", time.monotonic() + START_TIMEOUT
    while time.monotonic() < end and process.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            try:
                return json.loads(path.read_text(encoding="utf-8"))["url"]
            except json.JSONDecodeError:  # it is being written
                pass
        time.sleep(POLL)
    log = (folder / "log").read_text(encoding="utf-8", errors="replace")
    raise RuntimeError(f"JupyterLab did not start:\n{log}")
