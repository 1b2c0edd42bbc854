"""A number in prose that nothing in the chapter shows is reported, wherever it stands."""

import pytest
from good_chapter import CHAPTER, FIGURE, SOURCES, add_code, cell_with, replaced, says
from nbformat.v4 import new_markdown_cell, new_output

from gd_helpers.runner.rules.numbers import check_numbers

PROSE = "It does."


def reported(notebook):
    return [sentence.partition(",")[0].removeprefix("the number ") for _, sentence in check_numbers(notebook, CHAPTER)]


def test_the_good_chapter_has_no_number_that_is_not_shown(notebook):
    assert reported(notebook) == []


@pytest.mark.parametrize("number", ["22", "8", "4,321", "0.217", "17 %", "10⁹", "2/7", "3e-7"])
def test_a_number_that_nothing_shows_is_reported_with_its_cell(notebook, number):
    cell = replaced(notebook, PROSE, "It does.", f"The sum is {number}, it does.")
    assert says(notebook, cell, f"the number {number}, which nothing in the chapter shows: 'The sum is {number}, it")


@pytest.mark.parametrize(
    "sentence",
    [
        "The sum is 21.",  # a claim, and an output
        "We take n = 1,000 points and the learning rate 0.1.",  # parameters
        "np.arange(7) has a sum.",  # code
        "A claim of 2100 % has the sum.",  # the same value
    ],
)
def test_a_number_that_is_shown_is_none_to_report(notebook, sentence):
    replaced(notebook, PROSE, PROSE, sentence)
    assert reported(notebook) == []


def describe(notebook, old, new):
    """Replace `old` by `new` in the words of the figure, in code and outputs; return its cell."""
    cell = replaced(notebook, FIGURE, old, new)
    for output in cell.outputs:
        for mime in output.get("metadata", {}).values():
            mime["alt"] = mime["alt"].replace(old, new)
        texts = {mime: text for mime, text in output.get("data", {}).items() if mime.startswith("text")}
        output.get("data", {}).update({mime: text.replace(old, new) for mime, text in texts.items()})
    return cell


def test_a_number_in_a_caption_is_one_that_the_reader_reads(notebook):
    cell = describe(notebook, "rises from left", "rises by 47 from left")
    assert says(notebook, cell, "the number 47, which nothing in the chapter shows")


@pytest.fixture
def share(notebook):
    """Have a cell of the first section print a share."""
    add_code(notebook, "print('the share is', total / 99)", position=8)
    cell_with(notebook, "total / 99").outputs = [
        {"output_type": "stream", "name": "stdout", "text": "the share is 0.2168\n"}
    ]


@pytest.mark.usefixtures("share")
def test_an_output_may_be_rounded_in_prose_and_a_single_digit_not(notebook):
    replaced(notebook, PROSE, PROSE, "The share is 0.217, or 0.22, or 21.7 %.")
    assert reported(notebook) == []
    replaced(notebook, "The share", "0.22", "0.2")
    assert reported(notebook) == ["0.2"]


@pytest.mark.usefixtures("share")
def test_an_output_shows_nothing_in_another_section_and_a_claim_does(notebook):
    replaced(notebook, PROSE, PROSE, "The share is 0.217.\n\n## Later\n\nThe sum is 21.")
    assert reported(notebook) == []
    replaced(notebook, "## Later", "The sum is 21.", "The sum is 21, the share is 0.217.")
    assert reported(notebook) == []  # it begins in the section of the output
    replaced(notebook, "## Later", "The share is 0.217.", "")
    notebook.cells.insert(-1, new_markdown_cell("And the share is 0.217."))
    assert reported(notebook) == ["0.217"]


def test_the_numbers_behind_a_figure_are_shown_to_its_caption_only(notebook):
    replaced(notebook, PROSE, PROSE, "A line from 17.")
    data = cell_with(notebook, FIGURE).outputs[0].data
    data["text/plain"] = data["text/plain"].replace("y 37", "y 17")
    assert reported(notebook) == ["17"]
    replaced(notebook, "from 17", "A line from 17.", PROSE)
    describe(notebook, "rises from left", "rises from 17, left")
    assert reported(notebook) == []


def test_a_whole_number_does_not_show_one_with_a_point(notebook):
    replaced(notebook, PROSE, PROSE, "The sum is 21, not 21.0.")
    assert reported(notebook) == ["21.0"]


def test_an_exercise_is_not_shown_the_numbers_of_another(notebook):
    cell = replaced(notebook, "**Exercise 4, ", "What is it?", "A curvature of λ ≈ 0.33.")
    assert says(notebook, cell, "the number 0.33")


def test_a_number_is_not_shown_by_its_negative(notebook):
    replaced(notebook, PROSE, PROSE, "The sum is −21.")
    assert reported(notebook) == ["−21"]


@pytest.mark.parametrize("number", ["21", "7"])
def test_a_number_must_stand_near_a_word_that_it_is_shown_with(notebook, number):
    replaced(notebook, PROSE, PROSE, f"Our house has the number {number}.")
    assert reported(notebook) == [number]


def test_an_exercise_may_have_the_numbers_of_its_question(notebook):
    replaced(notebook, "**Exercise 1, ", "What is it?", "A curvature of λ ≈ 0.33.")
    assert reported(notebook) == []
    replaced(notebook, PROSE, PROSE, "A curvature of λ ≈ 0.33.")
    assert reported(notebook) == ["0.33"]


EXCEPTED = [
    "```\nprint(4321)\n```",
    "So:\n\n    print(4321)\n\nIt is so.",
    "So $\\tfrac{4321}{987} = 4.37$ it is.",
    "[there](03_batch.ipynb#4321)",
    "[← 77 Simulate] · [78 Batch →]",
    "**Exercise 43, code.** What?",
    "It takes 43 minutes.",
    "In 1964 and in 2012.",
    "43. first",
    "| 43 | second |",
    "the 43 % ellipse",
    "A shape of (n, 43), or (43,).",
    "A number of 43 bits.",
    "Accepted: within 43 %.",
    "`4321` and chapter 17.",
]


@pytest.mark.parametrize("text", EXCEPTED)
def test_what_is_no_number_to_show_is_none_to_report(notebook, text):
    notebook.cells.insert(5, new_markdown_cell(text))
    assert reported(notebook) == []


@pytest.mark.parametrize(
    "text", ["So 4321 it is.", "43 first", "| 43.5 |", "(43)", "43 hours", "In 1764.", "a bit of 43"]
)
def test_what_only_looks_like_an_exception_is_reported(notebook, text):
    notebook.cells.insert(5, new_markdown_cell(text))
    assert len(reported(notebook)) == 1


def test_volumes_and_pages_of_the_sources_are_not_read(notebook):
    replaced(notebook, SOURCES, "None.", "A journal 43, page 4321.")
    assert reported(notebook) == []


def batches(notebook):
    """Have a cell of the first section tell the two numbers of batches, which are neighbours."""
    add_code(notebook, "print(batches)", position=8)
    texts = ("long batches: 31", "batches with the short one: 32")
    cell_with(notebook, "print(batches)").outputs = [new_output("stream", text=text) for text in texts]


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("There are 31 long batches.", None),
        ("With the short batch there are 32 batches.", None),
        ("There are 32 long batches.", "31"),
        ("With the short batch there are 31 batches.", "32"),
    ],
)
def test_a_number_is_reported_where_its_neighbour_fits_the_words_better(notebook, sentence, fault):
    batches(notebook)
    cell = replaced(notebook, PROSE, PROSE, sentence)
    problems = list(check_numbers(notebook, CHAPTER))
    assert problems == [] if fault is None else says(notebook, cell, f"the chapter shows {fault} with more of the same")
