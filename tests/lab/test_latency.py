"""How long a reader waits, in every explorer: measured in the page and told at the end of the tests, not judged.

A picture is there when the frame after it has been handed over: the time goes from the key's own time stamp to the
first message after the next `requestAnimationFrame`. Told are the first picture after a key and the one of the whole
run, which is the same where a run takes less than a frame; of each the median and the lower quartile, which other
work on the machine disturbs less, and the load.
"""

import os

import numpy as np
import pytest
from bare import CALLS
from shown import SLIDERS, Shown

PRESSES, DRAG = (5, 1) if os.environ.get("CI") else (50, 5)  # keys; seconds: fewer where it is never quiet
TIMER = """(slider) => {
  const root = slider.closest('.gdx'), status = root.querySelector('p');
  const isWhole = () => /epoch ([\\d,]+) of \\1:|Diverged|your line/.test(status.textContent);
  window.times = { first: [], whole: [] };
  let begin = null, seen = false;
  slider.addEventListener('keydown', (event) => { [begin, seen] = [event.timeStamp, false]; }, { capture: true });
  new MutationObserver(() => {
    if (begin === null) return;
    const kinds = ['first', 'whole'].slice(seen ? 1 : 0, isWhole() ? 2 : 1);
    const since = begin, channel = new MessageChannel();
    seen = true;
    if (isWhole()) begin = null;
    channel.port1.onmessage = () => kinds.forEach((kind) => window.times[kind].push(performance.now() - since));
    requestAnimationFrame(() => channel.port2.postMessage(0)); // comes when the frame has been handed over
  }).observe(root.querySelector('.gdx-table'), { childList: true });
}"""
DRAGGED = """async ([slider, seconds]) => {
  const end = performance.now() + 1000 * seconds;
  let pictures = 0, value = Number(slider.value), way = 1, seen = false;
  new MutationObserver(() => { seen = true; })
    .observe(slider.closest('.gdx').querySelector('.gdx-table'), { childList: true });
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
    slider = Shown(page.locator(".gdx")).slider(SLIDERS["b0" if name == "by_hand" else "learning_rate"])
    slider.evaluate(TIMER)
    for press in range(PRESSES):
        slider.press("ArrowLeft" if press % 2 else "ArrowRight")
        page.wait_for_function("(count) => window.times.whole.length === count", arg=press + 1)
    found = page.evaluate("window.times")
    times = [f"{np.median(found[kind]):.1f} ms ({np.quantile(found[kind], 0.25):.1f})" for kind in ("first", "whole")]
    pictures = page.evaluate(DRAGGED, [slider.element_handle(), DRAG])
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    record_property(
        "latency",
        f"{name}: key to picture {times[0]}, to that of the whole run {times[1]}, medians of {PRESSES} keys (lower "
        f"quartiles); a drag {pictures:.0f} pictures/s{load}",
    )
    assert min(found["first"]) > 0
    assert pictures > 0
    page.close()
