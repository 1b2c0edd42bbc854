"""Notebooks that run as a user without rights: they can answer, and can reach nothing but a folder of their own."""

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from graded import answer_right, fill_in, write_course

from gd_helpers.exercises.chapter import questions_of
from gd_helpers.runner.files import PACKAGE
from gd_helpers.runner.grading.handout import hand_out
from gd_helpers.runner.grading.sandbox import Sandbox

STEM = "00_introduction"
USER = "gd-test-learner"
IS_ROOT = hasattr(os, "getuid") and os.getuid() == 0
pytestmark = pytest.mark.skipif(
    not IS_ROOT or not shutil.which("useradd"), reason="only root can make users and become them"
)

# What a learner who means harm tries; the kernel goes on, since cells may raise.
TRIES = [
    "open({out!r} + '/grades.csv', 'w').write('all right')",
    "open({back!r} + '/Zoë/{stem}.ipynb', 'w').write('')",
    "import shutil; shutil.copy({back!r} + '/Zoë/{stem}.ipynb', '.'); print('copied')",
    "import gd_helpers; open(gd_helpers.__file__, 'a').write('# changed')",
    "import os; os.kill(os.getppid(), 9); print('killed')",
    "os.setuid(0); print('root again')",
    "import subprocess; subprocess.Popen(['sleep', '679'], start_new_session=True); print('left behind')",
    "open('mine.txt', 'w').write('mine'); print('mine: ' + open('mine.txt').read())",
    "print(sorted(os.environ))",
]


@pytest.fixture(scope="module")
def user():
    """Make a user without rights, and remove it after."""
    subprocess.run(["useradd", "--system", "--no-create-home", USER], check=True)
    yield USER
    subprocess.run(["userdel", USER], check=True)


def may(*command):
    """Return whether the user may do what `command` does."""
    with contextlib.suppress(PermissionError):
        return subprocess.run(command, user=USER, group=USER, extra_groups=[], cwd="/", check=False).returncode == 0
    return False


@pytest.fixture(scope="module")
def python(user):
    """Give a Python that the user may run, and the environment for it: that of these tests, or links to its files."""
    with tempfile.TemporaryDirectory(prefix="gd-test-") as folder:
        os.chmod(folder, 0o755)
        yield make_python(Path(folder))


def make_python(place):
    shutil.copytree(PACKAGE, place / "course" / "gd_helpers")  # not the one that a learner would change if this fails
    paths = [place / "course", reach(sysconfig.get_path("purelib"), place / "lib")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths)), "GD_HEADLESS": "1"}
    command = sys.executable
    if not may(command, "-c", ""):
        command = place / "python" / "bin" / Path(sys.executable).resolve().name
        link(Path(sys.executable).resolve(), command)
        link(sysconfig.get_path("stdlib"), place / "python" / "lib" / Path(sysconfig.get_path("stdlib")).name)
        for library in Path(sys.base_prefix, "lib").glob("libpython*"):
            link(library, place / "python" / "lib" / library.name)
        environment["LD_LIBRARY_PATH"] = str(place / "python" / "lib")
    return str(command), environment


def reach(path, other):
    """Return the folder `path`, or `other`, with links to all its files, where the user may not read it."""
    return Path(path) if may("test", "-r", path) else link(path, other)


def link(source, target):
    """Link the file, or all files of the folder, `source` to `target`, which is returned."""
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    if Path(source).is_dir():
        ignored = shutil.ignore_patterns("site-packages", "test")
        return shutil.copytree(source, target, symlinks=True, ignore=ignored, copy_function=link)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
    return target


@pytest.fixture(scope="module")
def graded(python, user, tmp_path_factory):
    """Have a learner answer, and another one try what `TRIES` says; return the folder, and what was printed."""
    place, (command, environment) = tmp_path_factory.mktemp("class"), python
    (place / "roster.csv").write_text("name\nMallory\nZoë\n", encoding="utf-8")
    course = write_course(place / "notebooks", STEM)
    manifest = hand_out(place / "roster.csv", [STEM], out=place / "back", notebooks=course)
    values = manifest.handouts[1].parameters[STEM]
    answers = {question.name: answer_right(question, values) for question in questions_of(STEM)}
    fill_in(place / "back" / "Zoë" / f"{STEM}.ipynb", answers)
    names = {"out": str(place / "out"), "back": str(place / "back"), "stem": STEM}
    cells = [nbformat.v4.new_code_cell(tried.format(**names)) for tried in TRIES]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), place / "back" / "Mallory" / f"{STEM}.ipynb")
    (place / "back").chmod(0o700)
    words = ["grade", str(place / "back"), "--out", str(place / "out"), "--user", user]
    secret = environment | {"SECRET_TOKEN": "of the teacher"}
    words = [command, "-P", "-m", "gd_helpers", *words]  # not the package in this folder
    run = subprocess.run(words, env=secret, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return place, run.stdout


def printed(place):
    notebook = nbformat.read(place / "out" / "feedback" / "Mallory" / f"{STEM}.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return outputs, "".join(output.get("text", "") for output in outputs)


def test_both_are_graded_and_nothing_is_to_be_told(graded):
    place, said = graded
    table = pd.read_csv(place / "out" / "grades.csv")
    assert table.state.tolist() == ["unanswered"] * 4 + ["right"] * 4
    assert said.splitlines()[0] == "graded 2 notebooks; 4 of 8 exercises right"


def test_all_that_needs_rights_is_refused(graded):
    place, _ = graded
    outputs, text = printed(place)
    raised = [output.ename for output in outputs if output.output_type == "error"]
    assert raised == ["PermissionError"] * 6
    assert not any(word in text for word in ("copied", "killed", "root again"))


def test_its_own_folder_is_open_and_is_gone_afterwards(graded):
    place, _ = graded
    _, text = printed(place)
    assert "mine: mine" in text
    assert list(place.rglob("mine.txt")) == []


def test_nothing_of_the_environment_of_who_grades_is_to_be_seen(graded):
    place, _ = graded
    _, text = printed(place)
    assert "'HOME'" in text
    assert "SECRET_TOKEN" not in text


def test_no_process_of_the_user_is_left(graded):
    found = subprocess.run(["ps", "-u", USER, "-o", "args"], capture_output=True, text=True, check=False).stdout
    assert found.splitlines() in ([], ["COMMAND"])


def test_a_user_who_has_a_way_into_a_folder_is_refused(python, monkeypatch):
    command, environment = python
    monkeypatch.setattr(sys, "executable", command)
    for name in ("PYTHONPATH", "LD_LIBRARY_PATH"):
        monkeypatch.setenv(name, environment.get(name, ""))
    with tempfile.TemporaryDirectory(prefix="gd-test-") as folder:
        Sandbox([USER], closed=[folder])
        os.chmod(folder, 0o755)
        with pytest.raises(ValueError, match=f"--user {USER} must not be able to read '{folder}'"):
            Sandbox([USER], closed=[folder])


def test_a_user_who_cannot_run_this_python_is_refused(user, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/proc/1/exe")
    with pytest.raises(ValueError, match=f"--user {USER} cannot run the course, which must be installed where all may"):
        Sandbox([USER])
