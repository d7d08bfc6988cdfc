"""Where CIFAR-10 may be on this machine, and the error for data that cannot be had.

A place that somebody names is the only one that is searched: another copy, taken silently, would put the wrong data
behind a result. Only where none is named are the usual places searched in turn.
"""

import contextlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from ..errors import SenetError

DATA_VARIABLE = "SENET_NP_DATA"
FETCH = "download it again with: python -m senet_np data --download"

BATCHES = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch")
PYTHON_FOLDER = "cifar-10-batches-py"
BINARY_FOLDER = "cifar-10-batches-bin"

# What a folder may hold, best first. Keras 3 unpacks into a "-target" folder, Keras 2 names the archive its own way.
NAMES = (
    PYTHON_FOLDER,
    f"{PYTHON_FOLDER}-target/{PYTHON_FOLDER}",
    BINARY_FOLDER,
    "cifar-10-python.tar.gz",
    f"{PYTHON_FOLDER}.tar.gz",
    "cifar-10-binary.tar.gz",
)


class DataError(SenetError):
    """A data set cannot be found, downloaded or read: one line tells what was found, what was expected, what to do."""


def cache_folder() -> Path:
    """The folder for downloads, which need not exist: `$XDG_CACHE_HOME/senet_np`, else in the system's cache folder."""
    variable = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
    named = os.environ.get(variable, "")
    if os.path.isabs(named):  # the XDG standard: a relative path is to be ignored
        return Path(named, "senet_np")
    home = os.path.expanduser("~")
    if home == "~":
        raise DataError(f"no home folder is known to keep the data in: set {variable} or {DATA_VARIABLE} to a folder")
    inside = {"win32": "AppData/Local", "darwin": "Library/Caches"}.get(sys.platform, ".cache")
    return Path(home, inside, "senet_np")


def usual_folders() -> list[Path]:
    """The folders that are searched where none is named: our cache, `./data` (torchvision's habit), Keras's."""
    folders = [Path("data"), Path(os.path.expanduser("~/.keras/datasets"))]
    with contextlib.suppress(DataError):  # without a home there is no cache to search
        folders.insert(0, cache_folder())
    return folders


def find_cifar10(data_dir: str | Path | None) -> Path | None:
    """Find CIFAR-10: in `data_dir` alone, else in $SENET_NP_DATA alone, else in the usual places.

    Args:
        data_dir: a batches folder, a folder that holds one or an archive, or an archive itself; None if not given.

    Returns:
        The batches folder or the archive; None where no place was named and none of the usual ones holds it.
        An incomplete folder is returned only if nothing is complete: reading it tells what is missing.

    Raises:
        DataError: a place was named and holds no CIFAR-10.
    """
    if data_dir is not None:
        return find_in(data_dir, "data_dir (--data-dir)")
    if os.environ.get(DATA_VARIABLE):
        return find_in(os.environ[DATA_VARIABLE], f"the variable {DATA_VARIABLE}")
    return _best(folder / name for folder in usual_folders() for name in NAMES)


def find_in(place: str | Path, who: str) -> Path:
    """The batches folder or archive that `place` is or holds; where there is none, the error tells who named it."""
    path = Path(os.path.expanduser(place))
    found = _best(path / name for name in ("", *NAMES))
    if found is None:
        raise DataError(
            f"{who} names '{path}', which holds no CIFAR-10 that can be read: name a folder with {PYTHON_FOLDER}, "
            f"{BINARY_FOLDER}, cifar-10-python.tar.gz or cifar-10-binary.tar.gz in it, or {FETCH}"
        )
    return found


def _best(candidates: Iterable[Path]) -> Path | None:
    """The first candidate that is complete, else the most complete one; archives count as complete."""

    def count(path: Path) -> int:
        # os.path answers False where Path.is_file would raise: a folder that we may not search holds nothing for us
        if os.path.isfile(path):
            return len(BATCHES)
        return max(sum(os.path.isfile(path / f"{batch}{end}") for batch in BATCHES) for end in ("", ".bin"))

    best = max(candidates, key=count)
    return best if count(best) else None
