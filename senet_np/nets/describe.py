"""What a network is made of, counted: its layers' shapes, parameters and multiply-adds, and what SE adds to them.

An image of zeros goes through the network, layer by layer, so the shapes are the real ones.

A multiply-add is one product that is added to a sum. Counted are those of convolutions (with the padding's zeros), of
linear layers and of the FCs of SE, and the products of its scaling:

    convolution  Ho·Wo · k·k·Cin·Cout               linear  D·M
    depthwise    Ho·Wo · k·k·C
    SE           runs · 2·C·h + H·W·C               ECA     C·k + H·W·C

runs is how often the FCs run: once; twice for squeeze "avg+max"; for "none" H·W times, at each position. Biases, batch
norm, ReLU, gates and pooling (the squeeze's too) count nothing: they add, compare or look up, or can be merged into a
convolution.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ..containers import Concat, Residual, Step, trace
from ..layers import (
    ECA,
    SE,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    DepthwiseConv2D,
    FrozenConv2D,
    GlobalAvgPool,
    HardSwish,
    Layer,
    Linear,
    MaxPool2D,
    ReLU,
)
from ..tree import tree_size

IMAGE = (32, 32, 3)  # pixels, pixels, colors


class Row(NamedTuple):
    """One layer of a network."""

    path: str  # as in the trees: "stage1.block2.residual.branch.se"
    what: str  # "conv 3×3, stride 2"
    layer: Layer
    shape: tuple[int, ...]  # of its output for one image: (H, W, C), or (C,)
    parameters: int
    multiply_adds: int


class Added(NamedTuple):
    """What a network's SE or ECA blocks add to it."""

    channels: tuple[int, ...]  # C of each block
    hidden: tuple[int, ...]  # h of each block; empty for ECA, which has none
    parameters: int  # biases included
    biases: int
    multiply_adds: int


def describe(net: Layer, image: tuple[int, int, int] = IMAGE) -> list[Row]:
    """List the layers of a network in the order in which they are computed.

    Where branches meet there is a row too, under the path of the whole, without parameters and multiply-adds.

    Args:
        net: the network.
        image: H, W (pixels) and channels of its input.

    Returns:
        One row per layer; their parameters add up to the network's.

    Raises:
        ValueError: a layer that is none of `layers/` and `containers.py`, or an image that does not fit.
    """
    params, state = net.init(np.random.default_rng(0))
    return [_row(step) for step in trace(net, params, state, np.zeros((1, *image), np.float32))]


def count_parameters(net: Layer) -> int:
    """Count the numbers that a network learns."""
    return tree_size(net.init(np.random.default_rng(0))[0])


def multiply_adds(net: Layer, image: tuple[int, int, int] = IMAGE) -> int:
    """Count the multiply-adds of one forward pass of one image; the head of this file says which count."""
    return sum(row.multiply_adds for row in describe(net, image))


def added_by_se(net: Layer, image: tuple[int, int, int] = IMAGE) -> Added:
    """Count what a network has because of its SE or ECA blocks: the difference from the same network without them."""
    rows = [row for row in describe(net, image) if isinstance(row.layer, (SE, ECA))]
    se_blocks = [row.layer for row in rows if isinstance(row.layer, SE)]
    return Added(
        channels=tuple(row.shape[-1] for row in rows),
        hidden=tuple(block.hidden for block in se_blocks),
        parameters=sum(row.parameters for row in rows),
        biases=sum(block.channels + block.hidden for block in se_blocks if block.se_bias),
        multiply_adds=sum(row.multiply_adds for row in rows),
    )


def equation_5(channels: Iterable[int], reduction: int) -> float:
    """Count the parameters of SE blocks as the paper does: two matrices per block, C×(C/r) and (C/r)×C, no biases.

    (2/r) Σ_s N_s·C_s²                                                  (Eq. 5)

    The package's count differs where the FCs have biases, and where max(2, C // r) hidden units are not C/r.

    Args:
        channels: C of each block; a stage of N_s blocks stands in it with N_s times its C_s.
        reduction: r, dimensionless.

    Returns:
        The number; not a whole one where r does not divide.

    Source: Hu et al. 2019, Eq. 5.
    """
    if reduction < 1:
        raise ValueError(f"reduction is {reduction}, expected at least 1")
    return 2 * sum(c * c for c in channels) / reduction


def _row(step: Step) -> Row:
    node, shape = step.node, step.output.shape[1:]
    return Row(node.path, _what(step), node.layer, shape, tree_size(step.params), _products(step))


def _products(step: Step) -> int:
    params, y = step.params or step.state, step.output
    positions = y.size // y.shape[-1]
    match step.node.layer:
        case Conv2D() | DepthwiseConv2D() | Linear():
            return positions * params["w"].size
        case SE(squeeze=squeeze):
            runs = {"avg": 1, "max": 1, "avg+max": 2, "none": positions}[squeeze]
            return runs * (params["w1"].size + params["w2"].size) + y.size
        case ECA(channels=channels, kernel_size=k):
            return channels * k + y.size
    return 0


def _what(step: Step) -> str:
    """A layer in a few words."""
    match step.node.layer:
        case Conv2D(kernel_size=k, stride=stride) as conv:
            frozen = ", frozen" if isinstance(conv, FrozenConv2D) else ""
            return f"conv {k}×{k}" + (f", stride {stride}" if stride > 1 else "") + frozen
        case DepthwiseConv2D(kernel_size=k, stride=stride):
            return f"depthwise conv {k}×{k}" + (f", stride {stride}" if stride > 1 else "")
        case MaxPool2D(kernel_size=k, stride=stride) | AvgPool2D(kernel_size=k, stride=stride):
            kind = "max-pool" if isinstance(step.node.layer, MaxPool2D) else "average-pool"
            return f"{kind} {k}×{k}" + (f", stride {stride}" if stride > 1 else "")
        case SE(channels=c, hidden=h, squeeze=squeeze, gate=gate):
            return f"SE {c}→{h}→{c}, {squeeze}, {gate}"
        case ECA(kernel_size=k, gate=gate):
            return f"ECA k={k}, {gate}"
    names = {
        Linear: "linear",
        BatchNorm: "batch norm",
        ReLU: "ReLU",
        HardSwish: "hard swish",
        GlobalAvgPool: "global average pool",
    }
    names |= {Residual: "branch + shortcut", Concat: "concatenate"}
    if type(step.node.layer) not in names:
        raise ValueError(
            f"layer {step.node.path!r} is a {type(step.node.layer).__name__} that nets/describe.py cannot count, "
            "expected one of layers/ and containers.py: add its name and its products there"
        )
    return names[type(step.node.layer)]
