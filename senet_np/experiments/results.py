"""Result lines: one JSON object for each finished run, appended as it ends and never changed.

A line says all that made its run what it is. So the run is not trained again, whichever comparison asks for it.
"""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import SenetError
from ..files import read_text
from ..runs.old_names import current, read_settings
from ..settings import Settings

START = b'{"settings"'  # of a line
MAX_BYTES = 64 << 20  # of a file: some 50,000 runs


class Result(NamedTuple):
    """One finished run."""

    settings: Settings
    provenance: str  # of the data that it was measured on
    fingerprint: str
    correct: int  # of
    n: int  # test images
    parameters: int
    seconds: float  # of training
    machine: str
    measured: dict[str, int]  # what else was tested, and how many images of n were classified correctly then

    @property
    def accuracy(self) -> float:
        """Test accuracy, %."""
        return 100 * self.correct / self.n


def read_results(path: Path) -> list[Result]:
    """Read the result lines of a file; none where there is no file yet. A last line that was cut off is left out."""
    try:
        lines = read_text(path, MAX_BYTES).splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise SenetError(f"could not read {path}: {getattr(error, 'strerror', None) or error!r:.160}") from error
    return [_result(path, number, line) for number, line in enumerate(lines, start=1) if line.endswith("\n")]


def _result(path: Path, number: int, line: str) -> Result:
    try:
        record = current(json.loads(line))
        record = {"measured": {}, **record}
        result = Result(read_settings(record["settings"]), *(record[name] for name in Result._fields[1:]))
        *kinds, _ = Result.__annotations__.values()
        sound = [*map(type, result)] == [*kinds, dict]
        sound = sound and all(type(c) is int and 0 <= c <= result.n for c in result.measured.values())
        sound = sound and all(map(str.isprintable, result.measured))
        sound = sound and (result.provenance + result.machine).isprintable() and 0 <= result.correct <= result.n != 0
        if not sound:
            raise ValueError(f"it holds {[*result[1:]]}")
    except (ValueError, KeyError, TypeError, RecursionError, SenetError) as error:
        raise SenetError(f"{path}, line {number} is not a result ({error}): mend it or take it out") from error
    return result


def append_result(path: Path, record: dict[str, Any]) -> None:
    """Append one line in one write, and see it onto the disk; a line that was cut off before is removed first."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a+b") as file:
            before = path.read_bytes() if file.tell() else b""
            whole = before.rfind(b"\n") + 1
            if not before[whole:].startswith(START[: len(before) - whole]):
                raise SenetError(f"{path} ends in something else than a result that was cut off: name another file")
            file.truncate(whole)
            file.write((json.dumps(record) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise SenetError(f"could not write {path}: {error.strerror}; the run's folder has its result") from error
