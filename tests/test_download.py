"""A download ends in the right bytes under the final name, or in one sentence and nothing there.

The server is our own, on this machine: each path of it misbehaves in its own way.
"""

import contextlib
import hashlib
import re
import socket
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from tally import amount, tally
from unruly_server import CONTENT, HALF, SHA256, SIZE, Server

from senet_np.data.download import BINARY, PYTHON, SOURCES, Archive, download
from senet_np.data.places import DataError

STALLING = {"stalls", "silent"}  # their tests wait for the timeout; all others must not see one on a busy machine
WANTED = Archive("file.tar.gz", SIZE, SHA256)
OTHER = Archive("other.tar.gz", HALF, hashlib.sha256(CONTENT[:HALF]).hexdigest())


@pytest.fixture
def fetch(tmp_path, monkeypatch):
    """Downloads from the paths named; knows the final file, the partial one and what the server was asked."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    folder = tmp_path / "new"
    with Server() as server:
        base, paths = f"http://127.0.0.1:{server.server_port}", SimpleNamespace(requests=server.requests, server=server)
        paths.final, paths.part = folder / WANTED.name, folder / f"{WANTED.name}.part"

        def run(*names, archives=(WANTED,), **options):
            sources = [(name if ":" in name else f"{base}/{name}", archives) for name in names]
            return download(sources, folder, timeout=1.0 if STALLING & set(names) else 60.0, **options)

        def leave_part(content):
            folder.mkdir()
            paths.part.write_bytes(content)

        paths.run, paths.leave_part = run, leave_part
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield paths
        server.released.set()
        server.shutdown()
        thread.join()
    whole = paths.final.exists()
    assert not whole or paths.final.read_bytes() == CONTENT  # whatever happened: whole, or not there
    tally("downloads", requests=len(server.requests), whole=whole)


def is_done(fetch) -> bool:
    return fetch.final.read_bytes() == CONTENT and not fetch.part.exists()


CONTINUED = f"bytes={HALF}-"
DOWNLOADS = {  # what is there before, the sources, what they are asked
    "a whole file": (b"", ["good"], [("good", None)]),
    "no ranges": (b"", ["rangeless"], [("rangeless", None)]),
    "no length": (b"", ["lengthless"], [("lengthless", None)]),
    "a redirect": (b"", ["moved"], [("moved", None), ("good", None)]),
    "a slow server": (b"", ["slow"], [("slow", None)]),
    "a part is continued": (CONTENT[:HALF], ["good"], [("good", CONTINUED)]),
    "a part, no ranges": (CONTENT[:HALF], ["rangeless"], [("rangeless", CONTINUED)]),
    "a whole part is only checked": (CONTENT, ["good"], []),
    "a wrong part": (b"?" * HALF, ["good"], [("good", CONTINUED), ("good", None)]),
    "a wrong part of the size": (b"?" * SIZE, ["good"], [("good", None)]),
    "a wrong part, too long": (b"?" * (SIZE + 1), ["good"], [("good", None)]),
    "a broken source": (b"", ["broken", "good"], [("broken", None), ("good", CONTINUED)]),
    "a stalled source": (b"", ["stalls", "good"], [("stalls", None), ("good", CONTINUED)]),
    "half a wrong file": (b"", ["wronghalf", "good"], [("wronghalf", None), ("good", CONTINUED), ("good", None)]),
    "too many bytes": (b"", ["sends_too_much", "good"], [("sends_too_much", None)]),
    **{
        f"{bad}, then good": (b"", [bad, "good"], [(bad, None), ("good", None)])
        for bad in ("missing", "busy", "wrong", "silent", "moved_to_file", "moved_to_ftp", "announces_too_much")
    },
}


@pytest.mark.parametrize(("part", "sources", "requests"), DOWNLOADS.values(), ids=DOWNLOADS)
def test_a_download_ends_in_the_right_bytes_and_asks_for_none_twice(fetch, part, sources, requests):
    fetch.leave_part(part)
    assert fetch.run(*sources) == fetch.final
    assert is_done(fetch)
    assert fetch.requests[: len(requests) or None] == requests


def test_a_file_that_is_there_is_not_downloaded_again_and_one_with_other_bytes_is_replaced(fetch):
    fetch.leave_part(b"")
    fetch.final.write_bytes(b"an old one")
    fetch.run("good")
    fetch.run("good")
    assert is_done(fetch)
    assert len(fetch.requests) == 1


def test_progress_grows_to_the_whole(fetch):
    seen = []
    fetch.leave_part(CONTENT[:1000])
    fetch.run("good", progress=lambda done, total: seen.append((done, total)))
    assert (seen[0], seen[-1]) == ((1000, SIZE), (SIZE, SIZE))
    assert seen == sorted(seen)


@pytest.mark.parametrize("part", [b"", CONTENT[:1000], b"?" * 1000, b"?" * (HALF + 1)], ids=len)
@pytest.mark.parametrize(("path", "archive"), [("good", WANTED), ("lengthless", WANTED), ("other", OTHER)])
def test_an_address_that_may_have_either_archive_is_recognized_by_its_sha256(fetch, part, path, archive):
    fetch.leave_part(part)
    assert fetch.run(path, archives=(WANTED, OTHER)).name == archive.name


@pytest.mark.parametrize("seed", range(amount(3, 100)))
def test_a_server_that_breaks_off_at_random_is_asked_until_the_file_is_whole(fetch, seed):
    fetch.server.chance = np.random.default_rng(seed)
    for _ in range(99):
        if fetch.final.exists():
            break
        with contextlib.suppress(DataError):
            fetch.run("flaky")
        assert fetch.final.exists() or CONTENT.startswith(fetch.part.read_bytes())
    assert is_done(fetch)


FAILURES = {
    "missing": "HTTP 404",
    "busy": "HTTP 503",
    "wrong": "another sha256",
    "stalls": "not a byte for 1 seconds",
    "silent": "not a byte for 1 seconds",
    "broken": "broke off after 150,000 of 300,000 bytes",
    "otherrange": "another part than the one from byte 1,000",
    "announces_too_much": "its file has 300,004 bytes, expected 300,000",
    "sends_too_much": "more than the expected 300,000 bytes",
    "moved_to_file": "HTTP 302",
    "moved_to_ftp": "refused",
    "http://127.0.0.1:9/file": "refused",
    **dict.fromkeys(["http://", "http://[", "http://127.0.0.1:port/", "http://127.0.0.1/a b"], "no source gave"),
    **dict.fromkeys(["file:///etc/hostname", "ftp://example.org/file", "example.org:file", ":"], "with https://"),
}


@pytest.mark.parametrize(("source", "reason"), FAILURES.items())
def test_a_failure_names_the_reason_and_leaves_no_wrong_bytes(fetch, source, reason):
    fetch.leave_part(CONTENT[:1000])
    start = time.perf_counter()
    with pytest.raises(DataError) as caught:
        fetch.run(source)
    assert time.perf_counter() - start < 30  # only a stall waits for its timeout
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not fetch.final.exists()
    assert not fetch.part.exists() or CONTENT.startswith(fetch.part.read_bytes())  # nor more than the size


def test_without_any_network_the_message_lists_every_source_and_what_to_do(tmp_path, monkeypatch):
    def no_name(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(
        DataError, match=f"; name another with --url, or download .* by hand into {re.escape(str(tmp_path))}"
    ) as caught:
        download(SOURCES, tmp_path)
    assert all(f"{url} (Temporary failure in name resolution)" in str(caught.value) for url, _ in SOURCES)
    assert [path.name for path in tmp_path.iterdir()] == ["cifar-10.lock"]


def test_a_folder_that_cannot_be_made_is_said(fetch):
    fetch.final.parent.write_bytes(b"a file where the folder should be")
    with pytest.raises(DataError, match="cannot write"):
        fetch.run("good")


def test_an_interrupt_leaves_the_part_for_the_next_time(fetch):
    def interrupt(done, total):
        if done > 1000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch.run("good", progress=interrupt)
    assert len(fetch.part.read_bytes()) > 1000
    assert CONTENT.startswith(fetch.part.read_bytes())


@pytest.mark.parametrize(("first", "asked"), [("good", []), ("broken", [("good", CONTINUED)])])
def test_a_second_download_waits_for_the_first_and_uses_what_it_brought(fetch, first, asked):
    told, second = [], threading.Thread(target=lambda: fetch.run("good", tell=told.append))

    def start_the_second(done, total):
        if not second.ident:
            second.start()
            while not told:  # only a second one that came too early has something to tell
                time.sleep(0.01)

    with contextlib.suppress(DataError):
        fetch.run(first, progress=start_the_second)
    second.join(10)
    assert told[0] == f"another process is downloading CIFAR-10 into {fetch.final.parent}: waiting for its end"
    assert fetch.requests == [(first, None), *asked]
    assert is_done(fetch)


def test_the_sources_are_https_the_fast_one_first_and_the_same_archive_from_home_next():
    assert all(url.startswith("https://") and url.endswith(archives[0].name) for url, archives in SOURCES)
    assert [archives for _, archives in SOURCES] == [(PYTHON,), (PYTHON,), (BINARY,)]
    assert ["cs.toronto.edu" in url for url, _ in SOURCES] == [False, True, True]
