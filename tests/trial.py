"""Tries something in a process of its own, and tells how that ended: its status, what it said, its time and memory."""

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

PATIENCE = 60  # seconds, then it counts as hanging
BUG = 70  # the exit status of an exception that nobody caught


class Ending(NamedTuple):
    """How it ended."""

    status: int  # exit status; negative: the signal
    said: str  # on both streams
    seconds: float
    megabytes: float  # at most, those of this process included


def attempt(call: Callable[[], object], place: Path) -> Ending:
    """Call something in a forked process whose folder and home is `place`/inside.

    Args:
        call: returns an exit status, or raises SystemExit.
        place: a folder; what is said is written beside "inside", to "said".
    """
    began, inside = time.monotonic(), place / "inside"
    inside.mkdir(exist_ok=True)
    child = os.fork()
    if child == 0:
        _be_the_child(call, inside, place / "said")
    _, code, usage = os.wait4(child, 0)
    said = (place / "said").read_text("utf-8", "replace")
    return Ending(os.waitstatus_to_exitcode(code), said, time.monotonic() - began, usage.ru_maxrss / 1024)


def _be_the_child(call: Callable[[], object], inside: Path, said: Path) -> None:
    status: object = BUG
    try:
        os.chdir(inside)
        os.environ.update(HOME=str(inside), SENET_NP_CACHE=str(inside / "cache"))
        os.environ.pop("SENET_NP_DATA", None)
        both = os.open(said, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        for number in (1, 2):
            os.dup2(both, number)
        sys.stdin = open(os.devnull)  # noqa: SIM115  for as long as the process lives
        sys.stdout, sys.stderr = (os.fdopen(os.dup(number), "w") for number in (1, 2))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(PATIENCE)
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))  # so that a bomb hits no one else
        status = call()
    except SystemExit as leaving:
        status = leaving.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else 0)
