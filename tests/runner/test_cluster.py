"""Sweeps on a real Dask scheduler with real workers, in which papermill is the stand-in."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time

import pandas as pd
import psutil
import pytest
import stand_in
from stand_in import make_jobs, noted
from waiting import wait_until

from gd_helpers.runner import cli, cluster, sweeps
from gd_helpers.runner.files import PACKAGE
from gd_helpers.runner.scheduler import SweepError

GRID = {"learning_rate": ["0.001", "0.01", "0.1"], "seed": ["1", "2", "3", "4"]}
# somebody may be writing in the package while a worker, or this process, hashes it
SAME_PACKAGE = 'from gd_helpers.runner import scheduler\nscheduler.hash_package = lambda: "the package"\n'

posix = pytest.mark.skipif(sys.platform == "win32", reason="processes are killed in another way")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Return a folder with one chapter, which the stand-in for papermill runs."""
    return stand_in.install(tmp_path, monkeypatch)


def test_the_package_needs_nothing_of_a_cluster_to_be_imported():
    modules = "gd_helpers.runner.sweeps, gd_helpers.training.replicates"
    code = f"import sys; sys.modules.update(dask=None, distributed=None); import {modules}"
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

        def start_cluster(workers, *options):
            (tmp_path / "same_package.py").write_text(SAME_PACKAGE)
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
            scheduler = start("dask_scheduler", "--port", address.rpartition(":")[2])
            wait_until(lambda: listening(scheduler))
            words = [address, "--nthreads", "1", "--preload", str(tmp_path / "same_package.py")]
            words += ["--local-directory", str(tmp_path), *(options or ["--no-nanny"])]
            return address, scheduler, [start("dask_worker", *words) for _ in range(workers)]

        yield start_cluster


def listening(process):
    """Return the addresses on which `process` listens."""
    found = psutil.Process(process.pid).net_connections("inet")
    return {each.laddr.ip for each in found if each.status == psutil.CONN_LISTEN}


def family_of(processes):
    return [child for process in processes for child in psutil.Process(process.pid).children(recursive=True)]


def gone(processes):
    """Return whether `processes` have ended; they may be zombies that nobody waits for."""
    return not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)


def rows_in(out):
    return len(list((out / "runs").glob("*.ipynb")))


def when(condition, action):
    """Start a thread that does `action` once `condition` holds, and return a list that gets what came of it."""
    results = []
    wait_and_act = lambda: (wait_until(condition, seconds=600), results.append(action()))  # noqa: E731
    threading.Thread(target=wait_and_act, daemon=True).start()
    return results


@posix
def test_when_a_worker_is_killed_another_does_its_runs_and_none_is_there_twice(course, start_cluster, monkeypatch):
    out, added, add = course.parent / "out", [], sweeps.Sweep.add
    monkeypatch.setattr(
        sweeps.Sweep, "add", lambda rows, job, outcome: (added.append(job.key), add(rows, job, outcome))
    )
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
    wait_until(lambda: gone(family))
    assert len(table) == len(added) == len(set(added)) == 12
    assert set(table.status) == {"finished"}
    here = sweeps.sweep("03", GRID, {"pause": "0.3"}, out=out.with_name("here"), jobs=2, notebooks=course).table
    pd.testing.assert_frame_equal(table, here)


@posix
def test_a_worker_under_a_nanny_runs_jobs_and_one_that_is_closed_gives_its_run_to_another(course, start_cluster):
    address, _, _ = start_cluster(2, "--nanny")
    with cluster.connect(address) as client:
        wait_until(lambda: len(client.nthreads()) == 2)
        outcomes = cluster.run_on_cluster(make_jobs(course, "1", "2", pause=5), client)
        when(lambda: len(noted(course.parent)) == 2, lambda: client.retire_workers([next(iter(client.nthreads()))]))
        assert sorted(job.key for job, outcome in outcomes if not outcome.reason) == ["1", "2"]


@posix
def test_a_run_is_kept_though_the_worker_that_made_it_ends_before_it_is_looked_at(course, start_cluster):
    address, _, workers = start_cluster(workers=2)
    with cluster.connect(address) as client:
        wait_until(lambda: len(client.nthreads()) == 2)
        outcomes = cluster.run_on_cluster(make_jobs(course, *"123456"), client)
        first, _ = next(outcomes)
        wait_until(lambda: len(noted(course.parent, "end")) == 6)
        time.sleep(1)  # so that the client has heard of all
        workers[0].kill()
        wait_until(lambda: len(client.nthreads()) == 1)
        assert sorted(job.key for job in (first, *(job for job, _ in outcomes))) == list("123456")


@posix
def test_another_package_on_the_workers_is_said_and_runs_nothing(course, start_cluster):
    address, _, _ = start_cluster(workers=1)
    with cluster.connect(address) as client, pytest.raises(SweepError, match="the package gd_helpers where a run was"):
        list(cluster.run_on_cluster(make_jobs(course, "1", package="another"), client))
    assert noted(course.parent) == []


@posix
def test_a_cluster_without_a_worker_is_said(start_cluster, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    address, _, _ = start_cluster(workers=0)
    with cluster.connect(address) as client, pytest.raises(SweepError, match="the cluster has had no worker for 1 s"):
        list(cluster.run_on_cluster([], client))


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
    assert cli.main([*words, "--dask", address], notebooks=course) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line and "run" not in line.partition("|")[2]]
    kept = rows_in(out)
    assert 3 <= kept < 12
    assert lines == [
        f"error: the connection to the scheduler is lost; {kept} of 12 runs are finished and kept in {out}, "
        "the same command does the rest"
    ]
    assert caplog.records == []
    assert len(pd.read_csv(out / "table.csv")) == kept
    wait_until(lambda: gone(killed[0]))
    assert sorted(path.name for path in out.iterdir()) == ["runs", "table.csv", "table.parquet"]
    assert cli.main([*words, "--jobs", "2"], notebooks=course) == 0
    assert f"12 of 12 runs finished, {kept} of them before" in capsys.readouterr().out


@posix
def test_a_sweep_that_is_stopped_ends_its_runs_on_the_workers(course, start_cluster):
    address, _, workers = start_cluster(workers=1)
    with cluster.connect(address) as client:
        outcomes = cluster.run_on_cluster([*make_jobs(course, "1"), *make_jobs(course, "2", pause=600)], client)
        next(outcomes)
        wait_until(lambda: len(noted(course.parent)) == 2)
        family = family_of(workers)
    assert family
    wait_until(lambda: gone(family))
