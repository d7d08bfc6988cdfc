"""A Dask cluster of real processes on this machine, small data for its workers, and their deaths."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from systems import WINDOWS

if WINDOWS:
    pytest.skip("the processes of the cluster are ended by Unix's signals", allow_module_level=True)

import distributed

# Of a LocalCluster in this process.
HERE = {"processes": False, "protocol": "tcp", "threads_per_worker": 1, "dashboard_address": None}
FEW_IMAGES = """
from senet_np import data
load_shapes = data.load_shapes
data.load_shapes = lambda: load_shapes(seed=5, sizes=(96, 40, 40))  # as small_data.few_images
"""
NO_PACKAGE = """
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "senet_np":
            raise ModuleNotFoundError("No module named 'senet_np'")
import sys
sys.meta_path.insert(0, Finder())
"""


def free_port() -> int:
    """A port on which nobody listens, and which no connection gets by itself, as from 32768 on."""
    for port in random.SystemRandom().sample(range(20000, 30000), 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("there is no free port")


class Cluster:
    """A scheduler and its workers, each a process; all are killed at the end of a `with` statement."""

    def __init__(self, folder: Path):
        self.port = free_port()
        self.folder, self.address, self.processes = folder, f"tcp://127.0.0.1:{self.port}", []

    def scheduler(self, **settings: str) -> subprocess.Popen:
        """Start the scheduler; `settings` are environment variables."""
        return self._start("scheduler", f"--port={self.port}", "--host=127.0.0.1", **settings)

    def worker(self, startup: str = FEW_IMAGES) -> subprocess.Popen:
        """Start a worker, which waits for its scheduler; `startup` is Python code that it begins with."""
        options = "--no-nanny", "--nthreads=1", "--host=127.0.0.1", f"--local-directory={self.folder}"
        return self._start("worker", self.address, *options, PYTHONPATH=self.startup(startup))

    def startup(self, code: str) -> str:
        """The PYTHONPATH with which a process begins with this code."""
        place = self.folder / f"startup{len(self.processes)}"
        place.mkdir()
        (place / "sitecustomize.py").write_text(code, "utf-8")
        return str(place)

    def ready(self, workers: int) -> None:
        """Wait for the scheduler and this many workers."""
        with distributed.Client(self.address, timeout=30) as client:
            wait_until(lambda: len(client.nthreads()) == workers)

    def kill_the_busy_worker(self) -> None:
        """Kill the worker that has a run."""
        with distributed.Client(self.address) as client:
            busy = next(worker for worker, tasks in client.processing().items() if tasks)
            os.kill(client.run(os.getpid)[busy], signal.SIGKILL)

    def _start(self, kind: str, *words: str, **settings: str) -> subprocess.Popen:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard", *words]
        with open(self.folder / f"{kind}{len(self.processes)}.log", "wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **settings})
        self.processes.append(process)
        return process

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *error: object) -> None:
        for process in self.processes:
            kill(process)


def kill(process: subprocess.Popen) -> None:
    """End a process as a power cut would, and see its end."""
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def wait_until(condition, seconds: float = 30) -> None:
    """Return as soon as the condition is true; an error if it never is."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never became true"
        time.sleep(0.02)
