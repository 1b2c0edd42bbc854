"""A term in a chapter leads to its entry in the glossary, which JupyterLab shows as a page."""

import pytest

CHAPTER = "03_batch"
IN_SIGHT = """([page, id]) => {
  const heading = page.querySelector(`[data-jupyter-id="${id}"]`);
  const distance = heading.getBoundingClientRect().top - page.getBoundingClientRect().top;
  return distance >= -1 && distance < page.clientHeight;
}"""


@pytest.mark.parametrize("anchor", ["Adam", "second-moment", "overfitting"])
def test_a_link_to_a_term_shows_its_entry(desk, anchor):
    notebook = desk.take(CHAPTER)
    notebook.page.locator(f".jp-Notebook a[href*='glossary.md'][href$='#{anchor}']").first.click()
    entry = notebook.page.locator(f".jp-MarkdownViewer [data-jupyter-id='{anchor}']")
    entry.wait_for()
    page = notebook.page.locator(".jp-MarkdownViewer .jp-RenderedMarkdown").element_handle()
    notebook.page.wait_for_function(IN_SIGHT, arg=[page, anchor])
    notebook.page.evaluate(
        "() => jupyterapp.commands.execute('docmanager:open', { path: '03_batch.ipynb' }).then(() => 0)"
    )
