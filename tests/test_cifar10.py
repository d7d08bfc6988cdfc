"""CIFAR-10 is read from each of its forms, and whatever is wrong with a file is said in one sentence."""

import hashlib
import os
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from cifar10_files import (
    BATCHES,
    NAMES,
    array,
    batch_pickle,
    dictionary,
    integer,
    label,
    link_copy,
    listing,
    numbers,
    official_meta,
    refusal,
    rows,
    text,
    write_archive,
    write_binary_version,
    write_python_version,
)

from senet_np.data import cifar10
from senet_np.data.cifar10 import ALTERED, OFFICIAL, UNVERIFIED, load_cifar10

FIRST = BATCHES[0]
ONE_TO_NINE = [integer(row % 10) for row in range(10_000)]


@pytest.fixture(scope="module")
def python_folder(tmp_path_factory):
    return write_python_version(tmp_path_factory.mktemp("python"))


@pytest.fixture(scope="module")
def binary_folder(tmp_path_factory):
    return write_binary_version(tmp_path_factory.mktemp("binary"))


@pytest.fixture(scope="module")
def python_archive(python_folder):
    return write_archive(python_folder.parent / "cifar-10-python.tar.gz", python_folder)


@pytest.fixture(scope="module")
def loaded(python_folder):
    return load_quietly(python_folder)


@pytest.fixture(scope="module")
def from_archive(python_archive):
    """What identifies the data in the archive; the images themselves would fill the memory."""
    data = load_quietly(python_archive)
    return SimpleNamespace(content=digest(data), fingerprint=data.fingerprint)


@pytest.fixture
def broken(python_folder, tmp_path):
    """A function that puts other bytes in the place of a file and returns the folder."""

    def break_file(name: str, content: bytes) -> Path:
        folder = link_copy(python_folder, tmp_path)
        (folder / name).unlink()
        (folder / name).write_bytes(content)
        return folder

    return break_file


def load_quietly(place):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_cifar10(place)


def digest(data) -> str:
    arrays = [array for split in (data.train, data.val, data.test) for array in split]
    return hashlib.sha1(b"".join(hashlib.sha1(array).digest() for array in arrays)).hexdigest()


# ---- what is read ---------------------------------------------------------------------------------------------------


def test_the_splits_have_their_sizes_shapes_and_types(loaded):
    for split, count in ((loaded.train, 45_000), (loaded.val, 5_000), (loaded.test, 10_000)):
        assert split.images.shape == (count, 32, 32, 3)
        assert split.images.dtype == np.uint8
        assert split.images.flags.c_contiguous
        assert split.labels.shape == (count,)
        assert split.labels.dtype == np.int64


def test_the_official_order_is_kept_and_validation_is_its_end(loaded):
    got = np.concatenate([numbers(split.images) for split in (loaded.train, loaded.val, loaded.test)])
    np.testing.assert_array_equal(got, np.arange(60_000))


def test_planes_of_red_green_and_blue_become_the_last_axis(loaded):
    np.testing.assert_array_equal(loaded.train.images[7], rows(0)[7].reshape(3, 32, 32).transpose(1, 2, 0))


def test_labels_stay_with_their_images(loaded):
    assert [int(loaded.val.labels[-3 + i]) for i in range(3)] == [label(4, 9_997 + i) for i in range(3)]


def test_the_archive_holds_the_same_images_as_the_folder(loaded, from_archive):
    assert from_archive.content == digest(loaded)


def test_the_binary_version_holds_the_same_images_as_the_python_version(loaded, binary_folder):
    assert digest(load_quietly(binary_folder)) == digest(loaded)


def test_a_binary_archive_is_read(binary_folder, tmp_path):
    data = load_quietly(write_archive(tmp_path / "cifar-10-binary.tar.gz", binary_folder))
    assert (data.stamp, numbers(data.test.images)[0]) == (UNVERIFIED, 50_000)


def test_the_fingerprint_is_that_of_the_bytes_wherever_they_lie(loaded, from_archive):
    assert from_archive.fingerprint == loaded.fingerprint


def test_another_image_gives_another_fingerprint(loaded, broken):
    folder = broken(FIRST, batch_pickle(array(rows(9).tobytes(), (10_000, 3072)), ONE_TO_NINE))
    assert load_quietly(folder).fingerprint != loaded.fingerprint


# ---- stamps ---------------------------------------------------------------------------------------------------------


def test_the_official_bytes_are_stamped_so_without_a_warning(python_folder, monkeypatch):
    sums = {name: hashlib.md5((python_folder / name).read_bytes()).hexdigest() for name in cifar10.FILES_MD5}
    monkeypatch.setattr(cifar10, "FILES_MD5", sums)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_cifar10(python_folder).stamp == OFFICIAL


def test_valid_files_with_other_sums_are_stamped_and_the_warning_names_them(python_folder):
    with pytest.warns(UserWarning, match=r"data_batch_1, .*test_batch are not the official ones"):
        assert load_cifar10(python_folder).stamp == ALTERED


def test_the_binary_version_is_unverified_and_a_warning_says_why(binary_folder):
    with pytest.warns(UserWarning, match="no checksums are published"):
        assert load_cifar10(binary_folder).stamp == UNVERIFIED


def test_the_official_batches_meta_has_the_md5_that_we_compare_with():
    assert hashlib.md5(official_meta()).hexdigest() == cifar10.FILES_MD5["batches.meta"]


def test_batches_meta_may_be_missing(python_folder, tmp_path):
    folder = link_copy(python_folder, tmp_path)
    (folder / "batches.meta").unlink()
    assert load_quietly(folder).stamp == ALTERED


# ---- faults of a file -----------------------------------------------------------------------------------------------


def test_a_file_cut_short_is_named_with_what_to_do(broken, python_folder):
    message = refusal(broken(FIRST, (python_folder / FIRST).read_bytes()[:1_000_000]))
    assert "data_batch_1" in message
    assert "python -m senet_np data --download" in message


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x80\x02", b".", b"\x80\x02e.", b"N.", b"}0."])
def test_a_file_that_is_no_pickled_dictionary_is_refused(broken, content):
    assert "data_batch_1" in refusal(broken(FIRST, content))


def test_a_missing_batch_is_named(python_folder, tmp_path):
    folder = link_copy(python_folder, tmp_path)
    (folder / "data_batch_3").unlink()
    assert "holds no data_batch_3;" in refusal(folder)


def test_images_of_another_shape_are_refused(broken):
    pixels = array(bytes(10_000 * 1024), (10_000, 1024))
    assert "shape (10000, 1024), expected (10000, 3072)" in refusal(broken(FIRST, batch_pickle(pixels, ONE_TO_NINE)))


def test_a_batch_without_images_is_refused(broken):
    assert "missing" in refusal(broken(FIRST, dictionary({b"labels": listing(ONE_TO_NINE)})))


@pytest.mark.parametrize("wrong", [integer(10), integer(-1), text(b"3"), b"N", b"\x88"])
def test_a_label_that_is_no_integer_from_0_to_9_is_refused(broken, wrong):
    content = batch_pickle(array(rows(0).tobytes(), (10_000, 3072)), [*ONE_TO_NINE[:-1], wrong])
    assert "not integers from 0 to 9" in refusal(broken(FIRST, content))


def test_too_few_labels_are_refused(broken):
    content = batch_pickle(array(rows(0).tobytes(), (10_000, 3072)), ONE_TO_NINE[:-1])
    assert "the labels are 9999" in refusal(broken(FIRST, content))


def test_other_class_names_are_refused(broken):
    names = listing(text(name.encode()) for name in reversed(NAMES))
    assert "names other classes" in refusal(broken("batches.meta", dictionary({b"label_names": names})))


def test_a_file_far_too_large_is_refused(broken, monkeypatch):
    monkeypatch.setattr(cifar10, "MAX_FILE", 1 << 20)
    assert "larger than 1 MiB" in refusal(broken(FIRST, bytes(2 << 20)))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="every file can be read here")
def test_a_file_that_may_not_be_read_is_named(broken):
    folder = broken(FIRST, b"")
    (folder / FIRST).chmod(0)
    assert "cannot be read" in refusal(folder)


@pytest.mark.parametrize(
    ("content", "said"),
    [(bytes(1000), "1,000 bytes, expected 30,730,000"), (b"\xc8" * 30_730_000, "label is 200, expected 0 to 9")],
    ids=["length", "label"],
)
def test_a_wrong_binary_batch_is_refused(binary_folder, tmp_path, content, said):
    folder = link_copy(binary_folder, tmp_path)
    (folder / "data_batch_1.bin").unlink()
    (folder / "data_batch_1.bin").write_bytes(content)
    assert said in refusal(folder)


# ---- the real thing -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not os.environ.get("SENET_NP_DATA"), reason="SENET_NP_DATA is not set")
def test_the_real_test_split_has_a_thousand_images_of_each_class():
    data = load_quietly(os.environ["SENET_NP_DATA"])
    assert np.bincount(data.test.labels).tolist() == [1000] * 10
    assert np.bincount(np.concatenate([data.train.labels, data.val.labels])).tolist() == [5000] * 10
    assert data.stamp in (OFFICIAL, ALTERED, UNVERIFIED)
