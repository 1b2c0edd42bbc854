"""The glossary and the cheat sheet say what the chapters do, and their loop trains."""

import re

import nbformat
import numpy as np
import pytest
import torch

from gd_helpers.data import simulate_line
from gd_helpers.metrics import ols
from gd_helpers.runner.chapters import NOTEBOOKS
from gd_helpers.runner.rules.text import find_dead_links, make_anchor

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
    for chapter in chapters:
        assert f"(glossary.md#{make_anchor(term)})" in (NOTEBOOKS / chapter).read_text(encoding="utf-8"), chapter


@pytest.mark.parametrize(("batch_size", "rate", "epochs"), [(1, 0.003, 60), (32, 0.03, 300), (200, 0.1, 1000)])
def test_the_loop_of_the_cheat_sheet_arrives_at_least_squares(batch_size, rate, epochs):
    (source,) = re.findall(r"(?s)```python\n(.*?)```", PAGES["cheat_sheet.md"])
    source = source.replace("lr=1e-3", f"lr={rate}")
    data = simulate_line(n=200)

    def train(source):
        torch.manual_seed(37)  # the initial weights
        given = {"X": data.X, "y": data.y, "n": 200, "epochs": epochs, "batch_size": batch_size}
        scope = {"torch": torch, "rng": np.random.default_rng(37), **given}
        exec(source, scope)
        return scope["model"].weight.detach().numpy()[0]

    weights = train(source)
    assert weights == pytest.approx(ols(data).weights, abs=0.1)
    assert train(source.replace("optimizer.zero_grad()", "pass")) != pytest.approx(weights, abs=0.1)


def test_the_cheat_sheet_has_the_rule_of_each_optimizer_that_chapter_14_writes():
    chapter = (NOTEBOOKS / "14_optimizers.ipynb").read_text(encoding="utf-8")
    written = set(re.findall(r"def (\w+)\(w, g, α, s", chapter)) - {"uncorrected", "heavy_ball"}
    table = PAGES["cheat_sheet.md"].partition("## The optimizers")[2].partition("\n## ")[0]
    rows = re.findall(r"(?m)^\| (\w+)[^|\n]* \| [^|\n]*\| [^|\n]+ \|$", table)
    assert len(written) == 7
    assert {row.lower() for row in rows} == written
