"""The tiny SE-CNN: its size. What holds for every network is in `test_nets.py`; that it learns in `test_ladder.py`."""

import numpy as np
import pytest

from senet_np.nets import tiny
from senet_np.tree import tree_size


@pytest.mark.parametrize(("se", "size"), [(True, 105_794), (False, 94_762)])
def test_the_net_has_the_stated_number_of_parameters(se, size):
    assert tree_size(tiny(se=se).init(np.random.default_rng(0))[0]) == size


@pytest.mark.parametrize("widths", [(4,), (4, 8), (4, 4, 8, 8)], ids=len)
def test_a_net_takes_any_number_of_stages(widths):
    net, images = tiny(widths=widths), np.ones((2, 16, 16, 3), np.float32)
    assert net.forward(*net.init(np.random.default_rng(0)), images, False)[0].shape == (2, 10)
