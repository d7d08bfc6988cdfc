"""CIFAR-10 from its official files: Python or binary version, unpacked or still in the archive.

Nothing that a file says is believed before it is checked: an archive is read as a stream and never extracted, pickles
are read by an unpickler that can build arrays and do nothing else (`pickles.py`), and checksums tell whether these are
the official bytes, which is written on every result.

Source: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009; the files and their layout at
https://www.cs.toronto.edu/~kriz/cifar.html; the md5 sums of the Python version as torchvision checks them.
"""

import hashlib
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .archives import DAMAGED, members
from .dataset import Dataset, Split
from .pickles import load_batch_pickle
from .places import BATCHES, FETCH, DataError, find_in, held, what_to_do

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

CHECKSUMS = {  # md5 of the Python version's files, sha256 of the binary version's
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
    "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
}
OFFICIAL, ALTERED = "official bytes", "not the official bytes"

ROWS = 10_000  # images per file
PIXELS = 3 * 32 * 32  # bytes per image: 1024 red, 1024 green, 1024 blue, each row by row
TRAIN, VAL, ALL = 45_000, 50_000, 60_000  # where the training, validation and test images end

MAX_FILE_BYTES = 64 << 20  # a batch has 31 MB
MAX_NAMES = 1000  # of other files in an archive, to tell what it is instead


def load_cifar10(place: str | Path) -> Dataset:
    """Read CIFAR-10: the first 45,000 training images to learn from, the last 5,000 to validate, 10,000 to test.

    Args:
        place: a batches folder, an archive, or a folder that holds one of them; `find_cifar10` gives it.

    Returns:
        The three splits, images uint8 (n, 32, 32, 3) and labels int64 (n,), in the official order. The checksums tell
        the provenance: "official bytes", or "not the official bytes", with a warning that names the files.
    """
    found = find_in(place, "place")
    try:
        images, labels, fingerprint, altered = _assemble(found)
    except MemoryError:
        raise DataError(f"there is too little memory to read {found}: about 400 MB are needed") from None
    except OSError as error:
        reason = f"{error.filename or found} cannot be read ({error.strerror or error})"
        raise DataError(f"{reason}: allow it, or name another place") from None
    if altered:
        reason = f"the checksums of {', '.join(sorted(altered))} are not the official ones"
        warnings.warn(f"CIFAR-10 in {found} is marked '{ALTERED}': {reason}", stacklevel=2)
    splits = [Split(images[a:b], labels[a:b]) for a, b in ((0, TRAIN), (TRAIN, VAL), (VAL, ALL))]
    provenance = ALTERED if altered else OFFICIAL
    return Dataset("cifar10", CLASSES, *splits, provenance=provenance, origin=str(place), fingerprint=fingerprint)


def _assemble(place: Path) -> tuple[np.ndarray, np.ndarray, str, list[str]]:
    """All 60,000 images and labels, their fingerprint, and the names of those files that are not the official ones."""
    images = np.empty((ALL, 32, 32, 3), np.uint8)
    labels = np.empty(ALL, np.int64)
    md5, altered = {}, []
    for name, raw in _read_archive(place) if os.path.isfile(place) else _read_folder(place):
        what, is_binary = f"{name} in {place}", name.endswith(".bin")
        if name in md5:
            raise DataError(f"{place} holds {name} twice: name a folder or an archive that holds each batch once")
        if len(raw) > MAX_FILE_BYTES:
            raise DataError(f"{what} is larger than {MAX_FILE_BYTES >> 20} MiB, expected about 30; {FETCH}")
        md5[name] = hashlib.md5(raw, usedforsecurity=False).hexdigest()
        if (hashlib.sha256(raw).hexdigest() if is_binary else md5[name]) != CHECKSUMS[name]:
            altered.append(name)
        if name == "batches.meta":
            names = load_batch_pickle(raw, what).get("label_names")
            if names not in ([*CLASSES], [name.encode() for name in CLASSES]):  # another order, so other data
                raise DataError(f"{what} names other classes than CIFAR-10's ten from airplane to truck; {FETCH}")
            continue
        pixels, numbers = (_decode_binary if is_binary else _decode_python)(raw, what)
        start = BATCHES.index(name.removesuffix(".bin")) * ROWS
        images[start : start + ROWS] = pixels.reshape(ROWS, 3, 32, 32).transpose(0, 2, 3, 1)
        labels[start : start + ROWS] = numbers
    if missing := [batch for batch in BATCHES if batch not in md5 and f"{batch}.bin" not in md5]:
        raise DataError(f"{place} holds no {', '.join(missing)}; {FETCH}")
    sums = "".join(md5[name] for name in sorted(md5) if name != "batches.meta")  # which holds no data
    return images, labels, hashlib.sha256(sums.encode()).hexdigest()[:16], altered


def _decode_python(raw: bytes, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (10000, 3072) uint8 and labels (10000,) int64 of one pickled batch."""
    batch = load_batch_pickle(raw, what)
    pixels: Any = batch.get("data")
    labels: Any = batch.get("labels")
    actual = getattr(pixels, "shape", None), len(labels) if isinstance(labels, list) else None
    if actual != ((ROWS, PIXELS), ROWS):
        expected = f"images of shape ({ROWS}, {PIXELS}) and {ROWS} labels"
        raise DataError(f"{what} has images of shape {actual[0]} and {actual[1]} labels, expected {expected}; {FETCH}")
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


def _read_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file that counts; of one that is too large, a byte more than is allowed."""
    binary = held(folder, ".bin") > held(folder, "")
    for name in CHECKSUMS:
        if name.endswith(".bin") == binary and os.path.isfile(folder / name):
            with open(folder / name, "rb") as file:
                yield name, file.read(MAX_FILE_BYTES + 1)


def _read_archive(archive: Path) -> Iterator[tuple[str, bytes]]:
    """The same of an archive, whatever its folders are called; where it has both versions, the one that comes first."""
    binary, others = None, [archive.name]
    try:
        for path, read in members(archive):
            name = path.replace("\\", "/").rpartition("/")[2]
            if name in CHECKSUMS and binary in (None, name.endswith(".bin")):
                binary = name.endswith(".bin")
                yield name, read(MAX_FILE_BYTES + 1)
            elif len(others) < MAX_NAMES:
                others.append(f"{archive.name}/{path}")
    except DAMAGED as error:
        if getattr(error, "errno", None):
            raise
        reason = " ".join(str(error).split())[:120]
        advice = "unpack it, and name the folder" if isinstance(error, NotImplementedError) else what_to_do(others)
        raise DataError(f"{archive} cannot be read as an archive ({reason}); {advice}") from None
    if binary is None:
        raise DataError(f"{archive} holds no {', '.join(BATCHES)}; {what_to_do(others)}")
