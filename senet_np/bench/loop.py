"""What a run costs besides its training steps: augmentation, optimizer, logging; the import; the memory.

The real loop trains the tiny net on random pictures; only the time inside `gradients` counts as the step.
"""

import io
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from ..data.dataset import Dataset, Split
from ..fast.workers import Workers, die_with_parent
from ..runs.run import create_run
from ..runs.snapshots import record_gates
from ..settings import make_settings
from ..train import loop
from ..train.step import gradients
from .nets import NETS, make_problem

USUAL = 10 * (45_000 // 64)  # steps of a run with the defaults for CIFAR-10


class _Callback:
    """A progress bar like that of the command line, drawn where nobody sees it; notes when each step was over."""

    def __init__(self) -> None:
        from tqdm import tqdm

        self.bar, self.times = tqdm(file=io.StringIO(), unit="img"), []

    def step(self, epoch: int, images: int, loss: float, accuracy: float) -> None:
        """Draw the bar."""
        self.bar.update(images)
        self.bar.set_description(f"epoch {epoch}: loss {loss:.4f}, accuracy {accuracy:.4f}", refresh=False)
        self.times.append(time.perf_counter())

    def epoch(self, record: dict[str, Any]) -> None:
        """Nothing to show."""

    def should_stop(self) -> bool:
        """Never."""
        return False


def overhead(threads: int, images: int = 6400) -> dict[str, float]:
    """Train one short epoch with the defaults for CIFAR-10, and see how much of it was not the training step.

    Gates are recorded eight times a run, however short it is: they count as in a whole run of USUAL steps.

    Returns:
        Milliseconds a minibatch inside and outside the step, and the share: outside / inside.
    """
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(256, size=(images, 32, 32, 3), dtype=np.uint8), rng.integers(10, size=images)
    splits = [Split(pixels[:k], labels[:k]) for k in (images, 250, 250)]
    dataset = Dataset("cifar10", tuple("0123456789"), *splits, stamp="noise", origin="noise", fingerprint="noise")
    inside: list[float] = []
    recording: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        run, callback = create_run(Path(folder), make_settings("cifar10", {"epochs": 1}), dataset), _Callback()
        loop.gradients, loop.record_gates = _timed(gradients, inside), _timed(record_gates, recording)
        try:
            loop.train(run, dataset, run.load(), callback, threads)
        finally:
            loop.gradients, loop.record_gates = gradients, record_gates
    minibatches = len(callback.times) - 1  # counted from the end of the first
    step = 1000 * sum(inside[1:]) / minibatches
    whole = (
        1000 * (callback.times[-1] - callback.times[0] - sum(recording[1:-1])) / minibatches
    )  # first and last: outside
    rest = whole - step + 1000 * sum(recording) / USUAL
    return {"step_ms": step, "rest_ms": rest, "share": rest / step}


def _timed(f: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    """The function, with a note of how long each call took."""

    def timed(*args: Any) -> Any:
        began = time.perf_counter()
        result = f(*args)
        seconds.append(time.perf_counter() - began)
        return result

    return timed


def import_milliseconds(what: str, rounds: int) -> float:
    """How much longer a fresh Python takes for `import numpy, <what>` than for `import numpy`: median of pairs."""

    def seconds(code: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - began

    return 1000 * float(np.median([seconds(f"import numpy, {what}") - seconds("import numpy") for _ in range(rounds)]))


def peak_memory(net: str, batch: int, micro_batch: int, threads: int) -> dict[str, float] | None:
    """Resident memory of a fresh process before, and of it and its workers at the peak of two training steps, MiB.

    What the workers share with their parent counts for each of them. None but on Linux.
    """
    if not _status().exists():
        return None
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), die_with_parent) as pool:
        return pool.submit(_resident, net, batch, micro_batch, threads).result()


def _resident(net: str, batch: int, micro_batch: int, threads: int) -> dict[str, float]:
    problem = make_problem(NETS[net](), batch)
    before = _kibibytes("VmRSS")
    with Workers(threads) as workers:
        for _ in range(2):
            gradients(*problem, micro_batch, workers)
        everyone = ["self", *(str(child.pid) for child in multiprocessing.active_children())]
        peak = sum(_kibibytes("VmHWM", process) for process in everyone)
    return {"before_mib": before / 1024, "peak_mib": peak / 1024}


def _status(process: str = "self") -> Path:
    """Where Linux tells what a process holds and has held."""
    return Path(f"/proc/{process}/status")


def _kibibytes(what: str, process: str = "self") -> int:
    line = next(line for line in _status(process).read_text("ascii").splitlines() if line.startswith(what))
    return int(line.split()[1])
