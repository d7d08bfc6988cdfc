"""Where CIFAR-10 may lie on this machine, and the error that says why data cannot be had.

A place that somebody names is the only one that is looked at: silently taking another copy would put the
wrong data behind a result. Only where nothing is named are the usual places tried in turn.
"""

import contextlib
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import SenetError

DATA_VARIABLE = "SENET_NP_DATA"
FETCH = "fetch it anew with: python -m senet_np data --download"

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
    """A data set that cannot be found, fetched or read: one line says what came, what was expected, what to do."""


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder for what this program downloads; it need not exist yet.

    Args:
        environ: environment variables; `XDG_CACHE_HOME` (not on Windows) and `LOCALAPPDATA` (on Windows) are read.

    Returns:
        `$XDG_CACHE_HOME/senet_np` or, without that variable, the system's own folder for caches.

    Raises:
        DataError: the user has no home folder and no variable names another.
    """
    variable = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
    named = environ.get(variable, "")
    if os.path.isabs(named):  # the XDG standard: a relative path is to be ignored
        return Path(named) / "senet_np"
    home = _home()
    if home is None:
        raise DataError(f"no home folder is known to keep the data in: set {variable} or {DATA_VARIABLE} to a folder")
    inside = {"win32": "AppData/Local", "darwin": "Library/Caches"}.get(sys.platform, ".cache")
    return home / inside / "senet_np"


def find_cifar10(data_dir: str | Path | None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Find CIFAR-10: in `data_dir` alone, else in $SENET_NP_DATA alone, else in the usual places.

    Args:
        data_dir: a batches folder, a folder that holds one or an archive, or an archive itself; None if not given.
        environ: environment variables.

    Returns:
        The batches folder or the archive; None where no place was named and none of the usual ones holds it.
        An incomplete folder is returned only for want of anything complete: reading it tells what is missing.

    Raises:
        DataError: a place was named and holds no CIFAR-10.
    """
    if data_dir is not None:
        return _find_in_named(data_dir, "data_dir (--data-dir)")
    if environ.get(DATA_VARIABLE):
        return _find_in_named(environ[DATA_VARIABLE], f"the variable {DATA_VARIABLE}")
    return _best(folder / name for folder in usual_folders(environ) for name in NAMES)


def usual_folders(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """The folders that are searched where none is named: our cache, `./data` (torchvision's habit), Keras's."""
    folders = [Path("data")]
    with contextlib.suppress(DataError):  # without a home there is no cache to search
        folders.insert(0, cache_folder(environ))
    home = _home()
    return folders if home is None else [*folders, home / ".keras" / "datasets"]


def find_in(place: str | Path) -> Path | None:
    """The batches folder or archive that `place` is or holds; None if there is none."""
    path = Path(place)
    return _best([path, *(path / name for name in NAMES)])


def _find_in_named(place: str | Path, who: str) -> Path:
    try:
        path = Path(place).expanduser()
    except RuntimeError:  # "~" without a home
        path = Path(place)
    found = find_in(path)
    if found is None:
        raise DataError(
            f"{who} names '{path}', which holds no CIFAR-10 that can be read: name a folder with {PYTHON_FOLDER}, "
            f"{BINARY_FOLDER}, cifar-10-python.tar.gz or cifar-10-binary.tar.gz in it, or {FETCH}"
        )
    return found


def _best(candidates: Iterable[Path]) -> Path | None:
    """The first candidate that is complete, else the first that has a part; archives count as complete."""
    partial = None
    for path in candidates:
        held = 6 if os.path.isfile(path) else max(_count(path, ""), _count(path, ".bin"))
        if held == len(BATCHES):
            return path
        if held and partial is None:
            partial = path
    return partial


def _count(folder: Path, suffix: str) -> int:
    # os.path answers False where Path.is_file would raise: a folder that we may not search holds nothing for us
    return sum(os.path.isfile(folder / f"{batch}{suffix}") for batch in BATCHES)


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:
        return None
