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
COPY = re.compile(r"(?: ?\((\d+)\)| [-–] ?(?:copy|kopie|copie)| ?_?copy(\d*))+$", re.IGNORECASE)
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
MAX_BYTES_IN_ALL = 1 << 30  # of all hand-ins


class HandIn(NamedTuple):
    """One file of one student."""

    student: str
    ident: str  # the platform's number of the student, or ""
    platform: str  # "Moodle", "Canvas", "nbgrader" or ""
    late: bool
    file: str  # its name as it was handed in
    data: bytes


def read_handins(place: Path) -> list[HandIn]:
    """All hand-ins in a folder, a zip or a single notebook, sorted by student; SenetError where there is none."""
    try:
        if place.is_dir():
            files = [*_in_folder(place)]
        elif is_notebook(place.name):
            files = [(place.name, place.read_bytes())]
        else:
            files = [*_in_archive(place)]
    except DAMAGED as error:
        raise SenetError(f"{place} cannot be read: {error}; expected a folder, a zip or a notebook") from error
    found = [one for name, data in _without_common_folder(files) for one in _unpacked(name, data)]
    if not found:
        raise SenetError(f"{place} holds no hand-in, expected notebooks (.ipynb), one or a folder for each student")
    return _with_notebooks(sorted(found, key=lambda one: (one.student.casefold(), one.file)))


def is_notebook(name: str) -> bool:
    """Whether a file's name is one of a notebook, as some browsers save it, too."""
    return name.lower().endswith((".ipynb", ".ipynb.txt", ".ipynb.json"))


def _without_common_folder(files: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """The files without a folder that holds the whole class, as whoever zips a folder gets it."""
    tops = {name.split("/")[0] for name, _ in files}
    rest = [name.split("/", 1)[1] for name, _ in files if "/" in name]
    if len(tops) != 1 or len(rest) < len(files) or len(files) < 2 or MOODLE.fullmatch(tops.pop()):
        return files
    folders = {name.split("/")[0] for name in rest if "/" in name}
    stems = {COPY.sub("", PurePosixPath(name).stem) for name in rest}
    if len(folders) > 1 or (not folders and not stems & TABLES.keys()) or any(map(CANVAS.fullmatch, rest)):
        return [(name, data) for name, (_, data) in zip(rest, files, strict=True)]
    return files


def _unpacked(name: str, data: bytes) -> Iterator[HandIn]:
    """The file as a hand-in; what a student has packed, once more."""
    if PurePosixPath(name).suffix.lower() != ".zip":
        yield _whose(PurePosixPath(name), data)
        return
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "archive"
        archive.write_bytes(data)
        try:
            inside = [(one, content) for one, content in _in_archive(archive) if is_notebook(one)]
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
            return HandIn(found["name"], found["ident"], "Moodle", False, _own(found["file"] or file), data)
    if found := CANVAS.fullmatch(file):
        return HandIn(found["name"], found["ident"], "Canvas", bool(found["late"]), found["file"], data)
    if len(folders) >= 2 and folders[-1] in TABLES:
        return HandIn(folders[-2], folders[-2], "nbgrader", False, file, data)
    if folders:
        return HandIn(folders[0], "", "", False, "/".join([*folders[1:], file]), data)
    return HandIn(PurePosixPath(file).stem, "", "", False, file, data)


def _own(file: str) -> str:
    """The name that the student gave, without the platform's."""
    found = MOODLE.fullmatch(file)
    return found["file"] if found else file


def _with_notebooks(found: list[HandIn]) -> list[HandIn]:
    """All notebooks; of a student without any, the first other file."""
    owners = {(one.student, one.ident) for one in found if is_notebook(one.file)}
    kept = []
    for one in found:
        who = (one.student, one.ident)
        if is_notebook(one.file) or who not in owners:
            owners.add(who)
            kept.append(one)
    return kept


def _in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if _is_handed_in(name))
        for name in sorted(filter(_is_handed_in, files)):
            path = Path(root) / name
            if path.is_file() and not path.is_symlink():
                with open(path, "rb") as file:
                    yield _printable(path.relative_to(folder).as_posix()), file.read(MAX_BYTES + 1)


def _in_archive(archive: Path) -> Iterator[tuple[str, bytes]]:
    total = 0
    for name, read in members(archive):
        path = PurePosixPath(_as_utf8(name).replace("\\", "/"))
        parts = [part for part in path.parts if part not in ("/", "..")]
        if parts and not name.endswith("/") and all(map(_is_handed_in, parts)):
            data = read(MAX_BYTES + 1)
            if (total := total + len(data)) > MAX_BYTES_IN_ALL:
                raise ValueError(f"it unpacks to more than {MAX_BYTES_IN_ALL >> 20} MB")
            yield "/".join(parts), data


def _printable(name: str) -> str:
    """A name with a question mark for each byte that is no text."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _as_utf8(name: str) -> str:
    """A zip may hold a name in UTF-8 without saying so; then Python reads it in the old code page of DOS."""
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _is_handed_in(name: str) -> bool:
    return name not in NOT_HANDED_IN and not name.startswith(".")
