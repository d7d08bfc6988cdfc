"""Tries calls one after the other in a forked process, and tells how each ended."""

import multiprocessing
import os
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from systems import only_on_linux

only_on_linux("calls are tried in forked processes, which only Linux's libraries survive")
import resource  # noqa: E402  Windows has none

Calls = Mapping[str, Callable[[Path], object]]  # functions of their folder: exit status, or SystemExit
FORK = multiprocessing.get_context("fork")
MAX_SECONDS = 60  # for one call
MAX_BYTES = 8 << 30  # of addresses, so that a bomb hits no one else
UNCAUGHT = 70  # the exit status of an exception that nobody caught


class Ending(NamedTuple):
    """How a call ended."""

    status: Any  # exit status; negative: the signal that ended the process, SIGKILL where it was too slow
    output: str  # on both streams
    seconds: float = 0
    megabytes: float = 0  # that the process has needed until now: the first call above a limit is to blame
    beside: tuple[str, ...] = ()  # files that it left beside its folder


def try_all(calls: Calls, place: Path) -> dict[str, Ending]:
    """Call each in `place`/inside, which is empty and its home too; one that ends the process is the last one told."""
    output, endings = place.with_name(f"{place.name}.output"), {}
    here, there = FORK.Pipe()
    process = FORK.Process(target=_call_all, args=(calls, place, output, there))
    process.start()
    there.close()
    for name in calls:
        try:
            if not here.poll(MAX_SECONDS):
                process.kill()
            endings[name] = here.recv()
        except EOFError:
            process.join()
            endings[name] = Ending(process.exitcode, output.read_text("utf-8", "replace"))
            break
    return endings


def redirect(output: Path) -> None:
    """Send both streams of this process to a file."""
    with open(output, "wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.stdout, sys.stderr = (os.fdopen(stream, "w", 1, "utf-8", closefd=False) for stream in (1, 2))


def _call_all(calls: Calls, place: Path, output: Path, pipe: Any) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES))
    os.environ.pop("SENET_NP_DATA", None)
    inside, before = place / "inside", _megabytes()
    for call in calls.values():
        redirect(output)
        shutil.rmtree(place, ignore_errors=True)
        inside.mkdir(parents=True)
        os.chdir(inside)
        os.environ.update(HOME=str(inside), SENET_NP_CACHE=str(inside / "cache"))
        began, status = time.monotonic(), UNCAUGHT
        try:
            status = call(inside)
        except SystemExit as leaving:
            status = leaving.code
        except BaseException:
            traceback.print_exc()
        printed, beside = output.read_text("utf-8", "replace"), {path.name for path in place.iterdir()} - {"inside"}
        pipe.send(Ending(status, printed, time.monotonic() - began, _megabytes() - before, tuple(beside)))


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
