"""The machine under the benchmark: what it is, and the two ceilings that no program on it can break through."""

import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from ..fast.workers import Workers
from .timing import timer

SIDE = 1536  # of the square matrices that the peak is measured with
COPIED = 1 << 26  # float32 numbers that all threads together copy: far more than any cache holds


def describe(workers: int) -> dict[str, Any]:
    """What the figures were measured on: processor, cores, workers, versions, and the BLAS with its threads (one)."""
    with Workers(workers) as pool:
        kind = "processes" if pool.processes and workers > 1 else "threads"
        blas = [library for library in threadpool_info() if library["user_api"] == "blas"]
    names = [f"{library['internal_api']} {library['version']} ({library.get('architecture', '?')})" for library in blas]
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "workers": workers,
        "kind": kind,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": ", ".join(names) or "none that threadpoolctl knows",
        "blas_threads": max((library["num_threads"] for library in blas), default=1),
        "system": f"{platform.system()} {platform.machine()}",
    }


def matrix_peak(threads: int, rounds: int) -> float:
    """The best rate of a float32 matrix product with that many threads at once, GFLOP/s: the ceiling of arithmetic."""
    a = np.random.default_rng(0).standard_normal((SIDE, SIDE), np.float32)
    out = np.empty((threads, SIDE, SIDE), np.float32)
    return 2 * SIDE**3 * threads / _best(lambda k: np.matmul(a, a, out=out[k]), threads, rounds) / 1e9


def memory_peak(threads: int, rounds: int) -> float:
    """The best rate at which that many threads copy large arrays, GB/s read and written: the ceiling of memory."""
    a = np.ones((threads, COPIED // threads), np.float32)
    out = np.empty_like(a)
    return 2 * a.nbytes / _best(lambda k: np.copyto(out[k], a[k]), threads, rounds) / 1e9


def _best(job: Callable[[int], Any], threads: int, rounds: int) -> float:
    """The fewest seconds in which all threads did the job, each its own part."""
    with Workers(threads, processes=False) as pool:
        timed = timer(lambda: pool.map(job, (), range(threads)))
        return min([timed() for _ in range(rounds + 1)][1:])


def processor() -> str:
    """The processor's name, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"
