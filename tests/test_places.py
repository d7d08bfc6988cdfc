"""CIFAR-10 is looked for where somebody says, and only where nobody says anything in the usual places."""

import sys
from pathlib import Path

import pytest
from cifar10_files import (
    BATCHES,
    BINARY,
    PYTHON,
)

from senet_np.data.places import DataError, cache_folder, find_cifar10


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A home and a current folder of our own; `put` makes something at a place that looks like CIFAR-10."""
    for name in ("home", "here", "cache"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    return tmp_path, {"XDG_CACHE_HOME": str(tmp_path / "cache"), "LOCALAPPDATA": str(tmp_path / "cache")}


def put(folder: Path, names=BATCHES, suffix: str = "") -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"{name}{suffix}").touch()
    return folder


def test_nothing_is_found_where_nothing_is(world):
    assert find_cifar10(None, world[1]) is None


def test_a_named_place_without_data_is_an_error_that_names_the_option(world):
    with pytest.raises(DataError, match=r"--data-dir.*holds no CIFAR-10"):
        find_cifar10(world[0], world[1])


def test_a_variable_that_names_no_data_is_an_error_that_names_the_variable(world):
    put(world[0] / "here" / "data" / PYTHON)
    with pytest.raises(DataError, match=r"SENET_NP_DATA.*holds no CIFAR-10"):
        find_cifar10(None, {**world[1], "SENET_NP_DATA": str(world[0] / "nowhere")})


def test_an_empty_variable_is_no_variable(world):
    folder = put(world[0] / "here" / "data" / PYTHON)
    found = find_cifar10(None, {**world[1], "SENET_NP_DATA": ""})
    assert found is not None
    assert found.samefile(folder)


def test_data_dir_goes_before_the_variable(world):
    chosen, other = put(world[0] / "a" / PYTHON), put(world[0] / "b" / PYTHON)
    assert find_cifar10(chosen.parent, {"SENET_NP_DATA": str(other)}) == chosen


def test_the_variable_goes_before_the_usual_places(world):
    put(world[0] / "cache" / "senet_np" / PYTHON)
    chosen = put(world[0] / "a" / PYTHON)
    assert find_cifar10(None, {**world[1], "SENET_NP_DATA": str(chosen.parent)}) == chosen


def test_the_usual_places_are_our_cache_then_data_then_kerass(world):
    root, environ = world
    keras = put(root / "home" / ".keras" / "datasets" / f"{PYTHON}-target" / PYTHON)
    assert find_cifar10(None, environ) == keras
    put(root / "here" / "data" / PYTHON)
    assert find_cifar10(None, environ) == Path("data") / PYTHON
    cache = put(root / "cache" / "senet_np" / PYTHON)
    assert find_cifar10(None, environ) == cache


def test_a_place_may_be_the_batches_folder_or_the_archive_itself(world):
    folder = put(world[0] / "mine")
    archive = world[0] / "mine.tgz"
    archive.touch()
    assert [find_cifar10(place, {}) for place in (folder, archive)] == [folder, archive]


def test_in_one_folder_the_python_version_goes_before_the_binary_one_and_both_before_archives(world):
    root = world[0] / "all"
    archive = put(root, ["cifar-10-binary.tar.gz"]) / "cifar-10-binary.tar.gz"
    assert find_cifar10(root, {}) == archive
    binary = put(root / BINARY, suffix=".bin")
    assert find_cifar10(root, {}) == binary
    python = put(root / PYTHON)
    assert find_cifar10(root, {}) == python


def test_an_incomplete_folder_gives_way_to_a_whole_archive_but_is_found_where_it_is_all(world):
    part = put(world[0] / PYTHON, BATCHES[:4])
    assert find_cifar10(world[0], {}) == part
    (world[0] / "cifar-10-python.tar.gz").touch()
    assert find_cifar10(world[0], {}) == world[0] / "cifar-10-python.tar.gz"


def test_without_a_home_the_current_folder_is_still_searched(world, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: Path("~nobody-at-all").expanduser())
    put(world[0] / "here" / "data" / PYTHON)
    assert find_cifar10(None, {}) == Path("data") / PYTHON
    with pytest.raises(DataError, match="no home folder"):
        cache_folder({})


@pytest.mark.parametrize(
    ("platform", "folder"), [("linux", ".cache"), ("darwin", "Library/Caches"), ("win32", "AppData/Local")]
)
def test_each_system_has_its_cache_folder(world, monkeypatch, platform, folder):
    monkeypatch.setattr(sys, "platform", platform)
    assert cache_folder({}) == world[0] / "home" / folder / "senet_np"
    assert cache_folder(world[1]) == world[0] / "cache" / "senet_np"
