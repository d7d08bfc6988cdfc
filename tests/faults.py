"""What can be wrong with a file: tables of named faults, each a way to write a bad file where a good one was.

A fault is called with the path, the good content and a generator of random numbers. A new one is one line in its table.
"""

import io
import json
import os
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

Rng = np.random.Generator
Fault = Callable[[Path, bytes, Rng], object]
HUGE = 10**400


def content(change: bytes | Callable[[bytes, Rng], bytes]) -> Fault:
    """A fault that is other content, or a change of the good one."""
    return lambda path, good, rng: path.write_bytes(change if isinstance(change, bytes) else change(good, rng))


def instead(make: Callable[[Path], object]) -> Fault:
    """A fault that is something else than a file."""
    return lambda path, good, rng: (path.unlink(), make(path))


class Command:
    """Pickled, it runs a command when it is unpickled; the test looks for what the command leaves."""

    def __reduce__(self):
        return os.system, ("touch ../evil",)


# What any file may be. (Random edits are Hypothesis's, in `test_fuzz.py`.)
ANY: dict[str, Fault] = {
    "empty": content(b""),
    "its last byte missing": content(lambda good, rng: good[:-1]),
    "its first byte missing": content(lambda good, rng: good[1:]),
    "cut in the middle": content(lambda good, rng: good[: len(good) // 2]),
    "cut where a line ends": content(lambda good, rng: good[: good.find(b"\n", len(good) // 2)]),
    "its halves exchanged": content(lambda good, rng: good[len(good) // 2 :] + good[: len(good) // 2]),
    "twice itself": content(lambda good, rng: good + good),
    "more behind its end": content(lambda good, rng: good + b"more"),
    "something before its start": content(lambda good, rng: b"\n" + good),
    "a wrong magic number": content(lambda good, rng: b"\0\0\0\0" + good[4:]),
    "one bit flipped": content(lambda good, rng: good[:-99] + bytes([good[-99] ^ 1]) + good[-98:]),
    "nothing but noise": content(lambda good, rng: rng.bytes(min(len(good), 1 << 20))),
    "zeros": content(bytes(4096)),
    "a web page": content(b"<!doctype html><html><body>404 Not Found</body></html>\n"),
    "JSON that nests without end": content(b"[" * 100_000),
    "a pickle that runs a command": content(pickle.dumps(Command())),
    "a zip of something else": content(lambda good, rng: zip_of({"a.txt": b"a"})),
    "missing": instead(lambda path: None),
    "a folder": instead(Path.mkdir),
    "a pipe that nobody writes to": instead(lambda path: os.mkfifo(path)),
    "a device that never ends": instead(lambda path: path.symlink_to("/dev/zero")),
    "a link to nowhere": instead(lambda path: path.symlink_to("nowhere")),
    "a link to itself": instead(lambda path: path.symlink_to(path.name)),
}


def zip_of(parts: dict[str, Any], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of members; the content of one may be a tuple of pieces."""
    with zipfile.ZipFile(buffer := io.BytesIO(), "w", method, compresslevel=1) as file:
        for name, data in parts.items():
            with file.open(name, "w", force_zip64=True) as stream:
                for piece in data if isinstance(data, tuple) else (data,):
                    stream.write(piece)
    return buffer.getvalue()


def members(change: Callable[[dict[str, bytes], str], dict[str, Any]], method: int = zipfile.ZIP_STORED) -> Fault:
    """A fault that changes the members of an .npz; it is told the name of the largest of numbers."""

    def apply(good: bytes, rng: Rng) -> bytes:
        with zipfile.ZipFile(io.BytesIO(good)) as file:
            parts = {name: file.read(name) for name in file.namelist()}
        return zip_of(change(parts, max(parts, key=lambda name: (b"'<f" in parts[name], len(parts[name])))), method)

    return content(apply)


def header(shape: str, kind: str = "<f4", data: tuple[bytes, ...] = (), method: int = zipfile.ZIP_STORED) -> Fault:
    """The largest array has another header, and other data."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    start = b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text
    return members(lambda parts, name: parts | {name: (start, *data)}, method)


def array(change: Callable[[np.ndarray], Any], which: str = "") -> Fault:
    """The largest array, or that of a name, is another one."""

    def apply(parts: dict[str, bytes], name: str) -> dict[str, bytes]:
        np.save(buffer := io.BytesIO(), change(np.load(io.BytesIO(parts[which or name]))), allow_pickle=True)
        return parts | {which or name: buffer.getvalue()}

    return members(apply)


NPZ: dict[str, Fault] = {
    "numbers in the other byte order": array(lambda a: a.astype(a.dtype.newbyteorder())),
    "another dtype": array(lambda a: a.astype(np.int64)),
    "another shape": array(np.ravel),
    "an array that needs a pickle": array(lambda a: np.array([Command()], object)),
    "a huge shape": header("(1099511627776, 1024)"),
    "a shape whose product overflows": header("(4294967296, 4294967296, 4)"),
    "a negative shape": header("(-1, 4)"),
    "a dtype that does not exist": header("(1,)", "<q9"),
    "a header that is a program": header("__import__('os').system('touch ../evil')"),
    "a header that nests deeply": header("(" * 3000 + ")" * 3000),
    "packed by bzip2": members(lambda parts, name: parts, zipfile.ZIP_BZIP2),
    "an array that is missing": members(lambda parts, name: {k: v for k, v in parts.items() if k != name}),
    "an array too many": members(lambda parts, name: parts | {"more.npy": parts[name]}),
    "a member that is no array": members(lambda parts, name: parts | {name: b"text"}),
    "a member outside its folder": members(lambda parts, name: parts | {"../evil.npy": b"", "/evil.npy": b""}),
    "ten thousand members": members(lambda parts, name: parts | {f"{k}.npy": b"" for k in range(10_000)}),
}
NOT_FINITE: dict[str, Fault] = {
    f"{bad} in an array": array(lambda a, bad=bad: np.where(np.arange(a.size).reshape(a.shape), a, a.dtype.type(bad)))
    for bad in (np.nan, np.inf)
}


def counters(**changes: object) -> Fault:
    """A checkpoint that counts otherwise."""
    return array(lambda meta: np.array(json.dumps(json.loads(str(meta)) | changes)), "meta.npy")


CHECKPOINT: dict[str, Fault] = {
    "a zip bomb of 640 MB": header(f"({160 << 20},)", "<f4", (bytes(1 << 24),) * 40, zipfile.ZIP_DEFLATED),
    "an epoch beyond the end": counters(epoch=7),
    "a huge batch": counters(batch=HUGE),
    "a negative batch": counters(batch=-1),
    "an infinite loss": counters(loss_sum=np.inf),
    "a counter that is a text": counters(batch="1"),
    "a counter too many": counters(more=1),
}


def tensors(change: Callable[[dict, str], object]) -> Fault:
    """A fault that changes the header of a .safetensors; it is told the name of an array."""

    def apply(good: bytes, rng: Rng) -> bytes:
        size = struct.unpack("<Q", good[:8])[0]
        head = json.loads(good[8 : 8 + size])
        change(head, next(key for key in head if key != "__metadata__"))
        text = json.dumps(head).encode()
        return struct.pack("<Q", len(text)) + text + good[8 + size :]

    return content(apply)


SAFETENSORS: dict[str, Fault] = {
    "a header of 2**60 bytes": content(lambda good, rng: struct.pack("<Q", 1 << 60) + good[8:]),
    "a header longer than the file": content(lambda good, rng: struct.pack("<Q", len(good)) + good[8:]),
    "a huge shape": tensors(lambda head, name: head[name].update(shape=[1 << 40, 1 << 10])),
    "a negative shape": tensors(lambda head, name: head[name].update(shape=[-1, 4])),
    "another shape": tensors(lambda head, name: head[name].update(shape=[1])),
    "offsets beyond the end": tensors(lambda head, name: head[name].update(data_offsets=[0, 1 << 50])),
    "offsets that go backwards": tensors(lambda head, name: head[name].update(data_offsets=[64, 0])),
    "another dtype": tensors(lambda head, name: head[name].update(dtype="I8")),
    "an array that is missing": tensors(lambda head, name: head.pop(name)),
    "an array of another name": tensors(lambda head, name: head.update({"../evil": head.pop(name)})),
    "metadata that is no text": tensors(lambda head, name: head.update(__metadata__={"senet_np": 3})),
    "metadata that lies": tensors(lambda head, name: head.update(__metadata__={"senet_np": "{}"})),
    "NaN everywhere": content(lambda good, rng: good[:-2048] + b"\xff" * 2048),
}


def png(width: int, height: int, pixels: bytes = b"", *more: tuple[bytes, bytes]) -> Fault:
    """A PNG that claims a size, with some pixels, and with more chunks before them."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", size), *more, (b"IDAT", pixels), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + kind + d + struct.pack(">I", zlib.crc32(kind + d)) for kind, d in chunks]
    return content(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def zeros(megabytes: int) -> bytes:
    """What unpacks into so many zeros."""
    packer = zlib.compressobj()
    first, other = (packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + other * (megabytes - 1)


BLACK = zlib.compress(bytes(120_000))
EXIF = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">HHHIHH", 1, 0x0112, 3, 1, 6, 0) + b"\xff\xff\xff"
IMAGES: dict[str, Fault] = {
    "100,000 by 100,000 pixels": png(100_000, 100_000),
    "no width": png(0, 10),
    "too few pixels": png(999, 999, BLACK),
    "far too many pixels": png(2, 2, zeros(50)),
    "long and thin": png(1, 30_000, BLACK),
    "a text that unpacks into 600 MB": png(1, 1, BLACK, (b"zTXt", b"a\0\0" + zeros(600))),
    "a profile that unpacks into 600 MB": png(1, 1, BLACK, (b"iCCP", b"a\0\0" + zeros(600))),
    "54 million pixels of 32 bits": lambda path, good, rng: Image.new("I", (9000, 6000)).save(path, "TIFF"),
    "damaged EXIF": lambda path, good, rng: Image.new("RGB", (40, 20)).save(path, "JPEG", exif=EXIF),
    "a PostScript program": content(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(../evil) (w) file\n"),
    "a drawing in SVG": content(b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    "a TIFF whose list leads to itself": content(b"II*\0\x08\0\0\0\0\0\x08\0\0\0"),
}
