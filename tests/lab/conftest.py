"""One JupyterLab and one browser for all tests, and the table of latencies at their end."""

import functools
import signal

import pytest
from browser import HOW_TO_GET_ONE, find_browser, launched
from explorer import Shown
from filelock import ReadWriteLock
from pages import Desk
from server import CHAPTERS, EXPLORERS, ROOT, started
from test_exercises import CHAPTER
from twin import Twin, data_of
from xdist.scheduler import LoadScopeScheduling

SCREENSHOTS = ROOT / "build" / "screenshots"
TIMES = "milliseconds"


def pytest_configure(config):
    """Have every signal that asks to stop do so as Ctrl-C does, with the fixtures ended."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    config.addinivalue_line("markers", "alone: measures time, so that no other test may run beside it")


def pytest_sessionstart():
    """Say at once where there is no browser."""
    if find_browser() is None:
        pytest.exit(HOW_TO_GET_ONE, returncode=1)


def pytest_terminal_summary(terminalreporter):
    """Write the table of latencies."""
    reports = terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
    lines = [
        line for report in reports if report.when == "call" for name, line in report.user_properties if name == TIMES
    ]
    if lines:
        terminalreporter.section("measured in the page, milliseconds")
        for line in sorted(lines):
            terminalreporter.write_line(line)


class ByChapter(LoadScopeScheduling):
    """Gives all tests of a chapter to one process, which has it open."""

    def _split_scope(self, nodeid):
        return next((name for name in CHAPTERS if name in nodeid), CHAPTER)


def pytest_xdist_make_scheduler(config, log):
    """Have several processes share the chapters."""
    return ByChapter(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Let no test of another process run beside one that has to be alone."""
    lock = ReadWriteLock(item.config.cache.mkdir("lab") / "alone.db")
    with lock.write_lock() if item.get_closest_marker("alone") else lock.read_lock():
        return (yield)


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
def fresh(desk, chapter):
    """Return a function that shows the explorer of `chapter` anew, at its defaults."""
    notebook = desk.take(chapter)
    return lambda: Shown(notebook.run(notebook.find("explore.")))


@pytest.fixture(scope="session")
def explorer(fresh):
    """Return the explorer of `chapter`, where the tests before have left it."""
    return fresh()


@pytest.fixture(scope="session")
def twin(explorer, chapter):
    """Return the same explorer in this process."""
    return Twin(explorer, data_of(chapter))


@pytest.fixture
def tell(record_property):
    """Return a function that adds a line to the table of latencies."""
    return functools.partial(record_property, TIMES)


@pytest.fixture(scope="session")
def screenshots():
    """Return the folder of the screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS
