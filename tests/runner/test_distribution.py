import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import psutil
import pytest
from distributed import CancelledError, KilledWorker
from stand_in import write_chapter, write_papermill
from waiting import wait_until

from gd_helpers.__main__ import main
from gd_helpers.lesson import launching
from gd_helpers.runner import distribution, sweeps
from gd_helpers.runner.distribution import ClusterError, Job, carry_out, hash_package, run_here
from gd_helpers.runner.lifeline import lives

GRID = {"learning_rate": ["0.001", "0.01", "0.1"], "seed": ["1", "2", "3", "4"]}
PACKAGE = Path(distribution.__file__).parents[1]
# others may be writing in the package while a worker, or this process, hashes it
SAME_PACKAGE = 'from gd_helpers.runner import distribution\ndistribution.hash_package = lambda: "the package"\n'

posix = pytest.mark.skipif(sys.platform == "win32", reason="processes are killed in another way")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Return a folder with one chapter, which the stand-in for papermill runs."""
    write_papermill(tmp_path / "stand_in", tmp_path / "log")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PACKAGE.parent), str(tmp_path / "stand_in")]))
    for module in (distribution, sweeps):
        monkeypatch.setattr(module, "hash_package", lambda: "the package")
    write_chapter(tmp_path / "notebooks")
    return tmp_path / "notebooks"


def make_jobs(course, *seeds, pause="0"):
    text = (course / "03_batch.ipynb").read_text()
    given = [{"seed": seed, "learning_rate": "0.5", "pause": pause} for seed in seeds]
    return [Job(each["seed"], "03_batch", text, each, "the package") for each in given]


def begun(course):
    return (course.parent / "log").read_text().count("begin")


# One run


def test_a_run_says_what_it_recorded_and_leaves_nothing_but_its_notebook(course, tmp_path):
    (tmp_path / "place").mkdir()
    (job,) = make_jobs(course, "3")
    outcome = carry_out(job, tmp_path / "place", lambda: False)
    assert (outcome.key, outcome.reason) == ("3", "")
    assert outcome.results["product"] == 1.5
    assert "papermill.record" in outcome.text
    assert list((tmp_path / "place").iterdir()) == []


def test_a_run_that_nobody_wants_any_more_ends_with_its_processes(course, tmp_path):
    (job,) = make_jobs(course, "3", pause="600")
    before = set(psutil.Process().children(recursive=True))
    assert carry_out(job, tmp_path, lambda: begun(course) > 0) is None
    assert not [process for process in set(psutil.Process().children(recursive=True)) - before if lives(process)]


def test_another_package_than_that_of_the_sweep_runs_nothing(course, tmp_path, monkeypatch):
    monkeypatch.setattr(distribution, "hash_package", lambda: "another")
    with pytest.raises(ClusterError, match="is not, or not any more, that of the sweep"):
        carry_out(make_jobs(course, "3")[0], tmp_path, lambda: False)
    assert begun(course) == 0


def test_a_package_that_changes_during_a_run_leaves_no_outcome(course, tmp_path, monkeypatch):
    monkeypatch.setattr(distribution, "hash_package", lambda: "another" if begun(course) else "the package")
    with pytest.raises(ClusterError, match="is not, or not any more, that of the sweep"):
        carry_out(make_jobs(course, "3")[0], tmp_path, lambda: False)


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


# On this machine


def test_no_more_runs_at_a_time_than_asked_for(course, tmp_path):
    jobs = make_jobs(course, *"123456", pause="0.2")
    assert sorted(outcome.key for outcome in run_here(jobs, tmp_path, processes=3, stop=[])) == list("123456")
    running, most = 0, 0
    for line in (course.parent / "log").read_text().splitlines():
        running += 1 if line.startswith("begin") else -1
        most = max(most, running)
    assert 2 <= most <= 3


@pytest.mark.parametrize("processes", [1, 2])
def test_a_request_to_stop_leaves_no_process_and_starts_no_other(course, tmp_path, processes):
    stop, before = [], set(psutil.Process().children(recursive=True))
    threading.Thread(target=lambda: (wait_until(lambda: begun(course)), stop.append(15))).start()
    with pytest.raises(KeyboardInterrupt):
        list(run_here(make_jobs(course, *"12345", pause="600"), tmp_path, processes=processes, stop=stop))
    assert not [process for process in set(psutil.Process().children(recursive=True)) - before if lives(process)]
    assert begun(course) <= processes


def test_an_error_ends_the_other_runs(course, tmp_path, monkeypatch):
    (broken,), others = make_jobs(course, "1"), make_jobs(course, *"2345", pause="600")
    broken = Job("1", "03_batch", broken.text, {}, "another package")
    with pytest.raises(ClusterError):
        list(run_here([*others[:1], broken, *others[1:]], tmp_path, processes=2, stop=[]))
    assert begun(course) <= 2


def test_who_takes_only_the_first_outcome_leaves_no_process(course, tmp_path):
    jobs = [*make_jobs(course, "1"), *make_jobs(course, *"2345", pause="600")]
    before = set(psutil.Process().children(recursive=True))
    outcomes = run_here(jobs, tmp_path, processes=2, stop=[])
    assert next(outcomes).key == "1"
    outcomes.close()
    assert not [process for process in set(psutil.Process().children(recursive=True)) - before if lives(process)]


# On a Dask cluster


def test_the_package_needs_nothing_of_a_cluster_to_be_imported():
    code = "import sys; sys.modules.update(dask=None, distributed=None); import gd_helpers.runner.sweeps, gd_helpers.training.replicates"
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    answer = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.fixture
def start_cluster(course, tmp_path):
    """Return a function that starts a scheduler and workers on loopback, and gives its address and the processes."""
    with contextlib.ExitStack() as stack:

        def start(*words):
            log = stack.enter_context((tmp_path / f"{words[0]}.log").open("ab"))
            local = ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]
            command = [sys.executable, "-m", f"distributed.cli.{words[0]}", *words[1:], *local]
            process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        def start_cluster(workers):
            (tmp_path / "same_package.py").write_text(SAME_PACKAGE)
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            address = f"tcp://127.0.0.1:{port}"
            scheduler = start("dask_scheduler", "--port", str(port))
            options = ["--nthreads", "1", "--no-nanny", "--preload", str(tmp_path / "same_package.py")]
            options += ["--local-directory", str(tmp_path)]
            return address, scheduler, [start("dask_worker", address, *options) for _ in range(workers)]

        yield start_cluster


def listening(process):
    """Return the addresses on which `process` listens."""
    return {address for address, _ in launching.listening([psutil.Process(process.pid)])}


def family_of(processes):
    return [child for process in processes for child in psutil.Process(process.pid).children(recursive=True)]


def rows_in(out):
    return len(list((out / "runs").glob("*.json")))


def when(condition, action):
    """Start a thread that does `action` once `condition` holds, and return a list that gets what came of it."""
    results = []
    threading.Thread(target=lambda: (wait_until(condition), results.append(action()))).start()
    return results


@posix
def test_when_a_worker_is_killed_another_does_its_runs_and_none_is_there_twice(course, start_cluster, monkeypatch):
    out, added, add = course.parent / "out", [], sweeps._Rows.add
    monkeypatch.setattr(sweeps._Rows, "add", lambda rows, outcome: (added.append(outcome.key), add(rows, outcome)))
    address, scheduler, workers = start_cluster(workers=2)

    def kill():
        family, heard = family_of(workers[:1]), {ip for each in (scheduler, *workers) for ip in listening(each)}
        workers[0].kill()
        return family, heard, listening(psutil.Process())

    # the fifth run has begun, so a worker has one that nobody else knows of
    killed = when(lambda: rows_in(out) >= 4 and family_of(workers[:1]), kill)
    table = sweeps.sweep("03", GRID, {"pause": "0.3"}, out=out, dask=address, notebooks=course).table
    ((family, heard, ours),) = killed
    assert (heard, ours) == ({"127.0.0.1"}, set())
    assert family
    wait_until(lambda: not any(map(lives, family)), seconds=20)
    assert len(table) == 12
    assert set(table.status) == {"finished"}
    assert len(added) == len(set(added)) == 12
    here = sweeps.sweep("03", GRID, {"pause": "0.3"}, out=out.with_name("here"), jobs=6, notebooks=course).table
    pd.testing.assert_frame_equal(table.drop(columns="seconds"), here.drop(columns="seconds"))


@posix
def test_a_run_is_kept_though_the_worker_that_made_it_ends_before_it_is_looked_at(course, start_cluster):
    address, _, workers = start_cluster(workers=2)
    with distribution.connected(address) as client:
        wait_until(lambda: len(client.nthreads()) == 2)
        outcomes = distribution.run_on_cluster(make_jobs(course, *"123456"), client, stop=[])
        first = next(outcomes)
        wait_until(lambda: (course.parent / "log").read_text().count("end") == 6)
        time.sleep(1)  # so that the client has heard of all
        workers[0].kill()
        wait_until(lambda: len(client.nthreads()) == 1)
        assert sorted(each.key for each in (first, *outcomes)) == list("123456")


@posix
def test_a_scheduler_that_does_not_answer_is_as_good_as_gone(course, start_cluster, monkeypatch):
    monkeypatch.setattr(distribution, "ANSWER_TIMEOUT", 2)
    address, scheduler, _ = start_cluster(workers=1)
    with distribution.connected(address) as client:
        wait_until(lambda: len(client.nthreads()) == 1)
        outcomes = distribution.run_on_cluster(make_jobs(course, "1", pause="600"), client, stop=[])
        when(lambda: begun(course), lambda: scheduler.send_signal(signal.SIGSTOP))
        with pytest.raises(ClusterError, match="the connection to the scheduler is lost"):
            next(outcomes)


def test_what_a_future_came_to_is_an_outcome_nothing_or_a_reason(course):
    (job,), outcome = make_jobs(course, "1"), distribution.Outcome("1", "")
    assert distribution._read_result(job, outcome) is outcome
    assert distribution._read_result(job, None) is None
    error = KilledWorker("run", None, 3)
    assert distribution._read_result(job, (KilledWorker, error, None)).reason == (
        "one worker after another was gone while it ran"
    )
    for given, message in (
        (CancelledError("run"), "the connection to the scheduler is lost"),
        ((OSError, OSError("no room"), None), "OSError: no room"),
        ((ClusterError, ClusterError("another package"), None), "another package"),
    ):
        with pytest.raises(ClusterError, match=f"^{message}$"):
            distribution._read_result(job, given)


@posix
def test_when_the_scheduler_is_killed_a_line_says_so_and_what_was_finished_is_kept(
    course, start_cluster, capsys, caplog
):
    out = course.parent / "out"
    address, scheduler, workers = start_cluster(workers=1)

    def kill():
        family = family_of(workers)
        scheduler.kill()
        return family

    killed = when(lambda: rows_in(out) >= 3 and family_of(workers), kill)
    grid = [word for name, texts in GRID.items() for word in ("-g", name, *texts)]
    words = ["sweep", "03", *grid, "-p", "pause", "0.5", "--out", str(out)]
    assert main([*words, "--dask", address], notebooks=course) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line and "run" not in line.partition("|")[2]]
    kept = rows_in(out)
    assert 3 <= kept < 12
    assert lines == [
        f"error: the connection to the scheduler is lost; {kept} of 12 runs are finished and kept in {out}, "
        "the same command does the rest"
    ]
    assert caplog.records == []
    assert len(pd.read_csv(out / "table.csv")) == kept
    wait_until(lambda: not any(map(lives, killed[0])), seconds=20)
    assert sorted(path.name for path in out.iterdir()) == ["runs", "table.csv", "table.parquet"]
    assert main([*words, "--jobs", "6"], notebooks=course) == 0
    assert f"12 of 12 runs finished, {kept} of them before" in capsys.readouterr().out


@posix
def test_a_sweep_that_is_stopped_ends_its_runs_on_the_workers(course, start_cluster, tmp_path):
    address, _, workers = start_cluster(workers=1)
    stop = []
    started = when(lambda: begun(course), lambda: (family_of(workers), stop.append(15))[0])
    with distribution.connected(address) as client, pytest.raises(KeyboardInterrupt):
        list(distribution.run_on_cluster(make_jobs(course, "1", "2", pause="600"), client, stop=stop))
    assert started[0]
    wait_until(lambda: not any(map(lives, started[0])), seconds=20)
    assert begun(course) == 1


def test_a_scheduler_that_ends_in_the_moment_in_which_it_is_asked_is_gone():
    def sync(*asked, **options):
        raise ConnectionResetError("Connection reset by peer")

    client = SimpleNamespace(status="running", scheduler=SimpleNamespace(ncores=None), sync=sync)
    with pytest.raises(ClusterError, match="the connection to the scheduler is lost"):
        distribution._has_workers(client)
