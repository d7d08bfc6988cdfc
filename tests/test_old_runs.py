"""What version 0.1.0 wrote is still read: runs, one that was stopped, exported weights, results of a comparison."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import senet_np
from senet_np.cli import main
from senet_np.experiments.results import read_results
from senet_np.tree import tree_items

OLD = Path(__file__).parent / "fixtures/old_run"


def records(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def results_of(path: Path) -> list[dict]:
    """What a log counted and measured: of each epoch, and of the test."""
    names = ("epoch", "step", "train_loss", "val_loss", "val_accuracy", "test_loss", "correct", "n")
    return [{name: record[name] for name in names if name in record} for record in records(path)]


def test_an_old_run_is_loaded_with_all_that_it_says():
    model = senet_np.load(OLD / "whole")
    assert model.settings.attention == "se"
    assert model.provenance == "tiny SE-CNN, r = 4, shapes (made by NumPy), seed 0"
    assert model.metadata.result.correct == records(OLD / "whole/log.jsonl")[-1]["correct"] == 473
    assert [*model.metadata.snapshots] == [250]
    assert model.metadata.finished


def test_an_old_run_that_was_stopped_is_loaded_too():
    model = senet_np.load(OLD / "stopped")
    assert model.settings.attention == "eca"
    assert not model.metadata.finished


def test_an_old_run_evaluates_to_the_count_in_its_log(tmp_path, capsys):
    shutil.copytree(OLD / "whole", tmp_path / "run")
    assert main(["evaluate", str(tmp_path / "run")]) == 0
    assert "(473 of 2000, shapes, made by NumPy)" in capsys.readouterr().out


def test_an_old_run_that_was_stopped_goes_on_to_the_end_that_it_would_have_had(tmp_path):
    shutil.copytree(OLD / "stopped", tmp_path / "run")
    assert main(["train", "--resume", "--no-plots", "--out", str(tmp_path / "run")]) == 0
    actual, expected = results_of(tmp_path / "run/log.jsonl"), results_of(OLD / "stopped_end.jsonl")
    assert [record.keys() for record in actual] == [record.keys() for record in expected]
    for one, other in zip(actual, expected, strict=True):
        assert one == pytest.approx(other, rel=1e-5)  # another processor may round otherwise
    assert senet_np.load(tmp_path / "run").metadata.finished


def test_weights_that_an_old_version_exported_are_the_ones_of_its_run(tmp_path):
    assert main(["import", str(OLD / "weights.npz"), "--out", str(tmp_path / "run")]) == 0
    imported, whole = senet_np.load(tmp_path / "run"), senet_np.load(OLD / "whole")
    assert imported.settings.net == whole.settings.net
    for path, array in tree_items(whole.params):
        np.testing.assert_array_equal(dict(tree_items(imported.params))[path], array)


def test_results_of_an_old_comparison_are_read():
    (result,) = read_results(OLD / "results.jsonl")
    assert result.provenance == "made by NumPy"
    assert result.settings.attention == "se"
