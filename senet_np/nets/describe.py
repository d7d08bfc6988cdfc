"""What a network is made of, counted: its layers' shapes, parameters and multiply-adds, and what SE adds to them.

A picture of zeros walks through the network, layer by layer, so the shapes are those that really come out.

A multiply-add is a product that a sum takes in. Counted are those of convolutions (the padding's zeros among them), of
linear layers and of the FCs of SE, and the products of its scaling:

    convolution  Ho·Wo · k·k·Cin·Cout               linear  D·M
    SE           runs · 2·C·h + H·W·C               ECA     C·k + H·W·C

runs is how often the FCs run: once; twice for squeeze "avg+max"; for "none" H·W times, at each position. Biases, batch
norm, ReLU, gates and pooling, the squeeze's too, count nothing: they add, compare or look up, or can be folded into a
convolution.
"""

from collections.abc import Generator, Iterable
from typing import NamedTuple

import numpy as np

from .. import ops
from ..containers import Concat, Residual, Sequential
from ..layers import ECA, SE, Array, BatchNorm, Conv2D, Function, Layer, Linear
from ..tree import Tree, tree_size

PICTURE = (32, 32, 3)  # pixels, pixels, colors
FUNCTIONS = {
    ops.relu_forward: "ReLU",
    ops.max_pool2d_forward: "max-pool",
    ops.avg_pool2d_forward: "average-pool",
    ops.global_avg_pool_forward: "global average pool",
}


class Row(NamedTuple):
    """One layer of a network."""

    path: str  # as in the trees: "stage1.block2.residual.branch.se"
    what: str  # "conv 3×3, stride 2"
    layer: Layer
    shape: tuple[int, ...]  # of what comes out for one picture: (H, W, C), or (C,)
    parameters: int
    multiply_adds: int


class Added(NamedTuple):
    """What a network's SE or ECA blocks add to it."""

    channels: tuple[int, ...]  # C of each block
    hidden: tuple[int, ...]  # h of each block; empty for ECA, which has none
    parameters: int  # biases included
    biases: int
    multiply_adds: int


def describe(net: Layer, picture: tuple[int, int, int] = PICTURE) -> list[Row]:
    """List the layers of a network in the order in which a picture meets them.

    Where branches meet there is a row too, under the path of the whole, without parameters and multiply-adds.

    Args:
        net: the network.
        picture: H, W (pixels) and channels of what it looks at.

    Returns:
        One row a layer; their parameters add up to the network's.

    Raises:
        ValueError: a layer that is none of `layers.py` and `compose.py`, or a picture that does not fit.
    """
    return list(_walk("", net, np.zeros((1, *picture), np.float32)))


def count_parameters(net: Layer) -> int:
    """Count the numbers that a network learns.

    Args:
        net: the network.

    Returns:
        The number.
    """
    return tree_size(net.init(np.random.default_rng(0))[0])


def multiply_adds(net: Layer, picture: tuple[int, int, int] = PICTURE) -> int:
    """Count the multiply-adds of one forward pass of one picture; the page's top says which count.

    Args:
        net: the network.
        picture: H, W (pixels) and channels of what it looks at.

    Returns:
        The number.

    Raises:
        ValueError: as `describe`.
    """
    return sum(row.multiply_adds for row in describe(net, picture))


def added_by_se(net: Layer, picture: tuple[int, int, int] = PICTURE) -> Added:
    """Count what a network has because of its SE blocks: its surplus over the same network without them.

    Args:
        net: the network, with SE or ECA blocks; without, all counts are 0.
        picture: H, W (pixels) and channels of what it looks at.

    Returns:
        The counts.

    Raises:
        ValueError: as `describe`.
    """
    blocks = [row for row in describe(net, picture) if isinstance(row.layer, (SE, ECA))]
    fcs = [(row.layer.fc1, row.layer.fc2) for row in blocks if isinstance(row.layer, SE)]
    return Added(
        channels=tuple(row.shape[-1] for row in blocks),
        hidden=tuple(fc1.m for fc1, _ in fcs),
        parameters=sum(row.parameters for row in blocks),
        biases=sum(fc.m for pair in fcs for fc in pair if fc.bias),
        multiply_adds=sum(row.multiply_adds for row in blocks),
    )


def equation_5(channels: Iterable[int], r: int) -> float:
    """Count the parameters of SE blocks as the paper does: two matrices a block, C×(C/r) and (C/r)×C, and no biases.

    (2/r) Σ_s N_s·C_s²                                                  (Eq. 5)

    The library's count differs where the FCs have biases, and where h = max(2, C // r) is not C/r.

    Args:
        channels: C of each block; a stage of N_s blocks stands in it with N_s times its C_s.
        r: the reduction ratio, dimensionless.

    Returns:
        The number; not a whole one where r does not divide.

    Raises:
        ValueError: r is below 1.

    Source: Hu et al. 2019, Eq. 5.
    """
    if r < 1:
        raise ValueError(f"r is {r}, expected at least 1")
    return 2 * sum(c * c for c in channels) / r


def _walk(path: str, layer: Layer, x: Array) -> Generator[Row, None, Array]:
    """Pass x through a layer, yield a row for it or for each layer in it, and return what comes out."""
    params, products = {}, 0
    match layer:
        case Sequential():
            for name, part in layer.layers.items():
                x = yield from _walk(_join(path, name), part, x)
            return x
        case Residual():
            outputs = {"shortcut": x}
            for name, part in layer.parts.items():
                outputs[name] = yield from _walk(_join(path, name), part, x)
            y, what = outputs["branch"] + outputs["shortcut"], "branch + shortcut"
        case Concat():
            ys = []
            for name, part in layer.parts.items():
                ys.append((yield from _walk(_join(path, name), part, x)))
            y, what = np.concatenate(ys, axis=-1), "concatenate"
        case _:
            what = _name(path, layer)
            params, state = layer.init(np.random.default_rng(0))
            y, _, _ = layer.forward(params, state, x, False)
            products = _products(layer, params, y)
    yield Row(path, what, layer, y.shape[1:], tree_size(params), products)
    return y


def _products(layer: Layer, params: Tree, y: Array) -> int:
    positions = y.size // y.shape[-1]
    match layer:
        case Conv2D() | Linear():
            return positions * params["w"].size
        case SE():
            runs = {"avg": 1, "max": 1, "avg+max": 2, "none": positions}[layer.squeeze]
            return runs * (params["w1"].size + params["w2"].size) + y.size
        case ECA():
            return layer.c * layer.k + y.size
        case _:
            return 0


def _name(path: str, layer: Layer) -> str:
    match layer:
        case Conv2D(size=size, stride=stride):
            return f"conv {size}×{size}" + _stride(stride)
        case Linear():
            return "linear"
        case BatchNorm():
            return "batch norm"
        case SE(fc1=fc1, squeeze=squeeze, gate=gate):
            return f"SE {fc1.d}→{fc1.m}→{fc1.d}, {squeeze}, {gate}"
        case ECA(k=k, gate=gate):
            return f"ECA k={k}, {gate}"
        case Function(op_forward=op, options={"size": size, "stride": stride}) if op in FUNCTIONS:
            return f"{FUNCTIONS[op]} {size}×{size}" + _stride(stride)
        case Function(op_forward=op) if op in FUNCTIONS:
            return FUNCTIONS[op]
        case _:
            raise ValueError(
                f"layer {path!r} is a {type(layer).__name__} that nets/describe.py cannot count, expected one of "
                "layers.py and compose.py: add its name and its products there"
            )


def _stride(stride: int) -> str:
    return f", stride {stride}" if stride > 1 else ""


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
