"""A run's folder: what lies in it comes back as it was written; what is damaged is one clear sentence."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from trained_runs import assert_same_bits, finished

from senet_np.errors import SenetError
from senet_np.runs.checkpoint import load_checkpoint, save_checkpoint
from senet_np.runs.run import Run, create_run, open_run


@pytest.fixture
def run(tmp_path, few_settings, few_shapes):
    return finished(tmp_path / "run", few_settings, few_shapes)


# ---- config.json and log.jsonl --------------------------------------------------------------------------------------


def test_every_record_and_the_configuration_say_what_was_trained_on(run):
    config = json.loads((run.path / "config.json").read_text())
    sources = {(record["data"], record["provenance"]) for record in run.records}
    assert sources | {(config["data"]["name"], config["data"]["provenance"])} == {("shapes", "made by NumPy")}
    assert {"senet_np", "numpy", "blas", "python"} <= config["versions"].keys()


def test_records_that_a_crash_left_behind_the_checkpoint_are_dropped(run):
    progress = run.load()
    progress.epoch = 1
    with (run.path / "log.jsonl").open("a") as log:
        log.write('{"kind": "epo')  # cut off in the middle of a line
    assert [record["epoch"] for record in run.model(progress).metadata.epochs] == [1]
    run.forget_records_after(progress)
    assert [record["epoch"] for record in run.records] == [1]


def test_a_run_is_not_overwritten_unless_asked(run, few_settings, few_shapes):
    with pytest.raises(SenetError, match="already holds a run"):
        create_run(run.path, few_settings, few_shapes)
    assert run.result is not None
    overwritten = create_run(run.path, few_settings, few_shapes, overwrite=True)
    assert overwritten.result is None
    assert not [*run.path.glob("gates/*")]


def test_a_run_that_cannot_be_replaced_stays_as_it_was(run, few_settings, few_shapes, monkeypatch):
    def files():
        return {file.relative_to(run.path): file.read_bytes() for file in run.path.rglob("*") if file.is_file()}

    def full(self, progress):
        raise SenetError("the disk is full")

    before = files()
    monkeypatch.setattr(Run, "save", full)
    with pytest.raises(SenetError, match="the disk is full"):
        create_run(run.path, few_settings, few_shapes, overwrite=True)
    assert files() == before


def test_what_a_crash_left_of_an_earlier_replacement_is_in_nobodys_way(run, few_settings, few_shapes, monkeypatch):
    (run.path / "config.json.old").write_text("left")
    monkeypatch.delattr(Path, "rename")  # which Windows refuses where the name is taken
    assert create_run(run.path, few_settings, few_shapes, overwrite=True).load().epoch == 0
    assert not [*run.path.glob("*.old")]


def test_a_run_whose_making_is_interrupted_is_no_run_yet(tmp_path, few_settings, few_shapes, monkeypatch):
    monkeypatch.setattr(Run, "save", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        create_run(tmp_path, few_settings, few_shapes)
    monkeypatch.undo()
    assert create_run(tmp_path, few_settings, few_shapes).load().epoch == 0


@pytest.mark.parametrize("name", ["log.jsonl", "checkpoint.npz"])
def test_files_of_another_program_are_not_overwritten(tmp_path, few_settings, few_shapes, name):
    (tmp_path / name).write_text("the user's own")
    with pytest.raises(SenetError, match=f"holds .*{name}, but no run"):
        create_run(tmp_path, few_settings, few_shapes)
    assert (tmp_path / name).read_text() == "the user's own"


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", "not json", '{"settings": {}, "data": {}}', '{"settings": 3, "data": 4}']
)
def test_a_damaged_configuration_is_one_clear_sentence(run, text):
    (run.path / "config.json").write_text(text)
    with pytest.raises(SenetError):
        open_run(run.path)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"tiny"', '"lenet"', "setting net is 'lenet', expected one of"),
        ('"sgd"', '"x"', "setting optimizer is 'x', expected one of sgd, adam"),
        ('"squeeze": "avg"', '"squeeze": "sum"', "setting squeeze is 'sum'"),
        ('"reduction": 4', '"reduction": 0', "setting reduction is 0, expected a whole number from 1 to"),
        ('"reduction": 4', '"reduction": "four"', "setting reduction is 'four', expected a whole number"),
        ('"epochs": 3', '"epochs": -3', "setting epochs is -3"),
        ('"lr": 0.1', '"lr": NaN', "setting lr is nan, expected a number above 0"),
        ('"lr"', '"rate"', "the settings are .*'rate'.*, expected exactly"),
        ('"name": "shapes"', '"name": "cifar10"', "does not say what the run was trained on"),
    ],
)
def test_a_configuration_of_senseless_values_is_one_clear_sentence(run, before, after, message):
    path = run.path / "config.json"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    with pytest.raises(SenetError, match=message):
        open_run(run.path)


@pytest.mark.parametrize("line", ['{"kind": "epoch"}', '{"kind": "result", "n": 0}', "[]", "no JSON", "[" * 99999])
def test_a_damaged_log_is_one_clear_sentence(run, line):
    (run.path / "log.jsonl").write_text(line + "\n")
    with pytest.raises(SenetError, match="is damaged, a line in it is no record"):
        _ = run.records


# ---- checkpoint.npz -------------------------------------------------------------------------------------------------


def test_a_checkpoint_comes_back_as_it_went(tmp_path, run):
    progress = run.load()
    progress.loss_sum, progress.correct = 1 / 3, 7
    save_checkpoint(tmp_path / "c.npz", progress)
    back = load_checkpoint(tmp_path / "c.npz", run.load())
    assert_same_bits(back, progress)
    assert (back.loss_sum, back.correct, back.epoch) == (1 / 3, 7, 3)


def test_a_checkpoint_that_holds_nan_is_refused(run):
    progress = run.load()
    progress.params["stage1"]["conv"]["w"][0, 0, 0, 0] = np.nan
    run.save(progress)
    with pytest.raises(SenetError, match=r"holds NaN or infinite numbers in params/stage1\.conv\.w"):
        run.load()


def test_a_checkpoint_that_declares_a_huge_array_is_refused_unread(run):
    path = run.path / "checkpoint.npz"
    with np.load(path) as file:
        arrays = {**file}
    arrays["params/stage1.conv.w"] = np.broadcast_to(np.float32(0), (1 << 14, 1 << 14))  # 1 GiB, a few kB in the file
    np.savez_compressed(path, **arrays)
    with pytest.raises(SenetError, match=r"holds float32\[16384, 16384\] as 'params/stage1\.conv\.w'"):
        run.load()


@pytest.mark.parametrize("damage", [lambda b: b[:1000], lambda b: b"", lambda b: b"no zip at all", lambda b: b[:-1]])
def test_a_damaged_checkpoint_is_one_clear_sentence(run, damage):
    path = run.path / "checkpoint.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(SenetError, match=r"cannot be read as \.npz .*: train again"):
        run.load()


def test_no_flipped_byte_of_a_checkpoint_leads_to_anything_but_a_sentence_or_a_load(run):
    path = run.path / "checkpoint.npz"
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    places = [*rng.integers(len(whole), size=60), *range(len(whole) - 60, len(whole))]  # the zip's directory comes last
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :])
        with contextlib.suppress(SenetError):
            run.load()


def test_an_array_under_the_checkpoints_name_is_one_clear_sentence(run):
    with open(run.path / "checkpoint.npz", "wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(SenetError, match=r"cannot be read as \.npz .*: train again"):
        run.load()


def test_counters_that_cannot_be_are_refused(run):
    progress = run.load()
    progress.batch = -1
    run.save(progress)
    with pytest.raises(SenetError, match=r"holds the counters .*expected none to be negative"):
        run.load()
    progress.batch, progress.epoch = 0, 99
    run.save(progress)
    with pytest.raises(SenetError, match="stands in epoch 99 of 3"):
        run.load()


def test_a_checkpoint_of_another_network_is_refused(tmp_path, run, few_settings, few_shapes):
    other = create_run(tmp_path / "other", replace(few_settings, widths=(4, 4, 16)), few_shapes)
    (other.path / "checkpoint.npz").write_bytes((run.path / "checkpoint.npz").read_bytes())
    with pytest.raises(SenetError, match=r"holds float32\[.*this run's network has float32\["):
        other.load()


def test_a_checkpoint_that_cannot_be_written_leaves_the_last_one(run, monkeypatch):
    def full_disk(*_):
        raise OSError(28, "No space left on device")

    path, progress = run.path / "checkpoint.npz", run.load()
    before = path.read_bytes()
    monkeypatch.setattr("os.fsync", full_disk)
    message = r"could not write .*No space left on device; what was there before is unharmed"
    with pytest.raises(SenetError, match=message):
        run.save(progress)
    assert path.read_bytes() == before
    assert [p.name for p in run.path.glob("*.tmp")] == []
