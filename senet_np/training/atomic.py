"""Files that are either the old one or the new one, never a half.

Floor 4.
"""

import os
from pathlib import Path

from ..errors import SenetError


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file under a temporary name, force it to the disk, then rename it: readers see all of it or none."""
    path = Path(os.path.realpath(path))  # what a link leads to is written, and the link stays
    if path.exists() and not path.is_file():
        raise SenetError(f"{path} is not a file that could be replaced: name another")
    temporary = path.with_name(path.name + ".tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise SenetError(f"could not write {path}: {error.strerror}; what was there before is unharmed") from error
