"""A trained network as a list of instructions, for a reader that knows no layers: the page's JavaScript.

Value 0 is the normalized image (H, W, 3). The k-th instruction, counted from 1, takes earlier values and computes value
k; the last value is the logits. It names its arrays by their numbers:

    {"op": "conv", "path": "stage1.conv", "in": [0], "stride": 1, "padding": 1, "w": 0}        w is array 0
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..containers import Concat, Residual, walk
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
from ..runs.interchange import pytorch_name
from ..tree import Tree, tree_at

INSTRUCTIONS: dict[type, tuple[str, tuple[str, ...]]] = {  # the instruction's name, and the attributes that it copies
    Conv2D: ("conv", ("stride", "padding")),
    FrozenConv2D: ("conv", ("stride", "padding")),
    DepthwiseConv2D: ("depthwise_conv", ("stride", "padding")),
    Linear: ("linear", ()),
    BatchNorm: ("affine", ()),
    ReLU: ("relu", ()),
    HardSwish: ("hard_swish", ()),
    MaxPool2D: ("max_pool", ("kernel_size", "stride", "padding", "ceil_mode")),
    AvgPool2D: ("avg_pool", ("kernel_size", "stride")),
    GlobalAvgPool: ("mean", ()),
    SE: ("se", ("squeeze", "gate")),
    ECA: ("eca", ("gate",)),
    Residual: ("add", ()),
    Concat: ("concat", ()),
}


class Program(NamedTuple):
    """A network's instructions, in order, and the arrays that they name."""

    steps: list[dict[str, Any]]
    arrays: list[np.ndarray]


def compile_net(net: Layer, params: Tree, state: Tree) -> Program:
    """Write down what a network does to an image in evaluation mode.

    Raises:
        TypeError: the network holds a layer that has no instruction.
    """
    program = Program([], [])
    for path, layer, step in _steps(net):
        for name, array in _arrays(layer, tree_at(params, path), tree_at(state, path)).items():
            step[name] = len(program.arrays)
            program.arrays.append(array)
        program.steps.append(step)
    return program


def named_steps(net: Layer, params: Tree, state: Tree) -> list[dict[str, Any]]:
    """The same instructions for a reader of an exported file: in place of its number, an array's name in that file.

    Batch norm names the arrays that its factor and term are computed from.
    """
    steps = []
    for path, layer, step in _steps(net):
        for tree in (params, state):
            leaves = {} if isinstance(layer, (Residual, Concat)) else tree_at(tree, path)
            step |= {name: pytorch_name(f"{path}.{name}", array)[0] for name, array in leaves.items()}
        step |= {"eps": layer.eps} if isinstance(layer, BatchNorm) else {}
        steps.append(step)
    return steps


def _steps(net: Layer) -> Iterator[tuple[str, Layer, dict[str, Any]]]:
    """Each layer that computes, with its path, and its instruction without arrays."""
    for path, layer, inputs in walk(net):
        if type(layer) not in INSTRUCTIONS:
            known = ", ".join(kind.__name__ for kind in INSTRUCTIONS)
            raise TypeError(f"{path} is a {type(layer).__name__}, expected a layer that the explorer knows: {known}")
        op, options = INSTRUCTIONS[type(layer)]
        step = {"op": op, "path": path, "in": [number + 1 for number in inputs]}
        yield path, layer, step | {name: getattr(layer, name) for name in options}


def _arrays(layer: Layer, params: Tree, state: Tree) -> dict[str, np.ndarray]:
    """What an instruction needs: a layer's parameters; of batch norm, fixed after training, a factor and a term."""
    if isinstance(layer, BatchNorm):
        factor = params["gamma"] / np.sqrt(state["var"] + np.float32(layer.eps))
        return {"factor": factor, "term": params["beta"] - state["mean"] * factor}
    if isinstance(layer, FrozenConv2D):
        return state
    return {} if isinstance(layer, (Residual, Concat)) else params  # a join has no parameters of its own
