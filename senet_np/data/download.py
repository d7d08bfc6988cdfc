"""Fetches one file from the first mirror that has the right bytes: resumable, checked, and never half there.

What arrives is kept under `<name>.part`. Only when its sha256 is the expected one does it get its real name,
in one step, so whatever bears that name is whole and right; and nothing opens a `.part` to use it. Which mirror a
byte came from does not matter then: a transfer that broke off at one of them is continued at the next.
"""

import hashlib
import http.client
import os
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from ..locks import only_one
from .places import DataError

# The home page has been throttled since June 2026 (40 minutes and more for the file), so the faster mirror comes
# first and home is the fallback. Neither is trusted: the sha256 decides what is CIFAR-10.
CIFAR10_MIRRORS = (
    "https://storage.googleapis.com/skypilot-example-data/datasets/cifar-10-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
)

BLOCK = 1 << 16

Progress = Callable[[int, int | None], None]


class _MirrorFailed(Exception):
    """One mirror did not give the file: says why, and the next one is tried."""


def download(
    urls: Sequence[str],
    destination: Path,
    sha256: str,
    size: int | None,
    timeout: float = 20.0,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> Path:
    """Fetch a file from the first of several mirrors that gives the right bytes.

    Args:
        urls: http or https addresses of the same file, tried in this order.
        destination: where the file shall lie; a file there with other bytes is replaced.
        sha256: hex digest of the wanted bytes.
        size: their number, or None if it is not known; more than that is never kept.
        timeout: seconds without a single byte after which a mirror is given up.
        progress: called with (bytes so far, bytes in all or None) as they come in.
        say: called with one sentence when a mirror is tried or given up, or another process waited for.

    Returns:
        `destination`, which now holds the wanted bytes. If it held them before, no connection is made; nor is one when
        another process was at it, which is waited for.

    Raises:
        DataError: no mirror gave them, an address is neither http nor https, or the folder cannot be written to. What
            has arrived stays in the `.part` file, and the next call continues it.
    """
    for url in urls:
        if not re.match(r"https?://", url, re.IGNORECASE):
            raise DataError(f"'{url}' cannot be fetched: expected an address that starts with https:// or http://")
    part = destination.with_name(destination.name + ".part")
    job = _Job(part, sha256, size, timeout, progress or (lambda done, total: None))
    reasons = []
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        taken = f"another process is fetching {destination.name} into {destination.parent}: waiting for its end"
        with only_one(destination.with_name(destination.name + ".lock"), taken, say or _silent):
            if os.path.isfile(destination) and _sha256(destination) == sha256:
                return destination
            for url in urls:
                try:
                    (say or _silent)(f"fetching {url}")
                    job.fetch_whole(url)
                    _settle(part, destination)
                    return destination
                except _MirrorFailed as failure:
                    (say or _silent)(f"{url} failed: {failure}")
                    reasons.append(f"{url} ({failure})")
    except OSError as error:  # the mirrors' own OSErrors have become _MirrorFailed: this one is the disk's
        raise DataError(
            f"cannot write {destination} ({error.strerror or error}): name a folder with room that may be written to"
        ) from None
    raise DataError(
        f"no mirror gave {destination.name}: {'; '.join(reasons) or 'none was named'}; name another with --url, "
        f"or fetch the file by hand into {destination.parent}"
    )


class _Job:
    """The `.part` file and what it is to become."""

    def __init__(self, part: Path, sha256: str, size: int | None, timeout: float, progress: Progress) -> None:
        self.part, self.sha256, self.size, self.timeout, self.progress = part, sha256, size, timeout, progress
        self.opener = _opener()  # made now: it reads the variables that name proxies

    def fetch_whole(self, url: str) -> None:
        """Bring the `.part` file to the wanted bytes, or raise `_MirrorFailed`."""
        start = self._fetch_rest(url)
        if _sha256(self.part) == self.sha256:
            return
        os.remove(self.part)
        if start == 0:
            raise _MirrorFailed("its bytes are not the wanted ones: another sha256")
        self.fetch_whole(url)  # the first bytes were not this mirror's, nor need the fault be: once more, from 0

    def _fetch_rest(self, url: str) -> int:
        """Ask for what is missing; returns the offset from which on the bytes are this mirror's."""
        held = os.path.getsize(self.part) if os.path.exists(self.part) else 0
        if self.size is not None and held >= self.size:
            return held  # whole, yet never checked; or too long, and the sha256 will say so
        headers = {"User-Agent": "senet_np"} | ({"Range": f"bytes={held}-"} if held else {})
        try:
            response = self.opener.open(urllib.request.Request(url, headers=headers), timeout=self.timeout)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == 416 and held:
                return held  # "nothing lies beyond": perhaps because it is whole already
            raise _MirrorFailed(f"HTTP {error.code}") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _MirrorFailed(self._reason(error)) from None
        with response:
            start, total = self._announced(response, held)
            with open(self.part, "ab" if start else "wb") as file:
                self._receive(response, file, start, total)
        return start

    def _announced(self, response: http.client.HTTPResponse, held: int) -> tuple[int, int | None]:
        """Where the answer's bytes begin, and how long the file is in all (None: the answer does not say)."""
        if response.status == 206:
            match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
            if not match or int(match[1]) != held:
                raise _MirrorFailed(f"it sent another part than the one from byte {held:,} on")
            start = held
        elif response.status == 200:
            start = 0  # this server knows no ranges
        else:
            raise _MirrorFailed(f"HTTP {response.status}")
        total = None if response.length is None else start + response.length
        if self.size is not None and total is not None and total != self.size:
            raise _MirrorFailed(f"its file has {total:,} bytes, expected {self.size:,}")
        return start, total

    def _receive(self, response: http.client.HTTPResponse, file: IO[bytes], done: int, total: int | None) -> None:
        """Append what comes in to the file, until `total` is reached or the server ends the transfer."""
        wanted = total or self.size
        self.progress(done, wanted)
        while total is None or done < total:
            try:
                block = response.read1(BLOCK)
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise _MirrorFailed(self._reason(error)) from None
            if not block:
                break
            if wanted is not None and done + len(block) > wanted:
                raise _MirrorFailed(f"it sent more than the expected {wanted:,} bytes")
            file.write(block)
            done += len(block)
            self.progress(done, wanted)
        if wanted is not None and done < wanted:
            raise _MirrorFailed(f"the transfer broke off after {done:,} of {wanted:,} bytes")

    def _reason(self, error: Exception) -> str:
        cause = getattr(error, "reason", error)  # URLError wraps what went wrong
        if isinstance(cause, TimeoutError):
            return f"not a byte for {self.timeout:g} seconds"
        return " ".join(str(getattr(cause, "strerror", None) or cause).split())[:120] or type(cause).__name__


def _opener() -> urllib.request.OpenerDirector:
    """Knows http, https, proxies and redirects; unlike urllib's own it opens no ftp: or file: after a redirect."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.UnknownHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _settle(part: Path, destination: Path) -> None:
    """Give the file its real name in one step, after its bytes are safely on the disk."""
    with open(part, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(part, destination)


def _silent(sentence: str) -> None:
    pass
