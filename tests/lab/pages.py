"""A chapter open in the browser: run, read, and worked on as a learner would."""

import nbformat
from browser import Traffic

PATIENCE = 600_000  # milliseconds for a kernel to start, or a chapter to run; a busy machine is no failure
WAIT = 120_000  # milliseconds for anything else to be there
POLL = 50  # milliseconds between two looks
CURRENT = "window.jupyterapp?.shell.currentWidget"
KERNEL_IS_IDLE = f"""(path) => {CURRENT}?.context?.path === path &&
  {CURRENT}.sessionContext?.session?.kernel?.status === 'idle'"""
OPEN_INSTEAD = """async (path) => {
  const before = jupyterapp.shell.currentWidget;
  await jupyterapp.commands.execute('docmanager:open', { path });
  await before.sessionContext.shutdown();
  before.dispose();
}"""
CLOSE_AND_OPEN = """async (path) => {
  const before = jupyterapp.shell.currentWidget;
  await before.sessionContext.shutdown();
  before.dispose();
  await jupyterapp.commands.execute('docmanager:open', { path });
}"""
# The page waits by itself: looking again at every frame would have it draw all the time, which takes a core.
RUN_ALL = """(patience) => Promise.race([
  jupyterapp.commands.execute('notebook:run-all-cells'),
  new Promise((_, reject) => setTimeout(reject, patience, new Error('Run All has not ended'))),
])"""
RUN_ONE = """(index) => {
  jupyterapp.shell.currentWidget.content.activeCellIndex = index;
  return jupyterapp.commands.execute('notebook:run-cell');
}"""
SIZE = {"width": 1300, "height": 1000}
OVERLAP = 20  # pixels that two parts of a screenshot share
NEXT_FRAME = "() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"
SCROLLER = ".jp-WindowedPanel-outer"


class Notebook:
    """A chapter in a page.

    Attributes
    ----------
    page : playwright.sync_api.Page
    chapter : str
    path : str
        Its file on the server.
    traffic : Traffic
        What the page has asked of the network since the chapter was to be opened.
    """

    def __init__(self, page, chapter, traffic):
        self.page, self.chapter, self.path, self.traffic = page, chapter, f"{chapter}.ipynb", traffic

    def run_all(self):
        """Run all cells, to the end, once there is a kernel."""
        self.page.wait_for_function(KERNEL_IS_IDLE, arg=self.path, timeout=PATIENCE, polling=POLL)
        self.page.evaluate(RUN_ALL, PATIENCE)

    def read(self):
        """Return the notebook as it is now, outputs and all."""
        return nbformat.reads(self.page.evaluate(f"() => JSON.stringify({CURRENT}.content.model)"), as_version=4)

    def find(self, text):
        """Return the number of the first code cell whose source contains `text`."""
        return next(
            number for number, cell in enumerate(self.read().cells) if cell.cell_type == "code" and text in cell.source
        )

    def cell(self, number):
        """Return the cell of that number."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def run(self, number):
        """Run the cell of that number as it is, and return it."""
        self.page.evaluate(RUN_ONE, number)
        return self.cell(number)

    def write_and_run(self, number, source):
        """Put `source` into the cell of that number by keyboard, run it with Shift+Enter, and return the cell."""
        cell = self.cell(number)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(source)
        self.page.keyboard.press("Shift+Enter")
        return cell

    def add_below(self, number):
        """Add an empty code cell below the cell of that number, by keyboard, and return its number."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        return number + 1

    def photograph(self, folder):
        """Write screenshots of the whole length to `folder`, in parts from the top on."""
        page, scroller = self.page, self.page.locator(SCROLLER)
        page.set_viewport_size({**SIZE, "height": 2400})
        top, part, end = 0, 0, False
        while not end:
            scroller.evaluate("(element, top) => { element.scrollTop = top; }", top)
            page.evaluate(NEXT_FRAME)  # what comes into sight is laid out only then
            frame, last = scroller.bounding_box(), page.locator(".jp-Notebook .jp-Cell").last.bounding_box()
            below = last["y"] + last["height"] - frame["y"]
            end, part = below <= frame["height"], part + 1
            clip = {**frame, "height": min(frame["height"], below)}
            page.screenshot(path=folder / f"{self.chapter}-{part:02}.jpeg", clip=clip, quality=90)
            top += frame["height"] - OVERLAP
        page.set_viewport_size(SIZE)


class Desk:
    """Has one chapter open, in a JupyterLab that stays open."""

    def __init__(self, server, browser):
        self._server, self._page, self._open = server, browser.new_page(viewport=SIZE), None
        self._page.set_default_timeout(WAIT)
        self._traffic = Traffic(self._page)

    def take(self, chapter):
        """Return the notebook of `chapter` after Run All by a new reader, in the place of the one that was open."""
        if self._open is None or self._open.chapter != chapter:
            self._server.progress.unlink(missing_ok=True)
            self._traffic.forget()
            is_first, self._open = self._open is None, Notebook(self._page, chapter, self._traffic)
            if is_first:
                self._page.goto(self._server.address(chapter), timeout=PATIENCE)
            else:
                self._page.evaluate(OPEN_INSTEAD, self._open.path)
            self._open.run_all()
        return self._open

    def reopen(self, chapter):
        """Close `chapter` without saving it, and return it opened again, with a kernel that has run nothing yet."""
        notebook, self._open = self.take(chapter), None  # so that whoever takes it next has it run
        notebook.page.evaluate(CLOSE_AND_OPEN, notebook.path)
        notebook.page.wait_for_function(KERNEL_IS_IDLE, arg=notebook.path, timeout=PATIENCE, polling=POLL)
        return notebook

    def forget(self):
        """Have the open chapter opened anew when it is asked for."""
        self._open.chapter = None

    def photograph(self, path):
        """Write a screenshot of what is in sight to `path`."""
        self._page.screenshot(path=path)
