"""Networks whose gates are somebody else's: the same weights, with the gates of some blocks given from outside.

Looking at gates shows what they are; only replacing them shows whether it matters.
"""

from typing import Any

import numpy as np

from ..containers import Concat, Residual, Sequential
from ..data.augment import Normalizer
from ..fast.workers import Workers
from ..layers import Layer, Rng
from ..ops import channel_scale_backward, channel_scale_forward
from ..train.evaluation import BATCH
from ..tree import Tree

Gates = dict[str, np.ndarray]  # {path of the block: (C,) for all images, or (n, C), a row each}


class FixedGates:
    """A layer that scales with gates which it was given and does not compute: x̃ = s · u."""

    def __init__(self, s: np.ndarray):
        self.s = s

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Nothing to learn, nothing to count."""
        return {}, {}

    def forward(self, params: Tree, state: Tree, x: np.ndarray, training: bool) -> tuple[np.ndarray, Any, Tree]:
        """x̃ = s · u."""
        s = np.ascontiguousarray(np.broadcast_to(self.s, (len(x), x.shape[-1])), x.dtype)
        x_scaled, cache = channel_scale_forward(x, s)
        return x_scaled, cache, state

    def backward(self, dy: np.ndarray, cache: Any, needs_input_grad: bool = True) -> tuple[np.ndarray | None, Tree]:
        """du = s · dx̃; the gates are constants."""
        return channel_scale_backward(dy, cache)[0], {}


def with_gates(net: Layer, gates: Gates, path: str = "") -> Layer:
    """The same network, with the blocks at some paths replaced by fixed gates.

    Args:
        net: the network; it is left as it is.
        gates: for each path, (C,) for all images or (N, C) for the batch that will come.
        path: where `net` stands in the whole.

    Returns:
        A network that takes the same parameters.
    """
    if path in gates:
        return FixedGates(gates[path])

    def inside(parts: dict[str, Layer]) -> dict[str, Layer]:
        return {name: with_gates(part, gates, f"{path}.{name}" if path else name) for name, part in parts.items()}

    match net:
        case Sequential():
            return Sequential([*inside(net.layers).items()])
        case Residual():
            return Residual(**inside(net.parts))
        case Concat():
            return Concat(inside(net.parts))
    return net


def predict(
    net: Layer,
    params: Tree,
    state: Tree,
    images: np.ndarray,
    normalizer: Normalizer,
    workers: Workers,
    gates: Gates | None = None,
) -> np.ndarray:
    """Classify images, with some blocks' gates replaced.

    Args:
        net, params, state: the network.
        images: (n, H, W, 3) uint8.
        normalizer: that of the training images.
        workers: who computes.
        gates: for each path, (C,) or (n, C); None for the network's own.

    Returns:
        The predicted classes, (n,) int64.
    """
    pieces = [slice(start, start + BATCH) for start in range(0, len(images), BATCH)]
    own = [{p: s[piece] if s.ndim == 2 else s for p, s in (gates or {}).items()} for piece in pieces]
    given = (net, params, state, normalizer)
    return np.concatenate(workers.map(_predict, given, [images[piece] for piece in pieces], own))


def _predict(
    net: Layer, params: Tree, state: Tree, normalizer: Normalizer, images: np.ndarray, gates: Gates
) -> np.ndarray:
    logits, _, _ = with_gates(net, gates).forward(params, state, normalizer(images), False)
    return logits.argmax(axis=1)
