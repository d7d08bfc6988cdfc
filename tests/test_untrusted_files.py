"""Files that are damaged or mean harm are refused before they do any, in one sentence that says why."""

import os
import pickle

import numpy as np
import pytest
from cifar10_files import BATCHES, BINARY, PYTHON, refusal
from faults_of_cifar import BAD_ARCHIVES, BAD_PICKLES

from senet_np.data.pickles import load_batch_pickle


@pytest.fixture
def inside(tmp_path, monkeypatch):
    """The current folder. At the end there is nothing beside it: no file was unpacked, no command ran."""
    folder = tmp_path / "inside"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield folder
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]
    assert not os.path.exists("/tmp/senet_np_evil")


def a_set(folder, first: bytes, suffix: str = ""):
    """A batches folder whose first file is this, and which is complete by its names."""
    folder.mkdir()
    for name in BATCHES:
        (folder / f"{name}{suffix}").touch()
    (folder / f"{BATCHES[0]}{suffix}").write_bytes(first)
    return folder


@pytest.mark.parametrize("name", BAD_ARCHIVES)
def test_a_bad_archive_is_refused(inside, name):
    make, expected = BAD_ARCHIVES[name]
    (inside / "a.tar.gz").write_bytes(make())
    assert expected in refusal(inside / "a.tar.gz")
    assert [path.name for path in inside.iterdir()] == ["a.tar.gz"]


@pytest.mark.parametrize("name", BAD_PICKLES)
def test_a_bad_batch_is_refused_and_named_with_what_to_do(inside, name):
    make, expected = BAD_PICKLES[name]
    message = refusal(a_set(inside / PYTHON, make()))
    assert expected in message
    assert "data_batch_1 in" in message
    assert "python -m senet_np data --download" in message


BAD_BINARIES = {
    "length": (bytes(1000), "1,000 bytes, expected 30,730,000"),
    "label": (b"\xc8" * 30_730_000, "label is 200, expected 0 to 9"),
    "size": (bytes((64 << 20) + 1), "larger than 64 MiB, expected about 30"),
}


@pytest.mark.parametrize(("content", "expected"), BAD_BINARIES.values(), ids=BAD_BINARIES)
def test_a_bad_binary_batch_is_refused(inside, content, expected):
    assert expected in refusal(a_set(inside / BINARY, content, ".bin"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="every file can be read here")
def test_a_file_that_may_not_be_read_is_named(inside):
    folder = a_set(inside / PYTHON, b"")
    (folder / BATCHES[0]).chmod(0)
    assert "cannot be read" in refusal(folder)


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("key", ["data", b"data"])
def test_the_same_dictionary_pickled_by_python_3_is_read(protocol, key):
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    stored = {key: pixels, "labels": [1, 2]} if protocol > 2 else {"data": 5, "labels": [1, 2]}
    read = load_batch_pickle(pickle.dumps(stored, protocol), "the file")
    np.testing.assert_array_equal(read["data"], stored.get(key, 5))
    assert read["labels"] == [1, 2]
