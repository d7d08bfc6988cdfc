"""A run's folder may have been made by someone who means harm, and a file may be odd but well-formed."""

import json
import os
import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from trial import attempt

from senet_np.cli import main
from senet_np.data.photo import read_photo
from senet_np.errors import SenetError
from senet_np.experiments.results import append_result
from senet_np.runs.run import create_run, open_run
from senet_np.train.loop import train


@pytest.fixture(scope="module")
def good(tmp_path_factory, few_settings, few_shapes, callback):
    run = create_run(tmp_path_factory.mktemp("good") / "run", few_settings, few_shapes)
    train(run, few_shapes, run.load(), callback())
    return run.path


@pytest.fixture
def folder(tmp_path, good):
    """A run that is free to be spoilt, in a folder of its own."""
    (tmp_path / "inside").mkdir()
    return Path(shutil.copytree(good, tmp_path / "inside" / "run"))


@pytest.fixture
def told(tmp_path):
    """Runs a command in a process of its own; what it says where it is refused."""

    def run(*words):
        ending = attempt(lambda: main([*map(str, words)]), tmp_path)
        assert ending.status == 2, ending.said
        assert "Traceback" not in ending.said
        assert ending.megabytes < 1024
        return ending.said

    return run


def spoil(path: Path, change):
    """Change what a JSON file says."""
    said = json.loads(path.read_text())
    change(said)
    path.write_text(json.dumps(said))


# ---- names that are waited for, or lead elsewhere -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["log.jsonl.tmp", "checkpoint.npz.tmp"])
@pytest.mark.parametrize("plant", [lambda path: path.symlink_to("../victim"), os.mkfifo], ids=["a link", "a pipe"])
def test_what_stands_under_a_temporary_name_is_neither_followed_nor_waited_for(folder, name, plant):
    victim = folder.parent / "victim"
    victim.write_text("precious")
    plant(folder / name)
    run = open_run(folder)
    progress = run.load()
    run.forget_records_after(progress)
    run.save(progress)
    assert victim.read_text() == "precious"
    assert not (folder / name).exists()


@pytest.mark.parametrize("plant", [lambda path: path.symlink_to("../outside"), os.mkfifo], ids=["a link", "a pipe"])
def test_a_lock_that_is_no_file_is_refused(folder, told, plant):
    (folder / ".lock").unlink(missing_ok=True)
    plant(folder / ".lock")
    assert "could not make the folder" in told("train", "--out", folder, "--resume", "--no-plots")
    assert not (folder.parent / "outside").exists()


def test_a_file_that_is_no_list_of_results_is_not_cut(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("precious, and without an end of line")
    with pytest.raises(SenetError, match="ends in something else than a result"):
        append_result(path, {"settings": {}})
    assert path.read_text() == "precious, and without an end of line"


# ---- more than fits -------------------------------------------------------------------------------------------------


def test_an_archive_packed_by_bzip2_is_refused_unread(folder, told):
    with zipfile.ZipFile(folder / "checkpoint.npz", "w", zipfile.ZIP_BZIP2) as file:
        file.writestr("params/stage1.conv.w.npy", bytes(64 << 20))
    assert "packed in a way that NumPy does not use" in told("export", folder, "out.npz")


def test_a_configuration_of_a_giant_network_takes_no_memory(folder, told):
    spoil(folder / "config.json", lambda said: said["settings"].update(net="resnet110", widths=[4096] * 3))
    assert "parameters, which is no run of ours" in told("export", folder, "out.npz")


def test_a_comparison_of_thirty_thousand_arms_is_refused(tmp_path, told):
    arms = "".join(f"[arms.a{k}]\nepochs = {k + 1}\n" for k in range(30_000))
    (tmp_path / "c.toml").write_text(f'title = "t"\ndata = "shapes"\nseeds = 1000\nresults = "r"\n{arms}')
    assert "expected 2 to 100" in told("compare", tmp_path / "c.toml", "--report")
    (tmp_path / "c.toml").unlink()


def test_a_large_picture_of_32_bits_fits_into_memory(tmp_path):
    Image.fromarray(np.zeros((6000, 9000), np.int32)).save(tmp_path / "large.tiff", compression="tiff_deflate")
    ending = attempt(lambda: read_photo(tmp_path / "large.tiff") and 0, tmp_path)
    assert ending.status == 0
    assert ending.megabytes < 1024


# ---- well-formed, and cannot be -------------------------------------------------------------------------------------

HUGE = 10**400


@pytest.mark.parametrize(
    "change",
    [
        {"lr": HUGE}, {"weight_decay": HUGE}, {"epochs": HUGE}, {"batch_size": HUGE}, {"seed": HUGE},
        {"reduction": HUGE}, {"lr": 1e999}, {"batch_size": 1},
    ],
    ids=" and ".join,
)  # fmt: skip
def test_a_setting_that_cannot_be_is_refused(folder, change):
    spoil(folder / "config.json", lambda said: said["settings"].update(change))
    with pytest.raises(SenetError):
        open_run(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"classes": ["a", "b"]}, {"images": {}}, {"std": [1e-300] * 3}, {"mean": [1e300] * 3}, {"stamp": "\ud800"},
        {"classes": ["\x1b[31m"] * 10},
    ],
    ids=" and ".join,
)  # fmt: skip
def test_data_that_cannot_be_are_refused(folder, change):
    spoil(folder / "config.json", lambda said: said["data"].update(change))
    with pytest.raises(SenetError):
        open_run(folder)


@pytest.mark.parametrize(
    "change", [{"kind": []}, {"correct": HUGE}, {"correct": -5}, {"n": 1e999}, {"test_loss": HUGE}], ids=" and ".join
)
def test_a_record_that_cannot_be_is_refused(folder, change):
    *lines, last = (folder / "log.jsonl").read_text().splitlines()
    lines.append(json.dumps({**json.loads(last), **change}))
    (folder / "log.jsonl").write_text("\n".join(lines) + "\n")
    with pytest.raises(SenetError, match="is damaged"):
        _ = open_run(folder).records


@pytest.mark.parametrize(
    "change", [{"epoch": 7}, {"epoch": HUGE}, {"correct": HUGE}, {"batch": 1000, "epoch": 1}], ids=" and ".join
)
def test_counters_beyond_the_end_are_refused(folder, few_shapes, callback, change):
    run = open_run(folder)
    progress = run.load()
    vars(progress).update(change)
    run.save(progress)
    with pytest.raises(SenetError):
        train(run, few_shapes, run.load(), callback())


def test_numbers_in_the_other_byte_order_are_read_as_what_they_are(folder):
    expected = open_run(folder).load()
    with np.load(folder / "checkpoint.npz") as file:
        turned = {n: a.astype(a.dtype.newbyteorder(">")) if a.dtype.kind == "f" else a for n, a in file.items()}
    np.savez(folder / "checkpoint.npz", **turned)
    came = open_run(folder).load()
    assert came.params["stage1"]["conv"]["w"].dtype == np.dtype("=f4")
    np.testing.assert_array_equal(came.params["stage1"]["conv"]["w"], expected.params["stage1"]["conv"]["w"])


# ---- pictures and names ---------------------------------------------------------------------------------------------


def test_a_photo_whose_exif_is_damaged_is_shown_all_the_same(tmp_path):
    exif = b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">HHHIHH", 1, 0x0112, 3, 1, 6, 0) + b"\xff\xff\xff"
    Image.new("RGB", (40, 20), "red").save(tmp_path / "photo.jpg", exif=exif)
    assert read_photo(tmp_path / "photo.jpg").small.shape == (32, 32, 3)


@pytest.mark.parametrize("name", [b"$\\frac{$.png", b"\xff.png", b"a\nb.png"])
def test_a_picture_may_have_any_name(tmp_path, name):
    path = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))
    Image.new("RGB", (40, 40), "blue").save(tmp_path / "a.png")
    os.rename(tmp_path / "a.png", path)
    assert main(["explain", "tiny-plain", "--image", str(path), "--out", str(tmp_path / "out")]) == 0


@pytest.mark.parametrize("words", ["compare ~nobody9/x.toml", "export {run} ~nobody9/x.npz", "train --out ~nobody9/x",
                                   "explain tiny-plain --image ~nobody9/x.png"])  # fmt: skip
def test_the_home_of_nobody_is_no_path(folder, told, words):
    assert "is no path" in told(*words.format(run=folder).split())
