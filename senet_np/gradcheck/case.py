"""What a case is, and how one is made: from an op of a module, or from a layer.

The list of all cases is in `cases.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import containers as compose
from .. import layers, ops, se
from ..tree import Tree, tree_build, tree_items
from . import check as gradcheck

Rng = np.random.Generator
MOST_DRAWS = 50
SMALLEST_GRADIENT = 1e-2  # below it a check sees zeros, or its own rounding (some 1e-9): such a draw proves little


@dataclass(frozen=True)
class Case:
    """One pair with one way to draw its arguments."""

    op: str  # the promised name: "conv2d", "se", ...
    note: str  # what is special about this case
    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[..., Any]
    draw: Callable[[Rng], dict[str, Any]]
    accept: Callable[[Any], bool] = lambda cache: True  # whether the drawn case is worth checking, by its cache

    @property
    def name(self) -> str:
        """A name for a line of a table."""
        return f"{self.op} {self.note}".strip()

    def run(self, seed: int = 0) -> gradcheck.Report:
        """Check the case; a draw that would prove nothing is drawn anew, never skipped.

        That is one at a kink, one that is not accepted, or one with a true gradient of about 0.
        """
        rng = np.random.default_rng(seed)
        for _ in range(MOST_DRAWS):
            args = self.draw(rng)
            if not self.accept(self.forward(**args)[1]):
                continue
            try:
                report = gradcheck.check_gradients(self.forward, self.backward, args, rng=rng)
            except gradcheck.UnfitInputsError:
                continue
            numeric = [a.numeric for a in report.arguments if a.numeric is not None]
            if all(np.abs(gradient).max() > SMALLEST_GRADIENT for gradient in numeric):
                return report
        raise AssertionError(f"{self.name}: none of {MOST_DRAWS} draws could be checked")


def op_case(op: str, note: str, draw: Callable[[Rng], dict[str, Any]], module: Any = ops, **more: Any) -> Case:
    """A case of an op, looked up by name when it runs: a changed pass is the one that is checked."""

    def forward(**args: Any) -> tuple[Any, Any]:
        return getattr(module, f"{op}_forward")(**args)

    def backward(dy: Any, cache: Any) -> Any:
        return getattr(module, f"{op}_backward")(dy, cache)

    return Case(op, note, forward, backward, draw, **more)


def normal(*shape: int) -> Callable[[Rng], np.ndarray]:
    """A way to draw an array: standard normal numbers."""
    return lambda rng: rng.standard_normal(shape)


def drawn(**what: Any) -> Callable[[Rng], dict[str, Any]]:
    """Draw every argument that is a function of the generator; hand the others on as they are."""
    return lambda rng: {name: value(rng) if callable(value) else value for name, value in what.items()}


def alive_and_dead(cache: se.SECache) -> bool:
    """Whether some hidden units are alive and some dead: otherwise the check sees zeros, or no ReLU at all."""
    alive, _ = cache.relu_cache
    return bool(alive.any() and not alive.all())


def layer_case(op: str, note: str, layer: layers.Layer, shape: tuple[int, ...], training: bool = True) -> Case:
    """A layer as a pair: its parameters become arguments, under their paths (dots as double underscores)."""
    template, state = layer.init(np.random.default_rng(0), np.float64)

    def forward(x: np.ndarray, **params: np.ndarray) -> tuple[np.ndarray, Any]:
        tree = tree_build({name.replace("__", "."): array for name, array in params.items()})
        return layer.forward(tree, state, x, training)[:2]

    def backward(dy: np.ndarray, cache: Any) -> tuple[np.ndarray, ...]:
        dx, grads = layer.backward(dy, cache)
        assert dx is not None, "dx must be there unless needs_input_grad is False"
        return (dx, *_in_order_of(template, grads))

    def draw(rng: Rng) -> dict[str, Any]:
        # Near the layer's own initial values, as in use: far from them gates saturate and gradients vanish.
        params = {p.replace(".", "__"): a + 0.5 * rng.standard_normal(a.shape) for p, a in tree_items(template)}
        return {"x": rng.standard_normal(shape), **params}

    def accept(cache: Any) -> bool:
        blocks = [block for block in compose.se_caches(cache).values() if isinstance(block, se.SECache)]
        return all(map(alive_and_dead, blocks))

    return Case(op, note, forward, backward, draw, accept=accept)


def _in_order_of(template: Tree, grads: Tree) -> list[np.ndarray]:
    flat = dict(tree_items(grads))
    assert [*flat] == [path for path, _ in tree_items(template)], "grads must be a tree of the shape of params"
    return [*flat.values()]
