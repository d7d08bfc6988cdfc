"""Result lines: one JSON object for each run that has ended, appended as it ends and never changed.

A line says all that made its run what it is, so a line that fits is as good as the run itself: it is not
trained again, whichever comparison asks for it.
"""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import SenetError
from ..files import read_text
from ..settings import Settings, settings_from_json

START = b'{"settings"'  # of a line
MOST = 64 << 20  # bytes: some 50,000 runs


class Result(NamedTuple):
    """One run that has ended."""

    settings: Settings
    stamp: str  # which bytes it was measured on
    fingerprint: str
    correct: int  # of
    n: int  # test images
    parameters: int
    seconds: float  # of training
    machine: str

    @property
    def accuracy(self) -> float:
        """Test accuracy, %."""
        return 100 * self.correct / self.n


def read_results(path: Path) -> list[Result]:
    """Read the result lines of a file; none where there is no file yet. A last line that was cut off is left out.

    Raises:
        SenetError: the file cannot be read, or a line in it is no result.
    """
    try:
        lines = read_text(path, MOST).splitlines(keepends=True)
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise SenetError(f"could not read {path}: {getattr(error, 'strerror', None) or error!r:.160}") from error
    return [_result(path, number, line) for number, line in enumerate(lines, start=1) if line.endswith("\n")]


def _result(path: Path, number: int, line: str) -> Result:
    try:
        said = json.loads(line)
        result = Result(settings_from_json(said["settings"]), *(said[name] for name in Result._fields[1:]))
    except (ValueError, KeyError, TypeError, RecursionError, SenetError) as error:
        raise SenetError(f"{path}, line {number} is not a result ({error}): mend it or take it out") from error
    kinds = [type(value) for value in result[1:]]
    sound = (
        kinds == [str, str, int, int, int, float, str] and result.stamp.isprintable() and result.machine.isprintable()
    )
    if not sound or not 0 <= result.correct <= result.n != 0:
        raise SenetError(f"{path}, line {number} holds {list(result[1:])}, which is no result: mend it or take it out")
    return result


def append_result(path: Path, record: dict[str, Any]) -> None:
    """Append one line in one write, and see it onto the disk; a line that was cut off before is ended first.

    Raises:
        SenetError: the file cannot be written.
    """
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
