"""The machine under the benchmark: what it is, and the two ceilings that no program on it can break through."""

import os
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from ..fast.workers import Workers

SIDE = 1536  # of the square matrices that the peak is measured with
MEMORY = 1 << 26  # numbers a thread copies: far more than any cache holds


def describe(threads: int) -> dict[str, Any]:
    """What the figures were measured on.

    Returns:
        Processor, cores, threads used, versions, the BLAS, and which of its threads compute meanwhile (one).
    """
    with Workers(threads) as workers:
        kind = "processes" if workers.processes and threads > 1 else "threads"
        blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    names = [f"{pool['internal_api']} {pool['version']} ({pool.get('architecture', '?')})" for pool in blas]
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "workers": kind,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": ", ".join(names) or "none that threadpoolctl knows",
        "blas_threads": max((pool["num_threads"] for pool in blas), default=1),
        "system": f"{platform.system()} {platform.machine()}",
    }


def matrix_peak(threads: int, rounds: int) -> float:
    """The best rate of a float32 matrix product with that many threads at once, GFLOP/s: the ceiling of arithmetic."""
    a = np.random.default_rng(0).standard_normal((SIDE, SIDE), np.float32)
    out = np.empty((threads, SIDE, SIDE), np.float32)
    with Workers(threads, processes=False) as workers:
        seconds = _best(lambda: workers.map(lambda k: np.matmul(a, a, out=out[k]), (), range(threads)), rounds)
    return 2 * SIDE**3 * threads / seconds / 1e9


def memory_peak(threads: int, rounds: int) -> float:
    """The best rate at which that many threads copy large arrays, GB/s read and written: the ceiling of memory."""
    a = np.ones((threads, MEMORY // threads), np.float32)
    out = np.empty_like(a)
    with Workers(threads, processes=False) as workers:
        seconds = _best(lambda: workers.map(lambda k: np.copyto(out[k], a[k]), (), range(threads)), rounds)
    return 2 * a.nbytes / seconds / 1e9


def _best(job: Any, rounds: int) -> float:
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        job()
        times.append(time.perf_counter() - began)
    return min(times[1:])


def processor() -> str:
    """The processor's name, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
