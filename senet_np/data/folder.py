"""A folder of images as a data set: a subfolder for each class, or train/ and test/ with such subfolders in them.

    pets/cat/*.jpg  pets/dog/*.jpg                       split here, by chance, alike for every class
    pets/train/cat/*.jpg ...  pets/test/cat/*.jpg ...    split by whoever made it; so with val/ too

Images are read once, cut to the size that the network sees, and kept in the user's cache folder; a file that has
changed since then is read again.
"""

import hashlib
import re
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

from ..errors import SenetError
from ..fast.workers import Workers
from .dataset import Dataset, Split
from .folder_cache import read_cache, write_cache
from .folder_layout import SPLITS, Found, list_images
from .photo import open_image
from .places import DataError
from .view import View

SHARE = 0.1  # of each class's images: so many to validate with, and as many to test with
MAX_NAMED = 10  # bad files that a message names
MAX_BYTES = 4 << 30  # of all images in memory
PIECE = 64  # images that a worker reads at a time
REASON = re.compile(r"cannot be read as an image \((.*)\): save it as JPEG or PNG")
PROVENANCE, WITHOUT_BAD = "a folder of images", "a folder of images, bad files skipped"


Report = Callable[[int, int], None]  # how many files are read, of how many


def load_folder(folder: Path, view: View, skip_bad: bool = False, report: Report | None = None) -> Dataset:
    """Read a folder of images.

    Args:
        folder: where it is.
        view: how images are resized and cut.
        skip_bad: whether to skip files that cannot be read as images.
        report: is told how many files are read, of how many.

    Returns:
        The data set; images (n, view.size, view.size, 3) uint8, in the order of their file names, or of their digests
        where file names begin with their class: the first n images are then of all classes.

    Raises:
        DataError: the folder holds no classes, or what cannot be read; a sentence says what, and what to do.
    """
    folder = folder.resolve()
    if not folder.as_posix().isprintable():
        raise DataError(f"{folder.as_posix()!a} has letters that cannot be printed: rename it, or move the images")
    classes, files = list_images(folder)
    files = _mixed(folder, files, len(classes))
    images, bad = _decode(folder, files, view, report)
    if bad:
        named = "".join(f"\n  {_name(folder, path)}: {bad[path]}" for path in sorted(bad)[:MAX_NAMED])
        more = f"\n  and {len(bad) - MAX_NAMED} more" if len(bad) > MAX_NAMED else ""
        some = f"{len(bad)} of {len(files)} files in {folder} cannot be read as images:{named}{more}"
        if not skip_bad:
            raise DataError(f"{some}\nmend them, take them out, or go on without them: --skip-bad")
        warnings.warn(f"{some}; skipped", stacklevel=2)
    kept = [k for k, file in enumerate(files) if file.path not in bad]
    files, images = [files[k] for k in kept], images[kept]
    labels = np.array([file.label for file in files], np.int64)
    parts = _split(classes, [file.split for file in files], labels, [_digest(folder, file.path) for file in files])
    splits = {name: Split(images[index], labels[index]) for name, index in parts.items()}
    _warn_of_copies(folder, splits)
    digest = hashlib.sha256(repr((classes, view)).encode())
    for split in splits.values():
        digest.update(split.images.tobytes() + split.labels.tobytes())
    provenance = WITHOUT_BAD if bad else PROVENANCE
    return Dataset(
        folder.as_posix(),
        classes,
        **splits,
        provenance=provenance,
        origin=str(folder),
        fingerprint=digest.hexdigest()[:16],
        view=view,
    )


def _warn_of_copies(folder: Path, splits: dict[str, Split]) -> None:
    """Say how many images that are tested with are learned from too, pixel by pixel."""
    learned = {image.tobytes() for image in splits["train"].images}
    for name in ("val", "test"):
        if copies := sum(image.tobytes() in learned for image in splits[name].images):
            n = len(splits[name].labels)
            warnings.warn(
                f"{copies} of {n:,} {name} images of {folder} are training images too: a network knows them by heart",
                stacklevel=3,
            )


def _mixed(folder: Path, files: list[Found], classes: int) -> list[Found]:
    """The files as they are, or by their digests where one class comes after the other: cat.0.jpg, cat.1.jpg, ..."""
    changes = sum(one.label != other.label for one, other in pairwise(files))
    if changes >= len(files) * (1 - 1 / classes) / 2:  # half of what chance gives
        return files
    return sorted(files, key=lambda file: _digest(folder, file.path))


def _digest(folder: Path, path: Path) -> str:
    """A number that depends on nothing but the file's name: a new image leaves the others where they are."""
    return hashlib.sha256(_name(folder, path).encode("utf-8", "surrogateescape")).hexdigest()


def _split(classes: tuple[str, ...], given: list[str], labels: np.ndarray, digests: list[str]) -> dict[str, np.ndarray]:
    """The numbers of the images in each split. What is missing is taken from the others, alike for every class."""
    by_digest = np.argsort(np.array(digests))
    splits = np.array(given, "<U5")
    if not (splits == "test").any() and (splits == "val").any():
        splits[splits == "val"] = "test"  # as Imagenette calls it: what is looked at once, at the end
    splits[splits == ""] = "train"
    whole = [int(((labels == label) & (splits == "train")).sum()) for label in range(len(classes))]
    for wanted in ("test", "val"):
        if (splits == wanted).any():
            continue
        for label, name in enumerate(classes):
            mine = by_digest[((labels == label) & (splits == "train"))[by_digest]]
            if whole[label] < 3:
                raise DataError(
                    f"class {name!r} has too few images to split ({whole[label]}): add some, to have 3 at least"
                )
            splits[mine[: max(1, round(SHARE * whole[label]))]] = wanted
    for label, name in enumerate(classes):
        for split in SPLITS:
            if not ((labels == label) & (splits == split)).any():
                raise DataError(f"class {name!r} has no images in {split}/ that can be read: add some")
    return {name: np.flatnonzero(splits == name) for name in SPLITS}


def _decode(folder: Path, files: list[Found], view: View, report: Report | None) -> tuple[np.ndarray, dict[Path, str]]:
    """All images as one array, and why some cannot be read; those are black."""
    size = len(files) * view.size**2 * 3
    if size > MAX_BYTES:
        raise DataError(
            f"{len(files):,} images of {view.size}×{view.size} pixels are {size / 2**30:.1f} GiB, expected at most "
            f"{MAX_BYTES >> 30}: take some out; a network of your own may have a smaller --image-size"
        )
    keys = [_key(folder, file.path) for file in files]
    images, known = read_cache(folder, view, keys)
    todo = [k for k in range(len(files)) if not known[k]]
    bad: dict[Path, str] = {}
    with Workers() as workers:
        for start in range(0, len(todo), PIECE * workers.count):
            turn = todo[start : start + PIECE * workers.count]
            pieces = [turn[k :: workers.count] for k in range(workers.count)]
            paths = [[files[k].path for k in piece] for piece in pieces]
            for piece, results in zip(pieces, workers.map(_read_all, (view,), paths), strict=True):
                for k, result in zip(piece, results, strict=True):
                    if isinstance(result, str):
                        bad[files[k].path] = result
                    else:
                        images[k] = result
            if report:
                report(min(start + len(turn), len(todo)), len(todo))
    if todo:
        good = [k for k in range(len(files)) if files[k].path not in bad]
        write_cache(folder, view, [keys[k] for k in good], images[good])
    return images, bad


def _read_all(view: View, paths: list[Path]) -> list[np.ndarray | str]:
    """What the network sees of each file; a reason in place of what cannot be read."""
    results: list[np.ndarray | str] = []
    for path in paths:
        try:
            results.append(np.asarray(view.apply(open_image(path))))
        except SenetError as error:
            results.append(REASON.sub(r"\1", str(error).removeprefix(f"{path} ")))
    return results


def _key(folder: Path, path: Path) -> str:
    """A file's name, number, size and times of change: as long as these stay, it is the same image."""
    about = path.stat()
    return f"{_name(folder, path)}|{about.st_ino}|{about.st_size}|{about.st_mtime_ns}|{about.st_ctime_ns}"


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()
