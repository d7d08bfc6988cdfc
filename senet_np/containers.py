"""Layers made of layers: one after the other (Sequential), added to what came in (Residual), side by side (Concat).

Their parameters, states and caches are the trees of their parts, each under its name; so a path such as
"stage1.block2.branch.se.w1" leads to any array of any network.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .layers import Array, Layer, Rng
from .se import SECache
from .tree import Tree
from .variants import ECACache

GateCache = SECache | ECACache


class Sequential:
    """Layers one after the other, each under a name: the output of one is the input of the next.

    The trees have an entry for each layer that has something to put there: params["stage1"]["conv"]["w"].
    """

    def __init__(self, layers: Sequence[tuple[str, Layer]]):
        self.layers = dict(layers)
        if len(self.layers) != len(layers):
            raise ValueError(f"layers are named {[name for name, _ in layers]}, expected each name once")

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Initialize the layers in order, all from one generator."""
        params, state = {}, {}
        for name, layer in self.layers.items():
            params[name], state[name] = layer.init(rng, dtype)
        return _without_empty(params), _without_empty(state)

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """Pass x through all layers in order."""
        caches, new_state = {}, {}
        for name, layer in self.layers.items():
            x, caches[name], new_state[name] = layer.forward(params.get(name, {}), state.get(name, {}), x, training)
        return x, caches, _without_empty(new_state)

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """Pass dy back through all layers in reverse order: the chain rule."""
        grads, first = {}, next(iter(self.layers), None)
        for name, layer in reversed(self.layers.items()):
            dy, grads[name] = layer.backward(dy, cache[name], needs_input_grad or name != first)  # type: ignore[assignment]
        return dy, _without_empty({name: grads[name] for name in self.layers})


class Residual:
    """A branch whose output is added to its input (He et al. 2016): y = branch(x) + shortcut(x).

    The shortcut is the identity, or a layer where the branch changes the shape. Backward, x fanned out to both, so
    its two gradients add up: dx = branch′(dy) + shortcut′(dy). The identity hands dy on as it is; that is why deep
    residual networks learn.
    """

    def __init__(self, branch: Layer, shortcut: Layer | None = None):
        self.parts = {"branch": branch} if shortcut is None else {"branch": branch, "shortcut": shortcut}

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Initialize the branch, then the shortcut."""
        return Sequential([*self.parts.items()]).init(rng, dtype)

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """y = branch(x) + shortcut(x)."""
        outputs, caches, new_state = {"shortcut": x}, {}, {}
        for name, part in self.parts.items():
            outputs[name], caches[name], new_state[name] = part.forward(
                params.get(name, {}), state.get(name, {}), x, training
            )
        return outputs["branch"] + outputs["shortcut"], caches, _without_empty(new_state)

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """dx = branch′(dy) + shortcut′(dy)."""
        dxs, grads = {"shortcut": dy}, {}
        for name, part in self.parts.items():
            dxs[name], grads[name] = part.backward(dy, cache[name], needs_input_grad)  # type: ignore[assignment]
        return (dxs["branch"] + dxs["shortcut"] if needs_input_grad else None), _without_empty(grads)


class ConcatCache(NamedTuple):
    """What side by side layers remember."""

    parts: dict[str, Any]  # their own caches
    ends: Array  # where one part's channels end and the next one's begin


class Concat:
    """Layers that all see the same input, and whose outputs stand side by side (Szegedy et al. 2015).

    y = [part₁(x), part₂(x), …] along the channels. Backward, each part gets its own channels of dy; and x fanned out
    to all of them, so their gradients add up: dx = Σ_k part_k′(dy_k).
    """

    def __init__(self, parts: dict[str, Layer]):
        if not parts:
            raise ValueError("there are no parts, expected at least one")
        self.parts = parts

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Initialize the parts in order."""
        return Sequential([*self.parts.items()]).init(rng, dtype)

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """y = the parts' outputs, concatenated along the channels."""
        outputs, caches, new_state = [], {}, {}
        for name, part in self.parts.items():
            y, caches[name], new_state[name] = part.forward(params.get(name, {}), state.get(name, {}), x, training)
            outputs.append(y)
        ends = np.cumsum([y.shape[-1] for y in outputs])[:-1]
        return np.concatenate(outputs, axis=-1), ConcatCache(caches, ends), _without_empty(new_state)

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """dx = Σ_k part_k′(dy_k)."""
        caches, ends = cache
        dxs, grads = [], {}
        for (name, part), dy_part in zip(self.parts.items(), np.split(dy, ends, axis=-1), strict=True):
            dx, grads[name] = part.backward(np.ascontiguousarray(dy_part), caches[name], needs_input_grad)
            dxs.append(dx)
        return (sum(dxs[1:], dxs[0]) if needs_input_grad else None), _without_empty(grads)


def se_caches(cache: Any, prefix: str = "") -> dict[str, GateCache]:
    """Find the caches of all SE and ECA blocks inside a network's cache: {path: cache}, in the order of the layers.

    `se_caches(cache)["stage1.se"].s` are the gates of the first block, (N, C).
    """
    if isinstance(cache, GateCache):
        return {prefix: cache}
    found = {}
    if isinstance(cache, ConcatCache):
        cache = cache.parts
    if isinstance(cache, dict):
        for name, value in cache.items():
            found |= se_caches(value, f"{prefix}.{name}" if prefix else name)
    return found


def image_gates(block: GateCache) -> Array:
    """One gate for each image and channel: s, averaged over positions where each position has its own.

    Args:
        block: the cache of one SE or ECA block.

    Returns:
        (N, C), dtype of s, dimensionless.
    """
    return block.s.mean(axis=(1, 2)) if block.s.ndim == 4 else block.s


def _without_empty(trees: dict[str, Tree]) -> Tree:
    return {name: tree for name, tree in trees.items() if tree}
