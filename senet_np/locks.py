"""One process at a time: a lock file, which the system lets go of whenever and however its holder ends.

The empty file itself stays: removing it would let in two, one with the old file and one with a new one.
"""

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from .errors import SenetError

PAUSE = 0.1  # seconds between two tries

_held: set[IO[bytes]] = set()


@contextlib.contextmanager
def only_one(lock: Path, taken: str, wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold a lock file for a `with` statement.

    Args:
        lock: the file; it is made where it is not there, in a folder that is.
        taken: the sentence that is said when another process, or another holder in this one, has it.
        wait: told that sentence once, and then waited for the other's end; None to refuse at once.

    Raises:
        SenetError: another has it, and `wait` is None.
        OSError: the file cannot be made.
    """
    with open(lock, "ab", opener=_open_plain) as file:
        said = False
        while not _lock(file):
            if wait is None:
                raise SenetError(taken)
            if not said:
                wait(taken)
            said = True
            time.sleep(PAUSE)
        _held.add(file)
        try:
            yield
        finally:
            _held.discard(file)


def _open_plain(path: str, flags: int) -> int:
    """Open a file, and nothing else: a link could lead anywhere, and a pipe would be waited for."""
    number = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o666)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(errno.EINVAL, "it is no file")
    return number


def _lock(file: IO[bytes]) -> bool:
    """Whether the lock is ours now; also where the file system knows no locks, as some networks' do not."""
    try:
        import fcntl
    except ImportError:
        return _lock_on_windows(file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def _lock_on_windows(file: IO[bytes]) -> bool:
    with contextlib.suppress(ImportError):
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # pyright: ignore[reportAttributeAccessIssue]
        except PermissionError:
            return False
        except OSError:
            pass
    return True


def _let_go_in_child() -> None:
    """A forked process shares its parent's locks, and would keep them alive after the parent was killed."""
    for file in _held:
        file.close()  # its own share of it: the parent's lock holds on
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
