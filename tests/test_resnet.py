"""The residual network: its size, its shape, and where its blocks are."""

import numpy as np
import pytest

from senet_np.compose import se_caches
from senet_np.nets.resnet import resnet
from senet_np.tree import tree_items, tree_size


def start(**options):
    net = resnet(**options)
    return net, *net.init(np.random.default_rng(0))


def expected_size(widths, blocks, r=None):
    """Counted from the definition: convolutions, two numbers a channel for each batch norm, the FCs, the head."""
    c_in, total = widths[0], 27 * widths[0] + 2 * widths[0]
    for c in widths:
        for k in range(blocks):
            total += 9 * c_in * c + 9 * c * c + 4 * c
            if k == 0 and c != widths[0]:
                total += c_in * c + 2 * c
            if r:
                h = max(2, c // r)
                total += 2 * c * h + h + c
            c_in = c
    return total + c_in * 10 + 10


@pytest.mark.parametrize("r", [None, 4, 16])
@pytest.mark.parametrize(("widths", "blocks"), [((16, 32, 64), 3), ((64, 128, 256), 1)])
def test_the_net_has_as_many_parameters_as_its_definition_says(widths, blocks, r):
    _, params, _ = start(se=r is not None, r=r or 4, widths=widths, blocks=blocks)
    assert tree_size(params) == expected_size(widths, blocks, r)


def test_without_se_it_is_the_same_net_minus_the_blocks():
    with_se = [path for path, _ in tree_items(start()[1]) if ".se." not in path]
    assert with_se == [path for path, _ in tree_items(start(se=False)[1])]


def test_every_block_has_its_gates_on_the_branch():
    net, params, state = start(widths=(4, 8), blocks=2)
    logits, cache, _ = net.forward(params, state, np.ones((3, 8, 8, 3), np.float32), True)
    assert logits.shape == (3, 10)
    assert [*se_caches(cache)] == [f"stage{s}.block{b}.residual.branch.se" for s in (1, 2) for b in (1, 2)]


def test_where_the_gates_are_shut_a_block_is_its_shortcut():
    net, params, state = start(widths=(4,), blocks=1)
    params["stage1"]["block1"]["residual"]["branch"]["se"]["b2"] -= 1e4  # σ(−10⁴) = 0
    stem = net.layers["stem"].forward(params["stem"], state["stem"], np.ones((2, 5, 5, 3), np.float32), False)[0]
    block = net.layers["stage1"].forward(params["stage1"], state["stage1"], stem, False)[0]
    assert np.array_equal(block, stem)
