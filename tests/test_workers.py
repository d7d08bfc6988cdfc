"""Workers: processes or threads, they hand back what a plain loop would have computed."""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from senet_np.errors import SenetError
from senet_np.fast.memory import keep_freed_memory
from senet_np.fast.workers import PROCESSES, SLACK, Workers

KINDS = pytest.mark.parametrize("processes", [True, False], ids=["processes", "threads"])
forks = pytest.mark.skipif(not PROCESSES, reason="the workers are threads on this system")


def blas_threads(*_):
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


known_blas = pytest.mark.skipif(not blas_threads(), reason="threadpoolctl does not know this BLAS, perhaps Apple's")


def divide(a, b):
    return a / b


def echo(given, piece):
    return given, piece, os.getpid()


def enlarge(factor, x):
    return np.repeat(x, factor)


def interrupt_handler(_):
    return signal.getsignal(signal.SIGINT)


def die(_):
    os.kill(os.getpid(), signal.SIGKILL)


@KINDS
def test_results_come_back_in_order_and_so_do_errors(processes):
    with Workers(3, processes) as workers:
        assert workers.map(divide, (60,), range(1, 20)) == [60 / k for k in range(1, 20)]
        with pytest.raises(ZeroDivisionError):
            workers.map(divide, (60,), [1, 0])
        assert workers.map(divide, (60,), [5, 6]) == [12, 10]


@KINDS
@pytest.mark.parametrize(
    "array",
    [np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(2, 3).T, np.arange(9)[::2], np.zeros((0, 3)), np.array(5.0)],
    ids=["contiguous", "transposed", "strided", "empty", "scalar"],
)
def test_any_array_arrives_and_comes_back_as_it_was(array, processes):
    with Workers(2, processes) as workers:
        found = workers.map(echo, ({"w": array},), [array, {"x": [array, "text"]}])
        for given, _, _ in found:
            np.testing.assert_array_equal(given["w"], array)
        np.testing.assert_array_equal(found[0][1], array)
        np.testing.assert_array_equal(found[1][1]["x"][0], array)
        assert found[1][1]["x"][1] == "text"


@forks
def test_processes_are_kept_until_more_memory_is_needed():
    def pids(size):
        return {pid for _, _, pid in workers.map(echo, (None,), [np.zeros(size)] * 2)}

    with Workers(2) as workers:
        first = {child.pid for child in multiprocessing.active_children()} | pids(10)
        before = {child.pid for child in multiprocessing.active_children()}
        assert pids(10) <= before
        assert not pids(10**6) & before
    assert os.getpid() not in first


@KINDS
def test_an_answer_may_be_far_larger_than_the_question(processes):
    with Workers(2, processes) as workers:
        answers = workers.map(enlarge, (SLACK,), [np.array([k]) for k in range(3)])
    assert all(np.array_equal(answer, np.full(SLACK, k)) for k, answer in enumerate(answers))


@known_blas
@KINDS
def test_while_there_are_workers_the_blas_has_one_thread_and_afterwards_what_it_had(processes):
    before = blas_threads()
    with Workers(2, processes) as workers:
        assert set(blas_threads()) == {1}
        assert all(set(threads) == {1} for threads in workers.map(blas_threads, (), range(4)))
    assert blas_threads() == before


@KINDS
def test_a_single_job_is_done_without_workers(processes):
    with Workers(2, processes) as workers:
        assert workers.map(echo, (1,), [2]) == [(1, 2, os.getpid())]
        assert not workers.pool


@forks
def test_ctrl_c_is_left_to_the_parent():
    with Workers(2) as workers:
        assert set(workers.map(interrupt_handler, (), range(2))) == {signal.SIG_IGN}


@forks
def test_a_worker_that_dies_is_reported_with_what_to_do_and_the_next_ones_work():
    with Workers(2) as workers:
        with pytest.raises(SenetError, match=r"a worker process died.*smaller --micro-batch"):
            workers.map(die, (), range(2))
        assert workers.map(divide, (60,), [5, 6]) == [12, 10]


def hold_the_lock_and_die(seconds):
    if seconds == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(seconds)


@forks
def test_a_worker_that_would_wait_for_ever_is_ended_whatever_its_parent_does_about_sigterm():
    before = signal.signal(signal.SIGTERM, lambda *_: None)  # as `train` has one, and its workers inherit it
    try:
        began = time.monotonic()
        with Workers(2) as workers, pytest.raises(SenetError, match="a worker process died"):
            workers.map(hold_the_lock_and_die, (), [0, 600])
        assert time.monotonic() - began < 60, "not as long as the other one would sleep"
    finally:
        signal.signal(signal.SIGTERM, before)


class Stubborn(Exception):
    """An exception that pickle cannot build anew: it wants two arguments, and hands on one."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def be_stubborn(_):
    raise Stubborn("this", "that")


@forks
def test_an_error_that_cannot_travel_arrives_as_its_text():
    with Workers(2) as workers, pytest.raises(RuntimeError, match="Stubborn: this and that"):
        workers.map(be_stubborn, (), range(2))


@KINDS
def test_nothing_to_do_is_done(processes):
    with Workers(2, processes) as workers:
        assert workers.map(divide, (60,), []) == []


@forks
def test_workers_do_not_outlive_a_parent_that_is_killed():
    code = """
import multiprocessing, time
from senet_np.fast.workers import Workers
with Workers(2) as workers:
    workers.map(divmod, (7,), [2, 3])
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, encoding="utf-8") as parent:
        assert parent.stdout is not None
        children = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(children) == 2
    deadline = time.monotonic() + 10
    while any(is_running(pid) for pid in children):
        assert time.monotonic() < deadline, "a worker goes on without its parent"
        time.sleep(0.05)


def is_running(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0] != "Z"
    return False


@KINDS
def test_what_cannot_be_pickled_is_computed_all_the_same(processes):
    class Net:
        factor = 3

    net = Net()
    with Workers(2, processes) as workers:
        assert workers.map(divide, (60,), [5, 6]) == [12, 10]
        assert workers.map(lambda net, x: net.factor * x, (net,), [1, 2]) == [3, 6]
        assert workers.map(divide, (60,), [5, 6]) == [12, 10]


def _inside(queue):
    with Workers(2) as workers:
        queue.put((workers.processes, workers.map(divide, (60,), [5, 6])))


@forks
def test_where_python_lets_no_child_have_children_the_workers_are_threads():
    fork = multiprocessing.get_context("fork")
    queue = fork.SimpleQueue()
    daemon = fork.Process(target=_inside, args=(queue,), daemon=True)
    daemon.start()
    assert queue.get() == (False, [12, 10])
    daemon.join()


@known_blas
def test_workers_who_end_in_any_order_leave_the_blas_as_it_was():
    with threadpool_limits(2, "blas"):
        before = blas_threads()
        first, second = Workers(1), Workers(1)
        first.__enter__()
        second.__enter__()
        first.__exit__()
        assert set(blas_threads()) == {1}
        second.__exit__()
        assert blas_threads() == before


def test_workers_in_threads_that_overlap_leave_the_blas_as_it_was():
    both_are_in = threading.Barrier(2, timeout=60)

    def work():
        with Workers(2, processes=False) as workers:
            both_are_in.wait()
            assert workers.map(divide, (60,), [5, 6]) == [12, 10]

    with threadpool_limits(2, "blas"):
        before = blas_threads()
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(work) for _ in range(2)]:
                done.result()
        assert blas_threads() == before


@forks
def test_workers_inside_of_workers_compute():
    with Workers(2) as outer, Workers(2) as inner:
        for workers in (outer, inner, outer):
            assert workers.map(divide, (60,), [5, 6]) == [12, 10]


def test_asking_the_c_library_to_keep_memory_never_fails():
    assert keep_freed_memory() in (True, False)


def test_where_the_c_library_is_another_nothing_is_asked(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert not keep_freed_memory()
