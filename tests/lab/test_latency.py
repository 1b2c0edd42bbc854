"""How long a reader waits, in every explorer: measured in the page and told at the end of the tests, not judged."""

import statistics

import pytest
from bare import CALLS
from shown import SLIDERS, Shown

PRESSES, DRAG = 50, 5  # keys; seconds
TIMER = """(slider) => {
  const path = slider.closest('.gdx');
  window.times = [];
  let begin = null;
  slider.addEventListener('keydown', (event) => { begin = event.timeStamp; }, { capture: true });
  new MutationObserver(() => {
    if (begin === null) return;
    const since = begin, channel = new MessageChannel();
    begin = null;
    channel.port1.onmessage = () => window.times.push(performance.now() - since);
    requestAnimationFrame(() => channel.port2.postMessage(0)); // comes when the frame has been handed over
  }).observe(path, { subtree: true, attributes: true, attributeFilter: ['d'] });
}"""
DRAGGED = """async ([slider, seconds]) => {
  const end = performance.now() + 1000 * seconds;
  let pictures = 0, value = Number(slider.value), way = 1, seen = false;
  new MutationObserver(() => { seen = true; })
    .observe(slider.closest('.gdx'), { subtree: true, attributes: true, attributeFilter: ['d'] });
  while (performance.now() < end) {
    if (value + way > Number(slider.max) || value + way < 0) way = -way;
    slider.value = value += way;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((resolve) => requestAnimationFrame(resolve));
    pictures += Number(seen);
    seen = false;
  }
  return pictures / seconds;
}"""


@pytest.mark.parametrize("name", CALLS)
def test_the_picture_follows_each_key_and_a_drag(browser, site, name, record_property):
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.goto(f"{site}{name}.html")
    explorer = Shown(page.locator(".gdx"))
    slider = explorer.slider(SLIDERS["b0" if name == "by_hand" else "learning_rate"])
    slider.evaluate(TIMER)
    for press in range(PRESSES):
        slider.press("ArrowLeft" if press % 2 else "ArrowRight")
        page.wait_for_function("(count) => window.times.length === count", arg=press + 1)
    median = statistics.median(page.evaluate("window.times"))
    pictures = page.evaluate(DRAGGED, [slider.element_handle(), DRAG])
    record_property(
        "latency", f"{name}: key to picture {median:.1f} ms, median of {PRESSES}; a drag {pictures:.0f} pictures/s"
    )
    assert median > 0
    assert pictures > 0
    page.close()
