"""The files that publish the course, and start it at one click, agree with the project."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import launch
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PAGES = yaml.safe_load((ROOT / ".github/workflows/pages.yml").read_text(encoding="utf-8"))


def git(*arguments):
    return subprocess.run(["git", *map(str, arguments)], capture_output=True, text=True, check=True).stdout.strip()


def targets():
    return re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_its_commit_and_says_which_version_that_is(path):
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    assert [action for action in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}  # v[\d.]+", action)] == []


def test_the_site_is_published_from_what_make_builds_with_no_more_rights_than_that_needs():
    build, publish = PAGES["jobs"]["build"], PAGES["jobs"]["publish"]
    assert [step["run"] for step in build["steps"] if "run" in step] == ["make site"]
    assert build["steps"][-1]["with"]["path"] in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert PAGES["permissions"] == {"contents": "read"}
    assert "permissions" not in build
    assert publish["permissions"] == {"contents": "write"}
    assert not any("checkout" in step.get("uses", "") for step in publish["steps"])


@pytest.mark.skipif(os.name == "nt", reason="the workflow runs on Linux")
def test_what_is_published_is_the_whole_site_in_one_commit_on_the_branch_that_colab_reads(tmp_path):
    site, remote = tmp_path / "site", tmp_path / "remote.git"
    git("init", "--quiet", "--bare", remote)
    told = "https://x-access-token:secret@github.com/someone/course.git"
    environment = os.environ | {
        "TOKEN": "secret",
        "GITHUB_REPOSITORY": "someone/course",
        "GITHUB_SHA": "0" * 40,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{remote.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": told,
    }
    script = PAGES["jobs"]["publish"]["steps"][-1]["run"]
    for text in ("first", "second"):  # each in a folder of its own, as each job has one
        shutil.rmtree(site, ignore_errors=True)
        (site / "_static").mkdir(parents=True)
        (site / "_static" / "course.css").write_text(text, encoding="utf-8")
        subprocess.run(["bash", "-e", "-c", script], cwd=site, env=environment, check=True)
    assert git("--git-dir", remote, "rev-list", "--count", launch.BRANCH) == "1"
    assert git("--git-dir", remote, "ls-tree", "-r", "--name-only", launch.BRANCH).split() == [
        ".nojekyll",
        "_static/course.css",
    ]
    assert git("--git-dir", remote, "show", f"{launch.BRANCH}:_static/course.css") == "second"


def test_a_codespace_is_made_by_a_target_that_exists_and_opens_a_chapter():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    assert container["postCreateCommand"].removeprefix("make ") in targets()
    assert all((ROOT / path).is_file() for path in container["customizations"]["codespaces"]["openFiles"])
    assert re.search(r"python:(3\.\d+)", container["image"])[1] == "3.11"


def test_who_cites_the_course_finds_its_version_and_its_licence():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["version"], citation["license"]) == (PROJECT["version"], PROJECT["license"])
    assert {"cff-version", "message", "title", "authors"} <= set(citation)


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "CODE_OF_CONDUCT.md"])
def test_links_and_targets_of_the_rules_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert [link for link in links if not (ROOT / link).exists()] == []
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= set(targets())
