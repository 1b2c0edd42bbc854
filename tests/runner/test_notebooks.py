"""The chapters as other programs see them. What each must be is checked by `check`, its outputs by nbval."""

import nbformat
import pytest
from papermill import inspect_notebook

from gd_helpers.lesson.parameters import PUBLISHED
from gd_helpers.lesson.results import read_results
from gd_helpers.runner.chapters import NOTEBOOKS

WITHOUT_RESULTS = {"00_introduction", "01_simulate_data", "17_speed"}  # of training, or that are the same everywhere


def test_the_notebooks_are_the_chapters_that_have_published_parameters():
    assert sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")) == sorted(PUBLISHED)


@pytest.mark.parametrize("chapter", sorted(PUBLISHED))
def test_papermill_shows_type_and_meaning_of_every_parameter(chapter):
    parameters = inspect_notebook(str(NOTEBOOKS / f"{chapter}.ipynb"))
    shown = {name: (entry["inferred_type_name"], bool(entry["help"])) for name, entry in parameters.items()}
    assert shown == {name: (type(value).__name__, True) for name, value in PUBLISHED[chapter].items()}


@pytest.mark.parametrize("chapter", sorted(PUBLISHED.keys() - WITHOUT_RESULTS))
def test_a_chapter_records_numbers_for_the_table_of_a_sweep(chapter):
    results = read_results(nbformat.read(NOTEBOOKS / f"{chapter}.ipynb", as_version=4))
    assert results
    assert all(isinstance(value, int | float) for value in results.values())
