import base64
import io

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

from gd_helpers.plotting import figures

ALT = "A line that rises from left to right."


@pytest.fixture
def shown(monkeypatch):
    """Collect what is displayed: a list of (data, metadata)."""
    outputs = []
    monkeypatch.setattr(figures, "display", lambda data, raw, metadata=None: outputs.append((data, metadata)))
    return outputs


def make(y=(1.0, 2.0, 4.0), **look):
    figure, ax = figures.subplots()
    ax.plot(range(len(y)), y, **look)
    return figure


# subplots


@pytest.mark.parametrize("ncols", [1, 2, 3])
def test_there_are_as_many_axes_as_asked_for(ncols):
    figure, axes = figures.subplots(2, ncols)
    assert axes.size == len(figure.axes) == 2 * ncols


def test_figures_with_as_many_columns_are_as_wide():
    assert figures.subplots(ncols=2)[0].get_figwidth() == figures.subplots(3, 2)[0].get_figwidth()


def test_axes_share_a_scale_when_asked_to():
    _, (left, right) = figures.subplots(ncols=2, sharey=True)
    left.set_ylim(3, 7)
    assert right.get_ylim() == (3, 7)


@pytest.mark.parametrize("ncols", [0, 4, None])
def test_a_number_of_columns_without_a_width_is_refused(ncols):
    with pytest.raises(ValueError, match=f"ncols must be 1, 2 or 3, got {ncols}"):
        figures.subplots(ncols=ncols)


# show


def test_the_metadata_carry_the_alt_text_and_the_size(shown):
    figures.show(make(), f"  {ALT}\n  It ends at 4. ")
    _, metadata = shown[0]
    assert metadata == {"image/png": {"alt": f"{ALT} It ends at 4.", "width": 691, "height": 403}}


def test_the_output_holds_a_picture_and_the_numbers_behind_it(shown):
    figure = make()
    text = figures.describe(figure)
    figures.show(figure, ALT)
    data, _ = shown[0]
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.format == "PNG"
    assert data["text/plain"] == text


def test_the_picture_has_three_pixels_for_every_two_it_is_shown_with(shown):
    figures.show(make(), ALT)
    data, metadata = shown[0]
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.width / metadata["image/png"]["width"] == pytest.approx(1.5, abs=0.01)


def test_the_alt_text_follows_as_escaped_words_out_of_sight(shown):
    figures.show(make(), "Losses fall from a < b to a & c.")
    data, _ = shown[1]
    assert "overflow: hidden" in data["text/html"]
    assert "Losses fall from a &lt; b to a &amp; c.</p>" in data["text/html"]


def test_the_caption_is_seen_below_the_picture_and_kept_with_it(shown):
    figures.show(make(), ALT, caption="Look at the end:\n  `loss` < 4.")
    (_, metadata), (below, _) = shown
    assert metadata["image/png"]["caption"] == "Look at the end: `loss` < 4."
    assert below["text/plain"] == f"Look at the end: `loss` < 4.\n{ALT}"
    caption, words = below["text/html"].split("</p><p")
    assert caption.endswith("Look at the end: <code>loss</code> &lt; 4.")
    assert "overflow: hidden" not in caption
    assert "overflow: hidden" in words


@pytest.mark.parametrize("text", ["", "   ", "A plot", "loss curve of batch", "Loss.", None, 7])
@pytest.mark.parametrize("name", ["alt", "caption"])
def test_what_is_no_sentence_is_refused_before_anything_is_shown(shown, name, text):
    if (name, text) == ("caption", ""):
        pytest.skip("none is given")
    with pytest.raises(ValueError, match=rf"{name} must be a sentence .* got"):
        figures.show(make(), **{"alt": ALT, name: text})
    assert shown == []


def test_a_figure_of_pyplot_is_closed_once_it_is_shown(shown):
    figure, _ = plt.subplots()
    figures.show(figure, ALT)
    assert not plt.fignum_exists(figure.number)


def test_a_notebook_shows_the_picture_once_with_its_alt_text():
    source = [
        "%matplotlib inline",
        "import matplotlib.pyplot as plt",
        "from gd_helpers.plotting import figures",
        "figure, ax = plt.subplots()",
        f"figures.show(figure, {ALT!r})",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("\n".join(source))])
    NotebookClient(notebook, kernel_name="python3").execute()
    pictures = [output for output in notebook.cells[0].outputs if "image/png" in output.data]
    assert [output.metadata["image/png"]["alt"] for output in pictures] == [ALT]
    nbformat.validate(notebook)


# render


def test_the_same_figure_gives_the_same_bytes():
    assert figures.render(make()) == figures.render(make())


def test_other_numbers_give_another_picture():
    assert figures.render(make()) != figures.render(make(y=(1.0, 2.0, 3.0)))


def test_a_picture_names_neither_date_nor_software():
    assert not Image.open(io.BytesIO(figures.render(make()))).info.keys() - {"dpi"}


def test_the_reduced_colours_stay_close_to_the_full_ones():
    figure = make(color="#D55E00", linewidth=3)
    figure.axes[0].scatter(*np.random.default_rng(0).normal(size=(2, 300)), c=np.arange(300), cmap="viridis", alpha=0.5)
    reduced = np.asarray(Image.open(io.BytesIO(figures.render(figure))).convert("RGB"), dtype=float)
    full = io.BytesIO()
    with figures.course_style():
        figure.savefig(full, format="png")
    difference = reduced - np.asarray(Image.open(full).convert("RGB"), dtype=float)
    assert np.mean(difference == 0) > 0.9
    assert np.sqrt(np.mean(difference**2)) < 2  # of 255, in a picture with far more colours than the course uses
