"""The residual network: its size, its shape, and where its blocks are."""

import numpy as np
import pytest

from senet_np.containers import Sequential, se_caches
from senet_np.nets.resnet import resnet
from senet_np.tree import tree_build, tree_items, tree_size


def start(**options):
    net = resnet(**options)
    return net, *net.init(np.random.default_rng(0))


def expected_size(widths, blocks, reduction=None):
    """Counted from the definition: convolutions, two numbers a channel for each batch norm, the FCs, the head."""
    c_in, total = widths[0], 27 * widths[0] + 2 * widths[0]
    for c in widths:
        for k in range(blocks):
            total += 9 * c_in * c + 9 * c * c + 4 * c
            if k == 0 and c != widths[0]:
                total += c_in * c + 2 * c
            if reduction:
                h = max(2, c // reduction)
                total += 2 * c * h + h + c
            c_in = c
    return total + c_in * 10 + 10


@pytest.mark.parametrize("reduction", [None, 4, 16])
@pytest.mark.parametrize(("widths", "blocks"), [((16, 32, 64), 3), ((64, 128, 256), 1)])
def test_the_net_has_as_many_parameters_as_its_definition_says(widths, blocks, reduction):
    _, params, _ = start(se=reduction is not None, reduction=reduction or 4, widths=widths, blocks=blocks)
    assert tree_size(params) == expected_size(widths, blocks, reduction)


def test_where_the_gates_are_shut_a_block_is_its_shortcut():
    net, params, state = start(widths=(4,), blocks=1)
    params["stage1"]["block1"]["residual"]["branch"]["se"]["b2"] -= 1e4  # σ(−10⁴) = 0
    stem = net.parts["stem"].forward(params["stem"], state["stem"], np.ones((2, 5, 5, 3), np.float32), False)[0]
    block = net.parts["stage1"].forward(params["stage1"], state["stage1"], stem, False)[0]
    assert np.array_equal(block, stem)


def one_block(x, shut=False, **options):
    """What the only block of a net makes of x: (y, the output of its convolutions, and that for an image of zeros)."""
    net, params, state = start(widths=(4,), blocks=1, **options)
    block = net.parts["stage1"].parts["block1"]
    params, state = params["stage1"]["block1"], state["stage1"]["block1"]
    for path, array in tree_items(params):
        if shut and path.endswith("se.b2"):
            array -= 1e4  # σ(−10⁴) = 0
    branch = Sequential([(n, step) for n, step in block.parts["residual"].parts["branch"].parts.items() if n != "se"])
    weights = params["residual"]["branch"], state["residual"]["branch"]
    of_x, of_zeros = (branch.forward(*weights, images, False)[0] for images in (x, 0 * x))
    return block.forward(params, state, x, False)[0], of_x, of_zeros


def stem():
    return np.abs(np.random.default_rng(1).standard_normal((2, 5, 5, 4))).astype(np.float32)  # as after a ReLU


def test_before_the_branch_shut_gates_hide_the_image_from_it_alone():
    y, _, of_zeros = one_block(stem(), shut=True, position="pre")
    assert np.array_equal(y, np.maximum(of_zeros + stem(), 0))


def test_after_the_sum_shut_gates_leave_nothing():
    assert not one_block(stem(), shut=True, position="post")[0].any()


def test_after_the_sum_the_gates_look_at_what_the_relu_let_through():
    net, params, state = start(widths=(4,), blocks=1, position="post")
    block = net.parts["stage1"].parts["block1"]
    _, cache, _ = block.forward(params["stage1"]["block1"], state["stage1"]["block1"], stem(), False)
    _, branch, _ = one_block(stem(), position="post")
    assert np.allclose(cache["se"].z, np.maximum(branch + stem(), 0).mean(axis=(1, 2)))


def test_on_the_shortcut_shut_gates_leave_the_branch():
    y, branch, _ = one_block(stem(), shut=True, position="identity")
    assert np.array_equal(y, np.maximum(branch, 0))


@pytest.mark.parametrize("position", ["pre", "post", "identity"])
def test_open_gates_change_nothing_wherever_they_are(position):
    net, params, state = start(widths=(4, 8), blocks=2, position=position)
    plain = resnet(se=False, widths=(4, 8), blocks=2)
    for path, array in tree_items(params):
        if path.endswith("se.b2"):
            array += 1e4  # σ(10⁴) = 1
    images = np.random.default_rng(1).standard_normal((3, 8, 8, 3)).astype(np.float32)
    without = tree_build({path: a for path, a in tree_items(params) if ".se." not in path})
    assert np.array_equal(net.forward(params, state, images, True)[0], plain.forward(without, state, images, True)[0])


@pytest.mark.parametrize(
    ("position", "paths"),
    [
        ("pre", ["stage1.block1.residual.branch.se", "stage2.block1.residual.branch.se"]),
        ("post", ["stage1.block1.se", "stage2.block1.se"]),
        ("identity", ["stage1.block1.residual.shortcut.se", "stage2.block1.residual.shortcut.se"]),
    ],
)
def test_the_gates_are_at_the_position_asked_for(position, paths):
    net, params, state = start(widths=(4, 8), blocks=1, position=position)
    _, cache, _ = net.forward(params, state, np.ones((3, 8, 8, 3), np.float32), True)
    assert sorted(se_caches(cache)) == sorted(paths)


def test_before_the_branch_a_block_gates_the_channels_that_come_in():
    net, params, state = start(widths=(4, 8), blocks=1, position="pre")
    _, cache, _ = net.forward(params, state, np.ones((3, 8, 8, 3), np.float32), True)
    assert [block.s.shape[1] for block in se_caches(cache).values()] == [4, 4]


def test_a_position_applies_to_the_stages_asked_for_alone():
    net, params, state = start(widths=(4, 8), blocks=1, position="post", stages=(2,))
    _, cache, _ = net.forward(params, state, np.ones((3, 8, 8, 3), np.float32), True)
    assert [*se_caches(cache)] == ["stage2.block1.se"]
