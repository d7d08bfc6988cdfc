"""A folder of images as a data set: what is read, how it is split, what is refused, and what the cache remembers."""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from systems import links

from senet_np.cli import main
from senet_np.data import SMALL, DataError, View, load_data, load_folder, load_shapes
from senet_np.data import folder as folder_module
from senet_np.data.folder_cache import cache_path

COLORS = {"blue": (20, 40, 200), "green": (30, 160, 40), "red": (200, 30, 30)}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))


def save(path, color=(0, 0, 0), size=(40, 30), noise=20, seed=0):
    """An image of about one color."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.array(color) + np.random.default_rng(seed).integers(-noise, noise + 1, (size[1], size[0], 3))
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    return path


def make(folder, n=10, colors=None, prefix=""):
    """A folder with n images of each color."""
    for label, (name, color) in enumerate((colors or COLORS).items()):
        for k in range(n):
            save(folder / prefix / name / f"{k:03}.png", color, seed=100 * label + k)
    return folder


@pytest.fixture
def pets(tmp_path):
    return make(tmp_path / "pets")


def refusal(folder, **options):
    with pytest.raises(DataError) as caught:
        load_folder(folder, SMALL, **options)
    return str(caught.value)


def test_subfolders_are_the_classes_and_every_class_is_split_alike(pets):
    data = load_folder(pets, SMALL)
    assert data.classes == ("blue", "green", "red")
    for split, n in ((data.train, 8), (data.val, 1), (data.test, 1)):
        assert np.bincount(split.labels).tolist() == [n] * 3
        assert split.images.shape == (3 * n, 32, 32, 3)
    colors = [data.train.images[data.train.labels == k].mean(axis=(0, 1, 2)) for k in range(3)]
    np.testing.assert_allclose(colors, [*COLORS.values()], atol=3)


def test_the_split_is_the_same_every_time_and_has_no_image_twice(pets):
    one, two = load_folder(pets, SMALL), load_folder(pets, SMALL)
    assert one.fingerprint == two.fingerprint
    images = np.concatenate([split.images for split in (one.train, one.val, one.test)])
    assert len(np.unique(images.reshape(len(images), -1), axis=0)) == 30


def test_train_and_test_above_the_classes_are_kept_and_validation_images_are_taken_from_train(tmp_path):
    folder = make(make(tmp_path / "pets", 10, prefix="train"), 4, prefix="test")
    data = load_folder(folder, SMALL)
    assert [len(split.labels) for split in (data.train, data.val, data.test)] == [27, 3, 12]


def test_all_three_splits_are_kept_as_they_are(tmp_path):
    folder = make(make(make(tmp_path / "pets", 6, prefix="train"), 2, prefix="val"), 4, prefix="test")
    data = load_folder(folder, SMALL)
    assert [len(split.labels) for split in (data.train, data.val, data.test)] == [18, 6, 12]


def test_a_val_without_a_test_is_what_is_looked_at_at_the_end(tmp_path):
    folder = make(make(tmp_path / "pets", 10, prefix="train"), 4, prefix="val")
    assert len(load_folder(folder, SMALL).test.labels) == 12


def test_classes_may_be_called_train_and_test(tmp_path):
    folder = make(tmp_path / "rails", colors={"train": (9, 9, 9), "tram": (200, 200, 200)})
    assert load_folder(folder, SMALL).classes == ("train", "tram")


def test_images_of_cifars_size_are_their_own_pixels_in_the_order_of_their_names(tmp_path):
    shapes = load_shapes(sizes=(120, 90, 90))
    for name in ("train", "val", "test"):
        images, labels = getattr(shapes, name)
        for k, (image, label) in enumerate(zip(images, labels, strict=True)):
            path = tmp_path / "shapes" / name / shapes.classes[label] / f"{k:05}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path)
    data = load_folder(tmp_path / "shapes", SMALL)
    order = [data.classes.index(name) for name in shapes.classes]
    for name in ("train", "val", "test"):
        images, labels = getattr(shapes, name)
        assert np.array_equal(getattr(data, name).images, images)
        assert np.array_equal(getattr(data, name).labels, np.array(order)[labels])


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "I;16", "LA"])
def test_images_of_every_mode_are_read(pets, mode):
    image = Image.new("L", (50, 40), 128)
    image = Image.fromarray(np.full((40, 50), 32896, np.uint16)) if mode == "I;16" else image.convert(mode)
    image.save(pets / "red" / "000.tif")
    assert len(load_folder(pets, SMALL).train.labels) == 25


def test_litter_of_the_system_is_passed_over(pets):
    for name in (".DS_Store", "red/Thumbs.db", "red/._001.png", ".git/config"):
        (pets / name).parent.mkdir(exist_ok=True)
        (pets / name).write_bytes(b"no image")
    assert load_folder(pets, SMALL).classes == ("blue", "green", "red")


# What is refused.


def test_bad_files_are_counted_and_named_and_skipped_only_if_that_is_wanted(pets):
    (pets / "red" / "bad.png").write_bytes(b"no image")
    (pets / "blue" / "notes.txt").write_text("a note")
    words = refusal(pets)
    lines = words.splitlines()
    assert lines[0] == f"2 of 32 files in {pets} cannot be read as images:"
    assert lines[1:3] == ["  blue/notes.txt: of no known format", "  red/bad.png: of no known format"]
    assert lines[3] == "mend them, take them out, or go on without them: --skip-bad"
    with pytest.warns(UserWarning, match=r"(?s)2 of 32 files .* skipped"):
        data = load_folder(pets, SMALL, skip_bad=True)
    assert data.provenance == "a folder of images, bad files skipped"
    assert sum(len(split.labels) for split in (data.train, data.val, data.test)) == 30


def test_an_image_of_too_many_pixels_is_a_bad_file(pets, monkeypatch):
    monkeypatch.setattr("senet_np.data.photo.MAX_PIXELS", 1000)
    assert "30 of 30 files" in refusal(pets)


def test_no_classes(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "has no subfolders, expected a subfolder of images for each class" in refusal(tmp_path / "empty")
    save(tmp_path / "flat" / "a.png")
    assert "has no subfolders" in refusal(tmp_path / "flat")


def test_one_class(tmp_path):
    assert "has one class alone, 'red'" in refusal(make(tmp_path / "a", colors={"red": (200, 0, 0)}))


def test_one_folder_too_high(tmp_path):
    folder = make(tmp_path / "above", prefix="pets")
    assert f"or name {folder / 'pets'}, which has such" in refusal(folder)


def test_images_that_are_learned_from_and_tested_with_are_counted(tmp_path):
    folder = make(make(tmp_path / "pets", 10, prefix="train"), 4, prefix="test")
    with pytest.warns(UserWarning, match=r"\d+ of 12 test images .* are training images too"):
        load_folder(folder, SMALL)


def test_an_empty_class(pets):
    (pets / "yellow").mkdir()
    assert f"{pets / 'yellow'} holds no images" in refusal(pets)


def test_a_class_that_a_split_lacks(tmp_path):
    folder = make(
        make(tmp_path / "pets", prefix="train"), 2, {"red": (200, 30, 30), "blue": (0, 0, 200)}, prefix="test"
    )
    assert f"{folder / 'test' / 'green'} holds no images" in refusal(folder)


@pytest.mark.skipif(os.path.exists(__file__.upper()), reason="this file system takes both for one")
def test_two_classes_of_one_name_in_different_case(pets):
    shutil.copytree(pets / "red", pets / "Red")
    assert "classes 'Red' and 'red', which some systems take for one: rename one" in refusal(pets)


def test_three_images_in_all(tmp_path):
    assert "class 'blue' has too few images to split (1): add some, to have 3 at least" in refusal(
        make(tmp_path / "a", n=1)
    )


@links
def test_a_link_out_of_the_folder(pets, tmp_path):
    secret = save(tmp_path / "secret.png")
    (pets / "red" / "link.png").symlink_to(secret)
    assert "link.png is a link that leads out of" in refusal(pets)


@links
def test_a_link_to_a_folder_and_a_circle(pets):
    (pets / "red" / "again").symlink_to(pets)
    assert "again is a link that leads out of" in refusal(pets)


@links
def test_a_link_to_an_image_of_the_folder_is_read(pets):
    (pets / "red" / "copy.png").symlink_to(pets / "red" / "001.png")
    assert len(load_folder(pets, SMALL).train.labels) == 25


def test_more_than_fits_into_memory(pets, monkeypatch):
    monkeypatch.setattr(folder_module, "MAX_BYTES", 1000)
    assert "take some out; a network of your own may have a smaller --image-size" in refusal(pets)


# The cache.


def test_images_are_decoded_once_and_again_only_where_a_file_has_changed(pets):
    counts = []
    load_folder(pets, SMALL, report=lambda done, total: counts.append((done, total)))
    assert counts[-1] == (30, 30)
    counts.clear()
    first = load_folder(pets, SMALL, report=lambda done, total: counts.append((done, total)))
    assert counts == []
    save(pets / "red" / "004.png", (250, 250, 250), size=(70, 70))
    os.utime(pets / "red" / "004.png", ns=(time.time_ns(), time.time_ns() + 10**9))
    second = load_folder(pets, SMALL, report=lambda done, total: counts.append((done, total)))
    assert counts == [(1, 1)]
    assert first.fingerprint != second.fingerprint


def test_another_size_has_a_cache_of_its_own(pets):
    load_folder(pets, SMALL)
    data = load_folder(pets, View(48))
    assert data.train.images.shape[1:] == (48, 48, 3)
    assert cache_path(pets, SMALL) != cache_path(pets, View(48))


@pytest.mark.parametrize("damage", [b"", b"PK nonsense"])
def test_a_damaged_cache_is_made_anew(pets, damage):
    before = load_folder(pets, SMALL).fingerprint
    cache_path(pets, SMALL).write_bytes(damage)
    assert load_folder(pets, SMALL).fingerprint == before


def test_where_nothing_can_be_cached_images_are_read_all_the_same(pets, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "file"))
    assert len(load_folder(pets, SMALL).train.labels) == 24


# The commands.


def run(capsys, *words):
    status = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


def test_a_folder_is_trained_on_evaluated_and_explained(pets, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    few = ["--widths", "6", "--epochs", "2", "--batch-size", "8", "--micro-batch", "4", "--no-plots"]
    status, out, _ = run(capsys, "train", "--data", "pets", "--image-size", 24, "--out", "run", *few)
    assert status == 0
    assert "3 classes, 24 to train, 3 to validate and 3 to test with; shorter side to 24 pixels" in out
    assert run(capsys, "evaluate", "run")[1].splitlines()[-1] == out.splitlines()[-1]
    status, out, _ = run(capsys, "explain", "run", "--image", pets / "red" / "000.png", "--interventions", 3)
    assert status == 0
    assert {line.split()[-1] for line in out.splitlines() if "%  " in line} == {*COLORS}
    moved = shutil.move(pets, tmp_path / "elsewhere")
    assert run(capsys, "evaluate", "run", "--data", moved)[0] == 0
    status, out, _ = run(capsys, "explain", "run", "--image", moved / "red" / "000.png")
    assert status == 0
    assert "is not here any more" in out


def test_a_sheet_shows_what_the_network_will_see(pets, tmp_path, capsys):
    status, out, _ = run(capsys, "data", "--data", pets, "--sheet", tmp_path / "sheet.png")
    assert status == 0
    assert out.splitlines()[2:5] == [f"       8      1      1  {name}" for name in COLORS]
    pixels = np.asarray(Image.open(tmp_path / "sheet.png").convert("RGB")).reshape(-1, 3)
    for color in COLORS.values():
        assert (np.abs(pixels - np.array(color)).max(axis=1) < 25).sum() > 5000


def test_a_moved_folder_with_other_classes_is_refused(pets, tmp_path, capsys):
    few = ["--widths", "4", "--epochs", "1", "--batch-size", "8", "--no-plots", "--out", tmp_path / "run"]
    assert run(capsys, "train", "--data", pets, *few)[0] == 0
    other = make(tmp_path / "other", colors={"a": (0, 0, 0), "b": (9, 9, 9), "c": (99, 99, 99)})
    assert "has other classes than" in run(capsys, "evaluate", tmp_path / "run", "--data", other)[2]


def test_networks_are_compared_on_a_folder(pets, tmp_path, capsys):
    (pets / "red" / "bad.png").write_bytes(b"no image")
    (tmp_path / "mine.toml").write_text(
        'title = "pets"\ndata = "pets"\nseeds = 1\n[settings]\nwidths = [4]\nepochs = 1\n'
        'batch_size = 8\nmicro_batch = 4\n[arms."with SE"]\n[arms."without SE"]\nse = false\n'
    )
    command = ["compare", tmp_path / "mine.toml", "--jobs", 1, "--runs-dir", tmp_path / "runs"]
    assert "red/bad.png: of no known format" in run(capsys, *command)[2]
    status, out, err = run(capsys, *command, "--skip-bad")
    assert (status, err.count("skipped")) == (0, 1)
    assert "with SE" in out
    assert len((tmp_path / "mine.jsonl").read_text().splitlines()) == 2
    save(pets / "red" / "000.png", COLORS["blue"])
    (pets / "red" / "bad.png").unlink()
    assert "holds results on other bytes" in run(capsys, "compare", tmp_path / "mine.toml")[2]


def test_a_folder_that_does_not_exist_is_one_line(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--data", "nowhere"])
    assert "'nowhere' is not one of auto, cifar10, shapes, or a folder of images" in capsys.readouterr().err


def test_an_image_size_is_for_folders(capsys):
    assert "images of shapes have 32: leave it out" in run(capsys, "train", "--data", "shapes", "--image-size", 48)[2]


def test_the_path_of_a_folder_is_a_name_for_load_data(pets):
    assert load_data(str(pets)).classes == ("blue", "green", "red")
    assert Path(load_data(str(pets)).name) == pets
