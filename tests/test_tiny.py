"""The tiny SE-CNN: its size, its first loss, and that it can learn."""

import numpy as np
import pytest

from senet_np.data import load_shapes
from senet_np.data.augment import fit_normaliser
from senet_np.nets import tiny
from senet_np.ops import softmax_cross_entropy_backward, softmax_cross_entropy_forward
from senet_np.training.optim import SGD
from senet_np.tree import tree_items, tree_size


@pytest.fixture(scope="module")
def batch():
    train = load_shapes(sizes=(64, 1, 1)).train
    return fit_normaliser(train.images)(train.images), train.labels


def start(**options):
    net = tiny(**options)
    return net, *net.init(np.random.default_rng(0))


@pytest.mark.parametrize(("se", "size"), [(True, 105_794), (False, 94_762)])
def test_the_net_has_the_stated_number_of_parameters(se, size):
    assert tree_size(start(se=se)[1]) == size


def test_without_se_it_is_the_same_net_minus_the_blocks():
    with_se = [path for path, _ in tree_items(start()[1]) if ".se." not in path]
    assert with_se == [path for path, _ in tree_items(start(se=False)[1])]


def test_the_first_loss_is_log_10(batch):
    net, params, state = start()
    logits, _, _ = net.forward(params, state, batch[0], True)
    loss, _ = softmax_cross_entropy_forward(logits, batch[1])
    assert abs(loss / np.log(10) - 1) < 0.02


def test_it_learns_twenty_images_by_heart(batch):
    x, y = batch[0][:20], batch[1][:20]
    net, params, state = start(widths=(8, 16, 32))
    optimizer = SGD(weight_decay=0)
    memory = optimizer.init(params)
    for _ in range(200):
        logits, cache, state = net.forward(params, state, x, True)
        loss, loss_cache = softmax_cross_entropy_forward(logits, y)
        _, grads = net.backward(softmax_cross_entropy_backward(1.0, loss_cache), cache)
        params, memory = optimizer.step(params, grads, memory, 0.1)
    assert loss < 0.05


def test_a_net_takes_any_number_of_stages(batch):
    net, params, state = start(widths=(4, 8))
    assert net.forward(params, state, batch[0][:2], False)[0].shape == (2, 10)
