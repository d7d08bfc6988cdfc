"""MobileNetV3-small, built for phones: depthwise convolutions, and SE in the middle of its blocks.

    image    224×224×3
    stem     conv 3×3 → 16, stride 2   BN  hard swish                        → 112×112×16
    stage1   1 block                                                         →  56×56×16
    stage2   2 blocks, without SE                                            →  28×28×24
    stage3   5 blocks                                                        →  14×14×48
    stage4   3 blocks                                                        →   7×7×96
    last     conv 1×1 → 576   BN  hard swish                                 →   7×7×576
    head     global average pooling, linear → 1024, hard swish, linear       →  logits

    block    x ─┬─ expand → depthwise → [SE] → project ─ + ─▶        the sum only where the block keeps the shape
                └────────────────────────────────────────┘

A block turns the bottleneck around: a 1×1 convolution expands the channels, a depthwise one looks around in each, and a
1×1 convolution projects them to few again, with no non-linearity behind it. SE gates the expanded channels. Its gate is
the hard sigmoid, and its number of hidden units a multiple of 8.
"""

from typing import Any, NamedTuple

from ..containers import Residual, Sequential
from ..layers import BatchNorm, Conv2D, DepthwiseConv2D, GlobalAvgPool, HardSwish, Layer, Linear, ReLU
from ..se import round_width
from .attention import Attach, NamedLayers

MULTIPLE = 8  # all numbers of channels are multiples of it


class Block(NamedTuple):
    """One row of the network's table."""

    stage: int
    kernel_size: int  # of the depthwise convolution
    expanded: int  # channels inside
    channels: int  # channels behind
    se: bool
    swish: bool  # hard swish, or ReLU
    stride: int


BLOCKS = (
    Block(1, 3, 16, 16, True, False, 2),
    Block(2, 3, 72, 24, False, False, 2),
    Block(2, 3, 88, 24, False, False, 1),
    Block(3, 5, 96, 40, True, True, 2),
    Block(3, 5, 240, 40, True, True, 1),
    Block(3, 5, 240, 40, True, True, 1),
    Block(3, 5, 120, 48, True, True, 1),
    Block(3, 5, 144, 48, True, True, 1),
    Block(4, 5, 288, 96, True, True, 2),
    Block(4, 5, 576, 96, True, True, 1),
    Block(4, 5, 576, 96, True, True, 1),
)


def mobilenet_v3_small(se: bool = True, classes: int = 1000, width: float = 1.0, **attention: Any) -> Sequential:
    """Build MobileNetV3-small.

    Args:
        se: with or without SE blocks.
        classes: K, how many logits.
        width: every number of channels is multiplied by it, and rounded to a multiple of 8.
        **attention: fields of `AttentionSettings`; the gate is the hard sigmoid unless another is given.

    Raises:
        ValueError: a width that is not above 0; a setting that does not exist.

    Source: Howard et al. 2019, "Searching for MobileNetV3", Table 2.
    """
    if not width > 0:
        raise ValueError(f"width is {width}, expected a number above 0: it multiplies the numbers of channels")
    attach = Attach(se, BLOCKS[-1].stage, {"gate": "hard_sigmoid", **attention}, multiple=MULTIPLE)

    def scaled(channels: int) -> int:
        return round_width(width * channels, MULTIPLE)

    c_in, stages = scaled(BLOCKS[0].channels), {}
    stem = _conv_unit(Conv2D(3, c_in, stride=2, bias=False), c_in, HardSwish())
    for block in BLOCKS:
        block = block._replace(expanded=scaled(block.expanded), channels=scaled(block.channels))
        stage = stages.setdefault(f"stage{block.stage}", [])
        stage.append((f"block{len(stage) + 1}", _block(block, c_in, attach)))
        c_in = block.channels
    c = 6 * c_in
    last = _conv_unit(Conv2D(c_in, c, kernel_size=1, bias=False), c, HardSwish())
    hidden = scaled(1024)
    head = [("pool", GlobalAvgPool()), ("fc1", Linear(c, hidden)), ("act", HardSwish())]
    head.append(("fc2", Linear(hidden, classes, std=0.01)))
    named = [(name, Sequential(stage)) for name, stage in stages.items()]
    return Sequential([("stem", stem), *named, ("last", last), ("head", Sequential(head))])


def _block(block: Block, c_in: int, attach: Attach) -> Layer:
    act, c = (HardSwish if block.swish else ReLU), block.expanded
    branch: NamedLayers = []
    if c != c_in:
        branch.append(("expand", _conv_unit(Conv2D(c_in, c, kernel_size=1, bias=False), c, act())))
    branch.append(("depthwise", _conv_unit(DepthwiseConv2D(c, block.kernel_size, block.stride), c, act())))
    if block.se:
        branch += attach(block.stage, c)
    branch.append(("project", _conv_unit(Conv2D(c, block.channels, kernel_size=1, bias=False), block.channels)))
    if block.stride == 1 and c_in == block.channels:
        return Residual(Sequential(branch))
    return Sequential([("branch", Sequential(branch))])


def _conv_unit(conv: Layer, channels: int, act: Layer | None = None) -> Sequential:
    """A convolution, batch norm, and a non-linearity where there is one."""
    layers = [("conv", conv), ("bn", BatchNorm(channels, momentum=0.01, eps=1e-3))]
    return Sequential([*layers, ("act", act)] if act else layers)
