"""When the loss is no longer a number: which layer was the first to go?"""

import numpy as np

from ..containers import Sequential
from ..errors import SenetError
from ..layers import Layer
from ..tree import Tree, tree_items


class DivergedError(SenetError):
    """The loss is infinite or not a number."""


def diverged(net: Layer, params: Tree, state: Tree, x: np.ndarray, step: int, lr: float, loss: float) -> DivergedError:
    """Build the error that says at which step, learning rate and layer the numbers ran away.

    Args:
        net, params, state: the network as it was when it computed the loss.
        x: the minibatch that it was given.
        step: which step, from 1.
        lr: the learning rate at that step.
        loss: what came out.

    Returns:
        The error, to be raised.
    """
    with np.errstate(all="ignore"):
        where, _ = _first_not_finite(net, params, state, x, "")
    return DivergedError(
        f"the loss is {loss} at step {step}, at a learning rate of {lr:.3g}; the first values that are not finite: "
        f"{where or 'the loss itself'}. Try a smaller --lr; the last checkpoint, from before, is kept"
    )


def _first_not_finite(layer: Layer, params: Tree, state: Tree, x: np.ndarray, path: str) -> tuple[str, np.ndarray]:
    """Walk through the layers in order; return a description of the first bad values (or ""), and the output."""
    if isinstance(layer, Sequential):
        for name, child in layer.layers.items():
            deeper = f"{path}.{name}" if path else name
            where, x = _first_not_finite(child, params.get(name, {}), state.get(name, {}), x, deeper)
            if where:
                return where, x
        return "", x
    for name, array in tree_items(params):
        if not np.isfinite(array).all():
            return f"parameter {name} of layer {path}, after the last update", x
    y, _, _ = layer.forward(params, state, x, True)
    return ("" if np.isfinite(y).all() else f"the output of layer {path}"), y
