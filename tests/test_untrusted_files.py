"""Pickles and archives that mean harm are refused before they do any, in one sentence that says why."""

import gzip
import os
import pickle
import struct
import tarfile

import numpy as np
import pytest
from cifar10_files import (
    BATCHES,
    PYTHON,
    array,
    dictionary,
    make_archive,
    official_meta,
    refusal,
    text,
)

from senet_np.data import cifar10
from senet_np.data.pickles import load_batch_pickle
from senet_np.data.places import DataError

FIRST = BATCHES[0]


# ---- pickles that mean harm -----------------------------------------------------------------------------------------


def refused_pickle(raw: bytes) -> str:
    with pytest.raises(DataError) as caught:
        load_batch_pickle(raw, "the file")
    return str(caught.value)


class CallsSystem:
    def __reduce__(self):
        return os.system, ("exit 1",)


@pytest.mark.parametrize("protocol", range(1, 6))
def test_a_pickle_that_calls_os_system_is_refused_by_name(protocol):
    message = refused_pickle(pickle.dumps({"data": CallsSystem()}, protocol))
    assert f"'{os.system.__module__}.system'" in message


def test_a_call_in_the_oldest_protocol_is_refused_by_name():
    assert "'os.system'" in refused_pickle(b"cos\nsystem\n(S'exit 1'\ntR.")
    assert "'os.system'" in refused_pickle(b"(ios\nsystem\n.")


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "_codecs.encode", "numpy.load", "numpy.ndarray.dump"])
def test_no_name_but_those_of_an_array_is_admitted(name):
    module, attribute = name.split(".", 1)
    assert repr(name) in refused_pickle(f"c{module}\n{attribute}\n.".encode())
    assert repr(name) in refused_pickle(b"\x80\x04" + text(module.encode()) + text(attribute.encode()) + b"\x93.")


def test_an_array_that_declares_more_than_there_is_takes_no_memory():
    assert "an array of 4,611,686,014,132,420,609 bytes where 3 stand in the file" in refused_pickle(
        dictionary({b"data": array(b"abc", (2**31 - 1, 2**31 - 1))})
    )


@pytest.mark.parametrize("kind", [b"O", b"O8", b"f8", b"V9", b"i8"])
def test_an_array_of_objects_or_of_other_numbers_is_refused(kind):
    assert "an array of type" in refused_pickle(dictionary({b"data": array(bytes(8), (1,), kind)}))


def test_a_huge_memo_index_costs_nothing():
    assert load_batch_pickle(b"\x80\x02}r\xff\xff\xff\xff.", "the file") == {}


@pytest.mark.parametrize("bomb", [b"\x96" + struct.pack("<Q", 1 << 40), b"T\xff\xff\xff\x7f", b"\x8b\xff\xff\xff\x7f"])
def test_a_text_or_number_that_declares_a_huge_length_is_refused(bomb):
    refused_pickle(b"\x80\x02" + bomb + b"abc.")


NESTED = b"K\x01" + b"q\x00h\x00\x86" * 60  # a pair of pairs of pairs ...: 2**60 leaves


def test_a_key_that_would_take_for_ever_to_hash_is_refused():
    refused_pickle(b"\x80\x02}" + NESTED + b"K\x01s.")


def test_a_type_that_would_take_for_ever_to_print_is_refused():
    refused_pickle(b"\x80\x02cnumpy\ndtype\n" + NESTED + b"\x85R.")


def test_millions_of_instructions_are_refused():
    assert "200000 instructions" in refused_pickle(b"\x80\x02" + b"N" * 1_000_000 + b".")


def test_a_fortran_array_is_refused():
    assert "Fortran" in refused_pickle(dictionary({b"data": array(b"abcd", (2, 2), fortran=True)}))


@pytest.mark.parametrize("protocol", [3, 4])
def test_the_same_dictionary_pickled_by_python_3_is_read(protocol):
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    got = load_batch_pickle(pickle.dumps({b"data": pixels, "labels": [1, 2]}, protocol), "the file")
    np.testing.assert_array_equal(got[b"data"], pixels)
    assert got[b"labels"] == [1, 2]


# ---- faults of an archive -------------------------------------------------------------------------------------------


def test_an_archive_cut_short_is_refused(tmp_path):
    path = make_archive(tmp_path / "a.tar.gz", (f"{PYTHON}/{FIRST}", np.random.default_rng(0).bytes(1 << 20)))
    path.write_bytes(path.read_bytes()[: 1 << 18])
    assert "cannot be read as a .tar.gz" in refusal(path)


NO_ARCHIVE = {
    "nothing": b"",
    "a page": b"<html>",
    "gzip of no tar": gzip.compress(b"no tar" * 1000, mtime=0),
    "a cut gzip": gzip.compress(b"", mtime=0)[:-9],
}


@pytest.mark.parametrize("content", NO_ARCHIVE.values(), ids=NO_ARCHIVE.keys())
def test_what_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "cifar-10-python.tar.gz"
    path.write_bytes(content)
    refusal(path)


def test_nothing_is_written_whatever_the_names_in_an_archive(tmp_path, monkeypatch):
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    names = ("../evil", str(tmp_path / "evil"), f"{PYTHON}/../../evil", f"../{PYTHON}/{FIRST}")
    archive = make_archive(tmp_path / "a.tar.gz", *((name, b"evil") for name in names))
    assert "holds no data_batch_1, data_batch_2" in refusal(archive)
    assert {path.name for path in tmp_path.rglob("*")} == {"a.tar.gz", "inside"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_a_member_that_is_no_file_is_refused(tmp_path, kind):
    member = tarfile.TarInfo(f"{PYTHON}/{FIRST}")
    member.type, member.linkname = kind, "/etc/hostname"
    assert "not an ordinary file" in refusal(make_archive(tmp_path / "a.tar.gz", member))


def test_a_member_that_comes_twice_is_refused(tmp_path):
    meta = (f"{PYTHON}/batches.meta", official_meta())
    assert "batches.meta twice" in refusal(make_archive(tmp_path / "a.tar.gz", meta, meta))


def test_a_small_archive_that_unpacks_without_end_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(cifar10, "MAX_ARCHIVE", 4 << 20)
    archive = make_archive(tmp_path / "a.tar.gz", ("zeros", bytes(16 << 20)))
    assert "unpacks into more than 4 MiB" in refusal(archive)


def test_a_member_that_claims_to_be_endless_is_stopped(tmp_path):
    header = tarfile.TarInfo("zeros")
    header.size = 1 << 80
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(10_000)))
    assert "ends in the middle" in refusal(path)


def test_thousands_of_members_are_refused(tmp_path):
    archive = make_archive(tmp_path / "a.tar.gz", *((f"{i}", b"") for i in range(1001)))
    assert "more than 1000 files" in refusal(archive)


def test_a_long_extended_header_is_refused_before_it_is_parsed(tmp_path):
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 160_000
    with gzip.open(tmp_path / "cifar-10-python.tar.gz", "wb") as file:
        file.write(header.tobuf() + b"9" * 160_256)
    assert "an extended header of 160,000 bytes" in refusal(tmp_path)
