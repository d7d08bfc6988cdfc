"""Every network with every kind of block: its size, where the blocks are, its gradient as a whole, that it learns."""

import re
from itertools import product

import numpy as np
import pytest
from fixture import our_losses

from senet_np.containers import Sequential, se_caches
from senet_np.gradcheck import TOLERANCE, directions
from senet_np.nets import NETS, inception, mobilenet_v3_small, resnet, sprint, tiny, vgg
from senet_np.nets.attention import POSITIONS
from senet_np.ops import softmax_cross_entropy_forward
from senet_np.runs.interchange import unfilled
from senet_np.se import hidden_width
from senet_np.tree import tree_items, tree_map, tree_size
from senet_np.variants import eca_kernel

WIDTHS = {tiny: (8, 8, 12), vgg: (8, 8, 12), inception: (16, 32), resnet: (8, 8, 12), sprint: (8, 8, 12)}
FORMS = [  # reduction 1 where a gate can be shut: it is, for good, if all hidden units are dead, and 4 leaves two
    {"se": False},
    {"reduction": 2},
    {"squeeze": "max", "gate": "tanh", "reduction": 1},
    {"squeeze": "none"},
    {"squeeze": "avg+max", "se_bias": False},
    {"gate": "relu", "reduction": 1},
    {"attention": "eca"},
    {"stages": (2,)},
]
PLACES = [{"position": place, **more} for place in ("pre", "post", "identity") for more in ({}, {"attention": "eca"})]
EVERY = [(net, form) for net in WIDTHS for form in FORMS] + [(resnet, place) for place in PLACES]


def by_name(value):
    return value.__name__ if callable(value) else " ".join(f"{k}={v}" for k, v in value.items())


every_net = pytest.mark.parametrize("net", WIDTHS, ids=by_name)
every_form = pytest.mark.parametrize(("net", "form"), EVERY, ids=by_name)


def rng():
    return np.random.default_rng(0)


def paths(net):
    return [path for path, _ in tree_items(net.init(rng())[0])]


def gates(net):
    """{path of each block: shape of its gates}, for a batch of 3."""
    images = np.ones((3, 8, 12, 3), np.float32)
    _, cache, _ = net.forward(*net.init(rng()), images, True)
    return {path: block.s.shape for path, block in se_caches(cache).items()}


# How many parameters there are, counted from the drawing at the head of each file.


def conv(c_in, c, size=3):
    """A convolution and its batch norm."""
    return size * size * c_in * c + 2 * c


def fcs(c, r=4):
    """Two FCs with their biases."""
    h = hidden_width(c, r)
    return c * h + h + h * c + c


SIZES = {"without SE": ({"se": False}, lambda c: 0), "SE": ({}, fcs), "ECA": ({"attention": "eca"}, eca_kernel)}
every_block = pytest.mark.parametrize("block", SIZES)


@every_block
def test_tiny_has_as_many_parameters_as_its_drawing_says(block):
    form, size = SIZES[block]
    stages = conv(3, 32) + size(32) + conv(32, 64) + size(64) + conv(64, 128) + size(128)
    assert tree_size(tiny(**form).init(rng())[0]) == stages + 128 * 10 + 10


@every_block
def test_vgg_has_as_many_parameters_as_its_drawing_says(block):
    form, size = SIZES[block]
    steps = [(3, 32), (32, 32), (32, 64), (64, 64), (64, 128), (128, 128)]
    expected = sum(conv(c_in, c) + size(c) for c_in, c in steps) + 128 * 10 + 10
    assert tree_size(vgg(**form).init(rng())[0]) == expected


@every_block
def test_inception_has_as_many_parameters_as_its_drawing_says(block):
    form, size = SIZES[block]
    expected = conv(3, 64) + 256 * 10 + 10
    for c_in, c in [(64, 128), (128, 128), (128, 256), (256, 256)]:
        one, pool = conv(c_in, c // 4, 1), conv(c_in, c // 8, 1)
        three = conv(c_in, 3 * c // 8, 1) + conv(3 * c // 8, c // 2)
        five = conv(c_in, c // 16, 1) + conv(c // 16, c // 8, 5)
        expected += one + three + five + pool + size(c)
    assert tree_size(inception(**form).init(rng())[0]) == expected


@every_block
@pytest.mark.parametrize("position", POSITIONS)
def test_the_residual_net_has_as_many_parameters_as_its_drawing_says_at_each_position(position, block):
    form, size = SIZES[block]
    expected = conv(3, 16) + 64 * 10 + 10
    for c_in, c in [(16, 16)] * 3 + [(16, 32)] + [(32, 32)] * 2 + [(32, 64)] + [(64, 64)] * 2:
        expected += conv(c_in, c) + conv(c, c) + size(c_in if position == "pre" else c)
        expected += conv(c_in, c, 1) if c != c_in else 0
    assert tree_size(resnet(position=position, **form).init(rng())[0]) == expected


@every_net
@pytest.mark.parametrize("form", [{}, {"attention": "eca"}, {"squeeze": "none"}], ids=by_name)
def test_without_se_it_is_the_same_net_minus_the_blocks(net, form):
    with_se = [path for path in paths(net(widths=WIDTHS[net], **form)) if ".se." not in path]
    assert with_se == paths(net(se=False, widths=WIDTHS[net]))


@pytest.mark.parametrize("position", POSITIONS)
def test_without_se_it_is_the_same_residual_net_at_each_position(position):
    with_se = [path for path in paths(resnet(position=position)) if ".se." not in path]
    assert with_se == paths(resnet(se=False))


# Where the blocks are.

WHERE = {
    tiny: ["stage1.se", "stage2.se", "stage3.se"],
    vgg: [f"stage{s}.unit{k}.se" for s in (1, 2, 3) for k in (1, 2)],
    inception: [f"stage{s}.module{k}.se" for s in (1, 2) for k in (1, 2)],
    resnet: [f"stage{s}.block{k}.residual.branch.se" for s in (1, 2, 3) for k in (1, 2, 3)],
    sprint: ["stage1.se", "stage2.se", "stage3.se"],
}


@every_net
@pytest.mark.parametrize("form", [{}, {"attention": "eca"}, {"squeeze": "none"}], ids=by_name)
def test_the_blocks_are_where_the_nets_file_says(net, form):
    assert [*gates(net(widths=WIDTHS[net], **form))] == WHERE[net]


@every_net
def test_only_the_stages_asked_for_have_blocks(net):
    expected = [path for path in WHERE[net] if path.startswith("stage2.")]
    assert [*gates(net(widths=WIDTHS[net], stages=(2,)))] == expected


@every_net
def test_there_is_a_gate_for_every_channel_of_its_stage(net):
    shapes = gates(net(widths=WIDTHS[net]))
    assert {path: (3, WIDTHS[net][int(path[5]) - 1]) for path in WHERE[net]} == shapes


@every_net
def test_without_the_squeeze_there_is_a_gate_for_every_position(net):
    height, width = (4, 6) if net in (inception, sprint) else (8, 12)
    assert gates(net(widths=WIDTHS[net], squeeze="none"))[WHERE[net][0]] == (3, height, width, WIDTHS[net][0])


@pytest.mark.parametrize("widths", [(8,), (15,), (32, 8)])
def test_inception_refuses_stages_whose_narrowest_layer_would_have_no_channels(widths):
    with pytest.raises(ValueError, match=rf"^widths are {re.escape(str([*widths]))}, expected 16 or more"):
        inception(widths=widths)


def test_an_inception_modules_branches_share_out_its_channels_whatever_their_number():
    for c in (16, 19, 24, 33):
        assert gates(inception(widths=(c,), modules=1)) == {"stage1.module1.se": (3, c)}


@pytest.mark.parametrize("name", [name for name in NETS if NETS[name].residual])
def test_a_residual_net_has_as_many_layers_as_its_name_says(name):
    kernels = [
        path
        for path, _ in tree_items(unfilled(NETS[name].build())[0])
        if path.endswith(("conv.w", "conv1.w", "conv2.w"))
    ]
    on_the_way = [path for path in kernels if ".shortcut." not in path]
    assert len(on_the_way) + 1 == int(re.findall(r"\d+", name)[0])  # and the linear layer


@pytest.mark.parametrize("name", NETS)
def test_the_settings_in_the_table_are_what_a_net_has_by_itself(name):
    build, defaults, *_ = NETS[name]
    nets = build(), build(**{name: value for name, value in defaults.items() if value != ()})
    by_itself, given = (tree_map(np.shape, unfilled(net)[0]) for net in nets)
    assert by_itself == given


@every_net
def test_the_head_sees_maps_a_quarter_as_high_and_as_wide_as_the_image_and_sprints_an_eighth(net):
    built = net(widths=WIDTHS[net])
    params, state = built.init(rng())
    body = Sequential([(name, layer) for name, layer in built.parts.items() if name != "head"])
    maps, _, _ = body.forward(params, state, np.ones((3, 16, 24, 3), np.float32), True)
    scale = 8 if net is sprint else 4
    assert maps.shape == (3, 16 // scale, 24 // scale, WIDTHS[net][-1])


# What they do.


@every_form
def test_at_full_width_backward_is_the_derivative_along_random_directions(net, form, monkeypatch):
    # Shorter steps than a shallow net takes: nets as deep as these have a kink within 1e-5 in almost every direction.
    monkeypatch.setattr(directions, "STEP", 3e-7)
    images = (2, 12, 12, 3) if net is inception else (2, 8, 8, 3)  # maps that its 3×3 windows do not see as a whole
    images = (2, 16, 16, 3) if net is sprint else images
    assert directions.check_directions(net(**form), images, directions=5) < TOLERANCE


@every_form
def test_the_first_loss_is_log_10(net, form):
    draw, built = rng(), net(**form)
    images, labels = draw.standard_normal((20, 12, 12, 3)).astype(np.float32), np.arange(20) % 10
    logits, _, _ = built.forward(*built.init(draw), images, True)
    assert abs(softmax_cross_entropy_forward(logits, labels)[0] / np.log(10) - 1) < 0.02


@every_form
def test_a_few_steps_on_ten_images_reduce_the_loss(net, form):
    draw, built = rng(), net(widths=WIDTHS[net], **form)
    images, labels = draw.standard_normal((10, 8, 12, 3)).astype(np.float32), np.arange(10)
    losses = our_losses(built, *built.init(draw), images, labels, steps=10, lr=0.1)
    assert losses[-1] < 0.99 * losses[0]


KINDS = [name for name in NETS if name not in ("resnet32", "resnet44", "resnet56", "resnet110")]  # deeper, no other


@pytest.mark.parametrize(("name", "side"), [*product(KINDS, (8, 33)), ("tiny", 64), ("tiny", 96)])
def test_every_net_takes_images_of_other_sizes(name, side):
    narrow = {"widths": (4, 4, 4, 4)} if name.startswith("resnet50") else {"width": 0.25} if "mobile" in name else {}
    net = NETS[name].build(classes=3, **narrow)
    params, state = net.init(rng())
    logits, cache, _ = net.forward(params, state, rng().standard_normal((2, side, side, 3)).astype(np.float32), True)
    _, grads = net.backward(np.ones_like(logits), cache, needs_input_grad=False)
    assert logits.shape == (2, 3)
    assert all(np.isfinite(array).all() for _, array in tree_items(grads))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tiny(reductoin=8), "there is no setting 'reductoin', expected some of attention, reduction"),
        (lambda: tiny(widths=()), "widths is empty"),
        (lambda: resnet(widths=()), "widths is empty"),
        (lambda: mobilenet_v3_small(widths=(8,)), "there is no setting 'widths'"),
        (lambda: mobilenet_v3_small(width=0), "width is 0, expected a number above 0"),
    ],
)
def test_a_setting_that_makes_no_sense_is_one_clear_sentence(build, message):
    with pytest.raises(ValueError, match=message):
        build()
