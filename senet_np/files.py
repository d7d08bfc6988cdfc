"""Files: written whole or not at all, read only if they are ordinary files, and locked; and their names in a shell."""

import contextlib
import errno
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from .errors import SenetError

# Seconds between attempts to replace a file that another program has open, which only Windows refuses.
PATIENCE = (0.02, 0.1, 0.3, 1.0) if os.name == "nt" else ()


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, force it to the disk, then rename it: readers see all of it or none."""
    path = Path(os.path.realpath(path))  # what a link leads to is written, and the link stays
    if path.exists() and not path.is_file():
        raise SenetError(f"{path} is not a file that could be replaced: name another")
    temporary = path.with_name(path.name + ".tmp")
    try:
        temporary.unlink(missing_ok=True)  # of a process that was killed; or a link, planted to be followed
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise SenetError(f"could not write {path}: {error.strerror}; what was there before is unharmed") from error


def write_keeping(path: Path, data: bytes) -> Path | None:
    """Write a file; one of that name with other content, perhaps by hand, gets another name first: returns it."""
    kept = None
    if path.is_file() and path.read_bytes() != data:
        kept = next(name for n in count(1) if not (name := path.with_stem(f"{path.stem}-earlier-{n}")).exists())
        try:
            os.rename(path, kept)
        except OSError as error:
            raise SenetError(f"could not rename {path}: {error.strerror}; is it open in another program?") from error
    write_atomically(path, data)
    return kept


def _replace(temporary: Path, path: Path) -> None:
    """Rename onto a file. Windows refuses while a virus scanner, or whoever reads the old one, has it open."""
    for pause in PATIENCE:
        try:
            return os.replace(temporary, path)
        except PermissionError:
            time.sleep(pause)
    os.replace(temporary, path)


def quoted(path: Path | str) -> str:
    """A path as it is typed in a shell, for commands that are printed to be copied."""
    return subprocess.list2cmdline([str(path)]) if os.name == "nt" else shlex.quote(str(path))


def _sync_folder(folder: Path) -> None:
    """Force the new name to the disk too, where the system can."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def check_is_file(path: Path) -> None:
    """Refuse what exists and is no ordinary file: a pipe would be waited for, and a device never ends."""
    if os.path.exists(path) and not os.path.isfile(path):
        raise SenetError(f"{path} is not a file: name one")


def read_text(path: Path, most: int) -> str:
    """Read a UTF-8 text file; SenetError if it is no file, or has more than `most` bytes."""
    check_is_file(path)
    with open(path, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise SenetError(f"{path} has more than {most:,} bytes, which no such file has: name another")
    return content.decode("utf-8")


@contextlib.contextmanager
def only_one(lock: Path, taken: str, wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold a lock file for a `with` statement. The system frees it however its holder ends; the empty file stays.

    Where another holder has it, in this process or another, the sentence `taken` becomes a SenetError; or `wait` is
    called with it once, and the other's end is waited for. OSError if the file cannot be made or is no ordinary file.
    """
    from filelock import FileLock, Timeout  # here, because its import takes 70 ms

    if os.path.lexists(lock) and (os.path.islink(lock) or not os.path.isfile(lock)):
        raise OSError(errno.EINVAL, "it is not a file")
    holder = FileLock(lock)
    try:
        holder.acquire(blocking=False)
    except Timeout:
        if wait is None:
            raise SenetError(taken) from None
        wait(taken)
        holder.acquire(poll_interval=0.1)
    except OSError as error:  # some network file systems know no locks: go on without
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP):
            raise
    try:
        yield
    finally:
        holder.release()
