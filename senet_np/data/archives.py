"""Reads archives as streams: tar, packed by gzip, bzip2, xz or not at all, and zip. Nothing is written to the disk.

Which of them a file is, its first bytes tell, whatever its name. What an archive says of itself is believed only within
limits, so that a small file cannot fill the memory.
"""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any

Member = tuple[
    str, Callable[[int], bytes]
]  # its path in the archive; and what reads so many bytes of it, or a few more

GZIP, BZIP2, XZ, ZIP = b"\x1f\x8b", b"BZ", b"\xfd7", b"PK"  # the first two bytes
STREAMS: dict[bytes, Any] = {GZIP: gzip.open, BZIP2: bz2.open, XZ: lzma.open}
DAMAGED = (ValueError, EOFError, OSError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)

PIECE = 1 << 20  # bytes read at once
MAX_LIST_BYTES = 4 << 20  # of the list at the end of a zip: 46 for each member, and its name
MAX_BYTES = 512 << 20  # unpacked; CIFAR-10 has 185 MB


def members(archive: Path) -> Iterator[Member]:
    """The members of an archive, in its order, each to be read before the next is asked for; or an error of DAMAGED."""
    with open(archive, "rb", buffering=0) as file:
        start = file.read(2)
        file.seek(0)
        if start != ZIP:
            yield from _tarred(STREAMS[start](file) if start in STREAMS else file)
        elif not is_whole(archive):
            raise EOFError("its end is missing")
        else:
            with _Cautious(file) as cautious, zipfile.ZipFile(cautious) as opened:
                for member in opened.infolist():
                    yield member.filename, partial(_read_zipped, opened, member)


def is_whole(archive: Path) -> bool:
    """Whether a file ends as its kind of archive does. One that was cut off does not; of bzip2 it cannot be seen."""
    try:
        with open(archive, "rb") as file:
            start, size = file.read(2), file.seek(0, io.SEEK_END)
            file.seek(max(0, size - (1 << 16)))
            end = file.read()
    except OSError:
        return False
    ends = {
        GZIP: int.from_bytes(end[-4:], "little") % 512 == 0,  # bytes unpacked: a tar consists of such blocks
        BZIP2: True,
        XZ: end.endswith(b"YZ"),
        ZIP: b"PK\5\6" in end,
    }
    return ends.get(start, end.endswith(bytes(512)))


def _tarred(tar: IO[bytes]) -> Iterator[Member]:
    """The members of a tar, one after the other: a header of 512 bytes, then the content, padded to a multiple of that.

    Name, size, kind and checksum are all that has to be known of a header, so nothing else in it can do harm.
    """
    while (header := tar.read(512)).strip(b"\0"):
        try:
            size, checksum = (int(header[a:b].strip(b" \0") or b"0", 8) for a, b in ((124, 136), (148, 156)))
        except ValueError:
            size, checksum = 0, -1
        if checksum != sum(header[:148]) + sum(b" " * 8) + sum(header[156:]):
            raise ValueError("damaged, or neither a tar nor a zip")
        end = tar.tell() + -(-size // 512) * 512
        _check_size(end)
        if (kind := header[156:157]) not in b"xgLK":  # those say more about the member that follows
            yield header[:100].rstrip(b"\0").decode("latin-1"), partial(_read_tarred, tar, kind, size)
        tar.seek(end)
    while tar.read(PIECE):  # the checksum of all of it is at the very end
        _check_size(tar.tell())


def _check_size(size: int) -> None:
    if size > MAX_BYTES:
        raise ValueError(f"it unpacks into more than {MAX_BYTES >> 20} MiB")


def _read_tarred(tar: IO[bytes], kind: bytes, size: int, most: int) -> bytes:
    if kind not in (b"0", b"\0"):
        raise ValueError("a batch is not an ordinary file, but perhaps a link")
    return tar.read(min(size, most))


def _read_zipped(opened: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError("packed with a password or in a rare way")  # whose pieces may unpack into any size
    with opened.open(member) as stream:
        return b"".join(islice(iter(partial(stream.read, PIECE), b""), most // PIECE + 1))


class _Cautious(io.BufferedReader):
    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_LIST_BYTES:
            raise ValueError("its list of members is too long")
        return super().read(size)
