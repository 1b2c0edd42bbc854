"""An explorer in the page, handled by the names of its controls and read by what it shows."""

import base64
import math

from pages import POLL

SLIDERS = {"learning_rate": "learning rate α", "batch_size": "batch size B", "epochs": "epochs", "seed": "seed"}
MENUS = {"optimizer": "optimizer", "against": "loss against"}
POINTS = "points n"  # what one explorer has in place of the batch size
SHOWN = "shown epoch"
PLAY, STOP = "play the path, epoch by epoch", "back to the start"
MOVES = 20  # of a drag
IS_SETTLED = """([root, size]) => {
  const of = (name) => root.querySelector(`[role=slider][aria-label="${name}"]`).getAttribute('aria-valuetext');
  const image = root.querySelector('img.widget-image'), status = root.querySelector('.gd-status').textContent.trim();
  const menu = root.querySelector('select').value, epoch = Number(of('shown epoch')).toLocaleString('en-US');
  const settings = `learning rate ${of('learning rate α')}, ${size.slice(0, -2)} ${of(size)}, ${menu}, ` +
    `seed ${of('seed')}, after epoch`;
  return image.complete && status.startsWith(`After epoch ${epoch} of ${of('epochs')}:`) &&
    image.alt.startsWith(`At ${settings} ${epoch} of`);
}"""
BYTES_OF = """async (image) => {
  const bytes = new Uint8Array(await (await fetch(image.src)).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}"""
WATCH_A_DRAG = """(image) => {
  window.loads = 0;
  image.addEventListener('load', () => { window.loads += 1; });
  window.addEventListener('mouseup', () => { window.loads = 0; }, { once: true, capture: true });
}"""


class Shown:
    """An explorer as the page shows it.

    Attributes
    ----------
    root : playwright.sync_api.Locator
    page : playwright.sync_api.Page
    """

    def __init__(self, cell):
        self.cell, self.root, self.page = cell, cell.locator(".gd-explorer"), cell.page
        self.has_points = False
        self.slider(SHOWN).wait_for()
        self.has_points = self.root.get_by_role("slider", name=POINTS, exact=True).count() == 1
        self.root.scroll_into_view_if_needed()
        self.settle()

    def name_here(self, name):
        """Return what the control called `name` is called in this explorer."""
        return POINTS if name == SLIDERS["batch_size"] and self.has_points else name

    def slider(self, name):
        """Return the handle of the slider with that accessible name."""
        return self.root.get_by_role("slider", name=self.name_here(name), exact=True)

    def menu(self, name):
        """Return the menu with that accessible name."""
        return self.root.get_by_role("combobox", name=name, exact=True)

    def button(self, name):
        """Return the button with that accessible name."""
        return self.root.get_by_role("button", name=name, exact=True)

    def values(self):
        """Return what the controls of the recipe show, as keywords of `train`."""
        texts = {key: self.value_text(name) for key, name in SLIDERS.items()}
        values = {key: int(text.replace(",", "")) for key, text in texts.items() if key != "learning_rate"}
        if self.has_points:
            values["n"] = values.pop("batch_size")
        return {
            **values,
            "learning_rate": float(texts["learning_rate"].split()[0]),  # one explorer adds what part of the limit it is
            "optimizer": self.menu(MENUS["optimizer"]).input_value(),
        }

    def value_text(self, name):
        """Return what a screen reader says of the value of a slider."""
        return self.slider(name).get_attribute("aria-valuetext")

    def keys(self, name):
        """Return the keys that move a slider a step, towards less where there is less, and back again."""
        handle = self.slider(name)
        at_start = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemin")
        return ("ArrowRight", "ArrowLeft") if at_start else ("ArrowLeft", "ArrowRight")

    def epoch(self):
        """Return where the slider of the shown epoch stands."""
        return int(self.value_text(SHOWN).replace(",", ""))

    def against(self):
        """Return what the loss is drawn against."""
        return self.menu(MENUS["against"]).input_value().split()[0]

    @property
    def image(self):
        """The picture."""
        return self.root.locator("img.widget-image")

    def alt(self):
        """Return the text of the picture."""
        return self.image.get_attribute("alt")

    def picture(self):
        """Return the bytes of the picture that is shown."""
        return base64.b64decode(self.image.evaluate(BYTES_OF))

    def numbers(self):
        """Return the row of the run in the table."""
        cells = self.root.locator(".gd-numbers .gd-run td").all_inner_texts()
        return [float(text.replace("−", "-")) for text in cells]

    def settle(self):
        """Wait until picture and numbers say that they are those of what the controls show, if ever."""
        size = self.name_here(SLIDERS["batch_size"])
        self.page.wait_for_function(IS_SETTLED, arg=[self.root.element_handle(), size], polling=POLL)

    def wait_for_alt(self, words):
        """Wait until the text of the picture has these `words`."""
        self.page.wait_for_function(
            "([image, words]) => image.alt.includes(words)", arg=[self.image.element_handle(), words], polling=POLL
        )

    def wait_for_epoch(self, condition):
        """Wait until the shown `epoch` fulfils a condition in JavaScript."""
        epoch = "Number(handle.getAttribute('aria-valuetext').replaceAll(',', ''))"
        self.page.wait_for_function(
            f"(handle) => {{ const epoch = {epoch}; return {condition}; }}",
            arg=self.slider(SHOWN).element_handle(),
            polling=POLL,
        )

    def leave_the_editor(self):
        """Click into the cell's editor, and go on to what a keyboard does with the cell as a whole."""
        self.cell.locator(".cm-content").click()
        self.page.keyboard.press("Escape")

    def click_far_away(self, name):
        """Click on the track of a slider, in the half in which its handle is not."""
        track, handle = self.track(name), self.slider(name).bounding_box()
        box = track.bounding_box()
        in_left_half = handle["x"] + handle["width"] / 2 < box["x"] + box["width"] / 2
        x = (0.7 if in_left_half else 0.3) * box["width"]
        track.click(position={"x": x, "y": box["height"] / 2}, force=True)

    def track(self, name):
        """Return the track of a slider."""
        return self.slider(name).locator("xpath=ancestor::*[contains(@class, 'noUi-target')]")

    def drag(self, name):
        """Drag a slider to and fro, faster than pictures come; return how many came after letting go."""
        handle, track = self.slider(name), self.track(name).bounding_box()
        x, middle = track["x"] + track["width"] / 2, track["y"] + track["height"] / 2
        self.image.evaluate(WATCH_A_DRAG)
        handle.hover(force=True)
        self.page.mouse.down()
        for move in range(MOVES):
            self.page.mouse.move(x + 0.45 * track["width"] * math.sin(move / 3), middle)
        self.page.mouse.up()
        self.settle()
        return self.page.evaluate("() => window.loads")
