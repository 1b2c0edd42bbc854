"""One JupyterLab and one browser for all tests of a process, and pictures of what they show."""

import contextlib
import re
import signal

import pytest
from browser import HOW_TO_GET_ONE, find_browser, launched
from explorer import Shown
from pages import Desk
from playwright.sync_api import Error
from server import CHAPTERS, EXPLORERS, ROOT, started
from test_exercises import CHAPTER
from twin import Twin, data_of
from xdist.scheduler import LoadScopeScheduling

SCREENSHOTS = ROOT / "build" / "screenshots"


def pytest_addoption(parser):
    """Add an option for those who want to look at the chapters themselves."""
    parser.addoption("--screenshots", action="store_true", help="write pictures of every chapter to build/screenshots")


def pytest_configure():
    """Have every signal that asks to stop do so as Ctrl-C does, with the fixtures ended."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)


def pytest_sessionstart():
    """Say at once where there is no browser."""
    if find_browser() is None:
        pytest.exit(HOW_TO_GET_ONE, returncode=1)


class ByChapter(LoadScopeScheduling):
    """Gives all tests of a chapter to one process, which has it open."""

    def _split_scope(self, nodeid):
        return next((name for name in CHAPTERS if name in nodeid), CHAPTER)


def pytest_xdist_make_scheduler(config, log):
    """Have several processes share the chapters."""
    return ByChapter(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Take a picture of the page when a test fails."""
    report = yield
    if report.failed and "desk" in getattr(item, "funcargs", {}):
        name = re.sub(r"[^\w-]+", "-", item.name)
        with contextlib.suppress(Error):  # of a browser that has ended
            item.funcargs["desk"].photograph(SCREENSHOTS / f"failed-{name}.png")
    return report


@pytest.fixture(scope="session")
def desk(tmp_path_factory):
    """Return what opens chapters."""
    with started(tmp_path_factory.mktemp("lab")) as server, launched() as browser:
        yield Desk(server, browser)


@pytest.fixture(scope="session", params=EXPLORERS)
def chapter(request):
    """Return the name of a chapter that has an explorer."""
    return request.param


@pytest.fixture(scope="session")
def explorer(desk, chapter):
    """Return the explorer of `chapter`, where the tests before have left it."""
    notebook = desk.take(chapter)
    return Shown(notebook.cell(notebook.find("explore.")))


@pytest.fixture(scope="session")
def twin(explorer, chapter):
    """Return the same explorer in this process."""
    return Twin(explorer, data_of(chapter))


@pytest.fixture(scope="session")
def screenshots(pytestconfig):
    """Return the folder of the screenshots, or None where none are asked for."""
    return SCREENSHOTS if pytestconfig.getoption("screenshots") else None
