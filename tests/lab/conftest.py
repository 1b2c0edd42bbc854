"""One JupyterLab and one browser for all tests of a process, and pictures of what they show."""

import contextlib
import re
import signal

import pytest
from bare import served, serving
from browser import HOW_TO_GET_ONE, Traffic, find_browser, launched
from built_site import share_site
from pages import WAIT, Desk
from playwright.sync_api import Error
from server import CHAPTERS, ROOT, started
from test_exercises import CHAPTER
from xdist.scheduler import LoadScopeScheduling

DESK = {"width": 1280, "height": 900}
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
    """Gives all tests of a chapter to one process, which has it open, and all of an explorer in a bare page."""

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        explorer = re.search(r"\[(\w+)", nodeid)
        others = CHAPTER if file.endswith("test_exercises.py") else f"{file} {explorer and explorer[1]}"
        return next((name for name in CHAPTERS if name in nodeid), others)


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


def pytest_terminal_summary(terminalreporter):
    """Tell the latencies that were measured."""
    reports = terminalreporter.stats.get("passed", [])
    measured = [text for report in reports for name, text in report.user_properties if name == "latency"]
    if measured:
        terminalreporter.section("explorers")
        terminalreporter.write_line("\n".join(sorted(measured)))


@pytest.fixture(scope="session")
def browser():
    """Return the browser."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def desk(browser, tmp_path_factory):
    """Return what opens chapters."""
    with started(tmp_path_factory.mktemp("lab")) as server:
        yield Desk(server, browser)


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Return the address of pages with an explorer each, and nothing else."""
    with served(tmp_path_factory.mktemp("site")) as address:
        yield address


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """Return the address of the course's site, built and served."""
    with serving(share_site(tmp_path_factory)) as address:
        yield address


@contextlib.contextmanager
def new_reader(browser):
    """Open a page of a reader who has answered nothing."""
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.set_default_timeout(WAIT)
    page.traffic, page.said = Traffic(page), []
    page.on("console", lambda message: message.type in ("error", "warning") and page.said.append(message.text))
    yield page
    context.close()


@pytest.fixture
def page(browser):
    """Return a page of a reader who has answered nothing."""
    with new_reader(browser) as page:
        yield page


@pytest.fixture(scope="session")
def shared_page(browser):
    """Return a page for all who only look: a new one for each test would start a process and read MathJax anew."""
    with new_reader(browser) as page:
        yield page


@pytest.fixture
def visitor(shared_page):
    """Return the page of a reader who only looks, with nothing in it and nothing kept from the test before."""
    shared_page.goto("about:blank")
    shared_page.set_viewport_size(DESK)
    shared_page.emulate_media(color_scheme="null", reduced_motion="null")
    shared_page.traffic.forget()
    shared_page.said.clear()
    yield shared_page
    assert shared_page.evaluate("localStorage.length") == 0


@pytest.fixture(scope="session")
def bare_page(browser, site):
    """Return a page that has nothing but the module."""
    page = browser.new_page()
    page.goto(f"{site}explorer.css")
    return page


@pytest.fixture(scope="session")
def screenshots(pytestconfig):
    """Return the folder of the screenshots, or None where none are asked for."""
    return SCREENSHOTS if pytestconfig.getoption("screenshots") else None
