"""How long a reader waits, in every explorer: from a key press to the new picture in the page of a browser."""

import statistics

import pytest
from browser import HOW_TO_GET_ONE, find_browser, launched
from explorer import SLIDERS, Shown
from pages import Desk
from server import EXPLORERS, started

PRESSES = 3  # there and back on each slider
TIMER = """([handle, image]) => {
  window.timed = new Promise((resolve) => {
    handle.addEventListener('keydown', (event) => {
      image.addEventListener('load', () => requestAnimationFrame(() => resolve(performance.now() - event.timeStamp)),
        { once: true });
    }, { once: true, capture: true });
  });
}"""
PAUSE = 30  # milliseconds between two keys


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    if find_browser() is None:
        pytest.skip(HOW_TO_GET_ONE)
    with started(tmp_path_factory.mktemp("lab")) as server, launched() as browser:
        yield Desk(server, browser)


def time_key(explorer, name, key):
    """Press `key` on a slider; return the milliseconds from there until its picture is on the screen."""
    handle = explorer.slider(name)
    handle.focus()
    explorer.page.evaluate(TIMER, [handle.element_handle(), explorer.image.element_handle()])
    explorer.page.keyboard.press(key)
    milliseconds = explorer.page.evaluate("() => window.timed")
    explorer.page.wait_for_timeout(PAUSE)
    return milliseconds


@pytest.mark.parametrize("chapter", EXPLORERS, ids=lambda name: f"chapter {name[:2]}")
def test_the_picture_follows_each_key(desk, chapter, book):
    notebook = desk.take(chapter)
    explorer = Shown(notebook.cell(notebook.find("explore.")))
    row = {"chapter": chapter}
    for name in SLIDERS.values():
        times = [time_key(explorer, name, key) for key in explorer.keys(name) * PRESSES]
        explorer.settle()
        assert min(times) > 0
        row |= {f"{explorer.name_here(name)}, ms": statistics.median(times)}
    book.latencies.append(row)
