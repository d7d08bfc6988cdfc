"""CIFAR-10 is read from each of its forms, in the official order, and marked as official bytes or not."""

import hashlib
import warnings

import numpy as np
import pytest
from cifar10_files import (
    a_batch,
    dictionary,
    labels,
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
from senet_np.data.cifar10 import ALTERED, CLASSES, OFFICIAL, load_cifar10


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Both versions, unpacked."""
    parent = tmp_path_factory.mktemp("cifar10")
    return {"python": write_python_version(parent), "binary": write_binary_version(parent)}


@pytest.fixture(scope="module")
def loaded(folders):
    return load_quietly(folders["python"])


def load_quietly(place):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_cifar10(place)


def digest(data) -> str:
    arrays = [array for split in (data.train, data.val, data.test) for array in split]
    return hashlib.sha1(b"".join(hashlib.sha1(array).digest() for array in arrays)).hexdigest()


def with_file(folder, parent, name: str, content: bytes):
    """The same folder with other bytes in the place of a file."""
    copy = link_copy(folder, parent)
    (copy / name).unlink()
    (copy / name).write_bytes(content)
    return copy


def test_the_splits_have_their_sizes_shapes_and_types(loaded):
    for split, count in ((loaded.train, 45_000), (loaded.val, 5_000), (loaded.test, 10_000)):
        assert (split.images.shape, split.images.dtype) == ((count, 32, 32, 3), np.uint8)
        assert (split.labels.shape, split.labels.dtype) == ((count,), np.int64)
        assert split.images.flags.c_contiguous


def test_the_official_order_is_kept_and_validation_is_its_end(loaded):
    read = np.concatenate([numbers(split.images) for split in (loaded.train, loaded.val, loaded.test)])
    np.testing.assert_array_equal(read, np.arange(60_000))


def test_planes_of_red_green_and_blue_become_the_last_axis(loaded):
    np.testing.assert_array_equal(loaded.train.images[7], rows(0)[7].reshape(3, 32, 32).transpose(1, 2, 0))


def test_labels_stay_with_their_images(loaded):
    np.testing.assert_array_equal(loaded.val.labels, labels(4)[5_000:])


@pytest.mark.parametrize(("version", "fingerprint"), [("python", "5404a69e2fc2fe29"), ("binary", "e0bd83bb5170b91f")])
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "archive"])
def test_every_form_holds_the_same_images_and_has_the_fingerprint_that_version_0_1_gave_it(
    folders, loaded, tmp_path, version, packed, fingerprint
):
    data = load_quietly(write_archive(tmp_path / "a.tar.gz", folders[version]) if packed else folders[version])
    assert digest(data) == digest(loaded)
    assert data.fingerprint == fingerprint


def test_another_image_gives_another_fingerprint(folders, loaded, tmp_path):
    folder = with_file(folders["python"], tmp_path, "data_batch_1", a_batch(rows(9), labels(0)))
    assert load_quietly(folder).fingerprint != loaded.fingerprint


def test_other_class_names_are_refused(folders, tmp_path):
    names = dictionary({b"label_names": listing(text(name.encode()) for name in reversed(CLASSES))})
    assert "names other classes" in refusal(with_file(folders["python"], tmp_path, "batches.meta", names))


@pytest.mark.parametrize(("version", "algorithm"), [("python", "md5"), ("binary", "sha256")])
def test_official_bytes_are_marked_so_without_a_warning(folders, monkeypatch, version, algorithm):
    for file in folders[version].iterdir():
        monkeypatch.setitem(cifar10.CHECKSUMS, file.name, hashlib.new(algorithm, file.read_bytes()).hexdigest())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_cifar10(folders[version]).provenance == OFFICIAL


@pytest.mark.parametrize(("version", "names"), [("python", "_batch_1, .*test_batch"), ("binary", r"_1\.bin, .*\.bin")])
def test_valid_files_with_other_checksums_are_marked_and_the_warning_names_them(folders, version, names):
    with pytest.warns(UserWarning, match=f"{names} are not the official ones"):
        assert load_cifar10(folders[version]).provenance == ALTERED


def test_the_official_batches_meta_has_the_md5_that_we_compare_with():
    assert hashlib.md5(official_meta()).hexdigest() == cifar10.CHECKSUMS["batches.meta"]


def test_a_missing_batch_is_named(folders, tmp_path):
    folder = link_copy(folders["python"], tmp_path)
    (folder / "data_batch_3").unlink()
    assert "holds no data_batch_3;" in refusal(folder)


def test_batches_meta_may_be_missing(folders, loaded, tmp_path):
    folder = link_copy(folders["python"], tmp_path)
    (folder / "batches.meta").unlink()
    assert load_quietly(folder).fingerprint == loaded.fingerprint
