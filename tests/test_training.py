"""The training loop: it learns, it repeats itself exactly, and it can be stopped anywhere."""

import contextlib
import dataclasses
import json

import numpy as np
import pytest

from senet_np.data import load_shapes
from senet_np.errors import SenetError
from senet_np.fast.workers import Workers
from senet_np.runs.checkpoint import load_checkpoint, save_checkpoint
from senet_np.runs.run import Run, create_run, open_run
from senet_np.settings import make_settings
from senet_np.train.diagnosis import DivergedError
from senet_np.train.evaluation import evaluate
from senet_np.train.loop import Stopped, train
from senet_np.tree import tree_items


def everything(progress):
    trees = (progress.params, progress.state, progress.memory)
    return {f"{k}{path}": a for k, tree in enumerate(trees) for path, a in tree_items(tree)}


def assert_same_bits(a, b):
    a, b = everything(a), everything(b)
    assert a.keys() == b.keys()
    different = [name for name in a if a[name].tobytes() != b[name].tobytes()]
    assert different == []


def finished(folder, settings, data, callback):
    run = create_run(folder, settings, data)
    train(run, data, run.load(), callback())
    return run


def without_times(records):
    return [{k: v for k, v in record.items() if k != "seconds"} for record in records]


@pytest.fixture
def undisturbed(tmp_path, few_settings, few_shapes, callback):
    return finished(tmp_path / "undisturbed", few_settings, few_shapes, callback)


def test_training_teaches_the_net_to_see(tmp_path, callback):
    data = load_shapes(sizes=(2000, 300, 300))
    run = create_run(tmp_path / "run", make_settings("shapes", {"batch_size": 16}), data)
    with Workers(1) as workers:
        before = evaluate(
            run.settings.build_net(), run.load().params, run.load().state, data.test, run.normalizer, workers
        )
    result = train(run, data, run.load(), callback())
    assert before.accuracy < 0.25
    assert result["accuracy"] > 0.75


def test_the_same_seed_gives_the_same_weights_bit_for_bit(tmp_path, undisturbed, few_settings, few_shapes, callback):
    again = finished(tmp_path / "again", few_settings, few_shapes, callback)
    assert_same_bits(again.load(), undisturbed.load())


def test_another_seed_gives_other_weights(tmp_path, undisturbed, few_settings, few_shapes, callback):
    other = finished(tmp_path / "other", dataclasses.replace(few_settings, seed=1), few_shapes, callback)
    assert not np.array_equal(other.load().params["head"]["fc"]["w"], undisturbed.load().params["head"]["fc"]["w"])


@pytest.mark.parametrize("stops", [[1], [6], [7, 2], [1, 1, 1, 9], [17]])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_run_that_was_stopped_ends_bit_identical(tmp_path, few_settings, few_shapes, callback, stops, optimizer):
    settings = dataclasses.replace(few_settings, optimizer=optimizer, lr=0.01)
    undisturbed = finished(tmp_path / "undisturbed", settings, few_shapes, callback)
    create_run(tmp_path / "stopped", settings, few_shapes)
    for stop_after in stops:
        run = open_run(tmp_path / "stopped")
        with pytest.raises(Stopped):
            train(run, few_shapes, run.load(), callback(stop_after))
    run = open_run(tmp_path / "stopped")
    train(run, few_shapes, run.load(), callback())

    assert_same_bits(run.load(), undisturbed.load())
    assert without_times(run.records) == without_times(undisturbed.records)


def test_records_that_a_crash_left_behind_the_checkpoint_are_dropped(undisturbed):
    progress = undisturbed.load()
    progress.epoch = 1
    (undisturbed.path / "log.jsonl").open("a").write('{"kind": "epo')  # cut off in the middle of a line
    undisturbed.forget_records_after(progress)
    assert [record["epoch"] for record in undisturbed.records] == [1]


def test_every_record_and_the_configuration_say_what_was_trained_on(undisturbed):
    config = json.loads((undisturbed.path / "config.json").read_text())
    stamps = {(record["data"], record["stamp"]) for record in undisturbed.records}
    assert stamps | {(config["data"]["name"], config["data"]["stamp"])} == {("shapes", "made by NumPy")}
    assert {"senet_np", "numpy", "blas", "python"} <= config["versions"].keys()


def test_an_incomplete_last_minibatch_is_dropped(few_settings, few_shapes, undisturbed):
    assert undisturbed.records[0]["step"] == 100 // 16


def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_place(tmp_path, few_settings, few_shapes, callback):
    run = create_run(tmp_path / "wild", dataclasses.replace(few_settings, lr=1e30), few_shapes)
    with pytest.raises(DivergedError, match=r"at step \d+, at a learning rate of .*layer stage.*smaller --lr"):
        train(run, few_shapes, run.load(), callback())
    assert all(np.isfinite(a).all() for a in everything(run.load()).values())


def test_a_stop_saves_nothing_that_is_not_finite(tmp_path, few_settings, few_shapes, callback):
    run = create_run(tmp_path / "wild", few_settings, few_shapes)
    progress = run.load()
    progress.params["stage2"]["se"]["w2"] = np.full_like(progress.params["stage2"]["se"]["w2"], np.inf)
    with pytest.raises(DivergedError, match="the last checkpoint, from before, is kept"):
        train(run, few_shapes, progress, callback(stop_after=0))
    assert all(np.isfinite(a).all() for a in everything(run.load()).values())


def test_a_checkpoint_that_holds_nan_is_refused(undisturbed):
    progress = undisturbed.load()
    progress.params["stage1"]["conv"]["w"][0, 0, 0, 0] = np.nan
    undisturbed.save(progress)
    with pytest.raises(SenetError, match=r"holds NaN or infinite numbers in params/stage1\.conv\.w"):
        undisturbed.load()


def test_a_checkpoint_that_declares_a_huge_array_is_refused_unread(undisturbed):
    path = undisturbed.path / "checkpoint.npz"
    with np.load(path) as file:
        arrays = {**file}
    arrays["params/stage1.conv.w"] = np.broadcast_to(np.float32(0), (1 << 14, 1 << 14))  # 1 GiB, a few kB in the file
    np.savez_compressed(path, **arrays)
    with pytest.raises(SenetError, match=r"holds float32\[16384, 16384\] as 'params/stage1\.conv\.w'"):
        undisturbed.load()


def test_a_run_whose_making_is_interrupted_is_no_run_yet(tmp_path, few_settings, few_shapes, monkeypatch):
    monkeypatch.setattr(Run, "save", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        create_run(tmp_path, few_settings, few_shapes)
    monkeypatch.undo()
    assert create_run(tmp_path, few_settings, few_shapes).load().epoch == 0


def test_an_output_that_overflows_is_blamed_on_its_layer(tmp_path, few_settings, few_shapes, callback):
    run = create_run(tmp_path / "wild", few_settings, few_shapes)
    progress = run.load()
    progress.params["stage2"]["se"]["w2"] = np.full_like(progress.params["stage2"]["se"]["w2"], np.nan)
    with pytest.raises(DivergedError, match=r"parameter w2 of layer stage2\.se"):
        train(run, few_shapes, progress, callback())


def test_a_run_is_not_overwritten_unless_asked(undisturbed, few_settings, few_shapes):
    with pytest.raises(SenetError, match="already holds a run"):
        create_run(undisturbed.path, few_settings, few_shapes)
    assert undisturbed.result is not None
    assert create_run(undisturbed.path, few_settings, few_shapes, overwrite=True).result is None


def test_a_checkpoint_comes_back_as_it_went(tmp_path, undisturbed):
    progress = undisturbed.load()
    progress.loss_sum, progress.correct = 1 / 3, 7
    save_checkpoint(tmp_path / "c.npz", progress)
    back = load_checkpoint(tmp_path / "c.npz", undisturbed.start())
    assert_same_bits(back, progress)
    assert (back.loss_sum, back.correct, back.epoch) == (1 / 3, 7, 3)


@pytest.mark.parametrize("damage", [lambda b: b[:1000], lambda b: b"", lambda b: b"no zip at all", lambda b: b[:-1]])
def test_a_damaged_checkpoint_is_one_clear_sentence(undisturbed, damage):
    path = undisturbed.path / "checkpoint.npz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(SenetError, match="is not a readable checkpoint"):
        undisturbed.load()


def test_no_flipped_byte_of_a_checkpoint_leads_to_anything_but_a_sentence_or_a_load(undisturbed):
    path = undisturbed.path / "checkpoint.npz"
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    places = [
        *rng.integers(len(whole), size=60),
        *range(len(whole) - 60, len(whole)),
    ]  # zip directory: last
    for place in places:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x5A]) + whole[place + 1 :])
        with contextlib.suppress(SenetError):
            undisturbed.load()


def test_an_array_under_the_checkpoints_name_is_one_clear_sentence(undisturbed):
    with open(undisturbed.path / "checkpoint.npz", "wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(SenetError, match="is not a readable checkpoint"):
        undisturbed.load()


def test_counters_that_cannot_be_are_refused(undisturbed):
    progress = undisturbed.load()
    progress.batch = -5
    undisturbed.save(progress)
    with pytest.raises(SenetError, match="expected none to be negative"):
        undisturbed.load()


def test_a_checkpoint_of_another_net_is_refused(tmp_path, undisturbed, few_settings, few_shapes):
    other = create_run(tmp_path / "wider", dataclasses.replace(few_settings, widths=(4, 4, 16)), few_shapes)
    (other.path / "checkpoint.npz").write_bytes((undisturbed.path / "checkpoint.npz").read_bytes())
    with pytest.raises(SenetError, match=r"holds float32\[.*this run's network has float32\["):
        other.load()


def test_a_checkpoint_that_cannot_be_written_leaves_the_last_one(tmp_path, undisturbed, monkeypatch):
    def full_disk(*_):
        raise OSError(28, "No space left on device")

    path = undisturbed.path / "checkpoint.npz"
    before = path.read_bytes()
    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(
        SenetError, match=r"could not write .*No space left on device; what was there before is unharmed"
    ):
        undisturbed.save(undisturbed.start())
    assert path.read_bytes() == before
    assert [p.name for p in undisturbed.path.glob("*.tmp")] == []


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", "not json", '{"settings": {}, "data": {}}', '{"settings": 3, "data": 4}']
)
def test_a_damaged_configuration_is_one_clear_sentence(undisturbed, text):
    (undisturbed.path / "config.json").write_text(text)
    with pytest.raises(SenetError):
        open_run(undisturbed.path)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"tiny"', '"lenet"', "setting net is 'lenet', expected one of"),
        ('"sgd"', '"x"', "setting optimizer is 'x'"),
        ('"squeeze": "avg"', '"squeeze": "sum"', "setting squeeze is 'sum'"),
        ('"reduction": 4', '"reduction": 0', "setting reduction is 0, expected 1 or more"),
        ('"epochs": 3', '"epochs": -3', "setting epochs is -3"),
        ('"lr": 0.1', '"lr": NaN', "setting lr is nan"),
        ('"name": "shapes"', '"name": "cifar10"', "does not say what the run was trained on"),
    ],
)
def test_a_configuration_of_senseless_values_is_one_clear_sentence(undisturbed, before, after, message):
    path = undisturbed.path / "config.json"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    with pytest.raises(SenetError, match=message):
        open_run(undisturbed.path)


@pytest.mark.parametrize("line", ['{"kind": "epoch"}', '{"kind": "result", "n": 0}', "[]", "no JSON", "[" * 99999])
def test_a_damaged_log_is_one_clear_sentence(undisturbed, line):
    (undisturbed.path / "log.jsonl").write_text(line + "\n")
    with pytest.raises(SenetError, match="is damaged, a line in it is no record"):
        _ = undisturbed.records


def test_overwriting_a_run_takes_its_pictures_away(undisturbed, few_settings, few_shapes):
    plots = undisturbed.path / "plots"
    plots.mkdir()
    for name in ("gates_stage1.se.png", "mine.png"):
        (plots / name).touch()
    create_run(undisturbed.path, few_settings, few_shapes, overwrite=True)
    assert [path.name for path in plots.iterdir()] == ["mine.png"]


def test_a_setting_of_the_wrong_type_is_named(undisturbed):
    path = undisturbed.path / "config.json"
    path.write_text(path.read_text().replace('"reduction": 4', '"reduction": "four"'))
    with pytest.raises(SenetError, match="setting reduction is 'four', expected a value of type int"):
        open_run(undisturbed.path)
