"""Layers made of layers: one after the other (Sequential), added to the input (Residual), side by side (Concat).

Their parameters, states and caches are the trees of their parts, each under its name, so a path such as
"stage1.block2.residual.branch.se.w1" leads to any array of any network. `walk` lists what a network computes, in order;
`trace` computes it step by step. Whoever looks inside a network uses these two.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .layers import Array, Layer, Rng
from .se import SECache
from .tree import Tree, tree_at
from .variants import ECACache

BlockCache = SECache | ECACache


class Container:
    """Layers under names. The trees have an entry for each part that has something to put there."""

    parts: dict[str, Layer]

    @property
    def learns(self) -> bool:
        """Whether any part has parameters."""
        return any(map(learns, self.parts.values()))

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Initialize the parts in order, all from one generator."""
        params, state = {}, {}
        for name, part in self.parts.items():
            params[name], state[name] = part.init(rng, dtype)
        return _without_empty(params), _without_empty(state)


def learns(layer: Layer) -> bool:
    """Whether a layer has parameters."""
    return getattr(layer, "learns", True)


class Sequential(Container):
    """Layers one after the other: the output of one is the input of the next."""

    def __init__(self, layers: Sequence[tuple[str, Layer]]):
        self.parts = dict(layers)
        if len(self.parts) != len(layers):
            raise ValueError(f"layers are named {[name for name, _ in layers]}, expected each name once")

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """Pass x through all layers in order."""
        caches, new_state = {}, {}
        with np.errstate(under="ignore"):  # behind a gate near 0, numbers too small to store become 0
            for name, part in self.parts.items():
                x, caches[name], new_state[name] = part.forward(params.get(name, {}), state.get(name, {}), x, training)
        return x, caches, _without_empty(new_state)

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """Pass dy back through the layers in reverse order, as far as anyone needs it: the chain rule."""
        grads = {}
        first = next((name for name, part in self.parts.items() if needs_input_grad or learns(part)), None)
        with np.errstate(under="ignore"):
            for name, part in reversed(self.parts.items()):
                dy, grads[name] = part.backward(dy, cache[name], needs_input_grad or name != first)  # type: ignore[assignment]
                if name == first:
                    break
        return dy, _without_empty({name: grads[name] for name in self.parts if name in grads})


class Residual(Container):
    """A branch whose output is added to its input (He et al. 2016): y = branch(x) + shortcut(x).

    The shortcut is the identity, or a layer where the branch changes the shape. Backward, x fanned out to both, so
    its two gradients add up: dx = branch′(dy) + shortcut′(dy). The identity passes dy on unchanged; that is why deep
    residual networks learn.
    """

    def __init__(self, branch: Layer, shortcut: Layer | None = None):
        self.parts = {"branch": branch} if shortcut is None else {"branch": branch, "shortcut": shortcut}

    def join(self, branch: Array, shortcut: Array) -> Array:
        """y = branch(x) + shortcut(x)."""
        if branch.shape != shortcut.shape:
            raise ValueError(f"the branch gives {branch.shape}, expected the shortcut's {shortcut.shape}")
        return branch + shortcut

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """Pass x through the branch and the shortcut, and add."""
        outputs, caches, new_state = {"shortcut": x}, {}, {}
        for name, part in self.parts.items():
            outputs[name], caches[name], new_state[name] = part.forward(
                params.get(name, {}), state.get(name, {}), x, training
            )
        return self.join(**outputs), caches, _without_empty(new_state)

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """dx = branch′(dy) + shortcut′(dy)."""
        dxs, grads = {"shortcut": dy}, {}
        for name, part in self.parts.items():
            dxs[name], grads[name] = part.backward(dy, cache[name], needs_input_grad)  # type: ignore[assignment]
        return (dxs["branch"] + dxs["shortcut"] if needs_input_grad else None), _without_empty(grads)


class ConcatCache(NamedTuple):
    """What a concatenation remembers."""

    parts: dict[str, Any]  # the parts' own caches
    ends: Array  # the channel numbers where one part's channels end and the next one's begin


class Concat(Container):
    """Layers that all see the same input, and whose outputs are concatenated (Szegedy et al. 2015).

    y = [part₁(x), part₂(x), …] along the channels. Backward, each part gets its own channels of dy; and x fanned out
    to all of them, so their gradients add up: dx = Σ_k part_k′(dy_k).
    """

    def __init__(self, parts: dict[str, Layer]):
        if not parts:
            raise ValueError("there are no parts, expected at least one")
        self.parts = parts

    def join(self, *outputs: Array) -> Array:
        """y = the parts' outputs, along the channels."""
        return np.concatenate(outputs, axis=-1)

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """Pass x through every part, and concatenate."""
        outputs, caches, new_state = [], {}, {}
        for name, part in self.parts.items():
            y, caches[name], new_state[name] = part.forward(params.get(name, {}), state.get(name, {}), x, training)
            outputs.append(y)
        ends = np.cumsum([y.shape[-1] for y in outputs])[:-1]
        return self.join(*outputs), ConcatCache(caches, ends), _without_empty(new_state)

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """dx = Σ_k part_k′(dy_k)."""
        dxs, grads = [], {}
        for (name, part), dy_part in zip(self.parts.items(), np.split(dy, cache.ends, axis=-1), strict=True):
            dx, grads[name] = part.backward(np.ascontiguousarray(dy_part), cache.parts[name], needs_input_grad)
            dxs.append(dx)
        return (sum(dxs[1:], dxs[0]) if needs_input_grad else None), _without_empty(grads)


class Node(NamedTuple):
    """One step of a network: a layer without parts, or the place where a Residual or Concat joins its parts."""

    path: str  # "stage1.block2.residual.branch.se", as in the trees
    layer: Layer
    inputs: tuple[int, ...]  # the numbers of the nodes whose outputs it takes; −1 is the network's input


def walk(net: Layer) -> list[Node]:
    """List the steps of a network in the order in which they are computed; the last one's output is the network's.

    Args:
        net: the network.

    Returns:
        The nodes; `inputs` are indices into this list.
    """
    nodes: list[Node] = []

    def add(path: str, layer: Layer, source: int) -> int:
        """Add a layer that takes the output of node `source`; the number of the node with the result."""
        parts = {f"{path}.{name}" if path else name: part for name, part in getattr(layer, "parts", {}).items()}
        if isinstance(layer, Sequential):
            for part_path, part in parts.items():
                source = add(part_path, part, source)
            return source
        inputs = [add(part_path, part, source) for part_path, part in parts.items()]
        if isinstance(layer, Residual) and len(inputs) == 1:
            inputs.append(source)  # the identity
        nodes.append(Node(path, layer, tuple(inputs) or (source,)))
        return len(nodes) - 1

    add("", net, -1)
    return nodes


class Step(NamedTuple):
    """One node, computed."""

    node: Node
    params: Tree  # of this layer
    state: Tree
    output: Array
    cache: Any  # None at a join


def trace(
    net: Layer,
    params: Tree,
    state: Tree,
    x: Array,
    training: bool = False,
    replace: Mapping[str, Layer] | None = None,
) -> Iterator[Step]:
    """Compute a network step by step: the same numbers as `net.forward`, bit for bit.

    Args:
        net, params, state: the network.
        x: its input.
        training: as for `forward`.
        replace: layers to run in place of those at some paths, {path: layer}; they get the originals' params and state.

    Raises:
        ValueError: `replace` names a path where no layer is.

    Yields:
        One step for each node of `walk(net)`, as it is computed.
    """
    nodes, outputs = walk(net), {-1: x}
    unknown = sorted({*(replace or {})} - {node.path for node in nodes})
    if unknown:
        raise ValueError(f"replace names {unknown}, expected paths of layers: {[node.path for node in nodes]}")
    uses = Counter(number for node in nodes for number in node.inputs)
    for number, node in enumerate(nodes):
        inputs = [outputs[k] for k in node.inputs]
        layer_params, layer_state, cache = tree_at(params, node.path), tree_at(state, node.path), None
        layer = (replace or {}).get(node.path, node.layer)
        if isinstance(layer, (Residual, Concat)):
            y, layer_params, layer_state = layer.join(*inputs), {}, {}  # a join has none of its own
        else:
            y, cache, _ = layer.forward(layer_params, layer_state, inputs[0], training)
        outputs[number] = y
        uses.subtract(node.inputs)
        for k in set(node.inputs):
            if not uses[k]:
                del outputs[k]  # nobody takes it any more
        yield Step(node, layer_params, layer_state, y, cache)


def se_caches(cache: Any, prefix: str = "") -> dict[str, BlockCache]:
    """Find the caches of all SE and ECA blocks inside a network's cache: {path: cache}, in the order of the layers.

    `se_caches(cache)["stage1.se"].s` are the gates of the first block, (N, C).
    """
    if isinstance(cache, BlockCache):
        return {prefix: cache}
    if isinstance(cache, ConcatCache):
        cache = cache.parts
    found = {}
    if isinstance(cache, dict):
        for name, value in cache.items():
            found |= se_caches(value, f"{prefix}.{name}" if prefix else name)
    return found


def image_gates(block: BlockCache) -> Array:
    """One gate for each image and channel: s, averaged over positions where each position has its own.

    Args:
        block: the cache of one SE or ECA block.

    Returns:
        (N, C), dtype of s, dimensionless.
    """
    return block.s.mean(axis=(1, 2)) if block.s.ndim == 4 else block.s


def _without_empty(trees: dict[str, Tree]) -> Tree:
    return {name: tree for name, tree in trees.items() if tree}
