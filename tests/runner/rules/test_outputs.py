"""The rules for stored outputs stop every way in which these can be wrong."""

import pytest
from good_chapter import COMPUTATION, FIGURE, PROGRESS, SQUARE, add_code, cell_with, says, sentences
from nbformat.v4 import new_output

from gd_helpers.mime import EXPLORER_MIME

WIDGET = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "IntSlider()"}


def drop_count(cell):
    cell.execution_count = None


def count_output_otherwise(cell):
    cell.outputs[0].execution_count += 1


def store_error(cell):
    cell.outputs = [new_output("error", ename="ValueError", evalue="no", traceback=[])]


def store_warning(cell):
    cell.outputs.append(new_output("stream", name="stderr", text="UserWarning: beware"))


def store_widget(cell):
    cell.outputs.append(new_output("display_data", WIDGET))


def loosen(cell):
    cell.metadata = {"tags": ["nbval-ignore-output"]}


def keep_timing(cell):
    cell.metadata = {"execution": {"shell.execute_reply": "2026-01-01T00:00:00"}}


def show_path(cell):
    cell.outputs[0].text = "saved in /home/ann/course/figure.png\n"


def show_windows_path(cell):
    cell.outputs[0].text = "saved in C:\\course\\figure.png\n"


def show_address(cell):
    cell.outputs[0].text = "<function f at 0x7f1ff5366190>\n"


def drop_alt(cell):
    del cell.outputs[0].metadata["image/png"]["alt"]


def change_alt(cell):
    cell.outputs[0].metadata["image/png"]["alt"] = "A line that falls from left to right."


def change_caption(cell):
    cell.outputs[0].metadata["image/png"]["caption"] = "A line that was never drawn."


def change_words_behind(cell):
    data = cell.outputs[1].data
    data["text/html"] = data["text/html"].replace("rises", "falls")


def drop_words_behind(cell):
    del cell.outputs[1]


def drop_numbers(cell):
    cell.outputs[0].data["text/plain"] = "<Figure size 640x480 with 1 Axes>"


BROKEN = {
    drop_count: (PROGRESS, "not executed once and in order"),
    count_output_otherwise: (SQUARE, "not executed once and in order"),
    store_error: (PROGRESS, "stored error: ValueError"),
    store_warning: (PROGRESS, "stderr"),
    store_widget: (PROGRESS, "widget"),
    loosen: (PROGRESS, "loosens"),
    keep_timing: (PROGRESS, "not normalised"),
    show_path: (COMPUTATION, "only one machine shows: '/home/"),
    show_windows_path: (COMPUTATION, "only one machine shows: 'C:"),
    show_address: (COMPUTATION, "only one machine shows: 'at 0x7f1ff5366190'"),
    drop_alt: (FIGURE, "without alt text"),
    change_alt: (FIGURE, "are not the text behind it: 'A line that falls"),
    change_caption: (FIGURE, "are not the text behind it: 'A line that rises"),
    change_words_behind: (FIGURE, "are not the text behind it: 'A line that rises"),
    drop_words_behind: (FIGURE, "are not the text behind it: 'A line that rises"),
    drop_numbers: (FIGURE, "without the numbers"),
}


@pytest.mark.parametrize("break_it", BROKEN, ids=lambda value: value.__name__)
def test_an_output_that_is_not_as_it_must_be_is_stopped(notebook, break_it):
    text, words = BROKEN[break_it]
    cell = cell_with(notebook, text)
    break_it(cell)
    assert says(notebook, cell, words)


def test_cells_that_changed_places_are_stopped(notebook):
    one, other = (notebook.cells.index(cell_with(notebook, text)) for text in (FIGURE, COMPUTATION))
    notebook.cells[one], notebook.cells[other] = notebook.cells[other], notebook.cells[one]
    assert says(notebook, notebook.cells[one], "its count is 5, not 4")


def test_metadata_of_another_kernel_are_stopped(notebook):
    notebook.metadata["kernelspec"]["name"] = "mine"
    assert "the notebook's metadata" in sentences(notebook)


def test_a_chapter_without_an_early_figure_is_stopped(notebook):
    cell_with(notebook, FIGURE).outputs = []
    assert "no figure" in sentences(notebook)


def test_a_figure_in_the_sixth_cell_is_too_late(notebook):
    position = notebook.cells.index(cell_with(notebook, FIGURE))
    add_code(notebook, "total = 1", position)
    assert "no figure" not in sentences(notebook)
    add_code(notebook, 'predict("Which?", {"a": "A.", "b": "B."}, "a", key="which")', position)
    assert "no figure" not in sentences(notebook)
    add_code(notebook, "total = 2", position)
    assert "no figure" in sentences(notebook)


def test_a_caption_with_code_and_signs_is_compared_as_it_was_written(notebook):
    cell = cell_with(notebook, FIGURE)
    cell.outputs[0].metadata["image/png"]["caption"] = "Follow `y` < 9."
    assert says(notebook, cell, "caption and alt text")
    below = cell.outputs[1].data
    below["text/html"] = below["text/html"].replace("Look at both ends.", "Follow <code>y</code> &lt; 9.")
    assert not says(notebook, cell, "caption")


def test_an_explorer_needs_no_caption_and_another_picture_does(notebook):
    cell = cell_with(notebook, FIGURE)
    del cell.outputs[0].metadata["image/png"]["caption"]
    below = cell.outputs[1].data
    below["text/html"] = below["text/html"].partition("</p>")[2]
    assert says(notebook, cell, "a picture without a caption")
    cell.outputs[0].data[EXPLORER_MIME] = {}
    assert not says(notebook, cell, "caption")
