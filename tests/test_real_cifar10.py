"""On real images: $SENET_NP_DATA says where CIFAR-10 is; where it is not set, these tests are skipped."""

import os
from dataclasses import replace

import numpy as np
import pytest

from senet_np.cli import main
from senet_np.data import Split, load_cifar10
from senet_np.runs.run import create_run
from senet_np.settings import make_settings
from senet_np.train.loop import train

PLACE = os.environ.get("SENET_NP_DATA", "")
pytestmark = [
    pytest.mark.skipif(not PLACE, reason="SENET_NP_DATA is not set: no real images to test on"),
    pytest.mark.filterwarnings("ignore:CIFAR-10 in"),
]


@pytest.fixture(scope="module")
def cifar10():
    return load_cifar10(PLACE)


def test_the_splits_have_as_many_images_of_each_class_as_they_should(cifar10):
    train_val = np.concatenate([cifar10.train.labels, cifar10.val.labels])
    assert (len(cifar10.val.labels), np.bincount(train_val).tolist()) == (5000, [5000] * 10)
    assert np.bincount(cifar10.test.labels).tolist() == [1000] * 10


def test_the_net_learns_real_images_far_above_chance(cifar10, tmp_path, callback):
    splits = {"train": 4000, "val": 500, "test": 1000}
    few = replace(cifar10, **{name: Split(*(a[:n] for a in getattr(cifar10, name))) for name, n in splits.items()})
    run = create_run(tmp_path / "run", make_settings("cifar10", {"epochs": 3, "batch_size": 32}), few)
    progress = run.load()
    assert train(run.model(progress), few, progress, callback()).accuracy > 0.38


def test_data_says_where_it_is_and_whether_its_bytes_are_official(cifar10, capsys):
    assert main(["data"]) == 0
    assert f"({cifar10.provenance})" in capsys.readouterr().out
