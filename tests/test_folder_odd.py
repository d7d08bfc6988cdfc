"""Folders of images as people have them: splits under other names, odd letters, classes in a row, what moved."""

import numpy as np
import pytest
from PIL import Image
from systems import links, unix

from senet_np.cli import main
from senet_np.data import SMALL, DataError, View, load_folder
from senet_np.runs.load import load

COLORS = {"blue": (20, 40, 200), "green": (30, 160, 40), "red": (200, 30, 30)}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of this test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))


def make(folder, n=5, name="{number:03}.png", classes=COLORS):
    """A folder with n images of each class, all different."""
    for label, (kind, color) in enumerate(classes.items()):
        (folder / kind).mkdir(parents=True)
        for k in range(n):
            pixels = np.array(color) + np.random.default_rng(100 * label + k).integers(-20, 21, (32, 32, 3))
            path = folder / kind / name.format(number=k, kind=kind)
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path)
    return folder


def refusal(folder):
    with pytest.raises(DataError) as caught:
        load_folder(folder, SMALL)
    return str(caught.value)


@pytest.mark.parametrize("other", ["valid", "validation", "Test", "VAL"])
def test_splits_are_known_by_their_usual_names_in_any_case(tmp_path, other):
    for split, n in (("Train", 6), (other, 3)):
        make(tmp_path / "pets" / split, n)
    data = load_folder(tmp_path / "pets", SMALL)
    assert data.classes == ("blue", "green", "red")
    assert len(data.test.labels) == 9


def test_splits_under_names_that_nobody_knows_are_no_classes(tmp_path):
    for split in ("training", "testing"):
        make(tmp_path / "pets" / split)
    assert "has testing, training, each with blue, green, red in it: expected a subfolder" in refusal(tmp_path / "pets")


def test_a_folder_beside_the_splits_is_refused(tmp_path):
    for split in ("train", "test", "extra"):
        make(tmp_path / "pets" / split)
    assert "has extra, test, train: " in refusal(tmp_path / "pets")


@links
def test_a_split_that_is_a_link_is_refused(tmp_path):
    make(tmp_path / "pets" / "test")
    make(tmp_path / "elsewhere")
    (tmp_path / "pets" / "train").symlink_to(tmp_path / "elsewhere")
    assert "train is a link to a folder" in refusal(tmp_path / "pets")


@links
@pytest.mark.parametrize("target", ["nowhere", "circle.png"])
def test_a_link_to_nowhere_and_one_to_itself_are_refused(tmp_path, target):
    folder = make(tmp_path / "pets")
    (folder / "red" / "circle.png").symlink_to(folder / "red" / target)
    assert "circle.png is a link that leads out of" in refusal(folder)


@pytest.mark.parametrize("name", ["Great\u00a0Dane", "a\u200db", pytest.param("two\nlines", marks=unix)])
def test_a_class_with_letters_that_cannot_be_printed_is_refused_before_anything_is_trained(tmp_path, name):
    folder = make(tmp_path / "pets", classes={name: (0, 0, 0), "b": (9, 9, 9)})
    assert f"class {name!a} in" in refusal(folder)


def test_the_first_images_are_of_all_classes_where_file_names_begin_with_the_class(tmp_path):
    data = load_folder(make(tmp_path / "pets", 20, "{kind}.{number}.png"), SMALL)
    assert len({*data.train.labels[:12].tolist()}) == 3
    assert len({*data.val.labels.tolist()}) == 3


def test_a_new_image_leaves_the_split_as_it_was(tmp_path):
    folder = make(tmp_path / "pets", 20)
    before = load_folder(folder, SMALL)
    Image.new("RGB", (32, 32)).save(folder / "red" / "zzz.png")
    after = load_folder(folder, SMALL)
    old, new = ({image.tobytes() for image in data.test.images} for data in (before, after))
    assert len(old - new) <= 1


def test_images_whose_folders_were_exchanged_are_read_again(tmp_path):
    folder = make(tmp_path / "pets", classes={"a": (0, 0, 0), "b": (250, 250, 250)})
    before = load_folder(folder, SMALL)
    (folder / "a").rename(tmp_path / "aside")
    (folder / "b").rename(folder / "a")
    (tmp_path / "aside").rename(folder / "b")
    after = load_folder(folder, SMALL)
    assert before.train.images[before.train.labels == 0].mean() < 50
    assert after.train.images[after.train.labels == 0].mean() > 200


def run(capsys, *words):
    status = main([str(word) for word in words])
    return status, capsys.readouterr().err


FEW = ("--widths", "4", "--epochs", "1", "--batch-size", "4", "--micro-batch", "4", "--no-plots")


@pytest.mark.parametrize("place", ["~nobody-of-this-name/pets", "x" * 300, "no-such-folder"])
def test_a_place_that_cannot_be_is_one_line(capsys, place):
    with pytest.raises(SystemExit):
        main(["train", "--data", place])
    assert "or a folder of images that exists" in capsys.readouterr().err


def test_nothing_is_written_into_the_folder_of_the_images(tmp_path, capsys):
    folder = make(tmp_path / "pets")
    for words in (("train", "--out", folder / "runs" / "a", *FEW), ("data", "--sheet", folder / "red" / "sheet.png")):
        status, error = run(capsys, words[0], "--data", folder, *words[1:])
        assert (status, "where the images are" in error) == (2, True)
    assert sum(1 for _ in folder.rglob("*")) == 18


def test_a_network_through_which_the_images_do_not_pass_is_refused_before_its_folder_is_made(tmp_path, capsys):
    words = ("--net", "sprint", "--widths", "8,8,8,8", "--image-size", "15", "--batch-size", "4", "--micro-batch", "4")
    status, error = run(capsys, "train", "--data", make(tmp_path / "pets"), *words, "--out", tmp_path / "run")
    assert (status, "this network takes no images of 15×15 pixels" in error) == (2, True)
    assert not (tmp_path / "run" / "config.json").exists()


def test_a_run_on_a_folder_keeps_its_image_size_through_export_and_import(tmp_path, capsys):
    folder = make(tmp_path / "pets")
    words = ("train", "--data", folder, *FEW, "--image-size", "48", "--out", tmp_path / "a")
    assert [run(capsys, *words)[0]] == [0]
    assert run(capsys, "export", tmp_path / "a", tmp_path / "a.npz")[0] == 0
    assert run(capsys, "import", tmp_path / "a.npz", "--out", tmp_path / "b")[0] == 0
    one, other = load(str(tmp_path / "a")), load(str(tmp_path / "b"))
    assert (one.view, one.settings.image_size) == (other.view, other.settings.image_size) == (View(48), 48)


def test_weights_of_another_number_of_classes_are_refused(tmp_path, capsys):
    folder = make(tmp_path / "pets")
    assert run(capsys, "train", "--data", "shapes", "--train-images", "64", *FEW, "--out", tmp_path / "ten")[0] == 0
    assert run(capsys, "export", tmp_path / "ten", tmp_path / "ten.npz")[0] == 0
    bare = {name: array for name, array in np.load(tmp_path / "ten.npz").items() if name != "__metadata__"}
    np.savez(tmp_path / "bare.npz", **bare)
    words = ("import", tmp_path / "bare.npz", "--widths", "4", "--data", folder, "--out", tmp_path / "b")
    status, error = run(capsys, *words)
    assert (status, "head.fc" in error) == (2, True)


def test_a_run_goes_on_where_its_images_have_moved_to(tmp_path, capsys):
    folder = make(tmp_path / "pets")
    assert run(capsys, "train", "--data", folder, *FEW, "--out", tmp_path / "a")[0] == 0
    folder.rename(tmp_path / "moved")
    again = ("train", "--resume", "--out", tmp_path / "a")
    assert run(capsys, *again)[0] == 2
    assert run(capsys, *again, "--data", tmp_path / "moved")[0] == 0
    Image.new("RGB", (32, 32)).save(tmp_path / "moved" / "red" / "new.png")
    status, error = run(capsys, *again, "--data", tmp_path / "moved")
    assert (status, "name that data with --data\n" in error) == (2, True)


@pytest.mark.parametrize("place", ["C:/lab/pets", "/lab/pets"])
def test_a_run_on_a_folder_of_another_system_is_opened_here(tmp_path, capsys, place):
    folder, again = make(tmp_path / "pets"), tmp_path / "a"
    assert run(capsys, "train", "--data", folder, *FEW, "--out", again)[0] == 0
    config = again / "config.json"
    config.write_text(config.read_text("utf-8").replace(folder.as_posix(), place), "utf-8")
    assert load(again).settings.data == place
    status, error = run(capsys, "evaluate", again)
    assert (status, error.count("\n")) == (2, 1)
    assert run(capsys, "evaluate", again, "--data", folder)[0] == 0
