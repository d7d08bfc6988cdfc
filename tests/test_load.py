"""Models: loaded by name or from a run's folder, exactly as they were saved, or refused; also from older versions."""

import hashlib
import json

import numpy as np
import pytest
from trained_runs import assert_same_bits, finished

import senet_np
from senet_np.errors import SenetError
from senet_np.runs import bundled
from senet_np.runs.interchange import save_weights
from senet_np.runs.recorder import train_run
from senet_np.runs.run import create_run, open_run
from senet_np.settings import make_settings, settings_to_json
from senet_np.train.progress import Stopped
from senet_np.tree import tree_items, tree_map


@pytest.fixture
def small(tmp_path, monkeypatch):
    """The parameters of the one bundled model, "small", whose file says "stamp" and "excite" as version 0.1 did."""
    folder = tmp_path / "bundled"
    folder.mkdir()
    monkeypatch.setattr(bundled, "FOLDER", folder)
    settings = make_settings("shapes", {"widths": (4, 8), "gate": "tanh"})
    params, state = settings.build_net().init(np.random.default_rng(0))
    params, state = (tree_map(np.float16, tree) for tree in (params, state))
    images = {"train": 4000, "val": 1000, "test": 2000}
    about = {
        "settings": old_settings(settings_to_json(settings)),
        "mean": [1.0, 2.0, 3.0],
        "std": [4.0, 5.0, 6.0],
        "data": {"name": "shapes", "stamp": "drawn", "classes": ["a", "b"], "fingerprint": "f", "images": images},
        "test": {"correct": 3, "n": 4, "accuracy": 0.75},
        "epochs": [],
        "command": "python -m senet_np train",
    }
    save_weights(folder / "small.npz", params, state, {bundled.KEY: json.dumps(about)})
    digest = hashlib.sha256((folder / "small.npz").read_bytes()).hexdigest()
    (folder / bundled.SUMS).write_text(f"{digest}  small.npz\n")
    return params


def old_settings(settings):
    """Settings as version 0.1 wrote them."""
    attention = settings.pop("attention")
    return {**settings, "excite": "fc" if attention == "se" else attention}


def make_old(run):
    """Give a run's files the names that version 0.1 wrote."""
    config = json.loads((run.path / "config.json").read_text())
    config["settings"] = old_settings(config["settings"])
    config["data"]["stamp"] = config["data"].pop("provenance")
    (run.path / "config.json").write_text(json.dumps(config))
    log = (run.path / "log.jsonl").read_text()
    (run.path / "log.jsonl").write_text(log.replace('"provenance"', '"stamp"'))
    with np.load(run.path / "checkpoint.npz") as file:
        arrays = {name.replace("optimizer_state/", "memory/"): file[name] for name in file.files}
    np.savez(run.path / "checkpoint.npz", **arrays)


def test_a_bundled_model_is_loaded_as_it_was_saved(small):
    model = senet_np.load("small")
    assert bundled.names() == ["small"]
    assert (model.settings.gate, model.classes, model.normalizer.std.tolist()) == ("tanh", ("a", "b"), [4, 5, 6])
    for (path, actual), (_, saved) in zip(tree_items(model.params), tree_items(small), strict=True):
        assert actual.dtype == np.float32, path
        assert np.array_equal(actual, saved), path
    assert model.run(np.zeros((1, 8, 8, 3), np.uint8)).shape == (1, 10)


def test_a_model_says_where_it_comes_from(small):
    model = senet_np.load("small")
    assert model.provenance == "tiny SE-CNN, r = 4, avg, tanh, shapes (drawn), seed 0"
    assert model.sizes == "4,000 training and 1,000 validation images"
    assert (model.metadata.name, model.metadata.result.accuracy, model.metadata.finished) == ("small", 0.75, True)


def test_an_unknown_name_is_answered_with_those_that_are_known(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SenetError, match=r"large holds no run .*; or name a bundled model: small"):
        senet_np.load("large")


def test_a_file_that_was_changed_is_refused(small):
    with open(bundled.FOLDER / "small.npz", "ab") as file:
        file.write(b"x")
    with pytest.raises(SenetError, match="its sha256 differs"):
        senet_np.load("small")


def test_a_run_is_loaded_as_its_checkpoint_has_it(tmp_path, few_settings, few_shapes):
    run = finished(tmp_path / "run", few_settings, few_shapes)
    model, progress, result = senet_np.load(tmp_path / "run"), run.load(), run.result
    assert [a.tobytes() for _, a in tree_items(model.params)] == [a.tobytes() for _, a in tree_items(progress.params)]
    assert result is not None
    assert (model.metadata.result.correct, model.metadata.result.n) == (result["correct"], result["n"])
    assert [record["epoch"] for record in model.metadata.epochs] == [1, 2, 3]
    assert [*model.metadata.snapshots] == [0, 1, 2, 5, 11, 18]
    assert model.metadata.finished
    assert model.provenance == "tiny SE-CNN, r = 4, shapes (made by NumPy), seed 0"
    answers = model.run(few_shapes.test.images).argmax(axis=1)
    assert (answers == few_shapes.test.labels).sum() == result["correct"]


def test_an_unfinished_run_has_no_result(tmp_path, few_settings, few_shapes):
    create_run(tmp_path / "run", few_settings, few_shapes)
    metadata = senet_np.load(tmp_path / "run").metadata
    assert (metadata.result, metadata.finished, metadata.epochs, metadata.snapshots) == (None, False, [], {})


def test_a_run_in_a_folder_of_a_bundled_models_name_comes_first(small, tmp_path, few_settings, few_shapes, monkeypatch):
    monkeypatch.chdir(tmp_path)
    create_run(tmp_path / "small", few_settings, few_shapes)
    assert senet_np.load("small").settings == few_settings


@pytest.mark.parametrize("attention", ["se", "eca"])
def test_a_run_of_version_0_1_is_loaded_and_goes_on_to_the_same_bits(
    tmp_path, few_settings, few_shapes, callback, attention
):
    settings = make_settings("shapes", {**vars(few_settings), "attention": attention})
    whole = finished(tmp_path / "whole", settings, few_shapes)
    run = create_run(tmp_path / "old", settings, few_shapes)
    with pytest.raises(Stopped):
        train_run(run, few_shapes, run.load(), callback(stop_after=8))
    make_old(run)
    assert senet_np.load(run.path).settings == settings
    run = open_run(run.path)
    train_run(run, few_shapes, run.load())
    assert_same_bits(run.load(), whole.load())
    assert run.result == whole.result


def test_the_first_runs_lack_settings_that_came_later(tmp_path, few_settings, few_shapes):
    run = create_run(tmp_path / "run", few_settings, few_shapes)
    make_old(run)
    config = json.loads((run.path / "config.json").read_text())
    for name in ("se_bias", "excite", "position", "stages"):
        del config["settings"][name]
    (run.path / "config.json").write_text(json.dumps(config))
    assert open_run(run.path).settings == few_settings
