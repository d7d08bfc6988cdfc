"""The runs of a comparison: made once, several at a time, each in a process; and what ends them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from small_comparison import line, write_comparison
from systems import linux, unix

from senet_np.cli import compare, main
from senet_np.data import load_shapes
from senet_np.errors import SenetError
from senet_np.experiments import runner
from senet_np.experiments.results import append_result, read_results
from senet_np.experiments.runner import Job, run_folder, run_here, run_job
from senet_np.runs.run import alone_in


@pytest.fixture
def write(tmp_path):
    """Write a comparison file, with something in it replaced, and read it."""
    return partial(write_comparison, tmp_path)


def test_missing_runs_are_trained_and_finished_runs_are_reused(write, tmp_path, capsys):
    comparison = write(seeds=1)
    words = ["compare", str(comparison.path), "--runs-dir", str(tmp_path / "runs"), "--jobs", "2"]
    assert main(words) == 0
    assert "2 of 2: " in capsys.readouterr().out
    assert comparison.path.with_suffix(".png").stat().st_size > 10_000
    before = comparison.results.read_bytes()
    assert main(words) == 0
    assert "2 of 2 runs are finished" in capsys.readouterr().out
    assert comparison.results.read_bytes() == before
    assert len({r.settings.se for r in read_results(comparison.results)}) == 2


def test_a_run_that_had_ended_is_read_from_its_folder_which_does_not_tell_the_machine(write, tmp_path, monkeypatch):
    settings = write().cells[0][1]
    job = Job(settings, tmp_path / "runs", None, 1, load_shapes().fingerprint)
    record = run_job(job)
    monkeypatch.setattr("senet_np.experiments.runner.train_run", None)  # whoever trains now fails
    assert run_job(job) == record | {"machine": runner.TRAINED_BEFORE}


def test_other_bytes_than_the_comparisons_are_refused(write, tmp_path):
    with pytest.raises(SenetError, match="holds other bytes"):
        run_job(Job(write().cells[0][1], tmp_path / "runs", None, 1, "another fingerprint"))


def die(_):
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_process_that_dies_is_one_clear_sentence(write, tmp_path, monkeypatch):
    monkeypatch.setattr("senet_np.experiments.runner._outcome", die)
    with pytest.raises(SenetError, match="a run's process died"):
        list(run_here([Job(write().cells[0][1], tmp_path, None, 1, "f")], 1))


def listen_to_ctrl_c():
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background jobs ignore it


@unix
def test_ctrl_c_ends_all_processes_and_the_same_command_goes_on(write, tmp_path):
    comparison = write("epochs = 1", "epochs = 400", seeds=1)  # not done before the signal comes
    words = [sys.executable, "-m", "senet_np", "compare", str(comparison.path), "--runs-dir", str(tmp_path / "runs")]
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", preexec_fn=listen_to_ctrl_c
    )
    logs = []
    while len(logs) < 2 and process.poll() is None:  # until both have finished an epoch
        time.sleep(0.1)
        logs = [log for log in tmp_path.glob("runs/*/log.jsonl") if log.stat().st_size]
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in complaint
    sizes = [log.stat().st_size for log in logs]
    time.sleep(1.5)  # an epoch takes less
    assert [log.stat().st_size for log in logs] == sizes, "somebody trains on"


def children(process):
    """The processes that a process has started, and those that they have."""
    listed = Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()
    return [child for pid in map(int, listed) for child in (pid, *children(pid))]


def is_running(pid):
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rsplit(")")[-1].split()[0]
        return state != "Z"  # dead, and nobody has asked
    return False


@linux  # elsewhere the system neither tells the children, nor ends them with their parent
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_to_the_parent_ends_all_processes_and_keeps_finished_runs(write, tmp_path, name):
    number = getattr(signal, name)
    comparison = write("epochs = 1", "epochs = 400")
    append_result(comparison.results, line(comparison.cells[0][1], 60, load_shapes().fingerprint))
    words = [sys.executable, "-m", "senet_np", "compare", str(comparison.path), "--runs-dir", str(tmp_path / "runs")]
    heed = partial(signal.signal, number, signal.SIG_DFL)  # nohup, or a shell's `&`, ignores it
    process = subprocess.Popen([*words, "--jobs", "2"], stdout=-1, stderr=-1, preexec_fn=heed)
    started = []
    while len(started) < 3:  # two runs, and what Python starts for itself
        time.sleep(0.02)
        started = children(process.pid)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == -number
    end = time.monotonic() + 10
    while any(map(is_running, started)):
        assert time.monotonic() < end, "somebody trains on"
        time.sleep(0.05)
    assert len(read_results(comparison.results)) == 1


def test_where_the_system_refuses_processes_one_run_at_a_time_ends_in_the_same_result(write, tmp_path, monkeypatch):
    job = Job(write().cells[0][1], tmp_path / "usual", None, 1, runner._load("shapes", None).fingerprint)
    ((_, usual),) = run_here([job], 1)

    def refuse(*args):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(runner, "ProcessPoolExecutor", refuse)
    with pytest.warns(UserWarning, match=r"^the system refuses processes .* one run at a time"):
        ((_, refused),) = run_here([job._replace(folder=tmp_path / "refused")], 2)
    assert refused | {"seconds": 0} == usual | {"seconds": 0}


def test_a_run_that_fails_leaves_the_others(write, tmp_path):
    jobs = [Job(settings, tmp_path, None, 1, "another fingerprint") for _, settings in write().cells[:2]]
    outcomes = dict(run_here(jobs, 1))
    assert outcomes.keys() == {*jobs}
    assert all("holds other bytes" in str(outcome) for outcome in outcomes.values())


@pytest.fixture
def job_made_elsewhere(write, tmp_path):
    """A run whose folder is in use until the event is set."""
    job = Job(write().cells[0][1], tmp_path, None, 1, runner._load("shapes", None).fingerprint)
    held, ends = threading.Event(), threading.Event()

    def elsewhere():
        with alone_in(run_folder(job)):
            held.set()
            ends.wait()

    threading.Thread(target=elsewhere).start()
    held.wait()
    yield job, ends
    ends.set()


def test_a_run_that_ends_elsewhere_is_waited_for(job_made_elsewhere):
    job, ends = job_made_elsewhere
    threading.Timer(0.3, ends.set).start()
    assert run_job(job)["n"] == 2000


def test_a_run_that_does_not_end_elsewhere_is_one_clear_sentence(job_made_elsewhere, monkeypatch):
    monkeypatch.setattr(runner, "LAST_STEP_SECONDS", 0.1)
    with pytest.raises(SenetError, match="another process is training in"):
        run_job(job_made_elsewhere[0])


def test_without_dask_the_sentence_says_what_to_install(write, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "senet_np.experiments.dask_runner", raising=False)
    assert main(["compare", str(write().path), "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert capsys.readouterr().err == 'error: --scheduler needs Dask: python -m pip install "senet_np[dask]"\n'


def test_there_are_as_many_runs_at_a_time_as_this_process_may_use_cores(write, monkeypatch):
    asked = []

    def run_here(jobs, at_a_time):
        asked.append((at_a_time, jobs[0].workers))
        yield from ()

    monkeypatch.setattr(compare, "run_here", run_here)
    monkeypatch.setattr(compare, "default_workers", lambda: 3)
    assert main(["compare", str(write().path)]) == 0  # of 4 runs
    assert main(["compare", str(write().path), "--jobs", "1"]) == 0
    assert asked == [(3, 1), (1, 3)]


def test_a_result_line_says_what_its_run_was_made_with(write, tmp_path):
    record = run_job(Job(write().cells[0][1], tmp_path, None, 1, load_shapes().fingerprint))
    assert record["versions"].keys() >= {"numpy", "python", "blas", "senet_np"}
    assert json.loads(json.dumps(record)) == record
