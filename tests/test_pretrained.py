"""Networks in the box: loaded by name, exactly as they were put there, or refused."""

import hashlib
import json
from dataclasses import fields, replace

import numpy as np
import pytest

import senet_np
from senet_np.analysis.bundle import pack, train_command
from senet_np.analysis.findings import load_findings
from senet_np.cli.options import build_parser
from senet_np.errors import SenetError
from senet_np.fast.workers import Workers
from senet_np.runs import bundled as box
from senet_np.runs.interchange import save_weights
from senet_np.runs.run import create_run
from senet_np.settings import Settings, make_settings, settings_to_json
from senet_np.train.evaluation import evaluate
from senet_np.train.loop import train
from senet_np.tree import tree_items, tree_map


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A box with one small network in it, and that network's parameters."""
    monkeypatch.setattr(box, "BOX", tmp_path)
    settings = make_settings("shapes", {"widths": (4, 8), "gate": "tanh"})
    params, state = settings.build_net().init(np.random.default_rng(0))
    params, state = (tree_map(np.float16, tree) for tree in (params, state))
    about = {
        "settings": settings_to_json(settings),
        "mean": [1.0, 2.0, 3.0],
        "std": [4.0, 5.0, 6.0],
        "data": {"classes": ["a", "b"]},
    }
    save_weights(tmp_path / "small.npz", params, state, {box.KEY: json.dumps(about)})
    digest = hashlib.sha256((tmp_path / "small.npz").read_bytes()).hexdigest()
    (tmp_path / box.SUMS).write_text(f"{digest}  small.npz\n")
    return params


def test_a_network_comes_as_it_was_put_there(small):
    found = box.pretrained("small")
    assert box.names() == ["small"]
    assert (found.settings.gate, found.classes, found.normalizer.std.tolist()) == ("tanh", ("a", "b"), [4, 5, 6])
    for (path, came), (_, put) in zip(tree_items(found.params), tree_items(small), strict=True):
        assert came.dtype == np.float32, path
        assert np.array_equal(came, put), path
    assert found.net.forward(found.params, found.state, np.ones((1, 8, 8, 3), np.float32), False)[0].shape == (1, 10)


def test_an_unknown_name_is_answered_with_those_that_are_known(small):
    with pytest.raises(SenetError, match="there is no network 'large' in the box, expected one of small"):
        box.pretrained("large")


def test_a_file_that_was_changed_is_refused(small, tmp_path):
    with open(tmp_path / "small.npz", "ab") as file:
        file.write(b"x")
    with pytest.raises(SenetError, match="its sha256 differs"):
        box.pretrained("small")


def test_a_network_is_loaded_by_name_from_the_package_itself(small):
    assert senet_np.pretrained("small").settings == box.pretrained("small").settings


def test_what_is_in_the_box_is_what_was_packed(tmp_path, few_settings, few_shapes, callback, monkeypatch):
    run = create_run(tmp_path / "run", few_settings, few_shapes)
    train(run, few_shapes, run.load(), callback(), threads=1)
    with Workers(1) as workers:
        about = pack(run, few_shapes, "packed", workers, tmp_path / "box")
        monkeypatch.setattr(box, "BOX", tmp_path / "box")
        found = box.pretrained("packed")
        score = evaluate(found.net, found.params, found.state, few_shapes.test, found.normalizer, workers)
    assert (score.correct, score.n) == (about["test"]["correct"], 60)
    halves = {path: array.astype(np.float16) for path, array in tree_items(run.load().params)}
    assert all(np.array_equal(array, halves[path]) for path, array in tree_items(found.params))
    assert load_findings(box.findings_path("packed")).images == "60 test images"
    assert [record["epoch"] for record in found.about["epochs"]] == [1, 2, 3]


def test_an_unfinished_run_is_not_packed(tmp_path, few_settings, few_shapes):
    run = create_run(tmp_path / "run", few_settings, few_shapes)
    with Workers(1) as workers, pytest.raises(SenetError, match="is not trained to its end"):
        pack(run, few_shapes, "packed", workers, tmp_path / "box")


def test_other_data_is_not_packed(tmp_path, few_settings, few_shapes, callback):
    run = create_run(tmp_path / "run", few_settings, few_shapes)
    train(run, few_shapes, run.load(), callback(), threads=1)
    other = replace(few_shapes, fingerprint="0" * 64)
    with Workers(1) as workers, pytest.raises(SenetError, match="holds other bytes"):
        pack(run, other, "packed", workers, tmp_path / "box")


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        ("shapes", {}, ""),
        ("cifar10", {"reduction": 8, "seed": 3}, " --reduction 8 --seed 3"),
        ("cifar10", {"se": False, "se_bias": False}, " --no-se --no-se-bias"),
        ("shapes", {"augment": True, "stages": (1, 3)}, " --stages 1,3 --augment"),
    ],
)
def test_the_command_that_made_it_says_what_is_not_the_default(data, options, words):
    command = train_command(make_settings(data, options))
    assert command == f"python -m senet_np train --data {data} --net tiny{words}"
    args = build_parser().parse_args(command.split()[3:])
    given = {name: value for name, value in vars(args).items() if name in {field.name for field in fields(Settings)}}
    assert make_settings(given.pop("data"), given) == make_settings(data, options)
