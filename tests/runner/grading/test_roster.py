"""Rosters: the names and parameters in them, and what is refused."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gd_helpers.runner.grading.roster import SEEDS, make_folder_name, make_seed, read_roster


@pytest.fixture
def read(tmp_path):
    """Return a function that writes a roster and reads it."""

    def write_and_read(content):
        path = tmp_path / "roster.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_roster(path)

    return write_and_read


def test_names_come_as_they_are_and_empty_fields_set_nothing(read):
    learners, columns = read('name,seed,n\nZoë Müller-Lüdenscheidt, 7 ,\n\n"O\'Neil, Sam",,60\n')
    assert columns == ["seed", "n"]
    assert [each.name for each in learners] == ["Zoë Müller-Lüdenscheidt", "O'Neil, Sam"]
    assert [each.texts for each in learners] == [{"seed": "7"}, {"n": "60"}]
    assert [each.line for each in learners] == [2, 4]


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfname,seed\r\nAnna,7\r\n", b"name;seed\nAnna;7\n"])
def test_a_file_from_a_spreadsheet_program_is_read(read, content):
    learners, columns = read(content)
    assert (columns, learners[0].name, learners[0].texts) == (["seed"], "Anna", {"seed": "7"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name\nAnna\nBo\nAnna\n", "lines 2 and 4: 'Anna' and 'Anna' are the same name"),
        ("name\nAnna\nBo\nanna\n", "lines 2 and 4: 'Anna' and 'anna' would share a folder"),
        ("name\na/b\na:b\n", "lines 2 and 3: 'a/b' and 'a:b' would share a folder"),
        ("name\nZoe\u0308\nZo\u00eb\n", "would share a folder"),
        ("name,n\nAnna\n", "line 2: must have 2 fields as the heading has, got 1"),
        ("name,n\n,60\n", "line 2: the 'name' must be given, got ''"),
        ("name,n,n\nAnna,60,70\n", "columns must have names, all different, got name, n, n"),
        ("name,\nAnna,1\n", "columns must have names, all different"),
        ("name\n", "must have a heading and a line for each learner"),
        ("", "must have a heading and a line for each learner"),
        (b"name\nZo\xeb\n", "must be a text in UTF-8"),
    ],
)
def test_what_cannot_be_a_roster_is_refused_with_its_lines(read, content, message):
    with pytest.raises(ValueError, match=message):
        read(content)


def test_a_roster_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"must be a CSV file, got .*No such file"):
        read_roster(tmp_path / "roster.csv")


@given(st.text(min_size=1).filter(str.strip))
def test_any_name_gives_a_folder_that_every_system_takes(name):
    folder = make_folder_name(name)
    assert folder
    assert len(folder.encode()) <= 255
    assert not set(folder) & set('<>:"/\\|?*\0\n')
    assert folder[0] not in ".-"
    assert folder[-1] not in ". "
    assert unicodedata.is_normalized("NFC", folder)
    assert folder.partition(".")[0].casefold() not in {"con", "nul", "com1", "manifest"}


def test_a_name_gives_one_seed_however_its_accents_are_written():
    assert make_seed("Zoe\u0308") == make_seed("Zo\u00eb") != make_seed("Zoe")
    assert len({make_seed(f"learner {number}") for number in range(1000)}) == 1000
    assert 0 <= make_seed("Anna") < SEEDS
