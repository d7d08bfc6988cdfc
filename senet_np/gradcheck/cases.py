"""What is checked: every op, every layer, the SE block and its relatives in every option, and narrow nets.

A case is a pair and a way to draw its arguments. The command line and the tests run the same list, so what
a user sees pass is what CI sees pass.
"""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from .. import containers as compose
from .. import layers, nets, se, variants
from ..fast import columns, winograd
from .case import Case, alive_and_dead, drawn, layer_case, normal, op_case


def op_cases() -> Iterator[Case]:
    """The cases of every promised op."""
    x = normal(2, 5, 6, 3)
    yield op_case("conv2d", "3×3", drawn(x=x, w=normal(3, 3, 3, 4), b=normal(4)))
    yield op_case("conv2d", "3×2, stride 2", drawn(x=normal(1, 6, 5, 2), w=normal(3, 2, 2, 3), b=normal(3), stride=2))
    yield op_case("conv2d", "1×1, no bias", drawn(x=x, w=normal(1, 1, 3, 2), b=None, pad=0))
    yield op_case(
        "conv2d",
        "2×4, stride 3, pad 2",
        drawn(x=normal(2, 4, 5, 1), w=normal(2, 4, 1, 2), b=normal(2), stride=3, pad=2),
    )
    yield op_case("linear", "", drawn(x=normal(3, 4), w=normal(4, 5), b=normal(5)))
    yield op_case("conv2d", "2×3 picture, batch of 1", drawn(x=normal(1, 2, 3, 2), w=normal(3, 3, 2, 2), b=normal(2)))
    yield op_case("linear", "no bias, batch of 1", drawn(x=normal(1, 4), w=normal(4, 2), b=None))
    for op in ("relu", "sigmoid", "tanh"):
        yield op_case(op, "", drawn(x=lambda rng: 2 * rng.standard_normal((4, 5))))
    for op in ("global_avg_pool", "global_max_pool"):
        yield op_case(op, "", drawn(x=x))
        yield op_case(op, "batch of 1", drawn(x=normal(1, 3, 2, 4)))
    for op in ("max_pool2d", "avg_pool2d"):
        yield op_case(op, "2×2, stride 2", drawn(x=normal(2, 5, 6, 3), size=2, stride=2))
        yield op_case(op, "3×3, overlapping", drawn(x=normal(2, 6, 5, 2), size=3, stride=1))
        yield op_case(op, "2×2, with gaps", drawn(x=normal(1, 7, 5, 2), size=2, stride=3))
    yield op_case("max_pool2d", "3×3, pad 1", drawn(x=normal(2, 4, 5, 3), size=3, stride=1, pad=1))
    yield op_case("max_pool2d", "4×4, stride 3, pad 3", drawn(x=normal(1, 5, 3, 2), size=4, stride=3, pad=3))
    yield op_case("channel_scale", "", drawn(u=x, s=normal(2, 3)))
    yield op_case("batch_norm", "of the batch", drawn(x=x, gamma=normal(3), beta=normal(3)))
    yield op_case("batch_norm", "of the batch, (N, C)", drawn(x=normal(6, 3), gamma=normal(3), beta=normal(3)))
    constants = {"mean": normal(3), "var": lambda rng: rng.uniform(0.5, 2, 3)}
    yield op_case("batch_norm", "with constants", drawn(x=x, gamma=normal(3), beta=normal(3), **constants))
    flat = drawn(x=lambda rng: 0.03 * rng.standard_normal((8, 3)), gamma=normal(3), beta=normal(3))
    yield op_case("batch_norm", "of nearly constant channels", flat)  # where eps counts
    yield op_case("batch_norm", "of one picture", drawn(x=normal(1, 4, 3, 2), gamma=normal(2), beta=normal(2)))
    yield op_case("channel_scale", "batch of 1", drawn(u=normal(1, 2, 4, 3), s=normal(1, 3)))
    labels = np.array([3, 0, 3, 1])
    yield op_case("softmax_cross_entropy", "batch of 1", drawn(logits=normal(1, 3), labels=np.array([2])))
    yield op_case("softmax_cross_entropy", "", drawn(logits=lambda rng: 3 * rng.standard_normal((4, 5)), labels=labels))


def kernel_cases() -> Iterator[Case]:
    """The faster convolutions, pairs like `ops.conv2d`."""
    draw = drawn(x=normal(2, 5, 6, 3), w=normal(3, 3, 3, 4), b=normal(4))
    for kernel, name in ((columns, "conv2d in pieces"), (winograd, "conv2d by Winograd")):
        yield Case(name, "3×3", kernel.conv2d_forward, kernel.conv2d_backward, draw)


def se_cases() -> Iterator[Case]:
    """The SE block in every option, and its relatives."""
    for squeeze, gate, bias in product(se.SQUEEZE, se.GATE, (True, False)):
        note = f"{squeeze}, {gate}" + ("" if bias else ", no bias")
        draw = drawn(**_block(bias, bias), squeeze=squeeze, gate=gate)
        yield op_case("se", note, draw, module=se, accept=_telling)
    for b1, b2, note in ((True, False, "first bias alone"), (False, True, "second bias alone")):
        yield op_case("se", note, drawn(**_block(b1, b2)), module=se, accept=_telling)
    one = drawn(u=normal(1, 3, 5, 8), w1=normal(8, 4), b1=normal(4), w2=normal(4, 8), b2=normal(8))
    yield op_case("se", "batch of 1, 3×5 picture", one, module=se, accept=_telling)

    for op, gate, bias in product(("se_per_position", "se_avg_max"), se.GATE, (True, False)):
        note, draw = gate + ("" if bias else ", no bias"), drawn(**_block(bias, bias), gate=gate)
        yield op_case(op, note, draw, module=variants, accept=_telling)
    for k, gate in product((3, 5), se.GATE):
        draw = drawn(u=normal(3, 4, 3, 6), w=normal(k), gate=gate)
        yield op_case("eca", f"k = {k}, {gate}", draw, module=variants, accept=_open)
    wide = drawn(u=normal(1, 3, 5, 3), w=normal(7))
    yield op_case("eca", "kernel wider than the channels, batch of 1", wide, module=variants)


def _block(b1: bool, b2: bool) -> dict[str, Any]:
    """How to draw what all blocks with two FCs take."""
    first = {"w1": normal(6, 4), "b1": normal(4) if b1 else None}
    return {"u": normal(3, 4, 3, 6), **first, "w2": normal(4, 6), "b2": normal(6) if b2 else None}


def _open(cache: Any) -> bool:
    """Whether some gate is not shut: a ReLU's may all be."""
    return bool((cache.s != 0).any())


def _telling(cache: Any) -> bool:
    return alive_and_dead(cache) and _open(cache)


def layer_cases() -> Iterator[Case]:
    """Every layer, and a chain of them."""
    picture = (2, 4, 5, 3)
    yield layer_case("Conv2D layer", "", layers.Conv2D(3, 4), picture)
    yield layer_case("Conv2D layer", "stride 2", layers.Conv2D(3, 2, stride=2), picture)
    yield layer_case("Conv2D layer", "stride 2, no bias", layers.Conv2D(3, 2, stride=2, bias=False), picture)
    yield layer_case("Linear layer", "", layers.Linear(4, 3), (5, 4))
    yield layer_case("Linear layer", "no bias", layers.Linear(4, 3, bias=False), (1, 4))
    yield layer_case("BatchNorm layer", "training", layers.BatchNorm(3), picture)
    yield layer_case("BatchNorm layer", "evaluation", layers.BatchNorm(3), picture, training=False)
    yield layer_case("SE layer", "", layers.SE(8, r=2), (3, 3, 2, 8))
    yield layer_case("SE layer", "no bias", layers.SE(8, r=2, bias=False), (3, 3, 2, 8))
    for squeeze, gate in product(variants.BLOCKS, se.GATE):
        yield layer_case("SE layer", f"{squeeze}, {gate}", layers.SE(6, r=2, squeeze=squeeze, gate=gate), (1, 3, 4, 6))
    for gate in se.GATE:
        yield layer_case("ECA layer", gate, layers.ECA(8, gate), (2, 3, 2, 8))
    yield layer_case("ReLU layer", "", layers.relu(), picture)
    yield layer_case("max_pool layer", "", layers.max_pool(2, 2), picture)
    yield layer_case("max_pool layer", "padded", layers.max_pool(3, 1, pad=1), picture)
    yield layer_case("avg_pool layer", "", layers.avg_pool(2, 2), picture)
    yield layer_case("global_avg_pool layer", "", layers.global_avg_pool(), picture)
    chain = compose.Sequential([("conv", layers.Conv2D(3, 4)), ("se", layers.SE(4, r=1)), ("relu", layers.relu())])
    yield layer_case("Sequential", "conv, SE, ReLU", chain, picture)
    same, other = layers.Conv2D(3, 3), layers.Conv2D(3, 2, stride=2)
    yield layer_case("Residual", "identity", compose.Residual(same), picture)
    yield layer_case("Residual", "with a shortcut", compose.Residual(other, layers.Conv2D(3, 2, 1, 2)), picture)
    unlike: dict[str, layers.Layer] = {"conv": layers.Conv2D(3, 4), "pool": layers.max_pool(3, 1, pad=1)}
    yield layer_case("Concat", "a convolution and a pool", compose.Concat(unlike), picture)
    gated = compose.Sequential([("conv", layers.Conv2D(3, 4, 1)), ("se", layers.SE(4, r=1))])
    yield layer_case("Concat", "SE in one of them", compose.Concat({"one": layers.relu(), "two": gated}), picture)


def net_cases() -> Iterator[Case]:
    """The nets, narrow and on small pictures: so it does not take long to move every weight."""
    narrow = {"r": 2, "widths": (4, 4, 4)}
    options = {
        "SE": {},
        "no SE": {"se": False},
        "SE, max, tanh, no bias": {"squeeze": "max", "gate": "tanh", "bias": False},
    }
    for (note, option), training in product(options.items(), (True, False)):
        when = "training" if training else "evaluation"
        yield layer_case("tiny net", f"{note}, {when}", nets.tiny(**option, **narrow), (3, 8, 8, 3), training)
    for se_blocks in (True, False):
        net = nets.resnet(se_blocks, r=2, widths=(4, 6), blocks=1)
        yield layer_case("residual net", "SE" if se_blocks else "no SE", net, (3, 6, 6, 3))

    places: dict[str, dict[str, Any]] = {
        "before, no squeeze": {"position": "pre", "squeeze": "none"},
        "after, avg+max": {"position": "post", "squeeze": "avg+max"},
        "on the shortcut, ECA": {"position": "identity", "excite": "eca"},
    }
    for note, place in places.items():
        net = nets.resnet(r=2, widths=(3, 4), blocks=1, classes=3, **place)
        yield layer_case("residual net", note, net, (3, 4, 5, 3))
    straight = nets.vgg(r=1, widths=(4, 3), classes=3, stages=(1,))
    yield layer_case("vgg net", "SE in stage 1 alone", straight, (3, 4, 4, 3))
    # Its padded 3×3 pool wants maps of 3×3: on 2×2 all its windows see the same.
    yield layer_case("inception net", "", nets.inception(r=8, widths=(16,), modules=1, classes=3), (2, 6, 6, 3))


def all_cases() -> Iterator[Case]:
    """All of them, from the ground floor up."""
    yield from op_cases()
    yield from kernel_cases()
    yield from se_cases()
    yield from layer_cases()
    yield from net_cases()
