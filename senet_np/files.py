"""Files: written so that they are either the old one or the new one, never a half; read only where they are files."""

import contextlib
import os
from pathlib import Path

from .errors import SenetError


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
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise SenetError(f"could not write {path}: {error.strerror}; what was there before is unharmed") from error


def _sync_folder(folder: Path) -> None:
    """Force the new name to the disk too, where the system can."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def check_is_file(path: Path) -> None:
    """Refuse what is there and is no ordinary file: a pipe would be waited for, and a device never ends.

    Raises:
        SenetError: it is a folder, a pipe, a device.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        raise SenetError(f"{path} is not a file: name one")


def read_text(path: Path, most: int) -> str:
    """Read a text file of a size that makes sense for it.

    Args:
        path: the file, UTF-8.
        most: bytes.

    Raises:
        SenetError: it is no file, or larger.
        FileNotFoundError: there is none.
        OSError: it cannot be read.
        UnicodeDecodeError: it is not UTF-8.
    """
    check_is_file(path)
    with open(path, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise SenetError(f"{path} has more than {most:,} bytes, which no such file has: name another")
    return content.decode("utf-8")
