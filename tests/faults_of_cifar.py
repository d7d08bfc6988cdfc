"""What can be wrong with CIFAR-10, one line each: its name, the bytes, and what the refusal says.

`test_untrusted_files.py` checks what is said; `test_faults.py` tries the same bytes in processes of their own.
"""

import bz2
import functools
import gzip
import io
import lzma
import os
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable

from cifar10_files import (
    BATCHES,
    PIXELS,
    PYTHON,
    ROWS,
    array,
    dictionary,
    integer,
    listing,
    member,
    official_meta,
    text,
    zipped,
)
from faults import Command, Fault, content

Bad = tuple[Callable[[], bytes], str]  # makes the bytes; what the refusal says
FIRST, META = f"{PYTHON}/{BATCHES[0]}", f"{PYTHON}/batches.meta"
NONE_HELD = "holds no data_batch_1, data_batch_2, data_batch_3, data_batch_4, data_batch_5, test_batch;"
NO_FILE, NO_ARCHIVE = "not an ordinary file", "cannot be read as an archive"
DAMAGED, OTHERS = "damaged or not a pickle", "expected images of shape (10000, 3072) and 10000 labels"


# ---- archives -----------------------------------------------------------------------------------------------------


def tar(*members: tuple[str, bytes] | tarfile.TarInfo) -> Callable[[], bytes]:
    """An archive of files, or of headers without content."""

    def make() -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for one in members:
                archive.addfile(*(member(*one) if isinstance(one, tuple) else (one,)))
        return gzip.compress(buffer.getvalue(), 1, mtime=0)

    return make


def header(kind: bytes, size: int = 0, name: str = FIRST, target: str = "/etc/hostname") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size = kind, target, size
    return made


def claim(made: tarfile.TarInfo, content: bytes = bytes(10_000)) -> Callable[[], bytes]:
    """A header that claims a size, and some content, whatever its size."""
    return lambda: gzip.compress(made.tobuf(tarfile.GNU_FORMAT) + content, 1, mtime=0)


def zip_with(*changes: tuple[bytes, int, bytes]) -> bytes:
    """A zip of one file, not packed, with other bytes at some distances from marks in it."""
    content = bytearray(zipped({FIRST: b"content"}, zipfile.ZIP_STORED))
    for mark, distance, new in changes:
        at = content.index(mark) + distance
        content[at : at + len(new)] = new
    return bytes(content)


LOCAL, LISTED, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"  # where a zip has a member, its entry in the list, and the end
RARE = "packed with a password or in a rare way); unpack it, and name the folder"
LONG_LIST = struct.pack("<4sHHHHIIH", END, 0, 0, 9, 9, 5 << 20, 0, 0)
BAD_ARCHIVES: dict[str, Bad] = {
    "names with ..": (tar(("../evil", b"evil"), (f"{PYTHON}/../../evil", b"evil")), NONE_HELD),
    "absolute names": (tar(("/tmp/senet_np_evil", b"evil")), NONE_HELD),
    "a link out of it": (tar(header(tarfile.SYMTYPE)), NO_FILE),
    "a hard link out of it": (tar(header(tarfile.LNKTYPE)), NO_FILE),
    "a link, and a file through it": (tar(header(tarfile.SYMTYPE, target=".."), (f"{FIRST}/evil", b"evil")), NO_FILE),
    "a folder in the place of a file": (tar(header(tarfile.DIRTYPE)), NONE_HELD),
    "a pipe in the place of a file": (tar(header(tarfile.FIFOTYPE)), NO_FILE),
    "a device in the place of a file": (tar(header(tarfile.CHRTYPE)), NO_FILE),
    "a file of sparse numbers": (tar(header(tarfile.GNUTYPE_SPARSE)), NO_FILE),
    "a file twice": (tar((META, official_meta()), (META, official_meta())), "holds batches.meta twice"),
    "no file that counts": (tar(("readme.html", b"<html>")), NONE_HELD),
    "a name of 3,000 letters": (tar(("x" * 3000, b"")), NONE_HELD),
    "a thousand and one members": (tar(*((str(k), b"") for k in range(1001))), NONE_HELD),
    "a member of 65 MB": (lambda: claim(header(tarfile.REGTYPE, 65 << 20), bytes(65 << 20))(), "larger than 64 MiB"),
    "a member that claims 65 MB": (claim(header(tarfile.REGTYPE, 65 << 20)), "instruction b'\\x00'"),
    "a member of 8 GB": (claim(header(tarfile.REGTYPE, (1 << 33) - 1)), "unpacks into more than 512 MiB"),
    "a member of 2**62 bytes": (claim(header(tarfile.REGTYPE, 1 << 62)), NO_ARCHIVE),
    "a member of 2**80 bytes": (claim(header(tarfile.REGTYPE, 1 << 80, "zeros")), NO_ARCHIVE),
    "a member of -1 bytes": (lambda: gzip.compress(b"x".ljust(124, b"\0") + b"-1".ljust(388, b"\0")), NO_ARCHIVE),
    "a header of 200,000 bytes": (claim(header(tarfile.XHDTYPE, 200_000, "pax"), b"9" * 200_192), NONE_HELD),
    "a bomb of 2 GB": (lambda: gzip.compress(bytes(1 << 24), 9, mtime=0) * 128, "unpacks into more than 512 MiB"),
    "a tar that is not compressed": (lambda: gzip.decompress(tar(("a", b"a"))()), NONE_HELD),
    "gzip of no tar": (lambda: gzip.compress(b"no tar " * 1000, mtime=0), NO_ARCHIVE),
    "gzip cut short": (lambda: gzip.compress(os.urandom(1 << 20), 1, mtime=0)[: 1 << 18], NO_ARCHIVE),
    "gzip without its end": (lambda: gzip.compress(b"", mtime=0)[:-9], NO_ARCHIVE),
    "bzip2 of no tar": (lambda: bz2.compress(b"no tar " * 1000), NO_ARCHIVE),
    "bzip2 cut short": (lambda: bz2.compress(os.urandom(1 << 20))[: 1 << 18], NO_ARCHIVE),
    "xz of no tar": (lambda: lzma.compress(b"no tar " * 1000), NO_ARCHIVE),
    "xz cut short": (lambda: lzma.compress(os.urandom(1 << 20))[: 1 << 18], NO_ARCHIVE),
    "a header with a wrong checksum": (lambda: bytes(99) + gzip.decompress(tar((FIRST, b""))())[99:], NO_ARCHIVE),
    "nothing": (lambda: b"", NONE_HELD),
    "a page": (lambda: b"<html>", NO_ARCHIVE),
    "a zip of names with ..": (lambda: zipped({"../evil": b"", "/tmp/senet_np_evil": b""}), NONE_HELD),
    "a zip of nothing": (lambda: zipped({}), NONE_HELD),
    "a zip bomb": (lambda: zipped({FIRST: bytes(65 << 20)}), "larger than 64 MiB"),
    "a zip of a file twice": (lambda: zipped({META: official_meta(), "x/batches.meta": official_meta()}), "twice"),
    "a zip packed by bzip2": (lambda: zipped({FIRST: b""}, zipfile.ZIP_BZIP2), RARE),
    "a zip packed by LZMA": (lambda: zipped({FIRST: b""}, zipfile.ZIP_LZMA), RARE),
    "a zip with a password": (lambda: zip_with((LOCAL, 6, b"\1"), (LISTED, 8, b"\1")), RARE),
    "a zip with another checksum": (lambda: zip_with((b"content", 0, b"CONTENT")), "Bad CRC-32"),
    "a zip whose member is elsewhere": (lambda: zip_with((LISTED, 42, b"\xff\xff\xff\x7f")), NO_ARCHIVE),
    "a zip with a list of 5 MB": (lambda: LOCAL + bytes(5 << 20) + LONG_LIST, "list of members is too long"),
    "a zip cut short": (lambda: zip_with()[:-30], "its end is missing"),
    "batches that are no pickles": (tar(*((f"{PYTHON}/{name}", b"no pickle") for name in BATCHES)), "refused"),
    "a batch that runs a command": (tar((FIRST, pickle.dumps({"data": Command()}))), "system'"),
}


# ---- pickles ------------------------------------------------------------------------------------------------------


def batch(data: bytes, labels: bytes | None = None) -> Callable[[], bytes]:
    return lambda: dictionary({b"data": data, b"labels": listing([integer(9)] * ROWS) if labels is None else labels})


def given(labels: list[bytes]) -> Callable[[], bytes]:
    return lambda: dictionary({b"data": array(bytes(ROWS * PIXELS), (ROWS, PIXELS)), b"labels": listing(labels)})


def raw(instructions: bytes) -> Callable[[], bytes]:
    return lambda: b"\x80\x02" + instructions


def unicode(name: str) -> bytes:
    return b"\x8c" + bytes([len(name)]) + name.encode()


SYSTEM = f"it asks for '{os.system.__module__}.system', unlike any file of CIFAR-10"
OTHER_NAMES = [("os", "system"), ("builtins", "eval"), ("_codecs", "encode"), ("numpy", "load"), ("numpy.ndarray", "f")]
NESTED = b"K\x01" + b"q\x00h\x00\x86" * 60  # a pair of pairs of pairs ...: 2**60 leaves
ONE_HASH = b"".join(b"\x8a\x0a" + (k * (2**61 - 1)).to_bytes(10, "little") + b"N" for k in range(60_000))
BAD_PICKLES: dict[str, Bad] = {
    **{
        f"a pickle of protocol {k} that runs a command": (functools.partial(pickle.dumps, Command(), k), SYSTEM)
        for k in range(6)
    },
    **{f"{m}.{n} by its name": (raw(f"c{m}\n{n}\n.".encode()), repr(f"{m}.{n}")) for m, n in OTHER_NAMES},
    **{f"{m}.{n} from the stack": (raw(unicode(m) + unicode(n) + b"\x93."), repr(f"{m}.{n}")) for m, n in OTHER_NAMES},
    "a call as protocol 0 makes it": (lambda: b"(ios\nsystem\n.", "it has the instruction b'i'"),
    "attributes for a class": (raw(b"cnumpy\ndtype\n}U\x01aK\x01sb."), DAMAGED),
    "attributes for a dictionary": (raw(b"}}U\x05itemsNsb."), DAMAGED),
    "a call of what cannot be called": (raw(b"U\x01a(tR."), DAMAGED),
    "images of a negative shape": (batch(array(bytes(9), (-1, PIXELS))), DAMAGED),
    "images that claim 2**62 bytes": (batch(array(b"abc", (2**31 - 1,) * 2)), DAMAGED),
    **{
        f"images of type {k}": (batch(array(bytes(8), (1,), k)), "another type than uint8")
        for k in (b"O8", b"f8", b"V9")
    },
    "images in Fortran order": (batch(array(b"abcd", (2, 2), fortran=True)), "Fortran"),
    "images in bytes": (batch(text(bytes(300))), OTHERS),
    "images of another shape": (batch(array(bytes(ROWS * 9), (ROWS, 9))), f"(10000, 9) and 10000 labels, {OTHERS}"),
    "an image too many": (batch(array(bytes((ROWS + 1) * PIXELS), (ROWS + 1, PIXELS))), OTHERS),
    "no images": (lambda: dictionary({b"labels": listing([])}), f"images of shape None and 0 labels, {OTHERS}"),
    "no labels": (lambda: dictionary({b"data": array(bytes(9), (9,))}), f"shape (9,) and None labels, {OTHERS}"),
    "labels too few": (given([integer(1)] * 9), f"9 labels, {OTHERS}"),
    **{
        f"a label that is {bad}": (given([*[integer(1)] * (ROWS - 1), bad]), "not integers from 0 to 9")
        for bad in (integer(10), integer(-1), text(b"3"), b"N", b"\x88")
    },
    "200,001 instructions": (raw(b"N" * 200_000 + b"."), "more than 200,000 instructions"),
    "a text that claims 2**40 bytes": (raw(b"\x96" + struct.pack("<Q", 1 << 40) + b"a."), "instruction b'\\x96'"),
    "a text that claims 2**31 bytes": (raw(b"T\xff\xff\xff\x7fabc."), DAMAGED),
    "a number that claims 2**31 bytes": (raw(b"\x8b\xff\xff\xff\x7fabc."), "instruction b'\\x8b'"),
    "a place in the memo beyond 4 billion": (raw(b"}r\xff\xff\xff\xff."), OTHERS),
    "a pickle within a pickle forever": (raw(NESTED + b"."), "holds a tuple, expected a dictionary"),
    "a key that takes forever to hash": (raw(b"}" + NESTED + b"K\x01s."), DAMAGED),
    "keys of one hash": (raw(b"}(" + ONE_HASH + b"u."), DAMAGED),
    "images of a type that takes forever to print": (
        batch(array(bytes(8), (8,), b"type").replace(text(b"type"), NESTED)),
        "another type than uint8",
    ),
    "a list in the place of a dictionary": (raw(listing([integer(1)]) + b"."), "holds a list, expected a dictionary"),
    "nothing": (lambda: b"", DAMAGED),
    "a page": (lambda: b"<html>not found</html>", "it has the instruction b'<'"),
    "no instructions": (raw(b""), DAMAGED),
    "an end alone": (raw(b"."), DAMAGED),
    "items of nothing": (raw(b"e."), DAMAGED),
    "None": (raw(b"N."), "holds a NoneType, expected a dictionary"),
}


def _as_faults(table: dict[str, Bad]) -> dict[str, Fault]:
    return {name: content(lambda good, rng, make=make: make()) for name, (make, _) in table.items()}


ARCHIVES, PICKLES = _as_faults(BAD_ARCHIVES), _as_faults(BAD_PICKLES)
