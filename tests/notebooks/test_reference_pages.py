"""The glossary and the cheat sheet say what the chapters do, and their loop trains."""

import re

import nbformat
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from gd_helpers.data import simulate_line
from gd_helpers.metrics import ols
from gd_helpers.runner.chapters import NOTEBOOKS
from gd_helpers.runner.rules.text import find_dead_links

PAGES = {name: (NOTEBOOKS / name).read_text(encoding="utf-8") for name in ("glossary.md", "cheat_sheet.md")}
ENTRIES = dict(re.findall(r"(?ms)^## (.*?)\n\n(.*?)(?=\n\n## |\Z)", PAGES["glossary.md"]))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    cell = nbformat.v4.new_markdown_cell(re.sub(r"\]\(#", f"]({page}#", PAGES[page]))
    assert list(find_dead_links(nbformat.v4.new_notebook(cells=[cell]), NOTEBOOKS)) == []


def test_the_terms_are_in_alphabetical_order():
    assert list(ENTRIES) == sorted(ENTRIES, key=str.lower)


@pytest.mark.parametrize("term", ENTRIES)
def test_a_term_is_used_in_each_chapter_that_it_names(term):
    chapters = re.findall(r"\((\d\d_\w+\.ipynb)\)", ENTRIES[term])
    assert chapters
    anchor = term.lower().replace(" ", "-")
    for chapter in chapters:
        assert f"(glossary.md#{anchor})" in (NOTEBOOKS / chapter).read_text(encoding="utf-8"), chapter


def test_the_loop_of_the_cheat_sheet_arrives_at_least_squares():
    (source,) = re.findall(r"(?s)```python\n(.*?)```", PAGES["cheat_sheet.md"])
    data, generator = simulate_line(n=200), torch.Generator().manual_seed(37)
    torch_of_its_own = {"torch": torch, "DataLoader": DataLoader, "TensorDataset": TensorDataset}
    given = {"X": data.X, "y": data.y, "epochs": 300, "generator": generator}
    scope = {**torch_of_its_own, **given}
    exec(source.replace("lr=1e-3", "lr=0.03"), scope)
    weights = scope["model"].weight.detach().numpy()[0]
    assert weights == pytest.approx(ols(data).weights, abs=0.1)
    with_zero_grad_forgotten = {**torch_of_its_own, **given}
    exec(source.replace("optimizer.zero_grad()", "pass").replace("lr=1e-3", "lr=0.03"), with_zero_grad_forgotten)
    assert with_zero_grad_forgotten["model"].weight.detach().numpy()[0] != pytest.approx(weights, abs=0.1)
