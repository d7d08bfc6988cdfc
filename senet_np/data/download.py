"""Downloads an archive of CIFAR-10 from the first source that gives the right bytes: resumable, checked, never half.

What arrives is kept under `<name>.part`. Only when its sha256 is that of an official archive does it get its real name,
in one step: whatever has that name is whole and right. So it does not matter which source a byte came from: a transfer
that broke off at one of them is continued at the next.
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, build_opener

from ..files import only_one
from .places import DataError


class Archive(NamedTuple):
    """A file with known bytes."""

    name: str
    size: int  # bytes
    sha256: str


Source = tuple[str, tuple[Archive, ...]]  # an address, and the archives that it may have
Progress = Callable[[int, int], object]

PYTHON_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
BINARY_SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
PYTHON = Archive("cifar-10-python.tar.gz", 170_498_071, PYTHON_SHA256)
BINARY = Archive("cifar-10-binary.tar.gz", 170_052_171, BINARY_SHA256)

# The binary archive, which has no pickles, would come first, but the only fast source known has the other one, and the
# home page needs 40 minutes and more for either since June 2026. So the fast source comes first; then home with the
# same archive, to continue what the first one began; then the binary one. The sha256 decides what is CIFAR-10.
SOURCES: tuple[Source, ...] = (
    (f"https://storage.googleapis.com/skypilot-example-data/datasets/{PYTHON.name}", (PYTHON,)),
    (f"https://www.cs.toronto.edu/~kriz/{PYTHON.name}", (PYTHON,)),
    (f"https://www.cs.toronto.edu/~kriz/{BINARY.name}", (BINARY,)),
)
BLOCK = 1 << 16  # bytes
NETWORK_ERRORS = (OSError, HTTPException, ValueError)  # what `urllib` raises


class _SourceFailed(Exception):
    """One source did not give an archive: says why, and the next one is tried."""


def download(
    sources: Sequence[Source],
    folder: Path,
    timeout: float = 20.0,
    progress: Progress = lambda done, total: None,
    tell: Callable[[str], None] = lambda sentence: None,
) -> Path:
    """Download an archive from the first of several sources that gives the right bytes.

    Args:
        sources: with http or https addresses; they are tried in this order.
        folder: where the archive goes; a file of its name with other bytes is replaced.
        timeout: seconds without a single byte after which a source is given up.
        progress: called with (bytes so far, bytes in all) as they come in.
        tell: called with one sentence when a source is tried or given up, or another process waited for.

    Returns:
        The archive, whole and right. If it was there before, or another process brought it, no connection is made.

    Raises:
        DataError: no source gave one, or the folder cannot be written to. The next call continues the `.part` file.
    """
    for url, _ in sources:
        if not url.lower().startswith(("https://", "http://")):
            raise DataError(f"'{url}' cannot be fetched: expected an address that starts with https:// or http://")
    failures = []
    taken = f"another process is downloading CIFAR-10 into {folder}: waiting for its end"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with only_one(folder / "cifar-10.lock", taken, tell):
            for archive in dict.fromkeys(archive for _, archives in sources for archive in archives):
                path = folder / archive.name
                if os.path.isfile(path) and _sha256(path) == archive.sha256:
                    return path
            for url, archives in sources:
                tell(f"downloading {url}")
                try:
                    return _Transfer(url, archives, folder / f"{archives[0].name}.part", timeout, progress).run()
                except _SourceFailed as failure:
                    tell(f"{url} failed: {failure}")
                    failures.append(f"{url} ({failure})")
    except OSError as error:  # the sources' own OSErrors have become _SourceFailed: this one is the disk's
        reason = f"cannot write to {folder} ({error.strerror or error})"
        raise DataError(f"{reason}: name a folder with room that may be written to") from None
    by_hand = f"download {PYTHON.name} by hand into {folder}"
    raise DataError(f"no source gave CIFAR-10: {'; '.join(failures)}; name another with --url, or {by_hand}")


@dataclass
class _Transfer:
    """From one source into a `.part` file."""

    url: str
    archives: tuple[Archive, ...]
    part: Path
    timeout: float
    progress: Progress

    def __post_init__(self) -> None:
        self.sizes = [archive.size for archive in self.archives]

    def run(self) -> Path:
        """Complete the `.part` file, and give it the name of the archive that it is, or raise `_SourceFailed`."""
        start = self._fetch_rest()
        digest = _sha256(self.part)
        for archive in self.archives:
            if digest == archive.sha256:
                with open(self.part, "rb+") as file:
                    os.fsync(file.fileno())
                return self.part.replace(self.part.with_name(archive.name))
        os.remove(self.part)
        if start == 0:
            raise _SourceFailed("its bytes are not CIFAR-10's: another sha256")
        return self.run()  # the first bytes were not this source's, nor need the fault be: once more, from 0

    def _fetch_rest(self) -> int:
        """Ask for what is missing; returns the offset from which on the bytes are this source's."""
        held = os.path.getsize(self.part) if os.path.exists(self.part) else 0
        if held in self.sizes or held > max(self.sizes):
            return held  # whole, yet never checked; or too long: the sha256 tells
        headers = {"User-Agent": "senet_np"} | ({"Range": f"bytes={held}-"} if held else {})
        try:
            response: Any = build_opener().open(Request(self.url, headers=headers), timeout=self.timeout)
        except HTTPError as error:
            response = error
        except NETWORK_ERRORS as error:
            raise self._failure(error) from None
        with response:
            if response.status == 416 and held:
                return held  # its file ends before
            if response.status not in (200, 206):
                raise _SourceFailed(f"HTTP {response.status}")
            start = held if response.status == 206 else 0  # 200: this server knows no ranges
            if response.status == 206 and not response.headers.get("Content-Range", "").startswith(f"bytes {held}-"):
                raise _SourceFailed(f"it sent another part than the one from byte {held:,} on")
            self._receive(response, start)
        return start

    def _receive(self, response: HTTPResponse, done: int) -> None:
        """Write what comes in to the `.part` file."""
        total = max(self.sizes) if response.length is None else done + response.length
        if response.length is not None and total not in self.sizes:
            expected = " or ".join(f"{size:,}" for size in self.sizes)
            raise _SourceFailed(f"its file has {total:,} bytes, expected {expected}")
        with open(self.part, "ab" if done else "wb") as file:
            self.progress(done, total)
            while block := self._read(response):
                if done + len(block) > total:
                    raise _SourceFailed(f"it sent more than the expected {total:,} bytes")
                file.write(block)
                done += len(block)
                self.progress(done, total)
        if done not in self.sizes:
            raise _SourceFailed(f"the transfer broke off after {done:,} of {total:,} bytes")

    def _read(self, response: HTTPResponse) -> bytes:
        try:
            return response.read1(BLOCK)
        except NETWORK_ERRORS as error:
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> _SourceFailed:
        cause = getattr(error, "reason", error)  # URLError wraps what went wrong
        if isinstance(cause, TimeoutError):
            return _SourceFailed(f"not a byte for {self.timeout:g} seconds")
        reason = " ".join(str(getattr(cause, "strerror", None) or cause).split())[:120]
        return _SourceFailed(reason or type(cause).__name__)


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
