"""Where CIFAR-10 may be on this machine, and the error for data that cannot be had.

A place that somebody names is the only one that is searched: another copy, taken silently, would put the wrong data
behind a result. Only where none is named are the usual places searched in turn.
"""

import contextlib
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from ..errors import SenetError
from .archives import is_whole

DATA_VARIABLE = "SENET_NP_DATA"
FETCH = "download CIFAR-10 with: python -m senet_np data --download"

BATCHES = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch")
PYTHON_FOLDER = "cifar-10-batches-py"
BINARY_FOLDER = "cifar-10-batches-bin"

# What a folder may hold, best first: the official names, and Keras's own for the archive. Other names come after them.
NAMES = (
    PYTHON_FOLDER,
    BINARY_FOLDER,
    "cifar-10-python.tar.gz",
    f"{PYTHON_FOLDER}.tar.gz",
    "cifar-10-binary.tar.gz",
)
ARCHIVE = re.compile(r"cifar[\W_]?10(?!\.?\d|.*mat).*\.(tar|t?gz|t?bz2?|t?xz|zip)$", re.IGNORECASE)
MAX_PATHS = 5000  # that are looked at below a folder

# What people have instead: a path by which it is known, and what to do.
OTHERS = {
    r"cifar[\W_]?100|coarse_label_names|(^|/)meta$": "{!r} is of CIFAR-100, another data set: " + FETCH,
    r"cifar[\W_]?10\.?[12]_": "{!r} is of CIFAR-10.1 or 10.2, other test images: " + FETCH,
    r"(^|/)(data_batch_\d|test_batch)(\.bin)?$": "{!r} is one batch: name the folder that holds all six",
    r"(^|/)(air)?plane(/|$)": "CIFAR-10 as a folder of images for each class ({!r}) is not read yet: " + FETCH,
    r"(cifar|batch|train|test)[^/]*(matlab|\.(mat|np[yz]|h5|parquet|tfrec))": "{!r} is in another format: " + FETCH,
    rf"/.*{ARCHIVE.pattern}|cifar.*\.(7z|rar|zst)$": "unpack {!r}, and name the folder",
}


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
        data_dir: an archive, whatever its name; or a folder, which is searched two folders deep; None if not given.

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
    return _best(path for folder in usual_folders() for path in _below(folder))


def find_in(place: str | Path, who: str) -> Path:
    """The file that `place` is, or the best batches folder or archive in it; the error tells who named it."""
    path = Path(os.path.expanduser(place))
    if os.path.isfile(path):
        return path
    inside = _below(path)
    if found := _best(inside):
        return found
    expected = f"name a folder that holds {PYTHON_FOLDER}, {BINARY_FOLDER} or an archive of one, or name the archive"
    advice = what_to_do([path.name, *(one.relative_to(path).as_posix() for one in inside)], f"{expected}, or {FETCH}")
    raise DataError(f"{who} names '{path}', which holds no CIFAR-10 that can be read: {advice}")


def what_to_do(paths: Iterable[str], usually: str = FETCH) -> str:
    """The advice for somebody who has files of these paths in the place of CIFAR-10's batches."""
    known = ((path, advice) for path in paths for pattern, advice in OTHERS.items() if re.search(pattern, path, re.I))
    return next((advice.format(path[:120]) for path, advice in known), usually)


def held(folder: Path, ending: str) -> int:
    """How many of the six batches are in a folder: of the Python version, ending "", or the binary one, ".bin"."""
    return sum(os.path.isfile(folder / f"{batch}{ending}") for batch in BATCHES)


def _below(folder: Path) -> list[Path]:
    """A folder, what lies in it, and what lies in its folders; what we may not look into is empty."""

    def order(name: str) -> tuple[bool, str]:
        return "cifar" not in name.lower(), name

    found = [folder]
    for here, folders, files in os.walk(folder, followlinks=True):
        found += [Path(here, name) for name in sorted(folders + files, key=order)[: MAX_PATHS - len(found)]]
        folders[:] = sorted(folders, key=order) if Path(here) == folder else []
    return found


def _best(paths: Iterable[Path]) -> Path | None:
    """The most complete of these; of several, first official names, then the Python version, archives last."""
    best = max(paths, key=_rank)
    return best if _rank(best)[0] else None


def _rank(path: Path) -> tuple[int, int]:
    """How many batches are here (an archive counts as complete, or nearly if it was cut off); how good its name is."""
    # os.path answers False where Path.is_file would raise: a folder that we may not search holds nothing for us
    if os.path.isfile(path):
        count, kind = len(BATCHES) - (not is_whole(path)) if ARCHIVE.search(path.name) else 0, 2
    else:
        python, binary = held(path, ""), held(path, ".bin")
        count, kind = max(python, binary), int(python < binary)
    return count, -(NAMES.index(path.name) if path.name in NAMES else len(NAMES) + kind)
