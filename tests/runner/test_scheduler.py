"""Many runs, a few at a time, by real worker processes; papermill in them is the stand-in."""

import threading

import psutil
import pytest
import stand_in
from stand_in import make_jobs, noted
from waiting import wait_until

from gd_helpers.runner import scheduler
from gd_helpers.runner.scheduler import SweepError, run_job, run_jobs


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Return a folder with one chapter, which the stand-in for papermill runs."""
    return stand_in.install(tmp_path, monkeypatch)


def children():
    return {child for child in psutil.Process().children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE}


def test_a_run_leaves_nothing_but_its_outcome(course, tmp_path):
    (tmp_path / "place").mkdir()
    outcome = run_job(*make_jobs(course, "3"), tmp_path / "place", lambda: False)
    assert outcome.reason == ""
    assert "papermill.record" in outcome.text
    assert list((tmp_path / "place").iterdir()) == []


def test_a_run_that_nobody_wants_any_more_ends_with_its_processes(course, tmp_path):
    before = children()
    assert run_job(*make_jobs(course, "3", pause=600), tmp_path, lambda: noted(tmp_path, "begin")) is None
    assert children() <= before


def test_no_more_runs_at_a_time_than_asked_for(course, tmp_path):
    assert sorted(job.key for job, _ in run_jobs(make_jobs(course, *"12345", pause=0.2), tmp_path, 3)) == list("12345")
    running, most = 0, 0
    for line in (tmp_path / "log").read_text().splitlines():
        running += 1 if line.startswith("begin") else -1
        most = max(most, running)
    assert 1 <= most <= 3


def test_who_takes_only_the_first_outcome_leaves_no_process(course, tmp_path):
    before = children()
    outcomes = run_jobs([*make_jobs(course, "1"), *make_jobs(course, *"2345", pause=600)], tmp_path, 2)
    assert next(outcomes)[0].key == "1"
    outcomes.close()
    assert children() <= before
    assert len(noted(tmp_path, "begin")) <= 3


def test_a_folder_that_is_gone_fails_the_runs_one_by_one(course, tmp_path):
    outcomes = [outcome for _, outcome in run_jobs(make_jobs(course, *"12"), tmp_path / "gone", 1)]
    assert [outcome.reason.partition(":")[0] for outcome in outcomes] == 2 * ["FileNotFoundError"]


def test_another_package_than_that_of_the_sweep_ends_all_runs_and_starts_none(course, tmp_path):
    before, jobs = (
        children(),
        [*make_jobs(course, "1", pause=600), *make_jobs(course, "2", package="another"), *make_jobs(course, "3")],
    )
    with pytest.raises(SweepError, match="is not, or not any more, that of the sweep"):
        list(run_jobs(jobs, tmp_path, 2))
    assert children() <= before
    assert "3" not in "".join(noted(tmp_path, "end"))


def test_a_package_that_changes_during_a_run_leaves_no_outcome(course, tmp_path, monkeypatch):
    monkeypatch.setattr(scheduler, "hash_package", lambda: "another" if noted(tmp_path, "begin") else "the package")
    with pytest.raises(SweepError, match="is not, or not any more, that of the sweep"):
        run_job(*make_jobs(course, "3"), tmp_path, lambda: False)


def test_a_worker_that_is_killed_fails_its_run_alone(course, tmp_path):
    before = children()  # an earlier test may have left one, such as the resource tracker of multiprocessing

    def kill():
        wait_until(lambda: len(noted(tmp_path, "begin")) == 2)
        min(children() - before, key=lambda child: child.create_time()).kill()

    threading.Thread(target=kill).start()
    outcomes = {job.key: outcome for job, outcome in run_jobs(make_jobs(course, *"12", pause=2), tmp_path, 2)}
    assert sorted(outcome.reason for outcome in outcomes.values()) == ["", "its worker process was killed"]
