"""What a run costs besides its training steps: augmentation, optimizer, logging; the import; the memory.

The real loop trains the tiny net on noise; only the time inside `gradients` counts as the step.
"""

import io
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ..data.dataset import Dataset, Split
from ..fast.workers import Workers
from ..runs import recorder
from ..runs.run import create_run
from ..settings import make_settings
from ..train import loop
from ..train.progress import Callback, Progress
from .convs import replaced
from .nets import BenchNet, step_arguments
from .timing import timer

RUN_STEPS = 10 * (45_000 // 64)  # of a run with the defaults for CIFAR-10


class _Meter(Callback):
    """Draws a progress bar, like the command line's, where nobody sees it; reads all clocks after each step."""

    def __init__(self) -> None:
        self.bar = tqdm(file=io.StringIO(), unit="img")
        self.inside, self.recording = [0.0], [0.0]  # seconds of each call
        self.clocks: list[tuple[float, float, float]] = []

    def on_step(self, progress: Progress, loss: float, accuracy: float) -> None:
        self.bar.update(64)
        self.bar.set_description(f"epoch {progress.epoch + 1}: loss {loss:.4f}, accuracy {accuracy:.4f}", refresh=False)
        self.clocks.append((time.perf_counter(), sum(self.inside), sum(self.recording)))


def overhead(workers: int, images: int) -> dict[str, float]:
    """Train one short epoch with the defaults for CIFAR-10: milliseconds per minibatch inside and outside the step.

    Gates are recorded eight times per run, however short it is: they count as in a whole run of RUN_STEPS steps.
    """
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(256, size=(images, 32, 32, 3), dtype=np.uint8), rng.integers(10, size=images)
    splits = [Split(pixels[:k], labels[:k]) for k in (images, 250, 250)]
    dataset = Dataset("cifar10", tuple("0123456789"), *splits, provenance="noise", origin="noise", fingerprint="noise")
    meter = _Meter()
    with (
        tempfile.TemporaryDirectory() as folder,
        replaced(loop, "gradients", _timed(loop.gradients, meter.inside)),
        replaced(recorder, "save_snapshot", _timed(recorder.save_snapshot, meter.recording)),
    ):
        run = create_run(Path(folder), make_settings("cifar10", {"epochs": 1}), dataset)
        recorder.train_run(run, dataset, run.load(), meter, workers)
    elapsed = np.subtract(meter.clocks[-1], meter.clocks[0])  # from the end of the first minibatch
    whole, step, recording = 1000 * elapsed / (len(meter.clocks) - 1)
    rest = whole - step - recording + 1000 * sum(meter.recording) / RUN_STEPS
    return {"step_ms": float(step), "rest_ms": float(rest), "share": float(rest / step)}


def _timed(f: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    """The function, with a note of how long each call took."""

    def timed(*args: Any) -> Any:
        began = time.perf_counter()
        result = f(*args)
        seconds.append(time.perf_counter() - began)
        return result

    return timed


def import_milliseconds(module: str, rounds: int) -> float:
    """How much longer a fresh Python takes for `import numpy, <module>` than for `import numpy`: median of pairs."""

    def seconds(code: str) -> float:
        return timer(lambda: subprocess.run([sys.executable, "-c", code], check=True))()

    pairs = [seconds(f"import numpy, {module}") - seconds("import numpy") for _ in range(rounds)]
    return 1000 * float(np.median(pairs))


def peak_memory(net: BenchNet, batch: int, micro_batch: int, workers: int) -> dict[str, float] | None:
    """Resident memory of this process before, and of it and its workers at the peak of two training steps, MiB.

    To be called in a fresh process. What the workers share with it counts for each of them. None but on Linux.
    """
    arguments = step_arguments(net.build(), batch)
    before = mebibytes("VmRSS")
    if before is None:
        return None
    with Workers(workers) as pool:
        for _ in range(2):
            loop.gradients(*arguments, micro_batch, pool)
        everyone = ["self", *(str(child.pid) for child in multiprocessing.active_children())]
        return {"before_mib": before, "peak_mib": sum(mebibytes("VmHWM", process) or 0 for process in everyone)}


def mebibytes(entry: str, process: str = "self") -> float | None:
    """What Linux says of the memory that a process has (VmRSS) or has had (VmHWM); None elsewhere."""
    if not Path("/proc/self/status").exists():
        return None
    lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(entry)) / 1024
