"""Comparisons on a Dask cluster, and what is said where something in it is missing, another version, dead or hung."""

import functools
import logging
import re
import signal
import subprocess
import sys
import threading
import warnings

import pytest

pytest.importorskip("distributed", reason="Dask is an extra: pip install 'senet_np[dask]'")

import distributed
from dask_cluster import FEW_IMAGES, HERE, NO_PACKAGE, Cluster, kill, wait_until
from small_data import few_images

from senet_np import data
from senet_np.cli import compare, main
from senet_np.errors import SenetError
from senet_np.experiments import dask_runner
from senet_np.experiments.comparison import read_comparison
from senet_np.experiments.results import read_results
from senet_np.experiments.runner import Job, _load, run_job
from senet_np.runs.run import open_run
from senet_np.settings import make_settings

FILE = """
title = "short against long"
data = "shapes"
seeds = 1
results = "mine.jsonl"
[settings]
widths = [4, 4]
batch_size = 16
micro_batch = 8
[arms.short]
epochs = 1
[arms.long]
epochs = {long}
"""
DEADLY = """
import os, senet_np.experiments.dask_runner as runner
run_job = runner.run_job
runner.run_job = lambda job, callback: os._exit(1) if job.settings.epochs > 1 else run_job(job, callback)
"""
CLIENT = f"{FEW_IMAGES}\nimport sys; from senet_np.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture(autouse=True)
def small_and_quick(monkeypatch):
    """Few images, no figures, and many looks at the workers."""
    _load.cache_clear()
    monkeypatch.setattr(data, "load_shapes", few_images)
    monkeypatch.setattr(dask_runner, "POLL", 0.05)
    monkeypatch.setattr(compare, "_draw", lambda *_: None)
    yield
    _load.cache_clear()


@pytest.fixture
def impatient(monkeypatch):
    """A patience of 2 s."""
    monkeypatch.setattr(dask_runner, "run_on_dask", functools.partial(dask_runner.run_on_dask, patience=2))


@pytest.fixture
def local():
    """A cluster in this process, with one worker."""
    with distributed.LocalCluster(n_workers=1, **HERE) as cluster:
        yield cluster


@pytest.fixture
def cluster(tmp_path):
    """A cluster of processes; nothing is started yet."""
    with Cluster(tmp_path) as cluster:
        yield cluster


@pytest.fixture
def comparison(tmp_path):
    """A short run, and one that does not end before a test is over."""
    return write(tmp_path, 1000)


def write(folder, long):
    path = folder / "mine.toml"
    path.write_text(FILE.format(long=long), "utf-8")
    return read_comparison(path)


def words(comparison, address):
    """The words after the program's name."""
    folder = comparison.path.parent
    return ["compare", str(comparison.path), "--runs-dir", str(folder / "runs"), "--scheduler", address]


def job(folder, epochs=1):
    sizes = {"epochs": epochs, "widths": (4, 4), "batch_size": 16, "micro_batch": 8}
    return Job(make_settings("shapes", sizes), folder / "runs", None, 1, few_images().fingerprint)


def has_begun(folder, runs):
    """The condition that this many runs have finished an epoch."""
    return lambda: sum(log.stat().st_size > 0 for log in (folder / "runs").glob("*/log.jsonl")) == runs


def when(condition, action):
    """Do something in a thread as soon as the condition is true."""
    threading.Thread(target=lambda: (wait_until(condition), action()), daemon=True).start()


def test_a_cluster_gives_the_results_of_this_machine(local, tmp_path):
    comparison = write(tmp_path, 2)
    assert main(words(comparison, local.scheduler_address)) == 0
    there = {r.settings: r.correct for r in read_results(comparison.results)}
    here = {s: run_job(job(tmp_path / "here")._replace(settings=s))["correct"] for _, s in comparison.cells}
    assert there == here


@pytest.mark.usefixtures("impatient")
def test_without_a_worker_it_says_how_long_it_waits_and_then_gives_up(comparison, capfd):
    with distributed.LocalCluster(n_workers=0, **HERE) as cluster:
        assert main(words(comparison, cluster.scheduler_address)) == 2
    waits, gives_up = capfd.readouterr().err.splitlines()
    assert waits.endswith("has no worker: waiting 2 s for one")
    assert "has had no worker for 2 s" in gives_up


def test_a_worker_that_comes_in_time_is_used(tmp_path):
    with distributed.LocalCluster(n_workers=0, **HERE) as cluster:
        runs = dask_runner.run_on_dask([job(tmp_path)], cluster.scheduler_address)
        when(lambda: cluster.scheduler.tasks, lambda: cluster.scale(1))
        with pytest.warns(UserWarning, match="waiting 300 s"):
            assert len([*runs]) == 1


def test_a_worker_without_the_package_is_named_with_what_to_do(cluster, comparison, capfd):
    cluster.scheduler()
    cluster.worker()
    cluster.worker(NO_PACKAGE)
    cluster.ready(2)
    assert main(words(comparison, cluster.address)) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert re.search(r"; tcp://\S+: \S+No module named 'senet_np'\S+ Install the same senet_np there", line)
    assert not comparison.results.exists()


@pytest.fixture
def elsewhere(monkeypatch):
    """Have the cluster, which lives in other threads of this process, use other versions or fail to tell."""

    def elsewhere(changes=None, error=None):
        def versions():
            if threading.current_thread() is threading.main_thread():
                return real()
            if error:
                raise error
            return real() | changes

        real = dask_runner.versions
        monkeypatch.setattr(dask_runner, "versions", versions)

    return elsewhere


def test_a_cluster_with_another_version_of_the_package_is_refused(local, comparison, capfd, elsewhere):
    elsewhere({"senet_np": "0.0.9"})
    assert main(words(comparison, local.scheduler_address)) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert f"; {local.scheduler_address}: senet_np 0.0.9," in line


def test_another_numpy_on_the_cluster_is_a_warning(local, tmp_path, elsewhere):
    elsewhere({"numpy": "1.26.4"})
    runs = dask_runner.run_on_dask([job(tmp_path)], local.scheduler_address)
    with pytest.warns(UserWarning, match=r"NumPy 1\.26\.4.*may differ in their last bits"):
        assert len([*runs]) == 1


def test_a_scheduler_without_the_package_is_one_clear_sentence(local, comparison, capfd, elsewhere):
    elsewhere(error=ModuleNotFoundError("No module named 'senet_np'"))
    assert main(words(comparison, local.scheduler_address)) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert f"; {local.scheduler_address}: No module named 'senet_np'. Install the same senet_np there" in line


@pytest.mark.usefixtures("impatient")
def test_when_all_workers_are_killed_results_are_kept_and_the_same_command_goes_on(cluster, tmp_path, capfd):
    comparison = write(tmp_path, 20)
    cluster.scheduler()
    worker = cluster.worker()
    cluster.ready(1)
    when(has_begun(cluster.folder, 2), lambda: kill(worker))
    assert main(words(comparison, cluster.address)) == 2
    gives_up = capfd.readouterr().err.splitlines()[-1]
    assert "has had no worker for 2 s" in gives_up
    assert len(read_results(comparison.results)) == 1
    cluster.worker()
    cluster.ready(1)
    assert main(words(comparison, cluster.address)) == 0
    assert len(read_results(comparison.results)) == 2


def test_a_run_whose_worker_is_killed_is_made_again_elsewhere_to_the_same_bits(cluster, tmp_path):
    cluster.scheduler()
    workers = [cluster.worker() for _ in range(2)]
    cluster.ready(2)
    when(has_begun(tmp_path, 1), cluster.kill_the_busy_worker)
    ((_, there),) = dask_runner.run_on_dask([job(tmp_path, 15)], cluster.address)
    assert sorted(worker.poll() is None for worker in workers) == [False, True]
    here = run_job(job(tmp_path / "here", 15))
    assert (there["correct"], there["test_loss"]) == (here["correct"], here["test_loss"])


def test_a_run_that_kills_its_worker_fails_and_the_others_are_made(cluster, tmp_path):
    deadly, other = job(tmp_path, 2), job(tmp_path)
    cluster.scheduler(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    for _ in range(2):
        cluster.worker(f"{FEW_IMAGES}{DEADLY}")
    cluster.ready(2)
    outcomes = dict(dask_runner.run_on_dask([deadly, other], cluster.address))
    assert "workers died of it (1), the last was tcp://" in str(outcomes[deadly])
    assert outcomes[other]["n"] == 40


def start(comparison, address):
    """The command in a process of its own, with its own patience."""
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, *words(comparison, address)],
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )


def wait_for_both_runs(comparison, client):
    begun = has_begun(comparison.path.parent, 2)
    wait_until(lambda: begun() or client.poll() is not None)


def test_a_scheduler_that_is_killed_is_one_clear_sentence_at_once(cluster, comparison):
    scheduler = cluster.scheduler()
    cluster.worker()
    client = start(comparison, cluster.address)
    wait_for_both_runs(comparison, client)
    kill(scheduler)
    _, complaint = client.communicate(timeout=20)
    assert complaint.startswith(f"error: the scheduler {cluster.address} is gone, or does not answer: start it")
    assert complaint.count("\n") == 1  # Dask's log would add 40 lines
    assert client.returncode == 2
    assert len(read_results(comparison.results)) == 1


@pytest.mark.usefixtures("impatient")
def test_a_scheduler_that_hangs_is_one_clear_sentence(cluster, comparison, capfd):
    scheduler = cluster.scheduler()
    cluster.worker()
    cluster.ready(1)
    when(has_begun(cluster.folder, 2), lambda: scheduler.send_signal(signal.SIGSTOP))
    assert main(words(comparison, cluster.address)) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"error: the scheduler {cluster.address} is gone, or does not answer: start it")


def test_a_run_that_fails_names_its_worker_and_the_others_are_kept(local, comparison, capfd, monkeypatch):
    def fail(job, callback):
        if job.settings.epochs > 1:
            raise SenetError("there is no data here")
        return run_job(job, callback)

    monkeypatch.setattr(dask_runner, "run_job", fail)
    assert main(words(comparison, local.scheduler_address)) == 2
    failed, summary = capfd.readouterr().err.splitlines()
    assert f"failed: the worker {local.workers[0].address} says: there is no data here" in failed
    assert summary.startswith("error: 1 of the runs failed")
    assert len(read_results(comparison.results)) == 1


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_however_the_client_ends_no_run_goes_on(how, local, comparison):
    client = start(comparison, local.scheduler_address)
    wait_for_both_runs(comparison, client)
    client.send_signal(how)
    _, complaint = client.communicate(timeout=30)
    assert "Traceback" not in complaint
    assert client.returncode == {signal.SIGINT: 130}.get(how, -how)
    wait_until(lambda: not local.workers[0].state.executing)
    assert sorted(open_run(path).result is None for path in comparison.path.parent.glob("runs/*")) == [False, True]


def test_dask_leaves_logging_and_warnings_as_they_were(local, tmp_path):
    before = logging.root.manager.disable, [*warnings.filters]
    assert len([*dask_runner.run_on_dask([job(tmp_path)], local.scheduler_address)]) == 1
    assert (logging.root.manager.disable, [*warnings.filters]) == before
