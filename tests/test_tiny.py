"""The tiny SE-CNN: its size and its shape. That it can learn is shown in `test_ladder.py`."""

import numpy as np
import pytest

from senet_np.data import load_shapes
from senet_np.data.augment import fit_normalizer
from senet_np.nets import tiny
from senet_np.tree import tree_items, tree_size


@pytest.fixture(scope="module")
def batch():
    train = load_shapes(sizes=(64, 1, 1)).train
    return fit_normalizer(train.images)(train.images), train.labels


def start(**options):
    net = tiny(**options)
    return net, *net.init(np.random.default_rng(0))


@pytest.mark.parametrize(("se", "size"), [(True, 105_794), (False, 94_762)])
def test_the_net_has_the_stated_number_of_parameters(se, size):
    assert tree_size(start(se=se)[1]) == size


def test_without_se_it_is_the_same_net_minus_the_blocks():
    with_se = [path for path, _ in tree_items(start()[1]) if ".se." not in path]
    assert with_se == [path for path, _ in tree_items(start(se=False)[1])]


def test_a_net_takes_any_number_of_stages(batch):
    net, params, state = start(widths=(4, 8))
    assert net.forward(params, state, batch[0][:2], False)[0].shape == (2, 10)
