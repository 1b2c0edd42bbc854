"""The comparison of stored outputs notices whatever a reader could see, and lets rounding pass."""

import base64
import io
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mutants import all_mutants, read_chapters
from nbformat.v4 import new_output
from PIL import Image

from gd_helpers.lesson.results import RESULTS_MIME
from gd_helpers.runner.comparison import find_differences, numbers_agree, texts_agree

KINDS = 30
EACH = 5  # from 5 to 9 mutants of a kind are tried in each chapter; the program tests/runner/mutants.py tries all


def stream(text):
    return new_output("stream", name="stdout", text=text)


def shown(**data):
    return new_output("display_data", data={mime.replace("_", "/"): value for mime, value in data.items()})


def test_mutants_of_each_kind_are_noticed():
    survivors = defaultdict(list)
    for chapter in read_chapters()[::3]:
        found = defaultdict(list)
        for kind, outputs, mutant in all_mutants([chapter]):
            found[kind].append((outputs, mutant))
        for kind, pairs in found.items():
            tried = pairs[:: max(1, len(pairs) // EACH)]
            survivors[kind] += [mutant for outputs, mutant in tried if not find_differences(outputs, mutant)]
    assert len(survivors) == KINDS
    assert {kind: mutants[0] for kind, mutants in survivors.items() if mutants} == {}


def test_stored_outputs_agree_with_themselves():
    assert [find_differences(outputs, outputs) for outputs in read_chapters()[3]] == [[]] * len(read_chapters()[3])


ROUNDING = [
    ("2.869e-05", "2.868e-05"),
    ("5.0", "5.1"),
    ("−35.7", "−35.8"),
    ("1,234.5", "1,234.6"),
    ("9.999e-05", "1.000e-04"),
    ("0.0999", "0.100"),  # a digit more in front
    ("99.9", "100"),
    ("2.5", "2.49"),  # "g" drops zeros at the end
    ("5", "5.01"),
    ("2.9e-05", "2.89e-05"),
    ("999", "1e+03"),
    ("-0.00", "0.00"),
    ("−0", "0"),
]
CHANGES = [
    ("2.869e-05", "2.867e-05"),
    ("2.869e-05", "2.868e-06"),
    ("5.0", "5.2"),
    ("0.1", "0.2"),  # as learning rates may show
    ("1e-3", "2e-3"),
    ("45", "46"),
    ("12,000", "12,001"),
    ("12,000", "12000"),
    ("0.5", "-0.5"),
    ("2.50", "2.5"),
    ("2.50", "2.499"),
    ("2.5", "2.48"),
    ("2.50", "2.500"),
    ("0", "00"),
    ("0.00", "0.000"),
    ("100", "98.9"),
    ("nan", "1.0"),
]


@pytest.mark.parametrize(("one", "other"), ROUNDING)
def test_a_unit_of_the_last_place_is_rounding(one, other):
    assert texts_agree(f"loss {one} or so", f"loss {other} or so")
    assert texts_agree(f"({other}, 3)", f"({one}, 3)")


@pytest.mark.parametrize(("one", "other"), CHANGES)
def test_any_other_change_of_a_number_is_a_change(one, other):
    assert not texts_agree(f"loss {one} or so", f"loss {other} or so")
    assert not texts_agree(f"({other}, 3)", f"({one}, 3)")


@given(st.integers(100, 10**6), st.integers(1, 6), st.integers(-9, 9))
def test_numbers_of_the_same_form_agree_up_to_one_unit_of_the_last_place(digits, decimals, units):
    one, other = (f"{value * 10.0**-decimals:.{decimals}f}" for value in (digits, digits + units))
    assert numbers_agree(one, other) == (abs(units) <= 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("version 2.13.0", "version 2.12.0"),
        ("w0.25", "w0.24"),
        ("#4e5a00", "#4e6a00"),
        ("2.5x as fast", "2.6x as fast"),
        ("a loss of 2.5", "a lass of 2.5"),
        ("2.5 2.5", "2.5"),
        ("a  2.5", "a 2.5"),
        ("", "2.5"),
    ],
)
def test_what_is_no_number_is_compared_to_the_character(one, other):
    assert not texts_agree(one, other)
    assert not texts_agree(other, one)


def test_a_column_of_numbers_stays_aligned_where_one_gets_a_sign():
    assert texts_agree("a    0.00\nb  -12.34", "a   -0.00\nb  -12.34")


def test_recorded_results_are_compared_by_the_digits_that_are_shown():
    for value, agrees in ((2.4982, True), (2.4994, True), (2.4996, False), (2, False), ("2.498", False)):
        stored = [new_output("display_data", data={RESULTS_MIME: {"mse": 2.498}})]
        fresh = [new_output("display_data", data={RESULTS_MIME: {"mse": value}})]
        assert (find_differences(stored, fresh) == []) == agrees, value


def test_a_result_that_ends_on_zeros_is_compared_by_as_many_digits():
    stored, fresh = ([shown(**{RESULTS_MIME: {"share": value}})] for value in (1.0, 1.01))
    assert find_differences(stored, fresh)


def figure(pixels):
    png = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(png, "PNG")
    return [shown(image_png=base64.b64encode(png.getvalue()).decode(), text_plain="Figure with 1 axes")]


@pytest.fixture
def pixels():
    """A white picture with a thick line from corner to corner: (200, 200) grey levels."""
    return np.where(np.abs(np.subtract.outer(np.arange(200), np.arange(200))) < 3, 0.0, 255.0)


def test_edges_of_another_shade_are_no_other_picture(pixels):
    fresh = pixels.copy()
    fresh[np.arange(100), np.arange(100) + 3] -= 40
    assert find_differences(figure(pixels), figure(fresh)) == []


@pytest.mark.parametrize(("by", "agrees"), [(1, True), (3, False)])
def test_a_line_may_move_by_one_pixel(pixels, by, agrees):
    assert (find_differences(figure(pixels), figure(np.roll(pixels, by, axis=0))) == []) == agrees


@pytest.mark.parametrize("stored_is_whole", [True, False])
def test_a_line_that_is_gone_from_a_part_of_a_picture_makes_it_another(pixels, stored_is_whole):
    part = pixels.copy()
    part[:20] = 255
    one, other = figure(pixels), figure(part)
    difference = find_differences(one, other) if stored_is_whole else find_differences(other, one)
    assert "pixels differ" in difference[0]


def drawn(tick="1000", colour="#0072B2"):
    """Return the output of a figure with a line, a dot and two ticks."""
    fig = Figure(figsize=(6, 4))
    ax = fig.subplots()
    ax.plot([0, 1], [0, 1], color="#888888")
    ax.plot([0.5], [0.5], "o", color=colour)
    ax.set_xticks([0, 1], ["0", tick])
    fig.canvas = FigureCanvasAgg(fig)
    fig.canvas.draw()
    return figure(np.asarray(fig.canvas.buffer_rgba())[..., :3])


@pytest.mark.parametrize("change", [{"tick": "1,000"}, {"tick": "1001"}, {"colour": "#D55E00"}])
def test_a_label_or_a_dot_that_changed_makes_it_another_picture(change):
    assert find_differences(drawn(), drawn()) == []
    assert "in a block" in find_differences(drawn(), drawn(**change))[0]


def test_a_ground_that_is_a_shade_darker_makes_it_another_picture(pixels):
    assert "on average" in find_differences(figure(pixels), figure(np.minimum(pixels, 250)))[0]


@pytest.mark.parametrize(
    "other", [{"alt": "A line that falls.", "width": 9}, {"alt": "A line that rises.", "width": 8}]
)
def test_words_and_size_of_a_picture_are_compared(other):
    metadata = {"alt": "A line that rises.", "width": 9}
    one, other = ([{**shown(text_plain="Figure"), "metadata": {"image/png": each}}] for each in (metadata, other))
    assert find_differences(one, one) == []
    assert "metadata" in find_differences(one, other)[0]


def test_a_difference_is_told_with_its_place():
    stored = [stream("first\n"), shown(text_plain="a text before the loss 2.498, and one that follows on it for long")]
    fresh = [stream("first\n"), shown(text_plain="a text before the loss 2.598, and one that follows on it for long")]
    assert find_differences(stored, fresh) == [
        "output 2, text/plain: stored is 'a text before the loss 2.498, and one that follows o', "
        "new is 'a text before the loss 2.598, and one that follows o'"
    ]


def test_outputs_of_other_kinds_are_told_by_name():
    assert find_differences([stream("a")], [shown(text_plain="a", text_html="a")]) == [
        "stored outputs are [stream stdout], new ones are [display_data text/html text/plain]"
    ]
