"""One JupyterLab and one browser for all tests, and the table of latencies at their end."""

import signal

import pytest
from browser import HOW_TO_GET_ONE, find_browser, launched
from explorer import Shown
from pages import Desk
from server import EXPLORERS, ROOT, started
from test_exercises import CHAPTER
from twin import Twin, data_of

SCREENSHOTS = ROOT / "build" / "screenshots"
TABLE = pytest.StashKey()


def pytest_configure(config):
    """Have every signal that asks to stop do so as Ctrl-C does, with the fixtures ended."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    config.stash[TABLE] = []


def pytest_sessionstart():
    """Say at once where there is no browser."""
    if find_browser() is None:
        pytest.exit(HOW_TO_GET_ONE, returncode=1)


def pytest_terminal_summary(terminalreporter, config):
    """Write the table of latencies."""
    if config.stash[TABLE]:
        terminalreporter.section("measured in the page, milliseconds")
        for line in config.stash[TABLE]:
            terminalreporter.write_line(line)


def pytest_collection_modifyitems(items):
    """Keep what is tested of one chapter together, in a process that has it open."""
    for item in items:
        params = item.callspec.params
        item.add_marker(pytest.mark.xdist_group(params.get("notebook") or params.get("chapter") or CHAPTER))


@pytest.fixture(scope="session")
def table(request):
    """Return the list of lines that are written at the end."""
    return request.config.stash[TABLE]


@pytest.fixture(scope="session")
def desk(tmp_path_factory):
    """Return what opens chapters."""
    with started(tmp_path_factory.mktemp("lab")) as server, launched() as browser:
        yield Desk(server, browser)


@pytest.fixture(scope="module", params=EXPLORERS)
def chapter(request):
    """Return the name of a chapter that has an explorer."""
    return request.param


@pytest.fixture(scope="module")
def fresh(desk, chapter):
    """Return a function that shows the explorer of `chapter` anew, at its defaults."""
    notebook = desk.take(chapter)
    return lambda: Shown(notebook.run(notebook.find("explore.")))


@pytest.fixture(scope="module")
def explorer(fresh):
    """Return the explorer of `chapter`, where the tests before have left it."""
    return fresh()


@pytest.fixture(scope="module")
def twin(explorer, chapter):
    """Return the same explorer in this process."""
    return Twin(explorer, data_of(chapter))


@pytest.fixture(scope="session")
def screenshots():
    """Return the folder of the screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS
