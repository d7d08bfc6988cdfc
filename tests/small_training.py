"""A real training on few images, in a process of its own that a test may kill: the command line's own `train`."""

import collections
import contextlib
import io
import os
import signal
import sys
from pathlib import Path

from small_data import few_images
from trial import FORK, redirect, resource

from senet_np import data, files
from senet_np.cli import main

EPOCHS = 6
SIZES = [f"--epochs={EPOCHS}", "--batch-size=16", "--micro-batch=8", "--widths=4,16"]
Visit = tuple[str, int]
POINTS = ("half written", "written", "renamed")  # of the writing of a file


class Training:
    """The process; it resumes where there is a run, as a user would, unless options say otherwise.

    Args:
        folder: the run's.
        options: of `train`.
        at: a point of POINTS and n: the process sends itself a signal when it comes there for the n-th time.
        how: the signal.
        max_file: bytes that a file may have.
    """

    def __init__(self, folder: Path, *options: str, at: Visit = ("", 0), how: int = signal.SIGKILL, max_file: int = -1):
        self.folder, self.at, self.how, self.max_file = folder, at, how, max_file
        self.output = folder.with_name(f"{folder.name}.output")
        self.options = options or (["--resume"] if (folder / "config.json").exists() else [])
        self.process = FORK.Process(target=self._run)
        self.process.start()

    def _run(self) -> None:
        os.setsid()  # so that `end` finds what it leaves behind
        redirect(self.output)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background has none
        if self.at[0]:
            interrupt_at(*self.at, self.how)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.max_file, self.max_file))
        data.load_shapes = few_images
        try:
            sys.exit(main(["train", "--data=shapes", "--no-plots", f"--out={self.folder}", *SIZES, *self.options]))
        except KeyboardInterrupt:
            sys.exit(130)

    def end(self) -> tuple[int, str]:
        """Wait for its end: the exit status, negative for a signal, and what it printed."""
        self.process.join(60)
        hangs = self.process.is_alive()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid or 0, signal.SIGKILL)
        assert not hangs
        return self.process.exitcode or 0, self.output.read_text("utf-8")

    def send(self, number: int) -> None:
        """Send a signal, where it still runs."""
        if self.process.is_alive():
            os.kill(self.process.pid or 0, number)


def interrupt_at(point: str, n: int, how: int) -> None:
    """Send this process a signal when it comes to a point of the writing of a file for the n-th time."""
    visits = collections.Counter()

    def reached(here: str) -> None:
        visits[here] += 1
        if (here, visits[here]) == (point, n):
            os.kill(os.getpid(), how)

    class File(io.FileIO):
        def write(self, content) -> int:
            half = super().write(content[: len(content) // 2])
            reached("half written")
            return half + super().write(content[half:])

    def then(call, here: str):
        return lambda *args: (call(*args), reached(here))

    files.open = File  # pyright: ignore
    os.fsync, os.replace = then(os.fsync, "written"), then(os.replace, "renamed")
