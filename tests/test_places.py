"""CIFAR-10 is searched where somebody says, and only where nobody says anything in the usual places."""

import os
import sys
from pathlib import Path

import pytest
from cifar10_files import BATCHES, BINARY, PYTHON

from senet_np.data.places import DataError, cache_folder, find_cifar10

CACHE_VARIABLES = ("XDG_CACHE_HOME", "LOCALAPPDATA")


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A home, a cache and a current folder of our own; no variable names the data."""
    for name in ("home", "here", "cache"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for variables, folder in (("HOME", "USERPROFILE"), "home"), (CACHE_VARIABLES, "cache"):
        for variable in variables:
            monkeypatch.setenv(variable, str(tmp_path / folder))
    monkeypatch.delenv("SENET_NP_DATA", raising=False)
    return tmp_path


def put(folder: Path, names=BATCHES, suffix: str = "") -> Path:
    """Something that looks like CIFAR-10."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / f"{name}{suffix}").touch()
    return folder


def test_nothing_is_found_where_nothing_is(world):
    assert find_cifar10(None) is None


def test_a_named_place_without_data_is_an_error_that_says_who_named_it(world, monkeypatch):
    put(world / "here" / "data" / PYTHON)
    with pytest.raises(DataError, match=r"--data-dir.*holds no CIFAR-10"):
        find_cifar10(world)
    monkeypatch.setenv("SENET_NP_DATA", str(world / "nowhere"))
    with pytest.raises(DataError, match=r"SENET_NP_DATA.*holds no CIFAR-10"):
        find_cifar10(None)


def test_data_dir_goes_before_the_variable_and_that_before_the_usual_places(world, monkeypatch):
    put(world / "cache" / "senet_np" / PYTHON)
    chosen, other = put(world / "a" / PYTHON), put(world / "b" / PYTHON)
    monkeypatch.setenv("SENET_NP_DATA", str(other))
    assert find_cifar10(chosen.parent) == chosen
    assert find_cifar10(None) == other


def test_the_usual_places_are_our_cache_then_data_then_kerass(world, monkeypatch):
    monkeypatch.setenv("SENET_NP_DATA", "")  # an empty variable is none
    keras = put(world / "home" / ".keras" / "datasets" / f"{PYTHON}-target" / PYTHON)
    assert find_cifar10(None) == keras
    put(world / "here" / "data" / PYTHON)
    assert find_cifar10(None) == Path("data") / PYTHON
    cache = put(world / "cache" / "senet_np" / PYTHON)
    assert find_cifar10(None) == cache


def test_a_place_may_be_the_batches_folder_or_the_archive_itself_and_begin_at_home(world):
    folder, archive = put(world / "home" / "mine"), world / "mine.tgz"
    archive.touch()
    assert [find_cifar10(place) for place in (folder, archive, "~/mine")] == [folder, archive, folder]


def test_in_one_folder_the_python_version_goes_before_the_binary_one_and_both_before_archives(world):
    root = world / "all"
    assert find_cifar10(put(root, ["cifar-10-binary.tar.gz"])) == root / "cifar-10-binary.tar.gz"
    assert find_cifar10(put(root, ["cifar-10-python.tar.gz"])) == root / "cifar-10-python.tar.gz"
    binary = put(root / BINARY, suffix=".bin")
    assert find_cifar10(root) == binary
    python = put(root / PYTHON)
    assert find_cifar10(root) == python


def test_an_incomplete_folder_gives_way_to_a_whole_archive_but_is_found_where_it_is_all(world):
    part = put(world / PYTHON, BATCHES[:4])
    assert find_cifar10(world) == part
    (world / "cifar-10-python.tar.gz").touch()
    assert find_cifar10(world) == world / "cifar-10-python.tar.gz"


def test_without_a_home_the_current_folder_is_still_searched(world, monkeypatch):
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    for variable in CACHE_VARIABLES:
        monkeypatch.delenv(variable)
    put(world / "here" / "data" / PYTHON)
    assert find_cifar10(None) == Path("data") / PYTHON
    with pytest.raises(DataError, match="no home folder"):
        cache_folder()


@pytest.mark.parametrize(
    ("platform", "folder"), [("linux", ".cache"), ("darwin", "Library/Caches"), ("win32", "AppData/Local")]
)
def test_each_system_has_its_cache_folder(world, monkeypatch, platform, folder):
    monkeypatch.setattr(sys, "platform", platform)
    assert cache_folder() == world / "cache" / "senet_np"
    for variable in CACHE_VARIABLES:
        monkeypatch.delenv(variable)
    assert cache_folder() == world / "home" / folder / "senet_np"
