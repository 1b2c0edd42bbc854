"""Explorers in JupyterLab: live below the picture that the notebook keeps, and the picture where nothing is live."""

import pytest
from pages import CURRENT, KERNEL_IS_IDLE, PATIENCE, POLL
from server import EXPLORERS
from shown import SLIDERS, Shown

REOPEN = f"""async (path) => {{
  await jupyterapp.commands.execute('docmanager:save');
  const widget = {CURRENT};
  await widget.sessionContext.shutdown();
  widget.dispose();
  await jupyterapp.commands.execute('docmanager:open', {{ path }});
}}"""


@pytest.fixture(scope="module", params=EXPLORERS)
def cell(desk, request):
    """Return the cell of the explorer of a chapter, after Run All."""
    notebook = desk.take(request.param)
    return notebook.cell(notebook.find("explore."))


def test_an_explorer_is_moved_by_keys_in_place_of_its_picture(cell):
    cell.scroll_into_view_if_needed()
    explorer = Shown(cell.locator(".gdx"))
    assert cell.locator("img").count() == 1
    assert not cell.locator("img").is_visible()
    slider = explorer.slider(SLIDERS["learning_rate"])
    before = explorer.text(SLIDERS["learning_rate"]), explorer.descriptions()
    explorer.press(slider, "ArrowLeft")
    assert explorer.text(SLIDERS["learning_rate"]) != before[0]
    explorer.press(slider, "ArrowRight")
    assert (explorer.text(SLIDERS["learning_rate"]), explorer.descriptions()) == before


@pytest.mark.parametrize("chapter", EXPLORERS[:1])
def test_a_saved_notebook_is_live_without_its_kernel_when_it_is_opened_again(desk, chapter):
    notebook = desk.take(chapter)
    notebook.page.evaluate(REOPEN, notebook.path)
    notebook.page.wait_for_function(KERNEL_IS_IDLE, arg=notebook.path, timeout=PATIENCE, polling=POLL)
    cell = notebook.cell(notebook.find("explore."))
    cell.scroll_into_view_if_needed()
    explorer = Shown(cell.locator(".gdx"))
    before = explorer.descriptions()
    explorer.press(explorer.slider(SLIDERS["learning_rate"]), "ArrowLeft")
    assert explorer.descriptions() != before
    assert cell.get_by_text("Error displaying widget").count() == 0
    assert cell.locator("img").count() == 1
    assert not cell.locator("img").is_visible()
    desk.forget()
