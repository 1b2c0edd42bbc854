"""The files that name versions agree: pyproject.toml, requirements.txt, environment.yml, the Makefile and CI."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import nbformat
import pytest
import yaml
from handed_in import AUTOGRADERS, INSTALL
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from gd_helpers.runner.cells import code_cells, parse

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA_NAMES = {"pytorch": "torch", "playwright-python": "playwright", "dask-core": "dask"}
ONLY_ON_PYPI = ["axe-playwright-python", "sphinx-mathjax-offline", "sphinx-revealjs"]
PYTHONS = [f"3.{minor}" for minor in range(30)]


def read_direct(extras=("test", "site")):
    """Return what the project asks for by itself, by name."""
    lines = PROJECT["dependencies"] + [line for extra in extras for line in PROJECT["optional-dependencies"][extra]]
    return {canonicalize_name(entry.name): entry for entry in map(Requirement, lines)}


def read_lines(file="requirements.txt"):
    text = (ROOT / file).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def read_pins(file="requirements.txt"):
    return {canonicalize_name(entry.name): entry for entry in map(Requirement, read_lines(file))}


def read_conda():
    """Return environment.yml as its plain versions by name, and what it leaves to pip."""
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    plain = [re.fullmatch(r"([\w-]+)(.*)", entry).groups() for entry in entries if isinstance(entry, str)]
    pip = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    return {CONDA_NAMES.get(name, name): version for name, version in plain}, pip


def supported_pythons():
    return [version for version in PYTHONS if version in SpecifierSet(PROJECT["requires-python"])]


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-autograders.txt"])
def test_every_requirement_is_one_exact_version_of_a_package_by_name(file):
    line = re.compile(r"[a-z0-9-]+==[\w.]+( ; .+)?")
    assert [text for text in read_lines(file) if not line.fullmatch(text)] == []


def read_imports(pattern):
    """Return the top-level names of what the Python files and notebooks that match `pattern` import."""
    trees = []
    for path in ROOT.glob(pattern):
        if path.suffix == ".ipynb":
            trees += map(parse, code_cells(nbformat.read(path, as_version=4)))
        else:
            trees.append(ast.parse(path.read_text(encoding="utf-8")))
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


@cache
def read_owners():
    """Return the distributions that each top-level module comes from."""
    return packages_distributions()


@pytest.mark.parametrize(
    ("pattern", "extras", "some"),
    [
        ("gd_helpers/**/*.py", ("cluster",), "torch"),
        ("notebooks/*.ipynb", ("cluster",), "torch"),
        ("docs/**/*.py", ("site",), "sphinx"),
        ("tests/*.py", ("test",), "pytest"),
        ("tests/[!b]*/**/*.py", ("test",), "playwright"),
        ("tests/benchmarks/*.py", ("test", "bench"), "skorch"),
    ],
)
def test_everything_that_is_imported_is_asked_for(pattern, extras, some):
    folders = [*ROOT.glob("tests/**/*"), *ROOT.glob("docs/_ext/*")]
    ours = {"gd_helpers", *(path.stem for path in folders if path.is_dir() or path.suffix == ".py")}
    foreign = read_imports(pattern) - ours - sys.stdlib_module_names
    needed = {canonicalize_name(owner) for module in foreign for owner in read_owners().get(module, [module])}
    assert some in foreign
    assert needed - read_direct(extras).keys() == set()


def test_no_package_is_required_twice():
    names = [canonicalize_name(Requirement(line).name) for line in read_lines()]
    assert len(set(names)) == len(names)


def test_the_requirements_hold_no_cuda_packages():
    assert [name for name in read_pins() if re.match(r"nvidia|cuda|triton", name)] == []


@pytest.mark.parametrize("name", read_direct())
def test_the_pinned_version_is_one_that_the_project_allows(name):
    (pin,) = read_pins()[name].specifier
    assert pin.version in read_direct()[name].specifier
    assert read_pins()[name].marker is None


def test_the_autograders_are_pinned_beside_what_the_course_pins():
    pins, asked = read_pins("requirements-autograders.txt"), read_direct(["autograders"]).items()
    extra = {name: entry for name, entry in asked if entry not in read_direct([]).values()}
    assert extra.keys() == {"nbgrader", "otter-grader"}
    assert all(str(pins[name].specifier)[2:] in entry.specifier for name, entry in extra.items())
    assert pins.keys() & read_pins().keys() == set()


def test_the_pins_are_what_each_package_beside_an_autograder_asks_for():
    pins = read_pins() | read_pins("requirements-autograders.txt")
    installed = list(distributions(path=[str(AUTOGRADERS)]))
    asked = [Requirement(line) for each in installed for line in each.requires or ()]
    asked = [entry for entry in asked if entry.marker is None or entry.marker.evaluate({"extra": ""})]
    versions = {name: str(pin.specifier)[2:] for name, pin in pins.items()}
    assert len(asked) > 50, f"nbgrader and Otter are missing: {INSTALL}"
    assert [str(each) for each in asked if versions[canonicalize_name(each.name)] not in each.specifier] == []
    ours = {canonicalize_name(each.name): each.version for each in installed}
    assert ours == {name: versions[name] for name in read_pins("requirements-autograders.txt")}


def test_what_tests_need_holds_what_a_cluster_needs():
    asked = {name: str(entry) for name, entry in read_direct().items()}
    cluster = map(Requirement, PROJECT["optional-dependencies"]["cluster"])
    assert {entry.name: str(entry) for entry in cluster}.items() <= asked.items()


def test_conda_installs_the_versions_that_pip_does():
    versions, _ = read_conda()
    del versions["python"], versions["pip"]
    assert versions == {name: str(read_pins()[name].specifier) for name in read_direct().keys() - set(ONLY_ON_PYPI)}


def test_conda_leaves_nothing_to_pip_but_what_only_pypi_has_and_the_course_itself():
    _, pip = read_conda()
    assert pip == [[*(f"{name}{read_pins()[name].specifier}" for name in ONLY_ON_PYPI), "-e ."]]


def test_conda_takes_the_pythons_that_the_project_allows():
    versions, _ = read_conda()
    assert SpecifierSet(versions["python"]) == SpecifierSet(PROJECT["requires-python"])


def test_continuous_integration_runs_every_python_on_every_system():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    matrix = workflow["jobs"]["course"]["strategy"]["matrix"]
    assert matrix["python-version"] == supported_pythons()
    assert [system.partition("-")[0] for system in matrix["os"]] == ["ubuntu", "macos", "windows"]


def test_continuous_integration_runs_weekly_too():
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    triggers = workflow[True]  # YAML reads the key `on` as true
    assert set(triggers) == {"push", "pull_request", "schedule"}
    assert re.fullmatch(r"\d+ \d+ \* \* \d", triggers["schedule"][0]["cron"])


def test_make_refuses_the_pythons_that_the_project_does_not_allow():
    check = re.search(r"\((3, \d+)\) <= sys\.version_info\[:2\] < \((3, \d+)\)", (ROOT / "Makefile").read_text())
    lowest, above = (bound.replace(", ", ".") for bound in check.groups())
    assert SpecifierSet(f">={lowest},<{above}") == SpecifierSet(PROJECT["requires-python"])


def test_hooks_need_no_download():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in hooks["repos"]] == ["local"]
    assert {hook["language"] for repository in hooks["repos"] for hook in repository["hooks"]} == {"system"}
