"""CIFAR-10 is found and read as browsers, systems and people leave it; or a sentence says what is there instead."""

import errno
import tarfile
import warnings
import zipfile

import numpy as np
import pytest
from cifar10_files import BINARY, PYTHON, numbers, official_meta, refusal, small_batches, tarred, zipped
from systems import links

from senet_np.cli import main
from senet_np.data import find_cifar10, load_cifar10, places
from senet_np.data.places import DataError

DOWNLOAD = "python -m senet_np data --download"


@pytest.fixture
def python(monkeypatch):
    """The files of the Python version, tiny."""
    return small_batches(monkeypatch)


@pytest.fixture
def binary(monkeypatch):
    """The files of the binary version, tiny."""
    return small_batches(monkeypatch, BINARY)


def put(parent, files):
    """Write files with their folders; returns `parent`."""
    for name, content in files.items():
        (parent / name).parent.mkdir(parents=True, exist_ok=True)
        (parent / name).write_bytes(content)
    return parent


def under(folder, files):
    return {f"{folder}/{name}": content for name, content in files.items()}


def load(place):
    """What is read at the place that is found there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_cifar10(find_cifar10(place))


def assert_read(place):
    data = load(place)
    images = np.concatenate([split.images for split in (data.train, data.val, data.test)])
    np.testing.assert_array_equal(numbers(images), [10_000 * batch + row for batch in range(6) for row in range(10)])


ARCHIVES = {  # the name, and the content
    "unzipped once by a browser": ("cifar-10-python.tar", lambda p: tarred(under(PYTHON, p))),
    ".tgz": ("cifar-10-python.tgz", lambda p: tarred(under(PYTHON, p), "gz")),
    "downloaded twice": ("cifar-10-python (1).tar.gz", lambda p: tarred(under(PYTHON, p), "gz")),
    "downloaded twice, Firefox": ("cifar-10-python.tar(1).gz", lambda p: tarred(under(PYTHON, p), "gz")),
    "bzip2": ("cifar-10-python.tar.bz2", lambda p: tarred(under(PYTHON, p), "bz2")),
    "xz": ("cifar-10-python.tar.xz", lambda p: tarred(under(PYTHON, p), "xz")),
    "a zip of the folder": ("cifar-10-batches-py.zip", lambda p: zipped(under(PYTHON, p))),
    "a zip of the files": ("CIFAR10.zip", zipped),
    "a zip that is not packed": ("cifar_10.zip", lambda p: zipped(p, zipfile.ZIP_STORED)),
    "a zip of Windows": ("cifar10.zip", lambda p: zipped({f"data\\{name}": p[name] for name in p})),
    "a zip of macOS": (
        "cifar10.zip",
        lambda p: zipped(under(PYTHON, p) | {f"__MACOSX/{PYTHON}/._{name}": b"\0\5\x16\7" for name in p}),
    ),
    "without its inner folder": ("cifar-10-python.tar.gz", lambda p: tarred(p, "gz")),
    "with a dot for its inner folder": ("cifar-10-python.tar.gz", lambda p: tarred(under(".", p), "gz")),
    "with inner folders of other names": ("cifar-10-python.tar.gz", lambda p: tarred(under("my/data", p), "gz")),
    "of another kind than its name": ("cifar-10-python.zip", lambda p: tarred(under(PYTHON, p), "xz")),
    "of macOS's tar": ("cifar-10-python.tar", lambda p: b"".join(macos(name, p[name]) for name in p) + bytes(1024)),
}


def macos(name, content):
    """A member of a tar, and before it one that says more about it, under a name that ends in the same way."""
    more, header = tarfile.TarInfo(f"PaxHeader/{name}"), tarfile.TarInfo(name)
    more.type, header.size = tarfile.XHDTYPE, len(content)
    return more.tobuf(tarfile.USTAR_FORMAT) + header.tobuf(tarfile.USTAR_FORMAT) + content + bytes(-len(content) % 512)


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_is_found_and_read_as_people_have_it(python, tmp_path, name):
    file, make = ARCHIVES[name]
    assert_read(put(tmp_path, {file: make(python)}))
    assert [path.name for path in tmp_path.iterdir()] == [file]  # nothing was unpacked


def test_the_command_says_which_one_it_found(python, tmp_path, capsys):
    assert main(["data", "--data-dir", str(put(tmp_path, {"cifar10/cifar10.zip": zipped(python)}))]) == 0
    assert f"CIFAR-10: {tmp_path / 'cifar10/cifar10.zip'} (not the official bytes)" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["cifar-10-binary.tar", "cifar-10-batches-bin.zip", "data/cifar-10-binary (2).tar.gz"])
def test_an_archive_of_the_binary_version_is_read_too(binary, tmp_path, name):
    pack = zipped if name.endswith(".zip") else tarred
    assert_read(put(tmp_path, {name: pack(under(BINARY, binary))}))


@pytest.mark.parametrize("name", ["archive.zip", "download", "cifar-10-python.tar.gz.part"])
def test_an_archive_that_is_named_itself_is_read_whatever_its_name(python, tmp_path, name):
    assert_read(put(tmp_path, {name: zipped(python)}) / name)


@pytest.mark.parametrize("folder", [".", "cifar10", "cifar10/data", "a/b"])
def test_a_folder_of_another_name_is_found_two_folders_deep(python, tmp_path, folder):
    assert_read(put(tmp_path, under(folder, python)))


def test_three_folders_deep_nothing_is_searched(python, tmp_path):
    with pytest.raises(DataError, match="holds no CIFAR-10"):
        find_cifar10(put(tmp_path, under("a/b/c", python)))


def test_a_folder_of_many_files_is_not_looked_at_to_its_end(python, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "MAX_PATHS", 9)
    put(tmp_path, {f"photos/{k}.jpg": b"" for k in range(20)} | {f"{PYTHON}.zip": zipped(python)})
    assert_read(tmp_path)  # what has CIFAR-10's name comes first
    (tmp_path / f"{PYTHON}.zip").rename(tmp_path / "photos/z-cifar10.zip")
    assert_read(tmp_path)
    put(tmp_path, {f"cifar-{k:02}": b"" for k in range(9)})
    with pytest.raises(DataError, match="holds no CIFAR-10"):
        find_cifar10(tmp_path)


@links
def test_a_folder_behind_a_link_is_searched(python, tmp_path):
    put(tmp_path / "elsewhere", under("a", python))
    (tmp_path / "home").mkdir()
    (tmp_path / "home/data").symlink_to(tmp_path / "elsewhere")
    assert_read(tmp_path / "home")


@links
def test_a_link_from_a_folder_to_itself_ends(python, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/again").symlink_to(tmp_path)
    assert_read(put(tmp_path, under("b", python)))


BESIDE = {  # what lies in one folder, and which of it is found
    "a complete folder, an incomplete one with the official name": (
        lambda p: under("mine", p) | under(PYTHON, dict(list(p.items())[1:])),
        "mine",
    ),
    "a whole copy, and a download that was cut off": (
        lambda p: {"cifar-10-python (1).tar.gz": tarred(p, "gz"), "cifar-10-python.tar.gz": tarred(p, "gz")[:-99]},
        "cifar-10-python (1).tar.gz",
    ),
    "a whole archive, and an incomplete folder": (
        lambda p: {"cifar10.zip": zipped(p), f"{PYTHON}/data_batch_1": p["data_batch_1"]},
        "cifar10.zip",
    ),
    "an official name, and another": (lambda p: under("a", p) | under(PYTHON, p), PYTHON),
    "a folder, and an archive": (lambda p: under("z", p) | {"cifar10.zip": zipped(p)}, "z"),
    "CIFAR-100 and CIFAR-10.1": (
        lambda p: {"cifar-100-python.tar.gz": b"", "cifar10.1_v6.zip": b"", "cifar10.zip": zipped(p)},
        "cifar10.zip",
    ),
}


@pytest.mark.parametrize("name", BESIDE)
def test_of_several_the_complete_one_is_found_then_the_official_name(python, tmp_path, name):
    make, expected = BESIDE[name]
    assert find_cifar10(put(tmp_path, make(python))) == tmp_path / expected


def test_of_both_versions_in_folders_of_other_names_the_python_version_is_found(python, binary, tmp_path):
    put(tmp_path, under("a", binary) | under("b", python))
    assert find_cifar10(tmp_path) == tmp_path / "b"


@pytest.mark.parametrize("pack", [None, zipped, tarred], ids=["a folder", "a zip", "a tar"])
def test_both_versions_side_by_side_are_read_as_one(python, binary, tmp_path, pack):
    together = under("x", python) | under("x" if pack is None else "y", binary)
    put(tmp_path / "alone", python)
    put(tmp_path / "both", together if pack is None else {"cifar10.zip": pack(together)})
    assert load(tmp_path / "both").fingerprint == load(tmp_path / "alone").fingerprint


def test_a_binary_version_beside_one_file_of_the_python_version_is_read(python, binary, tmp_path):
    assert_read(put(tmp_path, binary | {"data_batch_1": python["data_batch_1"]}))


@pytest.mark.parametrize("pack", [zipped, tarred, lambda files: tarred(files, "bz2")], ids=["zip", "tar", "bz2"])
def test_a_batch_that_an_archive_lacks_is_named(python, tmp_path, pack):
    del python["data_batch_4"]
    assert f"holds no data_batch_4; download CIFAR-10 with: {DOWNLOAD}" in refusal(
        put(tmp_path, {"cifar10.zip": pack(python)})
    )


INSTEAD = {  # its files; what the sentence says
    "CIFAR-100": (dict.fromkeys(("data/train", "data/test", "data/meta"), b""), "'data/meta' is of CIFAR-100, another"),
    "CIFAR-100, the archive": ({"cifar-100-python.tar.gz": b""}, "is of CIFAR-100, another data set"),
    "CIFAR-10.1": ({"cifar10.1_v6_data.npy": b""}, "is of CIFAR-10.1 or 10.2, other test images"),
    "CIFAR-10.2": ({"x/cifar102_test.npz": b""}, "is of CIFAR-10.1 or 10.2, other test images"),
    "images by class": (
        {"train/airplane/0001.png": b""},
        "a folder of images for each class ('train/airplane') is not read yet",
    ),
    "Hugging Face": ({"plain_text/train-00000-of-00001.parquet": b"PAR1"}, "is in another format"),
    "MATLAB": ({"cifar-10-batches-mat/data_batch_1.mat": b""}, "is in another format"),
    "MATLAB, the archive": ({"cifar-10-matlab.tar.gz": b""}, "is in another format"),
    "arrays of NumPy": ({"cifar10.npz": b""}, "'cifar10.npz' is in another format"),
    "TensorFlow": ({"3.0.2/cifar10-train.tfrecord-00000-of-00001": b""}, "is in another format"),
}


@pytest.mark.parametrize("name", INSTEAD)
def test_what_is_there_instead_is_named(tmp_path, name):
    files, expected = INSTEAD[name]
    with pytest.raises(DataError, match="holds no CIFAR-10 that can be read") as caught:
        find_cifar10(put(tmp_path, files))
    assert expected in str(caught.value)
    assert DOWNLOAD in str(caught.value)


ALL_IS_THERE = {  # its files, the place that is named, and what to do
    "a 7z": ({"cifar-10-python.7z": b"7z"}, "", "unpack 'cifar-10-python.7z', and name the folder"),
    "a 7z, named itself": ({"cifar-10.7z": b"7z"}, "cifar-10.7z", "unpack 'cifar-10.7z', and name the folder"),
    "an archive in an archive": (
        {"a.zip": zipped({"cifar-10-python.tar.gz": b""})},
        "a.zip",
        "unpack 'a.zip/cifar-10-python.tar.gz', and name the folder",
    ),
    "one of the batches": ({"data_batch_1": b""}, "data_batch_1", "is one batch: name the folder that holds all six"),
    "batches twice": (
        {"a.zip": zipped(dict.fromkeys(("a/batches.meta", "b/batches.meta"), official_meta()))},
        "a.zip",
        "twice",
    ),
}


@pytest.mark.parametrize("name", ALL_IS_THERE)
def test_nobody_is_sent_to_download_what_is_there(tmp_path, name):
    files, place, expected = ALL_IS_THERE[name]
    with pytest.raises(DataError) as caught:
        load(put(tmp_path, files) / place)
    assert expected in str(caught.value)
    assert DOWNLOAD not in str(caught.value)


def test_an_archive_that_the_system_does_not_let_us_read_is_no_reason_to_download(python, tmp_path, monkeypatch):
    def refuse(archive):
        raise PermissionError(errno.EACCES, "Permission denied", archive)

    monkeypatch.setattr("senet_np.data.cifar10.members", refuse)
    message = refusal(put(tmp_path, {"cifar10.zip": zipped(python)}))
    assert message == f"{tmp_path / 'cifar10.zip'} cannot be read (Permission denied): allow it, or name another place"


def test_names_in_an_archive_cannot_write_to_the_terminal(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped({"\x1b[2J\nairplane/1.png" + "x" * 60_000: b""}))
    message = refusal(tmp_path / "a.zip")
    assert message.isprintable()
    assert len(message) < 600
