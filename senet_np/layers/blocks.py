"""The SE block and ECA as layers."""

from typing import Any

import numpy as np

from ..fast import blocks
from ..se import GATE, hidden_width
from ..tree import Tree
from ..variants import eca_kernel
from .base import Array, Rng, normal, without_none


class SE:
    """The Squeeze-and-Excitation block as a layer on C channels.

    Parameters w1 (C, C/r), b1 (C/r,), w2 (C/r, C), b2 (C,); C/r stands for `se.hidden_width(C, reduction, multiple)`.
    Biases start at zero and w2 with a variance of 1 over that width, so the gates start around σ(0) = 1/2. Its cache
    is a `senet_np.se.SECache`. `squeeze` is "avg", "max", "none" (a gate for each position) or "avg+max": see `se.py`
    and `variants.py`.
    """

    def __init__(
        self,
        channels: int,
        reduction: int = 4,
        squeeze: str = "avg",
        gate: str = "sigmoid",
        se_bias: bool = True,
        multiple: int = 1,
    ):
        if squeeze not in blocks.BLOCKS or gate not in GATE:
            allowed = f"expected one of {[*blocks.BLOCKS]} and one of {[*GATE]}"
            raise ValueError(f"squeeze={squeeze!r}, gate={gate!r}: {allowed}")
        self.channels, self.hidden = channels, hidden_width(channels, reduction, multiple)
        self.squeeze, self.gate, self.se_bias = squeeze, gate, se_bias

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Draw both matrices."""
        c, h = self.channels, self.hidden
        params = {"w1": normal(rng, (c, h), float(np.sqrt(2 / c)), dtype), "b1": np.zeros(h, dtype)}
        params |= {"w2": normal(rng, (h, c), float(np.sqrt(1 / h)), dtype), "b2": np.zeros(c, dtype)}
        return {name: array for name, array in params.items() if self.se_bias or array.ndim == 2}, {}

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """See `se.se_forward`; the layer's input is the paper's U."""
        w1, b1, w2, b2 = params["w1"], params.get("b1"), params["w2"], params.get("b2")
        x_scaled, cache = blocks.BLOCKS[self.squeeze][0](x, w1, b1, w2, b2, gate=self.gate)
        return x_scaled, cache, state

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """See `se.se_backward`."""
        du, dw1, db1, dw2, db2 = blocks.BLOCKS[self.squeeze][1](dy, cache)
        return du, without_none(w1=dw1, b1=db1, w2=dw2, b2=db2)


class ECA:
    """Efficient channel attention as a layer on C channels: one kernel of `variants.eca_kernel(C)` weights, no FCs.

    Parameter w (k,), drawn from N(0, 1/k): the gates start around 1/2, as SE's do. Its cache is a `variants.ECACache`.
    """

    def __init__(self, channels: int, gate: str = "sigmoid"):
        if gate not in GATE:
            raise ValueError(f"gate={gate!r}: expected one of {[*GATE]}")
        self.channels, self.kernel_size, self.gate = channels, eca_kernel(channels), gate

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Draw the kernel."""
        k = self.kernel_size
        return {"w": normal(rng, (k,), float(np.sqrt(1 / k)), dtype)}, {}

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """See `variants.eca_forward`."""
        x_scaled, cache = blocks.eca_forward(x, params["w"], self.gate)
        return x_scaled, cache, state

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """See `variants.eca_backward`."""
        du, dw = blocks.eca_backward(dy, cache)
        return du, {"w": dw}
