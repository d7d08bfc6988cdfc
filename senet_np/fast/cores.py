"""What this process may use of the machine: inside a container, say, less than all of its cores and memory."""

import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path

PROC, GROUPS = Path("/proc"), Path("/sys/fs/cgroup")
MAX_PROCESSES = 61 if sys.platform == "win32" else 1024  # of a pool: Windows waits for no more at a time
WORKER_MEMORY = 640 << 20  # bytes: what evaluation takes in SE-ResNet-20, measured; 180 MiB in the tiny net


def default_workers() -> int:
    """One worker per usable core, as long as each can have WORKER_MEMORY; at least 1."""
    return max(1, min(usable_cores(), usable_memory() // WORKER_MEMORY))


def usable_cores() -> int:
    """The number of cores that this process may use: its affinity, and the CPU quotas of its control groups."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [*_limits("cpu", "cpu.max"), *_limits("cpu", "cpu.cfs_quota_us", "cpu.cfs_period_us")]
    return min([cores, *(math.ceil(quota / period) for quota, period in quotas)])


def usable_memory() -> int:
    """Bytes: what the machine has available, or its control groups allow; sys.maxsize where nobody tells."""
    available = [1024 * int(line.split()[1]) for line in _lines(PROC / "meminfo") if line.startswith("MemAvailable:")]
    groups = [*_limits("memory", "memory.max"), *_limits("memory", "memory.limit_in_bytes")]
    return min([sys.maxsize, *available, *(limit for (limit,) in groups)])


def _limits(controller: str, *files: str) -> Iterator[list[int]]:
    """The numbers in these files of this process's control group and of all above it, where they set a limit.

    Source: the Linux kernel's documentation of control groups, version 1 and 2.
    """
    for _, controllers, path in (line.split(":", 2) for line in _lines(PROC / "self/cgroup")):
        if controllers and controller not in controllers.split(","):  # version 2 names none
            continue
        group = GROUPS / (controllers and controller) / path.strip("/")
        for folder in (group, *group.parents):  # in a container the first may be missing: its path is the host's
            try:
                numbers = [int(word) for name in files for word in " ".join(_lines(folder / name)).split()]
            except ValueError:  # "max"
                continue
            if numbers and min(numbers) > 0:  # -1 is no limit
                yield numbers


def _lines(path: Path) -> list[str]:
    """The lines of a file of the system's; none where there is no such file."""
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
