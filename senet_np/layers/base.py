"""What every layer can do, and what several of them need."""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import numpy as np

from ..tree import Tree

Array = np.ndarray
Rng = np.random.Generator


class Layer(Protocol):
    """What every layer can do."""

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Draw fresh parameters and make the initial state: (params, state)."""
        ...

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """Compute (y, cache, new_state); `state` itself is left as it is."""
        ...

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """Compute (dx, grads) from ∂L/∂y; dx may be None where `needs_input_grad` is False."""
        ...


class Stateless:
    """A layer without parameters and state: a pair of ops and its options."""

    learns = False
    pair: ClassVar[tuple[Callable[..., Any], Callable[..., Any]]]  # forward, backward

    def __init__(self, **options: Any):
        self.options = options

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """No parameters and no state."""
        return {}, {}

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """y = op(x, **options)."""
        y, cache = self.pair[0](x, **self.options)
        return y, cache, state

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """The op's own backward pass."""
        return self.pair[1](dy, cache), {}


def normal(rng: Rng, shape: tuple[int, ...], std: float, dtype: Any) -> Array:
    """Draw numbers of N(0, std²); in float64 whatever the dtype, so that a seed means the same weights in both."""
    return (std * rng.standard_normal(shape)).astype(dtype)


def without_none(**arrays: Array | None) -> Tree:
    """The arrays that are there, by name."""
    return {name: array for name, array in arrays.items() if array is not None}
