"""Which notebook belongs to whom, in a folder or an archive of Moodle, of Canvas, of nbgrader or made by hand."""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ..data.archives import DAMAGED, members
from ..errors import SenetError
from .notebook import MAX_BYTES, TABLES

MOODLE = re.compile(r"(?P<name>.+?)_(?P<ident>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)")
CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<ident>\d+)_\d+_(?P<file>.+)")
COPY = re.compile(r"(?: ?\((\d+)\)|-(\d+)| [-–] ?(?:copy|kopie|copie)| ?_?copy(\d*))+$", re.IGNORECASE)
NOT_HANDED_IN = (
    "__MACOSX",
    ".ipynb_checkpoints",
    "autograded",
    "release",
    "source",
    "feedback",
    "Thumbs.db",
    "desktop.ini",
)
PACKED = (".zip", ".tar", ".gz", ".tgz")


class HandIn(NamedTuple):
    """One file of one student."""

    student: str
    ident: str  # the platform's number of the student, or ""
    platform: str  # "Moodle", "Canvas", "nbgrader" or ""
    late: bool
    file: str  # its name as it was handed in
    data: bytes
    version: int = 0  # of several copies, the one that was handed in last has the highest


def read_handins(place: Path) -> list[HandIn]:
    """All hand-ins in a folder, an archive or a single notebook, sorted by student; SenetError where there is none."""
    try:
        if place.is_dir():
            files = _in_folder(place)
        elif place.suffix.lower() == ".ipynb":
            files = iter([(place.name, place.read_bytes())])
        else:
            files = _in_archive(place)
        found = [one for name, data in files for one in _unpacked(name, data)]
    except DAMAGED as error:
        raise SenetError(f"{place} cannot be read: {error}; expected a folder, a zip or a notebook") from error
    if not found:
        raise SenetError(f"{place} holds no hand-in, expected notebooks (.ipynb), one or a folder for each student")
    return _latest(sorted(found, key=lambda one: (one.student.casefold(), one.file)))


def _unpacked(name: str, data: bytes) -> Iterator[HandIn]:
    """The file as a hand-in; what a student has packed, once more."""
    if PurePosixPath(name).suffix.lower() not in PACKED:
        yield _whose(PurePosixPath(name), data)
        return
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "archive"
        archive.write_bytes(data)
        try:
            inside = [(one, content) for one, content in _in_archive(archive) if one.endswith(".ipynb")]
        except DAMAGED:
            inside = []
    owner = _whose(PurePosixPath(name), data)
    yield from (owner._replace(file=PurePosixPath(one).name, data=content) for one, content in inside)
    if not inside:
        yield owner


def _whose(path: PurePosixPath, data: bytes) -> HandIn:
    """The student, from the names of the file and of the folders that it lies in."""
    folders, file = [part for part in path.parts[:-1] if part != "submitted"], path.name
    for part in (*folders, file):
        if found := MOODLE.fullmatch(part):
            return HandIn(
                found["name"], found["ident"], "Moodle", False, _own(found["file"] or file), data, _version(file)
            )
    if found := CANVAS.fullmatch(file):
        return HandIn(found["name"], found["ident"], "Canvas", bool(found["late"]), found["file"], data, _version(file))
    if len(folders) >= 2 and folders[-1] in TABLES:
        return HandIn(folders[-2], folders[-2], "nbgrader", False, file, data, _version(file))
    if folders:
        return HandIn(folders[0], "", "", False, file, data, _version(file))
    stem = PurePosixPath(file).stem
    return HandIn(COPY.sub("", stem) or stem, "", "", False, file, data, _version(file))


def _own(file: str) -> str:
    """The name that the student gave, without the platform's."""
    found = MOODLE.fullmatch(file)
    return found["file"] if found else file


def _version(file: str) -> int:
    """2 for "1_ops (2).ipynb"."""
    found = COPY.search(PurePosixPath(file).stem)
    numbers = [int(number) for number in (found.groups() if found else ()) if number]
    return numbers[-1] if numbers else int(bool(found))


def _latest(found: list[HandIn]) -> list[HandIn]:
    """Of copies of one file by one student the last; other files only where there is no notebook."""
    kept: dict[tuple[str, str, str], HandIn] = {}
    for one in found:
        stem = COPY.sub("", PurePosixPath(one.file).stem)
        key = (one.student, one.ident, stem if one.file.endswith(".ipynb") else "")
        if key not in kept or one.version >= kept[key].version:
            kept[key] = one
    with_notebook = {key[:2] for key in kept if key[2]}
    return [one for key, one in kept.items() if key[2] or key[:2] not in with_notebook]


def _in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if _is_handed_in(name))
        for name in sorted(filter(_is_handed_in, files)):
            path = Path(root) / name
            if path.is_file() and not path.is_symlink():
                with open(path, "rb") as file:
                    yield path.relative_to(folder).as_posix(), file.read(MAX_BYTES + 1)


def _in_archive(archive: Path) -> Iterator[tuple[str, bytes]]:
    for name, read in members(archive):
        name = _as_utf8(name)
        if not name.endswith("/") and all(map(_is_handed_in, PurePosixPath(name).parts)):
            yield name, read(MAX_BYTES + 1)


def _as_utf8(name: str) -> str:
    """A zip may hold a name in UTF-8 without saying so; then Python reads it in the old code page of DOS."""
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _is_handed_in(name: str) -> bool:
    return name not in NOT_HANDED_IN and not name.startswith(".")
