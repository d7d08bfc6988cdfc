"""Layers: ops that own parameters.

A layer stores nothing during a pass. What it learns (params), its running statistics (state) and what its backward
pass needs (cache) go in and out as arguments, so anyone can call any step by hand and look at it:

    params, state = layer.init(rng)
    y, cache, new_state = layer.forward(params, state, x, training)
    dx, grads = layer.backward(dy, cache)

params, state and grads are trees (nested dicts) of arrays; grads has exactly the shape of params. With
`needs_input_grad=False`, a layer that saves work by it returns None in place of dx. The layers call the ops of `fast`,
which compute the same as those of `ops`. A network is a layer made of layers: see `containers.py`.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import numpy as np

from . import fast
from .fast import blocks
from .se import GATE, hidden_width
from .tree import Tree
from .variants import eca_kernel

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


class ReLU(Stateless):
    """y = max(0, x)."""

    pair = fast.relu_forward, fast.relu_backward


class MaxPool2D(Stateless):
    """The largest value of each kernel_size×kernel_size window (pixels)."""

    pair = fast.max_pool2d_forward, fast.max_pool2d_backward

    def __init__(self, kernel_size: int, stride: int, padding: int = 0):
        super().__init__(size=kernel_size, stride=stride, pad=padding)
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding


class AvgPool2D(Stateless):
    """The mean of each kernel_size×kernel_size window (pixels)."""

    pair = fast.avg_pool2d_forward, fast.avg_pool2d_backward

    def __init__(self, kernel_size: int, stride: int):
        super().__init__(size=kernel_size, stride=stride)
        self.kernel_size, self.stride = kernel_size, stride


class GlobalAvgPool(Stateless):
    """The mean of each channel over all positions: (N, H, W, C) → (N, C)."""

    pair = fast.global_avg_pool_forward, fast.global_avg_pool_backward


class Linear:
    """Fully connected layer D → M. Parameters w (D, M), drawn from N(0, std²), and b (M,), zero."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True, std: float | None = None):
        self.in_features, self.out_features, self.bias = in_features, out_features, bias
        self.std = float(np.sqrt(1 / in_features)) if std is None else std

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Draw w; b starts at zero."""
        params = {"w": _normal(rng, (self.in_features, self.out_features), self.std, dtype)}
        if self.bias:
            params["b"] = np.zeros(self.out_features, dtype)
        return params, {}

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """y = x w + b."""
        y, cache = fast.linear_forward(x, params["w"], params.get("b"))
        return y, cache, state

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """See `ops.linear_backward`."""
        dx, dw, db = fast.linear_backward(dy, cache)
        return dx, _without_none(w=dw, b=db)


class Conv2D:
    """Convolution with square kernels; the padding kernel_size // 2 keeps the image's size at stride 1 for odd kernels.

    Parameters w (size, size, Cin, Cout), drawn from N(0, 2/fan_in) (He et al. 2015), and b (Cout,), zero. Leave the
    bias out before batch norm: it would be subtracted with the mean, and its true gradient is 0.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1, bias: bool = True):
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, kernel_size
        self.stride, self.padding, self.bias = stride, kernel_size // 2, bias

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Draw w; b starts at zero."""
        shape = (self.kernel_size, self.kernel_size, self.in_channels, self.out_channels)
        params = {"w": _normal(rng, shape, float(np.sqrt(2 / (self.kernel_size**2 * self.in_channels))), dtype)}
        if self.bias:
            params["b"] = np.zeros(self.out_channels, dtype)
        return params, {}

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """See `ops.conv2d_forward`."""
        y, cache = fast.conv2d_forward(x, params["w"], params.get("b"), self.stride, self.padding)
        return y, cache, state

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """See `ops.conv2d_backward`."""
        dx, dw, db = fast.conv2d_backward(dy, cache, needs_input_grad)
        return dx, _without_none(w=dw, b=db)


class FrozenConv2D(Conv2D):
    """A convolution without bias that does not learn: its kernels w are state, and have no gradient.

    `nets.initialize.whiten` fills them; until then they are drawn as `Conv2D` draws them.
    """

    learns = False

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3):
        super().__init__(in_channels, out_channels, kernel_size, bias=False)

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Draw w, as state."""
        params, state = super().init(rng, dtype)
        return state, params

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """See `ops.conv2d_forward`."""
        return super().forward(state, state, x, training)

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """See `ops.conv2d_backward`; there is nothing to do where the input needs no gradient."""
        return (super().backward(dy, cache)[0] if needs_input_grad else None), {}


class BatchNorm:
    """Batch normalization. Parameters gamma (ones) and beta (zeros); state: running mean and variance, each (C,).

    In training the batch's own statistics are used, and the running ones move a little towards them:
        running ← (1 − momentum) · running + momentum · batch
    with the variance's unbiased estimate (÷ (m − 1)), as PyTorch does. In evaluation the running ones are used.
    """

    def __init__(self, num_features: int, momentum: float = 0.1, eps: float = 1e-5):
        self.num_features, self.momentum, self.eps = num_features, momentum, eps

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Start as the identity on normalized input."""
        c = self.num_features
        return {"gamma": np.ones(c, dtype), "beta": np.zeros(c, dtype)}, {
            "mean": np.zeros(c, dtype),
            "var": np.ones(c, dtype),
        }

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """See `ops.batch_norm_forward`."""
        gamma, beta = params["gamma"], params["beta"]
        if not training:
            y, cache = fast.batch_norm_forward(x, gamma, beta, state["mean"], state["var"], self.eps)
            return y, cache, state
        y, cache = fast.batch_norm_forward(x, gamma, beta, eps=self.eps)
        m = x.size // self.num_features
        unbiased = cache.var * (m / max(m - 1, 1))
        keep = 1 - self.momentum
        new_state = {
            "mean": keep * state["mean"] + self.momentum * cache.mean,
            "var": keep * state["var"] + self.momentum * unbiased,
        }
        return y, cache, new_state

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """See `ops.batch_norm_backward`."""
        dx, dgamma, dbeta = fast.batch_norm_backward(dy, cache)
        return dx, {"gamma": dgamma, "beta": dbeta}


class SE:
    """The Squeeze-and-Excitation block as a layer on C channels.

    Parameters w1 (C, h), b1 (h,), w2 (h, C), b2 (C,) with h = max(2, C // reduction). Biases start at zero and w2 with
    N(0, 1/h), so the gates start around σ(0) = 1/2. Its cache is a `senet_np.se.SECache`. `squeeze` is "avg", "max",
    "none" (a gate for each position) or "avg+max": see `se.py` and `variants.py`.
    """

    def __init__(
        self, channels: int, reduction: int = 4, squeeze: str = "avg", gate: str = "sigmoid", se_bias: bool = True
    ):
        if squeeze not in blocks.BLOCKS or gate not in GATE:
            allowed = f"expected one of {[*blocks.BLOCKS]} and one of {[*GATE]}"
            raise ValueError(f"squeeze={squeeze!r}, gate={gate!r}: {allowed}")
        self.channels, self.hidden = channels, hidden_width(channels, reduction)
        self.squeeze, self.gate, self.se_bias = squeeze, gate, se_bias

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Draw both matrices."""
        c, h = self.channels, self.hidden
        params = {"w1": _normal(rng, (c, h), float(np.sqrt(2 / c)), dtype), "b1": np.zeros(h, dtype)}
        params |= {"w2": _normal(rng, (h, c), float(np.sqrt(1 / h)), dtype), "b2": np.zeros(c, dtype)}
        return {name: array for name, array in params.items() if self.se_bias or array.ndim == 2}, {}

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """See `se.se_forward`; the layer's input is the paper's U."""
        w1, b1, w2, b2 = params["w1"], params.get("b1"), params["w2"], params.get("b2")
        x_scaled, cache = blocks.BLOCKS[self.squeeze][0](x, w1, b1, w2, b2, gate=self.gate)
        return x_scaled, cache, state

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """See `se.se_backward`."""
        du, dw1, db1, dw2, db2 = blocks.BLOCKS[self.squeeze][1](dy, cache)
        return du, _without_none(w1=dw1, b1=db1, w2=dw2, b2=db2)


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
        return {"w": _normal(rng, (k,), float(np.sqrt(1 / k)), dtype)}, {}

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """See `variants.eca_forward`."""
        x_scaled, cache = blocks.eca_forward(x, params["w"], self.gate)
        return x_scaled, cache, state

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """See `variants.eca_backward`."""
        du, dw = blocks.eca_backward(dy, cache)
        return du, {"w": dw}


def _normal(rng: Rng, shape: tuple[int, ...], std: float, dtype: Any) -> Array:
    # Drawn in float64 whatever the dtype, so that a seed means the same weights in both.
    return (std * rng.standard_normal(shape)).astype(dtype)


def _without_none(**arrays: Array | None) -> Tree:
    return {name: array for name, array in arrays.items() if array is not None}
