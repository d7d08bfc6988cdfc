"""A real training on few pictures, to be killed often:   python tests/small_training.py FOLDER [POINT N] [OPTION ...]

It is the command line's own `train`. With a POINT it kills itself at that point of its N-th writing of a file.
"""

import itertools
import os
import signal
import sys
from pathlib import Path

POINTS = ("before", "half written", "written", "on the disk", "renamed")
EPOCHS, PICTURES, BATCH = 10, 96, 16


def main() -> int:
    """Train, until the end or until death."""
    folder, *options = sys.argv[1:]
    from senet_np import cli, data

    few = data.load_shapes(seed=5, sizes=(PICTURES, 40, 40))
    data.load_shapes = lambda: few
    if options and options[0] in POINTS:
        die_at(options.pop(0), int(options.pop(0)))
    sizes = ["--batch-size", str(BATCH), "--micro-batch", "8", "--epochs", str(EPOCHS)]
    return cli.main(["train", "--data", "shapes", "--no-plots", "--out", folder, *sizes, *options])


def die_at(point: str, n: int) -> None:
    """Kill this process at the n-th file that is written, at a point of the writing."""
    from senet_np import files

    count, sync, replace = itertools.count(1), os.fsync, os.replace

    def at(here: str) -> None:
        if here == point and n == now[0]:
            os.kill(os.getpid(), signal.SIGKILL)

    now = [0]

    class File:
        """A file that is open for writing, watched."""

        def __init__(self, path: Path, mode: str):
            now[0] = next(count)
            at("before")
            self.file = open(path, mode)  # noqa: SIM115  closed by __exit__

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.file.close()

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, content: bytes) -> None:
            self.file.write(content[: len(content) // 2])
            self.file.flush()
            at("half written")
            self.file.write(content[len(content) // 2 :])
            self.file.flush()
            at("written")

    def watched_sync(number):
        sync(number)
        at("on the disk")

    def watched_replace(*paths):
        replace(*paths)
        at("renamed")

    files.open = File
    os.fsync, os.replace = watched_sync, watched_replace


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
