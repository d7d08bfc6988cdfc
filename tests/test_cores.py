"""The number of workers follows what the process may use of the machine, and not what the machine has."""

import multiprocessing
import os
import subprocess
import sys

import pytest

from senet_np.fast import cores
from senet_np.fast.cores import WORKER_MEMORY, default_workers, usable_cores, usable_memory
from senet_np.fast.workers import PROCESSES, Workers

VERSION_1 = "5:memory:/docker/1\n4:cpu,cpuacct:/docker/1\n0::/\n"
VERSION_2 = "0::/pod/1\n"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A function that writes files of the system's; the machine has 8 cores."""
    monkeypatch.setattr(cores, "PROC", tmp_path / "proc")
    monkeypatch.setattr(cores, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)

    def write(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)

    return write


@pytest.mark.parametrize(
    ("count", "files"),
    [
        (8, {}),
        (8, {"proc/self/cgroup": VERSION_2}),
        (8, {"proc/self/cgroup": VERSION_2, "groups/pod/1/cpu.max": "max 100000"}),
        (2, {"proc/self/cgroup": VERSION_2, "groups/pod/1/cpu.max": "150000 100000"}),
        (1, {"proc/self/cgroup": VERSION_2, "groups/pod/1/cpu.max": "1000 100000"}),
        (8, {"proc/self/cgroup": VERSION_2, "groups/pod/1/cpu.max": "6400000 100000"}),
        (3, {"proc/self/cgroup": VERSION_2, "groups/pod/1/cpu.max": "max 1", "groups/pod/cpu.max": "300000 100000"}),
        (4, {"proc/self/cgroup": "0::/\n", "groups/cpu.max": "400000 100000"}),
        (4, {"proc/self/cgroup": "0::/../other\n", "groups/cpu.max": "400000 100000"}),
        (
            8,
            {
                "proc/self/cgroup": VERSION_1,
                "groups/cpu/docker/1/cpu.cfs_quota_us": "-1",
                "groups/cpu/docker/1/cpu.cfs_period_us": "100000",
            },
        ),
        (  # seen from inside the container: the path is the host's
            2,
            {
                "proc/self/cgroup": VERSION_1,
                "groups/cpu/cpu.cfs_quota_us": "200000",
                "groups/cpu/cpu.cfs_period_us": "100000",
            },
        ),
    ],
)
def test_a_quota_of_cpu_time_is_counted_in_whole_cores(machine, count, files):
    machine(files)
    assert usable_cores() == count


@pytest.mark.parametrize(
    ("limit", "files"),
    [
        (sys.maxsize, {}),
        (1 << 32, {"proc/meminfo": "MemTotal: 9999999 kB\nMemAvailable: 4194304 kB\n"}),
        (1 << 30, {"proc/self/cgroup": VERSION_2, "groups/pod/memory.max": "1073741824"}),
        (sys.maxsize, {"proc/self/cgroup": VERSION_2, "groups/pod/memory.max": "max"}),
        (1 << 29, {"proc/self/cgroup": VERSION_1, "groups/memory/docker/1/memory.limit_in_bytes": "536870912"}),
    ],
)
def test_memory_is_what_is_available_or_what_the_control_groups_allow(machine, limit, files):
    machine(files)
    assert usable_memory() == limit


@pytest.mark.parametrize(
    ("bytes_", "count"), [(3 * WORKER_MEMORY, 3), (WORKER_MEMORY // 2, 1), (99 * WORKER_MEMORY, 8)]
)
def test_each_worker_has_memory_but_there_is_always_one(machine, bytes_, count):
    machine({"proc/meminfo": f"MemAvailable: {bytes_ // 1024} kB"})
    assert default_workers() == count


def test_a_number_that_is_asked_for_is_taken_whatever_the_machine_has(machine):
    machine({"proc/meminfo": "MemAvailable: 1 kB"})
    assert Workers(3).count == 3


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to a core")
def test_a_process_on_one_core_computes_by_itself():
    code = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # as taskset -c 0 does
from senet_np.fast.workers import Workers
print(Workers().count)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "1"


@pytest.mark.skipif(not PROCESSES, reason="the workers are threads on this system")
def test_no_more_processes_start_than_there_is_work():
    with Workers(64) as workers:
        workers.map(divmod, (7,), [1, 2, 3])
        assert len(multiprocessing.active_children()) == 3
