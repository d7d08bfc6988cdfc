"""On real images: $SENET_NP_DATA says where CIFAR-10 lies; where it is not set, these tests are skipped."""

import os

import pytest

from senet_np.cli import main
from senet_np.data import Dataset, Split, load_cifar10
from senet_np.data.places import find_cifar10
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
    place = find_cifar10(PLACE)
    assert place is not None
    return load_cifar10(place)


def test_the_splits_are_45000_5000_and_10000(cifar10):
    assert [len(split.labels) for split in (cifar10.train, cifar10.val, cifar10.test)] == [45_000, 5_000, 10_000]


def test_the_net_learns_real_images_far_above_chance(cifar10, tmp_path, callback):
    train_, val, test = cifar10.train, cifar10.val, cifar10.test
    little = Dataset(
        **{
            **vars(cifar10),
            "train": Split(train_.images[:4000], train_.labels[:4000]),
            "val": Split(val.images[:500], val.labels[:500]),
            "test": Split(test.images[:1000], test.labels[:1000]),
        }
    )
    run = create_run(tmp_path / "run", make_settings("cifar10", {"epochs": 3, "batch_size": 32}), little)
    assert train(run, little, run.load(), callback())["accuracy"] > 0.38


def test_data_says_where_it_is_and_whether_its_bytes_are_official(cifar10, capsys):
    assert main(["data"]) == 0
    assert f"({cifar10.stamp})" in capsys.readouterr().out
