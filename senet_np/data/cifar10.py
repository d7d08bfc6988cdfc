"""CIFAR-10 from its official files: Python or binary version, unpacked or still in the archive.

Nothing that a file says is believed before it is checked: an archive is read as a stream and never
extracted, pickles are read by a machine that can build arrays and do nothing else (`pickles.py`), and whether these
are the official bytes is told by checksums and written on every result.

Source: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; the files and their layout at
https://www.cs.toronto.edu/~kriz/cifar.html; their md5 sums as torchvision checks them.
"""

import gzip
import hashlib
import io
import os
import struct
import tarfile
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from .dataset import Dataset, Split
from .pickles import load_batch_pickle
from .places import BATCHES, BINARY_FOLDER, FETCH, PYTHON_FOLDER, DataError, find_in

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

ARCHIVE_SIZE = 170_498_071  # bytes of cifar-10-python.tar.gz
ARCHIVE_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
FILES_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
}

OFFICIAL, ALTERED, UNVERIFIED = "official bytes", "not the official bytes", "unverified bytes"

ROWS = 10_000  # images a file
PIXELS = 3 * 32 * 32  # bytes an image: 1024 red, 1024 green, 1024 blue, each row by row
TRAIN, VAL, ALL = 45_000, 50_000, 60_000  # where the training, validation and test images end

MAX_FILE = 64 << 20  # a batch has 31 MB
MAX_HEADER = 4096  # bytes of a pax header; a time stamp or a long name takes some fifty
MAX_ARCHIVE = 512 << 20  # the unpacked archive has 185 MB
MAX_MEMBERS = 1000  # the official archive has 9

# What gzip and tarfile raise, between them, over a file that is cut short, damaged or ill-meant.
_UNREADABLE = (tarfile.TarError, zlib.error, struct.error, EOFError, OSError, ValueError, LookupError, RecursionError)

_MEMBERS = {f"{PYTHON_FOLDER}/{name}": name for name in FILES_MD5}
_MEMBERS |= {f"{BINARY_FOLDER}/{name}.bin": f"{name}.bin" for name in BATCHES}


def load_cifar10(place: str | Path) -> Dataset:
    """Read CIFAR-10: the first 45,000 training images to learn from, the last 5,000 to validate, 10,000 to test.

    Args:
        place: a batches folder, an archive, or a folder that holds one of them; `find_cifar10` gives it.

    Returns:
        The three splits, images uint8 (n, 32, 32, 3) and labels int64 (n,), in the official order. The stamp says
        whether the md5 sums are the official ones; for the binary version none are known.

    Raises:
        DataError: a file is missing, damaged, or not what CIFAR-10 has in its place.

    Warns:
        UserWarning: the data are valid, but not, or not known to be, the official bytes.
    """
    found = find_in(place)
    if found is None:
        raise DataError(f"'{place}' holds no CIFAR-10 that can be read; {FETCH}")
    try:
        images, labels, md5 = _assemble(found)
    except MemoryError:
        raise DataError(f"there is too little memory to read {found}: about 400 MB are needed") from None
    stamp, reason = _stamp(md5)
    if stamp != OFFICIAL:
        warnings.warn(f"CIFAR-10 in {found} is stamped '{stamp}': {reason}", UserWarning, stacklevel=2)
    sums = "".join(md5[name] for name in sorted(md5) if name != "batches.meta")  # which holds no data
    return Dataset(
        name="cifar10",
        classes=CLASSES,
        train=Split(images[:TRAIN], labels[:TRAIN]),
        val=Split(images[TRAIN:VAL], labels[TRAIN:VAL]),
        test=Split(images[VAL:], labels[VAL:]),
        stamp=stamp,
        origin=str(place),
        fingerprint=hashlib.sha256(sums.encode()).hexdigest()[:16],
    )


def _assemble(place: Path) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """All 60,000 images and labels, and the md5 of every file; one file at a time is in memory besides."""
    images = np.empty((ALL, 32, 32, 3), np.uint8)
    labels = np.empty(ALL, np.int64)
    md5: dict[str, str] = {}
    for name, raw in _read_archive(place) if os.path.isfile(place) else _read_folder(place):
        what = f"{name} in {place}"
        md5[name] = hashlib.md5(raw, usedforsecurity=False).hexdigest()
        if name == "batches.meta":
            _check_names(raw, what)
            continue
        pixels, numbers = (_decode_binary if name.endswith(".bin") else _decode_python)(raw, what)
        start = BATCHES.index(name.removesuffix(".bin")) * ROWS
        images[start : start + ROWS] = pixels.reshape(ROWS, 3, 32, 32).transpose(0, 2, 3, 1)
        labels[start : start + ROWS] = numbers
    return images, labels, md5


def _stamp(md5: dict[str, str]) -> tuple[str, str]:
    """The stamp, and the reason for it unless it is the official one."""
    if any(name.endswith(".bin") for name in md5):
        return UNVERIFIED, "no checksums are published for the binary version"
    other = [name for name in FILES_MD5 if name in md5 and md5[name] != FILES_MD5[name]]
    return (ALTERED, f"the md5 sums of {', '.join(other)} are not the official ones") if other else (OFFICIAL, "")


# ---- one file -----------------------------------------------------------------------------------------------------


def _decode_python(raw: bytes, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (10000, 3072) uint8 and labels (10000,) int64 of one pickled batch."""
    batch = load_batch_pickle(raw, what)
    pixels, labels = batch.get(b"data"), batch.get(b"labels")
    if not isinstance(pixels, np.ndarray) or pixels.shape != (ROWS, PIXELS):
        came = f"of shape {pixels.shape}" if isinstance(pixels, np.ndarray) else "missing or no array"
        raise DataError(f"{what}: the images are {came}, expected ({ROWS}, {PIXELS}) uint8; {FETCH}")
    if not isinstance(labels, list) or len(labels) != ROWS:
        came = f"{len(labels)}" if isinstance(labels, list) else "no list"
        raise DataError(f"{what}: the labels are {came}, expected a list of {ROWS}; {FETCH}")
    if not all(type(label) is int and 0 <= label <= 9 for label in labels):
        raise DataError(f"{what}: some labels are not integers from 0 to 9; {FETCH}")
    return pixels, np.array(labels, np.int64)


def _decode_binary(raw: bytes, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (10000, 3072) and labels (10000,), both uint8, of one binary batch: rows of a label and its image."""
    if len(raw) != ROWS * (1 + PIXELS):
        raise DataError(f"{what} has {len(raw):,} bytes, expected {ROWS * (1 + PIXELS):,}; {FETCH}")
    rows = np.frombuffer(raw, np.uint8).reshape(ROWS, 1 + PIXELS)
    if rows[:, 0].max() > 9:
        raise DataError(f"{what}: one label is {rows[:, 0].max()}, expected 0 to 9; {FETCH}")
    return rows[:, 1:], rows[:, 0]


def _check_names(raw: bytes, what: str) -> None:
    """The order of the classes is fixed, so a file that tells another one belongs to other data."""
    if load_batch_pickle(raw, what).get(b"label_names") != [name.encode() for name in CLASSES]:
        raise DataError(f"{what} names other classes than CIFAR-10's ten from airplane to truck; {FETCH}")


# ---- a folder or an archive ---------------------------------------------------------------------------------------


def _read_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file that counts."""
    suffix = "" if any(os.path.isfile(folder / name) for name in BATCHES) else ".bin"
    names = [f"{name}{suffix}" for name in BATCHES if os.path.isfile(folder / f"{name}{suffix}")]
    _require_all(names, folder)
    if not suffix and os.path.isfile(folder / "batches.meta"):
        names.insert(0, "batches.meta")
    for name in names:
        try:
            with open(folder / name, "rb") as file:
                yield name, _read_bounded(file, f"{name} in {folder}")
        except OSError as error:
            reason = error.strerror or error
            raise DataError(f"{folder / name} cannot be read ({reason}): allow it, or name another place") from None


def _read_archive(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every member that counts, in one pass; nothing is ever written to the disk."""
    names: list[str] = []
    try:
        with gzip.open(archive) as unpacked:
            stream = _Bounded(unpacked, archive)
            with tarfile.open(fileobj=stream, mode="r|", bufsize=1 << 20, tarinfo=_ShortHeaders) as tar:
                for count, member in enumerate(tar):
                    if count == MAX_MEMBERS:
                        raise DataError(f"{archive} holds more than {MAX_MEMBERS} files, expected 9; {FETCH}")
                    name = _MEMBERS.get(member.name.removeprefix("./"))
                    if name is None:
                        continue
                    if name in names:
                        raise DataError(f"{archive} holds {name} twice, so it is not the official one; {FETCH}")
                    content = tar.extractfile(member) if member.isreg() and not member.issparse() else None
                    if content is None:
                        raise DataError(f"{name} in {archive} is not an ordinary file (a link, perhaps); {FETCH}")
                    names.append(name)
                    yield name, _read_bounded(content, f"{name} in {archive}")
            while stream.read(1 << 20):  # gzip's own checksum stands at the very end
                pass
    except _UNREADABLE as error:
        reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:120]
        raise DataError(f"{archive} cannot be read as a .tar.gz archive ({reason}); {FETCH}") from None
    _require_all(names, archive)


def _require_all(names: list[str], place: Path) -> None:
    missing = [batch for batch in BATCHES if batch not in names and f"{batch}.bin" not in names]
    if missing:
        raise DataError(f"{place} holds no {', '.join(missing)}; {FETCH}")


def _read_bounded(file: IO[bytes], what: str) -> bytes:
    raw = file.read(MAX_FILE + 1)
    if len(raw) > MAX_FILE:
        raise DataError(f"{what} is larger than {MAX_FILE >> 20} MiB, expected about 30; {FETCH}")
    return raw


class _ShortHeaders(tarfile.TarInfo):
    """Refuses long extended headers: reading one takes older Pythons time that grows with its length squared."""

    def _proc_pax(self, tarfile_: tarfile.TarFile) -> Any:
        if self.size > MAX_HEADER:
            raise tarfile.ReadError(f"an extended header of {self.size:,} bytes")
        return super()._proc_pax(tarfile_)  # pyright: ignore[reportAttributeAccessIssue]


class _Bounded(io.RawIOBase):
    """The unpacked stream, which ends in an error where a small archive promises or gives endless bytes."""

    def __init__(self, stream: gzip.GzipFile, archive: Path) -> None:
        self.stream, self.archive, self.passed, self.empty = stream, archive, 0, 0

    def read(self, size: int = -1, /) -> bytes:
        block = self.stream.read(size)
        self.passed += len(block)
        if self.passed > MAX_ARCHIVE:
            raise DataError(f"{self.archive} unpacks into more than {MAX_ARCHIVE >> 20} MiB, expected 185; {FETCH}")
        self.empty += not block
        if self.empty > 3:  # tarfile would go on asking for as many blocks as a header claims
            raise EOFError("it ends in the middle of a file")
        return block
