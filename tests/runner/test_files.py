import subprocess
import sys

import pytest

from gd_helpers.runner.files import check_out, hash_package, locked_folder

posix = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX file system is needed")


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_that_one_command_has_is_refused_to_another(tmp_path):
    refused = f"another run, sweep or refresh is at work in '{tmp_path}'"
    code = f"from gd_helpers.runner.files import locked_folder\nwith locked_folder({str(tmp_path)!r}): pass"
    with locked_folder(tmp_path):
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        with pytest.raises(ValueError, match="another run"), locked_folder(tmp_path):
            pass
    assert refused in other.stderr
    with locked_folder(tmp_path):
        pass
    assert names_in(tmp_path) == []


def test_what_a_killed_command_left_is_removed_by_the_next(tmp_path):
    (tmp_path / ".run-abc" / "run-def").mkdir(parents=True)
    (tmp_path / "runs").mkdir()
    for left in (".run-abc/notebook.ipynb", ".03_batch.ipynb.partial", "runs/.abc.ipynb.partial", "mine", ".lock"):
        (tmp_path / left).touch()
    with locked_folder(tmp_path) as place:
        assert place.parent == tmp_path
        assert list(place.iterdir()) == []
    assert names_in(tmp_path) == ["mine", "runs"]
    assert names_in(tmp_path / "runs") == []


@pytest.mark.parametrize("inside", ["", "deeper/and/deeper"])
def test_a_file_in_place_of_the_folder_is_refused(tmp_path, inside):
    (tmp_path / "out").write_text("mine")
    with (
        pytest.raises(ValueError, match="must be a folder that can be written to"),
        locked_folder(tmp_path / "out" / inside),
    ):
        pass
    assert (tmp_path / "out").read_text() == "mine"


@pytest.fixture
def notebooks(tmp_path):
    """Return a folder of chapters, which has another inside."""
    (tmp_path / "notebooks" / "inside").mkdir(parents=True)
    return tmp_path / "notebooks"


@pytest.mark.parametrize("out", ["notebooks", "other/../notebooks", "notebooks/inside", "notebooks/new/deeper"])
def test_the_folder_of_the_chapters_is_refused_for_their_outputs(tmp_path, notebooks, out):
    with pytest.raises(ValueError, match="--out must be a folder apart from that of the chapters, got"):
        check_out(tmp_path / out, notebooks, [])


@posix
@pytest.mark.parametrize("inside", ["", "inside", "new"])
def test_the_folder_of_the_chapters_is_refused_through_a_link(tmp_path, notebooks, inside):
    (tmp_path / "link").symlink_to(notebooks)
    with pytest.raises(ValueError, match="--out must be a folder apart"):
        check_out(tmp_path / "link" / inside, notebooks, [])


@pytest.mark.parametrize("inside", ["", "new"])
def test_the_folder_of_the_chapters_is_refused_through_a_bind_mount(tmp_path, notebooks, inside):
    if (
        not sys.platform.startswith("linux")
        or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode
    ):
        pytest.skip("nothing can be mounted here")
    (tmp_path / "mount").mkdir()
    check = f"from gd_helpers.runner.files import check_out; check_out('mount/{inside}', 'notebooks', [])"
    command = f'mount --bind notebooks mount && exec {sys.executable} -c "{check}"'
    answer = subprocess.run(["unshare", "-m", "sh", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert "--out must be a folder apart" in answer.stderr


def test_the_folder_of_a_notebook_that_lies_elsewhere_is_refused_and_one_inside_is_not(tmp_path, notebooks):
    with pytest.raises(ValueError, match="--out must be a folder apart"):
        check_out(tmp_path, notebooks, [tmp_path / "mine.ipynb"])
    check_out(tmp_path / "out", notebooks, [tmp_path / "mine.ipynb"])


def test_an_empty_out_is_refused(notebooks):
    with pytest.raises(ValueError, match="--out must be a folder, got ''"):
        check_out("", notebooks, [])


def test_the_hash_of_the_package_feels_every_source_file_and_nothing_else(tmp_path):
    for name in ("a.py", "deeper/b.py", "c.mplstyle"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1")
    hashes = [hash_package(tmp_path)]
    (tmp_path / "a.pyc").write_text("1")
    assert hash_package(tmp_path) == hashes[0]
    for name in ("a.py", "deeper/b.py", "c.mplstyle"):
        (tmp_path / name).write_text("2")
        hashes.append(hash_package(tmp_path))
    (tmp_path / "a.py").rename(tmp_path / "d.py")
    hashes.append(hash_package(tmp_path))
    assert len(set(hashes)) == 5
