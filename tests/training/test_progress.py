import pytest

from gd_helpers.training.progress import progress_bar


@pytest.fixture
def watched(monkeypatch):
    monkeypatch.delenv("GD_HEADLESS", raising=False)


def test_a_bar_names_what_it_counts_where_somebody_watches(watched, capsys):
    assert list(progress_bar(range(3), "adding")) == [0, 1, 2]
    out, err = capsys.readouterr()
    assert out == ""
    assert "adding" in err
    assert "/3" in err


def test_a_bar_is_moved_by_hand(watched, capsys):
    with progress_bar(None, "epochs", total=5) as bar:
        bar.update(2)
        bar.refresh()
    assert "2/5" in capsys.readouterr().err


@pytest.mark.parametrize(("variable", "shown"), [("1", True), ("0", False), ("1", False)])
def test_nothing_is_drawn_headless_or_unasked(monkeypatch, capfd, variable, shown):
    monkeypatch.setenv("GD_HEADLESS", variable)
    assert list(progress_bar(range(3), "adding", shown=shown)) == [0, 1, 2]
    with progress_bar(None, "epochs", total=5, shown=shown) as bar:
        bar.update(2)
    assert capfd.readouterr() == ("", "")
