"""Where the system refuses processes, threads or shared memory, the same is computed, and it is said once."""

import errno
import mmap
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from senet_np.bench import timing
from senet_np.cli import main
from senet_np.errors import SenetError
from senet_np.fast import workers as module
from senet_np.fast.overlap import Overlapping
from senet_np.fast.workers import PROCESSES, Workers
from senet_np.nets import tiny
from senet_np.train.loop import gradients
from senet_np.tree import tree_items

pytestmark = pytest.mark.skipif(not PROCESSES, reason="the workers are threads on this system")
ERRORS = pytest.mark.parametrize(
    "number", [errno.EAGAIN, errno.ENOMEM, errno.ENOSYS, errno.EPERM], ids=errno.errorcode.get
)


def refuse(error):
    def refused(*_, **__):
        raise error

    return refused


@pytest.fixture
def no_processes(monkeypatch):
    """A function that makes every fork fail with an error number."""
    monkeypatch.setattr(module, "_refused", [])
    monkeypatch.setattr(module, "one_blas_thread", Overlapping(module.one_blas_thread.change))

    def forbid(number=errno.EAGAIN):
        monkeypatch.setattr(os, "fork", refuse(OSError(number, os.strerror(number))))

    return forbid


def where(x):
    return x, os.getpid(), threading.get_ident()


def divide(a, b):
    return a / b


@ERRORS
def test_without_processes_threads_compute(no_processes, number):
    no_processes(number)
    with Workers(2) as workers, pytest.warns(UserWarning, match="the system refuses processes"):
        found = workers.map(where, (), range(9))
    assert [x for x, _, _ in found] == [*range(9)]
    assert {pid for _, pid, _ in found} == {os.getpid()}
    assert threading.get_ident() not in {thread for _, _, thread in found}


def test_it_is_said_once_in_a_process(no_processes):
    no_processes()
    with Workers(2) as first, Workers(2) as second, pytest.warns(UserWarning, match="refuses") as said:
        found = [workers.map(divide, (60,), [5, 6]) for workers in (first, first, second)]
    assert found == 3 * [[12, 10]]
    assert len(said) == 1


def test_without_memory_to_share_threads_compute(no_processes, monkeypatch):
    monkeypatch.setattr(mmap, "mmap", refuse(OSError(errno.ENOMEM, "Cannot allocate memory")))
    with Workers(2) as workers, pytest.warns(UserWarning, match="Cannot allocate memory"):
        assert workers.map(divide, (60,), [5, 6]) == [12, 10]


@pytest.mark.parametrize("allowed", [0, 1])
def test_without_threads_the_calling_thread_computes(no_processes, monkeypatch, allowed):
    no_processes()
    start, started = threading.Thread.start, []

    def start_few(thread):
        if len(started) == allowed:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_few)
    with Workers(4) as workers, pytest.warns(UserWarning, match="refuses") as said:
        found = workers.map(where, (), range(9))
    assert [(x, thread) for x, _, thread in found] == [(x, threading.get_ident()) for x in range(9)]
    assert len(said) == 1


def test_what_a_job_raises_is_raised_all_the_same(no_processes):
    no_processes()
    with Workers(2) as workers, pytest.warns(UserWarning, match="refuses"), pytest.raises(ZeroDivisionError):
        workers.map(divide, (60,), [1, 0])


def test_an_error_of_the_jobs_own_is_no_refusal(no_processes):
    with Workers(2) as workers, pytest.raises(FileNotFoundError):
        workers.map(os.stat, (), ["/nowhere/1", "/nowhere/2"])
    assert not module._refused


def test_no_bit_changes(no_processes):
    net, rng = tiny(widths=(8,)), np.random.default_rng(0)
    arguments = *net.init(rng), rng.standard_normal((9, 8, 8, 3)).astype(np.float32), rng.integers(10, size=9)
    with Workers(2) as workers:
        usual = gradients(net, *arguments, 3, workers)
        grads = {path: g.copy() for path, g in tree_items(usual.grads)}
    no_processes()
    with Workers(2) as workers, pytest.warns(UserWarning, match="refuses"):
        refused = gradients(net, *arguments, 3, workers)
    assert refused.loss == usual.loss
    assert all(np.array_equal(grads[path], g) for path, g in tree_items(refused.grads))


@pytest.mark.filterwarnings("default")
def test_a_command_says_it_in_one_line_and_goes_on(no_processes, tmp_path, monkeypatch, few_shapes, capsys):
    monkeypatch.setattr("senet_np.data.load_shapes", lambda: few_shapes)
    no_processes()
    few = ["--widths", "4,4,4", "--epochs", "1", "--batch-size", "20", "--micro-batch", "10", "--workers", "2"]
    assert main(["train", "--data", "shapes", *few, "--no-plots", "--out", str(tmp_path / "run")]) == 0
    error = capsys.readouterr().err
    assert error.startswith("warning: the system refuses processes ([Errno 11]")
    assert error.count("\n") == 1


def test_the_benchmark_which_needs_processes_says_so(monkeypatch):
    monkeypatch.setattr(timing, "get_context", refuse(OSError(errno.EROFS, "Read-only file system")))
    with pytest.raises(SenetError, match=r"has to start processes.*Read-only file system"):
        timing.in_fresh_process(os.getpid)


COMPUTE = """
import os, sys
from senet_np.fast.workers import Workers
def compute(x):
    return 3 * x, os.getpid()
with Workers(2) as workers:
    workers.map(compute, (), range(2))  # imports what is needed, while it may
{limit}
with Workers(3) as workers:
    results, processes = zip(*workers.map(compute, (), range(9)))
assert [*results] == [3 * x for x in range(9)], results
print(len({{*processes}} - {{os.getpid()}}))
"""


@pytest.mark.parametrize("blas_threads", ["1", "2"])
def test_a_process_that_may_have_no_children_computes_by_itself(blas_threads):
    limit = """
import resource
os.getuid() or os.setuid(65533)  # root is not limited
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
"""
    code, blas = COMPUTE.format(limit=limit), {"OPENBLAS_NUM_THREADS": blas_threads}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=100, env={**os.environ, **blas}
    )
    if "PermissionError" in done.stderr:
        pytest.skip("this root may not become another user, and is not limited")
    assert done.stdout == "0\n", done.stderr
    assert done.stderr.count("the system refuses processes") == 1


def test_where_dev_shm_cannot_be_written_there_are_processes_all_the_same():
    mount = ["unshare", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs -o ro none /dev/shm || exit 77"]
    code = COMPUTE.format(limit="assert not os.access('/dev/shm', os.W_OK)")
    try:
        done = subprocess.run(
            [*mount[:-1], f'{mount[-1]}; exec "$0" -c "$1"', sys.executable, code], capture_output=True
        )
    except FileNotFoundError:
        pytest.skip("there is no unshare")
    if done.returncode in (1, 77) and b"Traceback" not in done.stderr:
        pytest.skip("nothing can be mounted here")
    assert (done.stdout, done.stderr) == (b"3\n", b"")
