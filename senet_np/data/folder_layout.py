"""How a folder of images is laid out: which classes it has, which splits, and which files; and what is refused."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from .places import DataError

SPLITS = ("train", "val", "test")
SPLIT_NAMES = {"train": "train", "test": "test", "val": "val", "valid": "val", "validation": "val"}  # in any case
LITTER = ("thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx")  # left by systems; so is what begins with a dot
LAYOUT = "expected a subfolder of images for each class, or train/ and test/ with such subfolders"
MAX_DEPTH = 20  # of folders in folders


class Found(NamedTuple):
    """One file that should be an image."""

    path: Path
    split: str  # one of SPLITS; "" where the folder has none
    label: int


def list_images(folder: Path) -> tuple[tuple[str, ...], list[Found]]:
    """The classes, in order, and all files, in the order of their names; DataError where these are no classes."""
    parts = _splits(folder) or {"": folder}
    by_split = {split: _subfolders(place) for split, place in parts.items()}
    classes = tuple(sorted({name for names in by_split.values() for name in names}))
    _check_classes(folder, classes)
    if "" in parts:
        _check_depth(folder, classes)
    files = []
    for split, place in parts.items():
        for label, name in enumerate(classes):
            paths = _files(folder, place / name) if name in by_split[split] else ()
            found = [Found(path, split, label) for path in paths]
            if not found:
                raise DataError(f"{place / name} holds no images: put some there, or delete the class everywhere")
            files += found
    return classes, sorted(files, key=lambda file: (file.path.name, file.path))


def _splits(folder: Path) -> dict[str, Path]:
    """The folders of the splits, {} where there are none: train/, and test/ or val/, with subfolders in each."""
    inner = _subfolders(folder)
    named = [name for name in inner if name.lower() in SPLIT_NAMES]
    parts = {SPLIT_NAMES[name.lower()]: folder / name for name in named}
    if "train" not in parts or len(parts) < 2 or not all(_subfolders(place) for place in parts.values()):
        return {}
    if len(named) > len(parts) or len(inner) > len(named):
        raise DataError(f"{folder} has {', '.join(inner)}: {LAYOUT}, and nothing else beside them")
    for place in parts.values():
        _check_no_link(place)
    return parts


def _check_classes(folder: Path, classes: tuple[str, ...]) -> None:
    if not classes:
        raise DataError(f"{folder} has no subfolders, {LAYOUT}")
    if len(classes) == 1:
        inside = folder / classes[0]
        deeper = f"; or name {inside}, which has such" if len(_subfolders(inside)) > 1 else ""
        raise DataError(f"{folder} has one class alone, {classes[0]!r}: {LAYOUT}, two classes at least{deeper}")
    spelled: dict[str, str] = {}
    for name in classes:
        if not name.isprintable():
            raise DataError(f"class {name!a} in {folder} has letters that cannot be printed: rename its folder")
        other = spelled.setdefault(name.casefold(), name)
        if other != name:
            raise DataError(f"{folder} has classes {other!r} and {name!r}, which some systems take for one: rename one")


def _check_depth(folder: Path, classes: tuple[str, ...]) -> None:
    """Refuse what are splits under other names: all "classes" hold the same two folders or more, and no file."""
    inner = []
    for name in classes:
        entries = [*_visible(folder / name)]
        if not all(entry.is_dir() for entry in entries):
            return
        inner.append({entry.name for entry in entries})
    if len(inner[0]) > 1 and all(names == inner[0] for names in inner):
        same = ", ".join(sorted(inner[0])[:5])
        raise DataError(f"{folder} has {', '.join(classes)}, each with {same} in it: {LAYOUT}")


def _visible(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from sorted(
                (e for e in entries if not e.name.startswith(".") and e.name.lower() not in LITTER),
                key=lambda e: e.name,
            )
    except OSError as error:
        raise DataError(f"{folder} cannot be read ({error.strerror}): name a folder that can") from None


def _subfolders(folder: Path) -> list[str]:
    return [entry.name for entry in _visible(folder) if entry.is_dir()]


def _files(root: Path, folder: Path, depth: int = 0) -> Iterator[Path]:
    """All files below a folder. A link may lead to a file of the data set, and nowhere else."""
    _check_no_link(folder)
    if depth > MAX_DEPTH:
        raise DataError(f"{folder} lies {depth} folders below its class, expected {MAX_DEPTH} at most")
    for entry in _visible(folder):
        path = Path(entry.path)
        if entry.is_symlink() and not _leads_to_a_file_of(root, path):
            raise DataError(f"{path} is a link that leads out of {root}, to a folder, or nowhere: copy the file there")
        if entry.is_dir():
            yield from _files(root, path, depth + 1)
        else:
            yield path


def _check_no_link(folder: Path) -> None:
    if folder.is_symlink():
        raise DataError(f"{folder} is a link to a folder: copy the folder there")


def _leads_to_a_file_of(root: Path, link: Path) -> bool:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # nowhere, or in a circle
        return False
    return target.is_relative_to(root) and not target.is_dir()
