"""A download ends in the right bytes under the final name, or in one sentence and nothing there.

The server is our own, on this machine: each path of it misbehaves in its own way.
"""

import contextlib
import re
import socket
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from tally import amount, tally
from unruly_server import CONTENT, HALF, SHA256, SIZE, Server

from senet_np.data.cifar10 import ARCHIVE_SHA256, ARCHIVE_SIZE
from senet_np.data.download import CIFAR10_MIRRORS, download
from senet_np.data.places import DataError


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.released.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def fetch(server, tmp_path):
    """Downloads from the paths named; knows the final file, the partial one and what the server was asked."""
    final = tmp_path / "new" / "file.tar.gz"
    part = final.with_name("file.tar.gz.part")

    def run(*paths, size=SIZE, **options):
        base = f"http://127.0.0.1:{server.server_port}"
        return download([f"{base}/{path}" for path in paths], final, SHA256, size, timeout=0.3, **options)

    def leave_part(content: bytes):
        part.parent.mkdir()
        part.write_bytes(content)

    def fails(*paths, **options) -> str:
        with pytest.raises(DataError) as caught:
            run(*paths, **options)
        assert not final.exists()
        assert "\n" not in str(caught.value)
        return str(caught.value)

    yield SimpleNamespace(
        run=run, fails=fails, leave_part=leave_part, final=final, part=part, requests=server.requests, server=server
    )
    assert not final.exists() or final.read_bytes() == CONTENT  # whatever happened: whole, or not there
    tally("downloads", requests=len(server.requests), whole=final.exists())


def is_done(fetch) -> bool:
    return fetch.final.read_bytes() == CONTENT and not fetch.part.exists()


# ---- it comes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [SIZE, None])
@pytest.mark.parametrize("path", ["good", "rangeless", "lengthless", "moved", "slow"])
def test_a_file_comes_whole_under_its_final_name(fetch, path, size):
    assert fetch.run(path, size=size) == fetch.final
    assert is_done(fetch)


def test_a_file_that_is_there_is_not_fetched_again(fetch):
    fetch.run("good")
    fetch.run("good")
    assert len(fetch.requests) == 1


def test_a_file_with_other_bytes_is_replaced(fetch):
    fetch.final.parent.mkdir()
    fetch.final.write_bytes(b"an old one")
    fetch.run("good")
    assert is_done(fetch)


def test_what_is_there_already_is_not_asked_for_again(fetch):
    fetch.leave_part(CONTENT[:1000])
    fetch.run("good")
    assert is_done(fetch)
    assert fetch.requests == [("/good", "bytes=1000-")]


def test_a_server_without_ranges_starts_over(fetch):
    fetch.leave_part(CONTENT[:1000])
    fetch.run("rangeless")
    assert is_done(fetch)


def test_a_whole_part_is_only_checked(fetch):
    fetch.leave_part(CONTENT)
    fetch.run("good")
    assert is_done(fetch)
    assert fetch.requests == []


def test_a_whole_part_of_unknown_size_is_recognized_when_nothing_lies_beyond_it(fetch):
    fetch.leave_part(CONTENT)
    fetch.run("good", size=None)
    assert is_done(fetch)
    assert fetch.requests == [("/good", f"bytes={SIZE}-")]


@pytest.mark.parametrize("size", [SIZE, None])
@pytest.mark.parametrize("part", [b"?" * 1000, b"?" * SIZE, b"?" * (SIZE + 1)])
def test_a_part_with_wrong_bytes_is_thrown_away_and_the_same_mirror_asked_from_the_start(fetch, part, size):
    fetch.leave_part(part)
    fetch.run("good", size=size)
    assert is_done(fetch)
    assert fetch.requests[-1] == ("/good", None)


def test_progress_grows_to_the_whole(fetch):
    seen = []
    fetch.leave_part(CONTENT[:1000])
    fetch.run("good", progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (1000, SIZE)
    assert seen[-1] == (SIZE, SIZE)
    assert seen == sorted(seen)


# ---- a mirror fails, the next one helps ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    ["missing", "busy", "wrong", "silent", "moved_to_file", "moved_to_ftp", "announces_too_much", "sends_too_much"],
)
def test_after_a_bad_mirror_the_next_one_is_tried(fetch, bad):
    fetch.run(bad, "good")
    assert is_done(fetch)


@pytest.mark.parametrize("bad", ["broken", "stalls"])
def test_what_a_broken_mirror_gave_is_continued_at_the_next(fetch, bad):
    fetch.run(bad, "good")
    assert is_done(fetch)
    assert fetch.requests == [(f"/{bad}", None), ("/good", f"bytes={HALF}-")]


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


def test_the_wrong_half_of_a_bad_mirror_does_not_spoil_the_good_one(fetch):
    fetch.run("wronghalf", "good")
    assert is_done(fetch)


def test_a_range_other_than_the_one_asked_for_is_not_appended(fetch):
    fetch.leave_part(CONTENT[:1000])
    assert "another part than the one from byte 1,000" in fetch.fails("otherrange")
    assert fetch.part.read_bytes() == CONTENT[:1000]


# ---- nothing helps ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("missing", "HTTP 404"),
        ("busy", "HTTP 503"),
        ("wrong", "another sha256"),
        ("stalls", "not a byte for 0.3 seconds"),
        ("silent", "not a byte for 0.3 seconds"),
        ("broken", "broke off after 150,000 of 300,000 bytes"),
        ("announces_too_much", "its file has 300,004 bytes, expected 300,000"),
        ("sends_too_much", "more than the expected 300,000 bytes"),
        ("moved_to_ftp", "unknown url type: ftp"),
    ],
)
def test_a_failure_names_the_reason_and_leaves_nothing_under_the_final_name(fetch, path, reason):
    assert reason in fetch.fails(path)


def test_the_message_lists_every_mirror_and_what_to_do(fetch):
    message = fetch.fails("missing", "busy")
    assert re.search(r"/missing \(HTTP 404\); http://.*/busy \(HTTP 503\)", message)
    assert "--url" in message
    assert f"by hand into {fetch.final.parent}" in message


def test_no_more_than_the_size_is_ever_kept(fetch):
    fetch.fails("sends_too_much")
    assert fetch.part.stat().st_size <= SIZE


def test_wrong_bytes_are_not_kept(fetch):
    fetch.fails("wrong")
    assert not fetch.part.exists()


def test_a_stalled_mirror_is_given_up_in_time(fetch):
    start = time.perf_counter()
    fetch.fails("stalls", "silent")
    assert time.perf_counter() - start < 3


def test_a_machine_that_does_not_answer_is_a_failed_mirror(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/file"
        with pytest.raises(DataError, match=r"/file \(.*refused"):
            download([url], tmp_path / "file", SHA256, None)


def test_without_any_network_the_reason_is_said_for_every_mirror(tmp_path, monkeypatch):
    def no_name(*_, **__):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(DataError) as caught:
        download(CIFAR10_MIRRORS, tmp_path / "file", SHA256, None)
    assert str(caught.value).count("Temporary failure in name resolution") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["file.lock"]


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://example.org/file", "example.org/file", ""])
def test_an_address_that_is_not_http_is_refused(tmp_path, url):
    with pytest.raises(DataError, match="https://"):
        download([url], tmp_path / "file", SHA256, None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["http://", "http://[", "http://127.0.0.1:port/", "http://127.0.0.1/a b"])
def test_an_address_that_makes_no_sense_is_a_failed_mirror(tmp_path, url):
    with pytest.raises(DataError, match="no mirror gave file"):
        download([url], tmp_path / "file", SHA256, None, timeout=0.3)


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
    held = fetch.part.read_bytes()
    assert held
    assert CONTENT.startswith(held)
    assert not fetch.final.exists()


def test_a_second_download_waits_for_the_first_and_takes_what_it_brought(fetch):
    said, second = [], threading.Thread(target=lambda: fetch.run("good", say=said.append))

    def start_the_second(done, total):
        if not second.ident:
            second.start()
            while not said:  # only a second one that came too early has something to say
                time.sleep(0.01)

    fetch.run("good", progress=start_the_second)
    second.join(10)
    assert said == [f"another process is fetching file.tar.gz into {fetch.final.parent}: waiting for its end"]
    assert [path for path, _ in fetch.requests] == ["/good"]
    assert is_done(fetch)


def test_a_second_download_goes_on_where_the_first_one_failed(fetch):
    second = threading.Thread(target=lambda: fetch.run("good"))

    def start_the_second(done, total):
        if not second.ident:
            second.start()

    with pytest.raises(DataError, match="broke off"):
        fetch.run("broken", progress=start_the_second)
    second.join(10)
    assert fetch.requests == [("/broken", None), ("/good", f"bytes={HALF}-")]
    assert is_done(fetch)


def test_a_lock_left_by_a_dead_process_is_no_hindrance(fetch):
    fetch.final.parent.mkdir()
    fetch.final.with_name("file.tar.gz.lock").touch()
    fetch.run("good")
    assert is_done(fetch)


def test_the_official_archive_has_https_mirrors_with_home_last():
    assert all(url.startswith("https://") and url.endswith("cifar-10-python.tar.gz") for url in CIFAR10_MIRRORS)
    assert "cs.toronto.edu" in CIFAR10_MIRRORS[-1]
    assert (len(ARCHIVE_SHA256), ARCHIVE_SIZE) == (64, 170_498_071)
