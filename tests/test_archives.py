"""Archives are known by their first bytes, read within limits, and seen to be cut off."""

import os
import zipfile

import pytest
from cifar10_files import tarred, zipped

from senet_np.data import archives
from senet_np.data.archives import is_whole, members

FILES = {"a/first": os.urandom(5000), "second": b"", "third": bytes(700)}
KINDS = {
    "tar": tarred(FILES),
    "gzip": tarred(FILES, "gz"),
    "bzip2": tarred(FILES, "bz2"),
    "xz": tarred(FILES, "xz"),
    "zip": zipped(FILES),
    "zip, not packed": zipped(FILES, zipfile.ZIP_STORED),
}


@pytest.fixture
def archive(tmp_path):
    return tmp_path / "archive"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_its_members_in_their_order(archive, kind):
    archive.write_bytes(KINDS[kind])
    assert [(name, read(1 << 20)) for name, read in members(archive)] == list(FILES.items())


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_asked_for_need_not_be_read(archive, kind):
    archive.write_bytes(KINDS[kind])
    assert [read(1 << 20) for name, read in members(archive) if name == "third"] == [FILES["third"]]


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_large_member_little_more_is_read_than_is_asked_for(archive, kind, monkeypatch):
    monkeypatch.setattr(archives, "PIECE", 100)
    archive.write_bytes(KINDS[kind])
    assert 150 <= len(next(read(150) for _, read in members(archive))) <= 250


@pytest.mark.parametrize("packing", ["", "gz", "bz2", "xz"])
@pytest.mark.parametrize("files", [{"zeros": bytes(1 << 17)}, {}], ids=["a member", "behind the end"])
def test_a_tar_that_unpacks_into_too_much_is_refused_however_it_is_packed(archive, packing, files, monkeypatch):
    monkeypatch.setattr(archives, "MAX_BYTES", 1 << 16)
    monkeypatch.setattr(archives, "PIECE", 1 << 10)
    monkeypatch.setattr("tarfile.RECORDSIZE", 1 << 17)
    archive.write_bytes(tarred(files, packing))
    with pytest.raises(ValueError, match="unpacks into more than"):
        list(members(archive))


@pytest.mark.parametrize("kind", KINDS)
def test_an_archive_that_was_cut_off_is_not_whole(archive, kind):
    archive.write_bytes(KINDS[kind])
    assert is_whole(archive)
    archive.write_bytes(KINDS[kind][: len(KINDS[kind]) // 4])
    assert is_whole(archive) == (kind == "bzip2")  # of which it cannot be seen


def test_a_missing_or_an_empty_file_is_not_whole(archive):
    assert not is_whole(archive)
    archive.touch()
    assert not is_whole(archive)


def test_a_zip_with_a_comment_is_whole(archive):
    with zipfile.ZipFile(archive, "w") as file:
        file.comment = b"from a server " * 1000
    assert is_whole(archive)
