"""What is handed out: chapters with each learner's own parameters, the same from the same roster, or nothing."""

import json

import nbformat
import pytest
from stand_in import write_chapter

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.runner import cli
from gd_helpers.runner.chapters import NOTEBOOKS, read_defaults
from gd_helpers.runner.grading.handout import hand_out
from gd_helpers.runner.grading.manifest import read_manifest
from gd_helpers.runner.grading.roster import make_seed

ROSTER = "name,seed,batch_size\nZoë,7,\nO'Neil,,64\n"


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text(ROSTER, encoding="utf-8")
    return path


def read_all(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_learner_gets_each_chapter_with_parameters_of_their_own(roster, tmp_path):
    hand_out(roster, ["00", "03_batch"], out=tmp_path / "out")
    defaults = read_defaults(NOTEBOOKS / "00_introduction.ipynb")
    assert read_defaults(tmp_path / "out" / "Zoë" / "00_introduction.ipynb") == defaults | {"seed": 7}
    assert read_defaults(tmp_path / "out" / "O'Neil" / "00_introduction.ipynb") == defaults | {
        "seed": make_seed("O'Neil"),
        "batch_size": 64,
    }
    assert read_defaults(tmp_path / "out" / "Zoë" / "03_batch.ipynb")["seed"] == 7


def test_only_outputs_and_parameters_differ_from_the_chapter(roster, tmp_path):
    hand_out(roster, ["00_introduction"], out=tmp_path / "out")
    chapter = nbformat.read(NOTEBOOKS / "00_introduction.ipynb", as_version=4)
    copy = nbformat.read(tmp_path / "out" / "Zoë" / "00_introduction.ipynb", as_version=4)
    differing = [cell.id for cell, other in zip(chapter.cells, copy.cells, strict=True) if cell.source != other.source]
    assert [cell.id for cell in chapter.cells] == [cell.id for cell in copy.cells]
    assert differing == [cell.id for cell in chapter.cells if "parameters" in cell.metadata.get("tags", ())]
    code = [cell for cell in copy.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)


def test_the_same_roster_gives_the_same_files(roster, tmp_path):
    for name in ("first", "second"):
        hand_out(roster, ["00", "02"], out=tmp_path / name)
    assert read_all(tmp_path / "first") == read_all(tmp_path / "second")
    assert len(read_all(tmp_path / "first")) == 5


def test_the_manifest_says_who_got_what_and_where_each_answer_is(roster, tmp_path):
    made = hand_out(roster, ["00_introduction"], out=tmp_path / "out")
    assert read_manifest(tmp_path / "out" / "manifest.json") == made
    copy = nbformat.read(tmp_path / "out" / "Zoë" / "00_introduction.ipynb", as_version=4)
    cells = {cell.id: cell.source for cell in copy.cells}
    answers = made.chapters["00_introduction"].answers
    assert list(answers) == [question.name for question in questions_of("00_introduction")]
    assert all(f"exercises.{name}.check(" in cells[key] for name, key in answers.items())


@pytest.mark.parametrize("content", ["{}", "[]", "none", '{"format": 99}', '{"format": 1, "chapters": {}}'])
def test_a_file_that_is_no_manifest_is_refused(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ValueError, match=r"grading needs the .* of the handout, got"):
        read_manifest(tmp_path / "manifest.json")


@pytest.mark.parametrize(
    ("content", "names", "message"),
    [
        ("name,seed\nAnna,7\nBo,minus\n", "00", "line 3 (Bo): seed must be a number, got the text 'minus'"),
        ("name,n\nAnna,100\nBo,3\n", "00", "line 3 (Bo): n must be a whole number of at least 50, got 3"),
        ("name,epochs\nAnna,7\n", "00", "must be a parameter (seed, n, batch_size), got 'epochs'"),
        ("name\nAnna\nBo\nANNA\n", "00", "lines 2 and 4: 'Anna' and 'ANNA' would share a folder"),
        ("name\nAnna\n", "00_intro", "did you mean '00_introduction'"),
    ],
)
def test_what_is_not_allowed_is_refused_in_one_line_and_nothing_is_written(tmp_path, capsys, content, names, message):
    (tmp_path / "roster.csv").write_text(content)
    words = ["handout", str(tmp_path / "roster.csv"), names, "--out", str(tmp_path / "out" / "here")]
    assert cli.main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert [path.name for path in tmp_path.iterdir()] == ["roster.csv"]


def test_a_chapter_that_cannot_be_graded_is_refused(roster, tmp_path):
    cells, parameters = ["exercises.updates_in_an_epoch.check(1)"], "seed = 1\nn = 50\nbatch_size = 1"
    path = write_chapter(tmp_path / "mine", "00_introduction", *cells, parameters=parameters)
    with pytest.raises(ValueError, match="must check each of its exercises, got 00_introduction without times_as_many"):
        hand_out(roster, [str(path)], out=tmp_path / "out")


def test_what_learners_have_handed_in_is_not_written_over(roster, tmp_path):
    hand_out(roster, ["00"], out=tmp_path / "out")
    before = read_all(tmp_path / "out")
    with pytest.raises(ValueError, match="--out must be a new or an empty folder"):
        hand_out(roster, ["00"], out=tmp_path / "out")
    assert read_all(tmp_path / "out") == before


def test_an_empty_folder_is_filled(roster, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    assert cli.main(["handout", str(roster), "00", "--out", str(tmp_path / "out")]) == 0
    assert "handed out 1 chapter to 2 learners" in capsys.readouterr().out
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert [each["name"] for each in manifest["handouts"]] == ["Zoë", "O'Neil"]


def test_one_handout_can_serve_both_autograders(tmp_path):
    (tmp_path / "roster.csv").write_text("name,n\nAnna,300\nOtter,\n", encoding="utf-8")
    out = tmp_path / "out"
    words = ["handout", str(tmp_path / "roster.csv"), "00", "--out", str(out), "--nbgrader", "--otter"]
    assert cli.main(words) == 0
    names = {path.name for path in out.iterdir()}
    assert names == {"Anna", "Otter_", "nbgrader", "otter", "manifest.json"}
    copy = nbformat.read(out / "Anna" / "00_introduction.ipynb", as_version=4)
    asked = [cell.metadata for cell in copy.cells if "otter" in cell.metadata]
    assert [cell.otter.tests for cell in asked] == [[cell.nbgrader.grade_id] for cell in asked]
    assert [cell.nbgrader.grade_id for cell in asked] == [question.name for question in questions_of("00_introduction")]
    assert sorted(path.name for path in (out / "otter").iterdir()) == ["Anna", "Otter_"]
    assert (out / "nbgrader" / "students.csv").read_text(encoding="utf-8") == "id\nAnna\nOtter_\n"
    assert read_defaults(out / "otter" / "Anna" / "00_introduction.ipynb")["n"] == 300
