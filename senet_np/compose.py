"""Layers made of layers: one after the other (Sequential), or added to what came in (Residual).

Floor 2. Their parameters, states and caches are the trees of their parts, each under its name; so a path such as
"stage1.block2.branch.se.w1" leads to any array of any network.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .layers import Array, Layer, Rng
from .se import SECache
from .tree import Tree


class Sequential:
    """Layers one after the other, each under a name: the output of one is the input of the next.

    The trees have an entry for each layer that has something to put there: params["stage1"]["conv"]["w"].
    """

    def __init__(self, layers: Sequence[tuple[str, Layer]]):
        self.layers = dict(layers)
        if len(self.layers) != len(layers):
            raise ValueError(f"layers are named {[name for name, _ in layers]}, expected each name once")

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Initialise the layers in order, all from one generator."""
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

    def backward(self, dy: Array, cache: Any, wants_dx: bool = True) -> tuple[Array | None, Tree]:
        """Pass dy back through all layers in reverse order: the chain rule."""
        grads, first = {}, next(iter(self.layers), None)
        for name, layer in reversed(self.layers.items()):
            dy, grads[name] = layer.backward(dy, cache[name], wants_dx or name != first)  # type: ignore[assignment]
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
        """Initialise the branch, then the shortcut."""
        return Sequential([*self.parts.items()]).init(rng, dtype)

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """y = branch(x) + shortcut(x)."""
        outputs, caches, new_state = {"shortcut": x}, {}, {}
        for name, part in self.parts.items():
            outputs[name], caches[name], new_state[name] = part.forward(
                params.get(name, {}), state.get(name, {}), x, training
            )
        return outputs["branch"] + outputs["shortcut"], caches, _without_empty(new_state)

    def backward(self, dy: Array, cache: Any, wants_dx: bool = True) -> tuple[Array | None, Tree]:
        """dx = branch′(dy) + shortcut′(dy)."""
        dxs, grads = {"shortcut": dy}, {}
        for name, part in self.parts.items():
            dxs[name], grads[name] = part.backward(dy, cache[name], wants_dx)  # type: ignore[assignment]
        return (dxs["branch"] + dxs["shortcut"] if wants_dx else None), _without_empty(grads)


def se_caches(cache: Any, prefix: str = "") -> dict[str, SECache]:
    """Find the caches of all SE blocks inside a network's cache: {path: cache}, in the order of the layers.

    `se_caches(cache)["stage1.se"].s` are the gates of the first block, (N, C).
    """
    if isinstance(cache, SECache):
        return {prefix: cache}
    found = {}
    if isinstance(cache, dict):
        for name, value in cache.items():
            found |= se_caches(value, f"{prefix}.{name}" if prefix else name)
    return found


def _without_empty(trees: dict[str, Tree]) -> Tree:
    return {name: tree for name, tree in trees.items() if tree}
