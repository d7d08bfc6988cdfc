"""Writes files in CIFAR-10's layouts, byte for byte as Python 2 and the binary version have them, for the tests.

The pixels are noise. Each image carries its number in its first three red pixels, so that a test can tell order.
"""

import io
import os
import struct
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest

from senet_np.data import cifar10
from senet_np.data.cifar10 import CLASSES, load_cifar10
from senet_np.data.places import BATCHES, DataError
from senet_np.data.places import BINARY_FOLDER as BINARY
from senet_np.data.places import PYTHON_FOLDER as PYTHON

ROWS, PIXELS = 10_000, 3072  # images per file, bytes per image


def rows(batch: int, count: int = ROWS) -> np.ndarray:
    """Pixels (count, 3072) uint8: ten noisy rows over and over, so that gzip is quick, each with its number in it."""
    pixels = np.tile(np.random.default_rng(batch).integers(0, 256, (10, PIXELS), dtype=np.uint8), (count // 10, 1))
    number = batch * ROWS + np.arange(count)
    pixels[:, 0], pixels[:, 1], pixels[:, 2] = number >> 16, (number >> 8) & 255, number & 255
    return pixels


def numbers(images: np.ndarray) -> np.ndarray:
    """The numbers that `rows` hid in images (n, 32, 32, 3)."""
    return images[:, 0, :3, 0].astype(np.int64) @ [1 << 16, 1 << 8, 1]


def labels(batch: int) -> list[int]:
    return [(batch + row) % 10 for row in range(ROWS)]


# ---- pickles as Python 2's cPickle wrote them ---------------------------------------------------------------------


def text(content: bytes) -> bytes:
    """Python 2's str."""
    return (b"U" + bytes([len(content)]) if len(content) < 256 else b"T" + struct.pack("<i", len(content))) + content


def integer(value: int) -> bytes:
    return b"K" + bytes([value]) if 0 <= value < 256 else b"J" + struct.pack("<i", value)


def listing(items: Iterable[bytes]) -> bytes:
    return b"](" + b"".join(items) + b"e"


def array(content: bytes, shape: tuple[int, ...], kind: bytes = b"u1", fortran: bool = False) -> bytes:
    """What Python 2's NumPy writes for an array."""
    blank = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    dtype = b"cnumpy\ndtype\n" + text(kind) + b"K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    size = b"(" + b"".join(map(integer, shape)) + b"t"
    return blank + b"(K\x01" + size + dtype + (b"\x88" if fortran else b"\x89") + text(content) + b"tb"


def dictionary(items: dict[bytes, bytes]) -> bytes:
    """A whole pickle: protocol 2, a dictionary of items that are pickled already."""
    return b"\x80\x02}(" + b"".join(text(key) + value for key, value in items.items()) + b"u."


def batch_pickle(data: bytes, labels: Iterable[bytes]) -> bytes:
    return dictionary({b"batch_label": text(b"a batch"), b"labels": listing(labels), b"data": data})


def a_batch(pixels: np.ndarray, labels: Iterable[int]) -> bytes:
    return batch_pickle(array(pixels.tobytes(), pixels.shape), map(integer, labels))


def official_meta() -> bytes:
    """`batches.meta`, rebuilt byte for byte: every object is put into the memo, numbered from 1."""
    memo = iter(range(1, 99))

    def kept(content: bytes) -> bytes:
        return content + b"q" + bytes([next(memo)])

    start = kept(b"\x80\x02}") + b"(" + kept(text(b"num_cases_per_batch")) + b"M\x10'" + kept(text(b"label_names"))
    names = kept(b"]") + b"(" + b"".join(kept(text(name.encode())) for name in CLASSES) + b"e"
    return start + names + kept(text(b"num_vis")) + b"M\x00\x0cu."


# ---- whole sets ---------------------------------------------------------------------------------------------------


def write_python_version(parent: Path) -> Path:
    """The unpacked Python version, 186 MB; returns its folder."""
    folder = parent / PYTHON
    folder.mkdir()
    for batch, name in enumerate(BATCHES):
        (folder / name).write_bytes(a_batch(rows(batch), labels(batch)))
    (folder / "batches.meta").write_bytes(official_meta())
    return folder


def write_binary_version(parent: Path) -> Path:
    """The unpacked binary version, 184 MB; returns its folder."""
    folder = parent / BINARY
    folder.mkdir()
    for batch, name in enumerate(BATCHES):
        column = np.array(labels(batch), np.uint8)[:, None]
        (folder / f"{name}.bin").write_bytes(np.hstack([column, rows(batch)]).tobytes())
    return folder


def write_archive(path: Path, folder: Path) -> Path:
    """A .tar.gz of a batches folder, with a readme as the official one has."""
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        tar.addfile(*member(f"{folder.name}/readme.html", b"<html>"))
        for file in sorted(folder.iterdir()):
            tar.add(file, f"{folder.name}/{file.name}")
    return path


def member(name: str, content: bytes) -> tuple[tarfile.TarInfo, io.BytesIO]:
    """A file of an archive: its header and its content."""
    header = tarfile.TarInfo(name)
    header.size = len(content)
    return header, io.BytesIO(content)


def tarred(files: Mapping[str, bytes], packing: str = "", **options: int) -> bytes:
    """A tar of files, packed by gz, bz2, xz or not at all."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=f"w:{packing}", **options) as tar:
        for name, content in files.items():
            tar.addfile(*member(name, content))
    return buffer.getvalue()


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return buffer.getvalue()


def small_batches(monkeypatch: pytest.MonkeyPatch, version: str = PYTHON) -> dict[str, bytes]:
    """The six files with ten images each, and CIFAR-10 made so small for this test that they are all of it."""
    for name, count in {"ROWS": 10, "TRAIN": 45, "VAL": 50, "ALL": 60}.items():
        monkeypatch.setattr(cifar10, name, count)
    small = {name: (rows(batch, 10), labels(batch)[:10]) for batch, name in enumerate(BATCHES)}
    if version == BINARY:
        return {
            f"{name}.bin": np.hstack([np.array(y, np.uint8)[:, None], x]).tobytes() for name, (x, y) in small.items()
        }
    return {name: a_batch(*batch) for name, batch in small.items()} | {"batches.meta": official_meta()}


def link_copy(folder: Path, parent: Path) -> Path:
    """A second folder of the same files, without copying them; replace one (unlink, write) to break it."""
    copy = parent / folder.name
    copy.mkdir(parents=True)
    for file in folder.iterdir():
        os.link(file, copy / file.name)
    return copy


def refusal(place: Path) -> str:
    """The message with which loading fails: one line."""
    with pytest.raises(DataError) as caught:
        load_cifar10(place)
    assert "\n" not in str(caught.value)
    return str(caught.value)
