"""The browser: found where it is installed, started so that nothing leaves the machine, and its traffic noted."""

import shutil
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chrome")
HOW_TO_GET_ONE = (
    "The browser tests found no browser. Get one with\n"
    "  sudo apt-get install chromium          on Debian, or\n"
    "  .venv/bin/playwright install chromium  anywhere, and make test-lab again."
)
OPTIONS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # so that what should not leave the machine cannot
]


def find_browser():
    """Return the path of an installed browser, else of Playwright's own, else None."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


@contextmanager
def launched():
    """Start the browser with an empty profile, and end it."""
    path = find_browser()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        try:
            yield chromium
        finally:
            chromium.close()


class Traffic:
    """What a page asks of the network, and what goes wrong in it.

    Attributes
    ----------
    requests, sockets : list of str
        Addresses, in order.
    failed, errors : list of str
        Requests without an answer or with one that refuses, and what scripts have thrown.
    """

    def __init__(self, page):
        self.forget()
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", lambda request: self.failed.append(f"{request.url}: {request.failure}"))
        page.on("response", self._note_response)
        page.on("websocket", self._note_socket)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def forget(self):
        """Begin anew."""
        self.requests, self.sockets, self.failed, self.errors = [], [], [], []

    def outside(self):
        """Return what was asked of another machine, and what would make the server ask one."""
        return [url for url in self.requests + self.sockets if leaves(url)]

    def _note_response(self, response):
        if response.status >= 400:
            self.failed.append(f"{response.url}: {response.status}")

    def _note_socket(self, socket):
        self.sockets.append(socket.url)
        socket.on("socketerror", lambda error: self.failed.append(f"{socket.url}: {error}"))


def leaves(url):
    """Return whether a request to `url` leaves the machine, or has JupyterLab look for its news."""
    parts = urlsplit(url)
    if parts.scheme in ("data", "blob"):
        return False
    return parts.hostname != "127.0.0.1" or parts.path.startswith(("/lab/api/news", "/lab/api/update"))
