"""A trained network as a list of instructions, for a reader that knows no layers: the page's JavaScript.

Each instruction takes numbered values, gives a numbered value, and names its arrays:

    {"op": "conv", "in": [0], "out": 1, "stride": 1, "pad": 1, "w": 0}        w is the first array

Batch norm is one multiplication and one addition a channel here, as its running moments are fixed after training.
"""

from typing import Any, NamedTuple

import numpy as np

from ..containers import Concat, Residual, Sequential
from ..layers import ECA, SE, BatchNorm, Conv2D, Function, Layer, Linear
from ..ops import avg_pool2d_forward, global_avg_pool_forward, max_pool2d_forward, relu_forward
from ..tree import Tree

FUNCTIONS = {
    relu_forward: "relu",
    max_pool2d_forward: "max_pool",
    avg_pool2d_forward: "avg_pool",
    global_avg_pool_forward: "mean",
}


class Program(NamedTuple):
    """A network's instructions, in order, and the arrays that they name by number."""

    steps: list[dict[str, Any]]
    arrays: list[np.ndarray]


def compile_net(net: Layer, params: Tree, state: Tree) -> Program:
    """Write down what a network does to a picture after training.

    Args:
        net, params, state: the network.

    Returns:
        Its program; value 0 is the normalized picture (H, W, 3), the last step gives the logits.

    Raises:
        TypeError: the network holds a layer that has no instruction.
    """
    writer = _Writer()
    writer.write(net, params, state, 0, "")
    return Program(writer.steps, writer.arrays)


class _Writer:
    """Instructions so far, and where the next value goes."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self.arrays: list[np.ndarray] = []

    def write(self, layer: Layer, params: Tree, state: Tree, value: int, path: str) -> int:
        """Write one layer that takes a value; the number of the value that it gives."""

        def inside(name: str, part: Layer, value: int) -> int:
            place = f"{path}.{name}" if path else name
            return self.write(part, params.get(name, {}), state.get(name, {}), value, place)

        match layer:
            case Sequential():
                for name, part in layer.layers.items():
                    value = inside(name, part, value)
                return value
            case Residual():
                outputs = {name: inside(name, part, value) for name, part in layer.parts.items()}
                return self.step("add", [outputs["branch"], outputs.get("shortcut", value)])
            case Concat():
                return self.step("join", [inside(name, part, value) for name, part in layer.parts.items()])
            case Conv2D():
                options = {"stride": layer.stride, "pad": layer.size // 2}
                return self.step("conv", [value], options, w=params["w"], b=params.get("b"))
            case Linear():
                return self.step("linear", [value], w=params["w"], b=params.get("b"))
            case BatchNorm():
                factor = params["gamma"] / np.sqrt(state["var"] + np.float32(layer.eps))
                return self.step("affine", [value], factor=factor, term=params["beta"] - state["mean"] * factor)
            case SE():
                options = {"path": path, "squeeze": layer.squeeze, "gate": layer.gate}
                return self.step(
                    "se", [value], options, **{name: params.get(name) for name in ("w1", "b1", "w2", "b2")}
                )
            case ECA():
                return self.step("eca", [value], {"path": path, "gate": layer.gate}, w=params["w"])
            case Function() if layer.op_forward in FUNCTIONS:
                return self.step(FUNCTIONS[layer.op_forward], [value], layer.options)
        raise TypeError(f"{path} is a {type(layer).__name__}, expected one of the layers that the explorer knows")

    def step(
        self, op: str, values: list[int], options: dict[str, Any] | None = None, **arrays: np.ndarray | None
    ) -> int:
        """Append an instruction; arrays that are None are left out."""
        named = {}
        for name, array in arrays.items():
            if array is not None:
                named[name] = len(self.arrays)
                self.arrays.append(np.asarray(array))
        out = len(self.steps) + 1
        self.steps.append({"op": op, "in": values, "out": out, **(options or {}), **named})
        return out
