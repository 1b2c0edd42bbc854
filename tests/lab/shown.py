"""An explorer in a page, handled by the names of its controls and read by what it shows."""

from pages import POLL

PLAIN = str.maketrans({"−": "-", "–": "nan", ",": ""})
SLIDERS = {
    "learning_rate": "learning rate α",
    "batch_size": "batch size B",
    "n": "points n",
    "epochs": "epochs",
    "b0": "intercept b0",
    "w1": "slope w1",
}
OPTIMIZER, AGAINST, SEED, SHOWN, RACE = "optimizer", "loss against", "seed", "shown", "race the three methods"
PLAY, PAUSE, BEGIN = "▶ play", "⏸ pause", "to start"
IS_SETTLED = """(root) => {
  const status = root.querySelector('p').textContent.replace('● ', '');
  return root.querySelector('[role=status]').textContent === status;
}"""
MARKS = """(root) => [...root.querySelectorAll('svg > g > path')].filter((mark) => {
  const [x] = mark.getAttribute('transform')?.match(/-?[\\d.]+/) ?? [-1e4];
  return Number(x) > -1e3 && mark.getAttribute('stroke') === 'var(--warning)';
}).length"""


SQUARES = """(root) => [...root.querySelectorAll('.gdx-picture svg > g > path')]
  .filter((mark) => mark.getAttribute('d') === 'M-3 -3H3V3H-3Z')
  .map((mark) => mark.getAttribute('transform').match(/-?[\\d.]+/g).map(Number))"""


class Shown:
    """An explorer as a page shows it.

    Attributes
    ----------
    root : playwright.sync_api.Locator
    page : playwright.sync_api.Page
    """

    def __init__(self, root):
        self.root, self.page = root, root.page
        self.slider(SHOWN).wait_for()
        self.settle()

    def slider(self, name):
        """Return the slider with that accessible name."""
        return self.root.get_by_role("slider", name=name, exact=True)

    def menu(self, name):
        """Return the menu with that accessible name."""
        return self.root.get_by_role("combobox", name=name, exact=True)

    def button(self, name):
        """Return the button with that accessible name."""
        return self.root.get_by_role("button", name=name, exact=True)

    @property
    def seed(self):
        """The box of the seed."""
        return self.root.get_by_role("spinbutton", name=SEED, exact=True)

    def text(self, name):
        """Return what a screen reader says of the value of a slider."""
        return self.slider(name).get_attribute("aria-valuetext").replace("−", "-")

    def values(self):
        """Return what the controls show, as keywords of `train` and what else there is."""
        values = {}
        for key, name in SLIDERS.items():
            if self.slider(name).count():
                word = self.text(name).split()[0].replace(",", "")
                values[key] = float(word) if key in ("learning_rate", "b0", "w1") else int(word)
        if self.menu(OPTIMIZER).count():
            values |= {"optimizer": self.menu(OPTIMIZER).input_value(), "seed": int(self.seed.input_value())}
        return values

    def epoch(self):
        """Return the epoch that is shown."""
        return int(self.text(SHOWN).split()[1].replace(",", ""))

    def numbers(self, row=0):
        """Return the numbers in a row of the table."""
        cells = self.root.locator("table tr").nth(row + 1).locator("td").all_inner_texts()
        return [float(cell.translate(PLAIN).replace("not finite", "inf")) for cell in cells]

    def status(self):
        """Return the sentence below the numbers."""
        return self.root.locator("p").inner_text().removeprefix("● ")

    def announced(self):
        """Return what the live region says."""
        return self.root.get_by_role("status").text_content()

    def pictures(self):
        """Return both pictures as they are drawn."""
        return [picture.inner_html() for picture in self.root.locator(".gdx-picture").all()]

    def descriptions(self):
        """Return the texts of both pictures."""
        return [picture.get_attribute("aria-label") for picture in self.root.locator(".gdx-picture").all()]

    def warnings(self):
        """Return the number of crosses that say where something left a picture."""
        return self.root.evaluate(MARKS)

    def axes(self):
        """Return the texts of the ticks and labels of both pictures, x before y."""
        return [axes.locator("text").all_text_contents() for axes in self.root.locator(".gdx-axes").all()]

    def squares(self):
        """Return the places in pixels of the squares where something left a picture."""
        return self.root.evaluate(SQUARES)

    def settle(self):
        """Wait until the live region says what is shown, as it does once nothing has moved for a while."""
        self.page.wait_for_function(IS_SETTLED, arg=self.root.element_handle(), polling=POLL)

    def press(self, control, *keys):
        """Press keys on a control, and wait for the run."""
        for key in keys:
            control.press(key)
        self.settle()
