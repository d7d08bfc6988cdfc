"""What can be wrong with CIFAR-10: an archive that means harm, a batch that is no batch."""

import gzip
import io
import pickle
import struct
import tarfile
from pathlib import Path

from cifar10_files import BATCHES, PYTHON, array, batch_pickle, dictionary, integer, listing, official_meta, text
from faults import Command, Fault, Rng, content

FIRST = f"{PYTHON}/{BATCHES[0]}"
META = f"{PYTHON}/batches.meta"
ROWS, PIXELS = 10_000, 3072


def archive_of(*members: tarfile.TarInfo | tuple[str, bytes]) -> Fault:
    def whole(good: bytes, rng: Rng) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
            for member in members:
                if isinstance(member, tuple):
                    name, data = member
                    member = tarfile.TarInfo(name)
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
                else:
                    tar.addfile(member)
        return buffer.getvalue()

    return content(whole)


def special(kind: bytes, target: str = "/etc/hostname") -> tarfile.TarInfo:
    member = tarfile.TarInfo(FIRST)
    member.type, member.linkname = kind, target
    return member


def claims(size: int) -> Fault:
    member = tarfile.TarInfo(FIRST)
    member.size = size
    return content(lambda good, rng: gzip.compress(member.tobuf(tarfile.GNU_FORMAT) + bytes(10_000), mtime=0))


def _bomb(path: Path, good: bytes, rng: Rng) -> None:
    """Zeros that unpack into 2 GB."""
    block = gzip.compress(bytes(1 << 24), 9, mtime=0)
    with open(path, "wb") as file:
        for _ in range(128):
            file.write(block)


def _long_header() -> bytes:
    member = tarfile.TarInfo("pax")
    member.type, member.size = tarfile.XHDTYPE, 200_000
    return gzip.compress(member.tobuf() + b"9" * 200_192, 1, mtime=0)


ARCHIVES: dict[str, Fault] = {
    "names with ..": archive_of(("../evil", b"evil"), (f"{PYTHON}/../../evil", b"evil")),
    "absolute names": archive_of(("/tmp/senet_np_evil", b"evil")),
    "a link out of it": archive_of(special(tarfile.SYMTYPE)),
    "a hard link out of it": archive_of(special(tarfile.LNKTYPE)),
    "a link, and a file through it": archive_of(special(tarfile.SYMTYPE, ".."), (f"{FIRST}/evil", b"evil")),
    "a folder in the place of a file": archive_of(special(tarfile.DIRTYPE)),
    "a pipe in the place of a file": archive_of(special(tarfile.FIFOTYPE)),
    "a device in the place of a file": archive_of(special(tarfile.CHRTYPE)),
    "a file of sparse numbers": archive_of(special(tarfile.GNUTYPE_SPARSE)),
    "a file twice": archive_of((META, official_meta()), (META, official_meta())),
    "no file that counts": archive_of(("readme.html", b"<html>")),
    "a name of 3,000 letters": archive_of(("x" * 3000, b"")),
    "a member of 2**62 bytes": claims(1 << 62),
    "a member of 2**80 bytes": claims(1 << 80),
    "a thousand and one members": archive_of(*((str(k), b"") for k in range(1001))),
    "a header of 200,000 bytes": content(lambda good, rng: _long_header()),
    "a bomb of 2 GB": _bomb,
    "a tar that is not compressed": content(lambda good, rng: gzip.decompress(good[: 1 << 30])[: 1 << 20]),
    "gzip of no tar": content(lambda good, rng: gzip.compress(b"no tar " * 1000, mtime=0)),
    "batches that are no pickles": archive_of(*((f"{PYTHON}/{name}", b"no pickle") for name in BATCHES)),
    "a batch that runs a command": archive_of((FIRST, pickle.dumps({"data": Command()}))),
}


def a_batch(data: bytes, labels: bytes) -> Fault:
    return content(lambda good, rng: dictionary({b"data": data, b"labels": labels}))


def pixels(shape: tuple[int, ...], kind: bytes = b"u1", size: int | None = None) -> bytes:
    count = 1
    for length in shape:
        count *= length
    return array(bytes(count if size is None else size), shape, kind)


NINES = listing([integer(9)] * ROWS)
PICKLES: dict[str, Fault] = {
    **{
        f"a pickle of protocol {k} that runs a command": content(lambda good, rng, k=k: pickle.dumps(Command(), k))
        for k in range(6)
    },
    "labels of 10": a_batch(pixels((ROWS, PIXELS)), listing([integer(10)] * ROWS)),
    "negative labels": a_batch(pixels((ROWS, PIXELS)), listing([integer(-1)] * ROWS)),
    "labels that are words": a_batch(pixels((ROWS, PIXELS)), listing([text(b"cat")] * ROWS)),
    "labels too few": a_batch(pixels((ROWS, PIXELS)), listing([integer(1)] * 9)),
    "no labels": content(lambda good, rng: dictionary({b"data": pixels((ROWS, PIXELS))})),
    "no pictures": content(lambda good, rng: dictionary({b"labels": NINES})),
    "pictures of another shape": a_batch(pixels((ROWS, 9)), NINES),
    "a picture too many": a_batch(pixels((ROWS + 1, PIXELS)), NINES),
    "pictures of a negative shape": a_batch(pixels((-1, PIXELS), size=9), NINES),
    "pictures that claim 2**60 bytes": a_batch(pixels((2**31 - 1, 2**31 - 1), size=9), NINES),
    "pictures of floats": a_batch(pixels((ROWS,), b"f8", 8 * ROWS), NINES),
    "pictures of objects": a_batch(pixels((ROWS,), b"O", 8 * ROWS), NINES),
    "pictures in bytes": content(lambda good, rng: batch_pickle(text(bytes(300)), [integer(1)] * ROWS)),
    "a million instructions": content(lambda good, rng: b"\x80\x02" + b"N" * 1_000_000 + b"."),
    "a text that claims 2**40 bytes": content(lambda good, rng: b"\x80\x04\x96" + struct.pack("<Q", 1 << 40) + b"a."),
    "a pickle within a pickle for ever": content(lambda good, rng: b"\x80\x02K\x01" + b"q\x00h\x00\x86" * 60 + b"."),
    "a list in the place of a dictionary": content(lambda good, rng: b"\x80\x02" + listing([integer(1)]) + b"."),
}
