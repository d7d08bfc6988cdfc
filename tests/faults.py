"""What can be wrong with a file: named faults, each a way to write one where a good one was.

A fault is called with the path, the good content and a generator of random numbers.
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

import numpy as np

Rng = np.random.Generator
Fault = Callable[[Path, bytes, Rng], None]


def content(change: Callable[[bytes, Rng], bytes]) -> Fault:
    """A fault that is a change of the bytes."""

    def apply(path: Path, good: bytes, rng: Rng) -> None:
        path.write_bytes(change(good, rng))

    return apply


def _flip(good: bytes, rng: Rng, bits: int = 1) -> bytes:
    bad = bytearray(good)
    for place in rng.integers(8 * len(good), size=bits):
        bad[place // 8] ^= 1 << place % 8
    return bytes(bad)


def _patch(good: bytes, at: int, piece: bytes) -> bytes:
    return good[:at] + piece + good[at + len(piece) :]


def _boundary(mark: bytes) -> Callable[[bytes, Rng], bytes]:
    """Cut at one of the places where a mark stands, or in the middle where it stands nowhere."""

    def cut(good: bytes, rng: Rng) -> bytes:
        places = [k for k in range(len(good)) if good.startswith(mark, k)][:1000] if len(good) < 1 << 21 else []
        return good[: rng.choice(places)] if places else good[: len(good) // 2]

    return cut


def _swap(good: bytes, rng: Rng) -> bytes:
    size = max(1, len(good) // 8)
    a, b = sorted(rng.choice(8, 2, replace=False) * size)
    return good[:a] + good[b : b + size] + good[a + size : b] + good[a : a + size] + good[b + size :]


RANDOM: dict[str, Fault] = {
    "cut somewhere": content(lambda good, rng: good[: rng.integers(len(good))]),
    "one bit flipped": content(_flip),
    "one bit flipped near the start": content(lambda good, rng: _flip(good[:200], rng) + good[200:]),
    "one bit flipped near the end": content(lambda good, rng: good[:-200] + _flip(good[-200:], rng)),
    "fifty bits flipped": content(lambda good, rng: _flip(good, rng, 50)),
    "two pieces exchanged": content(_swap),
    "a piece of noise": content(lambda good, rng: _patch(good, int(rng.integers(len(good))), rng.bytes(64))),
    "a number made huge": content(lambda good, rng: _patch(good, int(rng.integers(len(good))), b"\xff\xff\xff\x7f")),
    "noise of its length": content(lambda good, rng: rng.bytes(min(len(good), 1 << 20))),
    "cut where a part begins": content(_boundary(b"PK")),
    "cut at the end of a line": content(_boundary(b"\n")),
}
FIXED: dict[str, Fault] = {
    "empty": content(lambda good, rng: b""),
    "the first byte alone": content(lambda good, rng: good[:1]),
    "the last byte missing": content(lambda good, rng: good[:-1]),
    "the first byte missing": content(lambda good, rng: good[1:]),
    "cut in the middle": content(lambda good, rng: good[: len(good) // 2]),
    "cut after 512 bytes": content(lambda good, rng: good[:512]),
    "the second half alone": content(lambda good, rng: good[len(good) // 2 :]),
    "twice itself": content(lambda good, rng: good + good),
    "more behind its end": content(lambda good, rng: good + b"more"),
    "something before its start": content(lambda good, rng: b"\n" + good),
    "a wrong magic number": content(lambda good, rng: b"\0\0\0\0" + good[4:]),
    "zeros": content(lambda good, rng: bytes(4096)),
    "its start as zeros": content(lambda good, rng: bytes(512) + good[512:]),
    "a web page": content(lambda good, rng: b"<!doctype html><html><body>404 Not Found</body></html>\n"),
    "JSON that nests for ever": content(lambda good, rng: b"[" * 100_000),
    "a pickle that runs a command": content(lambda good, rng: pickle.dumps(Command())),
    "a zip in the place of it": content(lambda good, rng: zip_of({"a.txt": b"a"})),
    "a file that is missing": lambda path, good, rng: path.unlink(missing_ok=True),
    "a folder": lambda path, good, rng: _instead(path, path.mkdir),
    "a pipe that nobody writes to": lambda path, good, rng: _instead(path, lambda: os.mkfifo(path)),
    "a device that never ends": lambda path, good, rng: _instead(path, lambda: path.symlink_to("/dev/zero")),
    "a link to nowhere": lambda path, good, rng: _instead(path, lambda: path.symlink_to("nowhere")),
    "a link to itself": lambda path, good, rng: _instead(path, lambda: path.symlink_to(path.name)),
}


def _instead(path: Path, make: Callable[[], object]) -> None:
    path.unlink(missing_ok=True)
    make()


class Command:
    """Pickled, it runs a command when it is unpickled; the test looks for what the command leaves."""

    def __reduce__(self):
        return os.system, ("touch ../evil",)


# ---- arrays in a zip -----------------------------------------------------------------------------------------------


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return buffer.getvalue()


def npy(header: str, data: bytes = b"", version: bytes = b"\1\0") -> bytes:
    text = header.encode()
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + data


def of_arrays(change: Callable[[dict[str, bytes], str], dict[str, bytes]]) -> Fault:
    """A fault that changes the members of an .npz; it is told the name of one that holds many numbers."""

    def apply(path: Path, good: bytes, rng: Rng) -> None:
        with zipfile.ZipFile(io.BytesIO(good)) as file:
            members = {name: file.read(name) for name in file.namelist()}
        largest = max(members, key=lambda name: len(members[name]))
        path.write_bytes(zip_of(change(members, largest)))

    return apply


def header(shape: str, kind: str = "<f4", data: bytes = b"", order: bool = False) -> Fault:
    said = f"{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}\n"
    return of_arrays(lambda members, name: members | {name: npy(said, data)})


def number(value: float) -> Fault:
    """The last number of the largest array is another one."""

    def change(members: dict[str, bytes], name: str) -> dict[str, bytes]:
        size = 2 if b"'<f2'" in members[name][:128] else 4
        return members | {name: members[name][:-size] + np.array(value, f"<f{size}").tobytes()}

    return of_arrays(change)


def _bomb(path: Path, good: bytes, rng: Rng) -> None:
    """A member that unpacks into 3 GB, and claims an array of that size."""
    shape = (3 << 18, 1024)
    said = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n"
    with zipfile.ZipFile(io.BytesIO(good)) as file:
        members = {name: file.read(name) for name in file.namelist()}
    largest = max(members, key=lambda name: len(members[name]))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for name, data in members.items():
            if name != largest:
                file.writestr(name, data)
        with file.open(largest, "w", force_zip64=True) as stream:
            stream.write(npy(said))
            for _ in range(3 * 64):
                stream.write(bytes(1 << 24))


def _object_array(members: dict[str, bytes], name: str) -> dict[str, bytes]:
    buffer = io.BytesIO()
    np.save(buffer, np.array([Command()], object), allow_pickle=True)
    return members | {name: buffer.getvalue()}


NPZ: dict[str, Fault] = {
    "NaN in an array": number(np.nan),
    "an infinite number": number(np.inf),
    "a huge shape": header("(1099511627776, 1024)"),
    "a shape whose product overflows": header("(4294967296, 4294967296, 4)"),
    "a negative shape": header("(-1, 4)"),
    "another shape": header("(2, 2)", data=bytes(16)),
    "another dtype": header("(4,)", "<i8", bytes(32)),
    "numbers of 16 bytes": header("(1,)", "<f16", bytes(16)),
    "a dtype that does not exist": header("(1,)", "<q9", bytes(16)),
    "a header that is a program": header("__import__('os').system('touch ../evil')"),
    "a header that nests deeply": header("(" * 3000 + ")" * 3000),
    "an array that needs a pickle": of_arrays(_object_array),
    "an array that is missing": of_arrays(lambda m, name: {k: v for k, v in m.items() if k != name}),
    "an array too many": of_arrays(lambda m, name: m | {"more.npy": m[name]}),
    "a member that is no array": of_arrays(lambda m, name: m | {name: b"text"}),
    "a member outside its folder": of_arrays(lambda m, name: m | {"../evil.npy": m[name], "/evil.npy": m[name]}),
    "ten thousand members": of_arrays(lambda m, name: m | {f"{k}.npy": b"" for k in range(10_000)}),
    "a zip bomb of 3 GB": _bomb,
}


# ---- safetensors -----------------------------------------------------------------------------------------------------


def of_header(change: Callable[[dict, str], object]) -> Fault:
    """A fault that changes the JSON header of a .safetensors file; it is told the name of an array."""

    def apply(path: Path, good: bytes, rng: Rng) -> None:
        size = struct.unpack("<Q", good[:8])[0]
        said = json.loads(good[8 : 8 + size])
        name = next(key for key in said if key != "__metadata__")
        changed = change(said, name)
        text = json.dumps(said if changed is None else changed).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + good[8 + size :])

    return apply


def declared(**what: object) -> Fault:
    return of_header(lambda said, name: said[name].update(what))


SAFETENSORS: dict[str, Fault] = {
    "a header of 2**60 bytes": content(lambda good, rng: struct.pack("<Q", 1 << 60) + good[8:]),
    "a header longer than the file": content(lambda good, rng: struct.pack("<Q", len(good)) + good[8:]),
    "a header of no bytes": content(lambda good, rng: bytes(8) + good[8:]),
    "a huge shape": declared(shape=[1 << 40, 1 << 10]),
    "a shape whose product overflows": declared(shape=[1 << 33, 1 << 33, 4]),
    "a negative shape": declared(shape=[-1, 4]),
    "another shape": declared(shape=[1]),
    "offsets beyond the end": declared(data_offsets=[0, 1 << 50]),
    "offsets that go backwards": declared(data_offsets=[64, 0]),
    "negative offsets": declared(data_offsets=[-64, 0]),
    "another dtype": declared(dtype="I8"),
    "a dtype that does not exist": declared(dtype="F17"),
    "an array that is missing": of_header(lambda said, name: said.pop(name) and None),
    "an array of another name": of_header(lambda said, name: said.update({"../evil": said.pop(name)})),
    "metadata that is no text": of_header(lambda said, name: said.update(__metadata__={"senet_np": 3})),
    "metadata that lies": of_header(lambda said, name: said.update(__metadata__={"senet_np": "{}"})),
    "a header that is a list": of_header(lambda said, name: [said]),
    "NaN everywhere": content(lambda good, rng: good[:-4096] + b"\xff" * 4096),
}


# ---- pictures --------------------------------------------------------------------------------------------------------


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    parts = [struct.pack(">I", len(d)) + kind + d + struct.pack(">I", zlib.crc32(kind + d)) for kind, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def picture(width: int, height: int, size: int = 0, text: bytes = b"", length: int = 0) -> Fault:
    """A PNG that claims a size, with so many bytes of pixels, and a compressed text of some length."""

    def whole(good: bytes, rng: Rng) -> bytes:
        head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        more = [(text, b"a\0\0" + zlib.compress(bytes(length), 1))] if text else []
        return png((b"IHDR", head), *more, (b"IDAT", zlib.compress(bytes(size), 1)), (b"IEND", b""))

    return content(whole)


PROGRAM = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(../evil) (w) file\n"
PICTURES: dict[str, Fault] = {
    "a picture of 100,000 by 100,000": picture(100_000, 100_000),
    "a picture of 2 billion by 1": picture(2**31 - 1, 1),
    "a picture of no width": picture(0, 10),
    "a picture with too few pixels": picture(64, 64, 100),
    "a picture with far too many pixels": picture(2, 2, 50_000_000),
    "a long thin picture": picture(1, 30_000, 4 * 30_000),
    "text that unpacks into 200 MB": picture(1, 1, 4, b"zTXt", 200_000_000),
    "a profile that unpacks into 200 MB": picture(1, 1, 4, b"iCCP", 200_000_000),
    "a PostScript program": content(lambda good, rng: PROGRAM),
    "a drawing in SVG": content(lambda good, rng: b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
    "a PDF": content(lambda good, rng: b"%PDF-1.7\n%%EOF\n"),
    "a GIF without pictures": content(lambda good, rng: b"GIF89a\x01\0\x01\0\0\0\0;"),
    "a TIFF whose list leads to itself": content(lambda good, rng: b"II*\0\x08\0\0\0\0\0\x08\0\0\0"),
}
