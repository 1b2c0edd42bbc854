"""Every chapter is as the gate wants it. That its stored outputs are what its code gives is nbval's part."""

import nbformat
import pytest
from gate import find_copies, find_dead_links, find_problems
from papermill import inspect_notebook

from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.lesson.results import read_results
from gd_helpers.runner.chapters import NOTEBOOKS
from gd_helpers.runner.outputs import normalise

WITHOUT_RESULTS = {"00_introduction", "01_simulate_data", "17_speed"}  # of training, or that are the same everywhere

every_chapter = pytest.mark.parametrize("chapter", sorted(PUBLISHED))


def path_of(chapter):
    return NOTEBOOKS / f"{chapter}.ipynb"


def read(chapter):
    return nbformat.read(path_of(chapter), as_version=4)


def test_the_notebooks_are_the_chapters_that_have_published_parameters():
    assert sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")) == sorted(PUBLISHED)


@every_chapter
def test_a_chapter_passes_the_gate(chapter):
    assert find_problems(read(chapter), chapter) == []


@every_chapter
def test_the_links_of_a_chapter_lead_somewhere(chapter):
    assert list(find_dead_links(read(chapter), NOTEBOOKS)) == []


@every_chapter
def test_a_chapter_is_stored_as_refreshing_writes_it(chapter):
    assert path_of(chapter).read_bytes() == (nbformat.writes(normalise(read(chapter))) + "\n").encode()


@every_chapter
def test_papermill_shows_type_and_meaning_of_every_parameter(chapter):
    parameters = inspect_notebook(str(path_of(chapter)))
    shown = {name: (entry["inferred_type_name"], bool(entry["help"])) for name, entry in parameters.items()}
    assert shown == {name: (type(value).__name__, True) for name, value in PUBLISHED[chapter].items()}


@pytest.mark.parametrize("chapter", sorted(PUBLISHED.keys() - WITHOUT_RESULTS))
def test_a_chapter_records_numbers_for_the_table_of_a_sweep(chapter):
    results = read_results(read(chapter))
    assert results
    assert all(isinstance(value, int | float) for value in results.values())


def test_no_code_is_copied_from_one_chapter_to_another():
    chapters = [chapter for chapter in sorted(PUBLISHED) if path_of(chapter).exists()]
    assert list(find_copies({chapter: read(chapter) for chapter in chapters})) == []
