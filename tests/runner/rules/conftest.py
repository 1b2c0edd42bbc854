"""The good chapter, which tests of rules break."""

import copy

import pytest
from good_chapter import make_chapter


@pytest.fixture(scope="session")
def good():
    return make_chapter()


@pytest.fixture
def notebook(good):
    return copy.deepcopy(good)
