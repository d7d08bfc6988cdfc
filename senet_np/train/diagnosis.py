"""When numbers are no longer finite: which layer was the first to go?"""

import numpy as np

from ..containers import trace
from ..errors import SenetError
from ..layers import Layer
from ..tree import tree_items
from .progress import Progress


class DivergedError(SenetError):
    """The loss or a parameter is infinite or not a number."""


def diverged(net: Layer, progress: Progress, x: np.ndarray, step: int, lr: float, loss: float) -> DivergedError:
    """The error that says where the numbers ran away: at which step, from 1, and in which layer for the minibatch x.

    `net` and `progress` are as they were when the loss was computed.
    """
    with np.errstate(all="ignore"):
        where = _first_not_finite(net, progress, x)
    return DivergedError(
        f"the loss is {loss} at step {step}, at a learning rate of {lr:.3g}; the first values that are not finite: "
        f"{where}. Try a smaller --lr"
    )


def check_finite(progress: Progress, step: int, lr: float) -> None:
    """Raise DivergedError if an array is not finite after `step` steps, the last one with the learning rate lr."""
    trees = {"parameter": progress.params, "state": progress.state, "optimizer state": progress.optimizer_state}
    for kind, tree in trees.items():
        for path, array in tree_items(tree):
            if not np.isfinite(array).all():
                raise DivergedError(
                    f"{kind} {path} is not finite after step {step}, at a learning rate of {lr:.3g}. Try a smaller --lr"
                )


def _first_not_finite(net: Layer, progress: Progress, x: np.ndarray) -> str:
    for step in trace(net, progress.params, progress.state, x, training=True):
        for name, array in tree_items(step.params):
            if not np.isfinite(array).all():
                return f"parameter {name} of layer {step.node.path}, after the last update"
        if not np.isfinite(step.output).all():
            return f"the output of layer {step.node.path}"
    return "the loss itself"
