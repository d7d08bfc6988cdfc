"""Layers: ops that own parameters.

A layer stores nothing during a pass. What it learns (params), what it counts (state) and what its
backward pass needs (cache) go in and out as arguments, so anyone can call any step by hand and look at it:

    params, state = layer.init(rng)
    y, cache, new_state = layer.forward(params, state, x, training)
    dx, grads = layer.backward(dy, cache)

params, state and grads are trees (nested dicts) of arrays; grads has exactly the shape of params. Whoever does not
need dx says `needs_input_grad=False`, and a layer that saves work by it returns None for it. A network is a
layer made of layers: see `compose.py`.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from . import ops
from .fast import conv as fast
from .se import GATE, hidden_width
from .tree import Tree
from .variants import BLOCKS, eca_backward, eca_forward, eca_kernel

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


class Function:
    """A pair of ops without parameters as a layer: `Function(relu_forward, relu_backward)`."""

    def __init__(self, forward: Callable, backward: Callable, **options: Any):
        self.op_forward, self.op_backward, self.options = forward, backward, options

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Nothing to learn, nothing to count."""
        return {}, {}

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """y = op(x, **options)."""
        y, cache = self.op_forward(x, **self.options)
        return y, cache, state

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """The op's own backward pass."""
        return self.op_backward(dy, cache), {}


def relu() -> Function:
    """ReLU as a layer."""
    return Function(ops.relu_forward, ops.relu_backward)


def max_pool(size: int, stride: int, pad: int = 0) -> Function:
    """Max pooling over size×size windows (pixels) as a layer."""
    return Function(ops.max_pool2d_forward, ops.max_pool2d_backward, size=size, stride=stride, pad=pad)


def avg_pool(size: int, stride: int) -> Function:
    """Average pooling over size×size windows (pixels) as a layer."""
    return Function(ops.avg_pool2d_forward, ops.avg_pool2d_backward, size=size, stride=stride)


def global_avg_pool() -> Function:
    """Global average pooling as a layer."""
    return Function(ops.global_avg_pool_forward, ops.global_avg_pool_backward)


class Linear:
    """Fully connected layer D → M. Parameters w (D, M), drawn from N(0, std²), and b (M,), zero."""

    def __init__(self, d: int, m: int, bias: bool = True, std: float | None = None):
        self.d, self.m, self.bias = d, m, bias
        self.std = float(np.sqrt(1 / d)) if std is None else std

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Draw w; b starts at zero."""
        params = {"w": _normal(rng, (self.d, self.m), self.std, dtype)}
        if self.bias:
            params["b"] = np.zeros(self.m, dtype)
        return params, {}

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """y = x w + b."""
        y, cache = ops.linear_forward(x, params["w"], params.get("b"))
        return y, cache, state

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """See `ops.linear_backward`."""
        dx, dw, db = ops.linear_backward(dy, cache)
        return dx, _without_none(w=dw, b=db)


class Conv2D:
    """Convolution c_in → c_out with size×size kernels; for odd sizes padded so that stride 1 keeps the picture's size.

    Parameters w (size, size, c_in, c_out), drawn from N(0, 2/fan_in) (He et al. 2015), and b (c_out,), zero. Leave
    the bias out before batch norm: it would be subtracted with the mean, and its true gradient is 0.
    """

    def __init__(self, c_in: int, c_out: int, size: int = 3, stride: int = 1, bias: bool = True):
        self.c_in, self.c_out, self.size, self.stride, self.bias = c_in, c_out, size, stride, bias

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Draw w; b starts at zero."""
        shape = (self.size, self.size, self.c_in, self.c_out)
        params = {"w": _normal(rng, shape, float(np.sqrt(2 / (self.size**2 * self.c_in))), dtype)}
        if self.bias:
            params["b"] = np.zeros(self.c_out, dtype)
        return params, {}

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """See `ops.conv2d_forward`."""
        y, cache = fast.conv2d_forward(x, params["w"], params.get("b"), self.stride, self.size // 2)
        return y, cache, state

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """See `ops.conv2d_backward`."""
        dx, dw, db = fast.conv2d_backward(dy, cache, needs_input_grad)
        return dx, _without_none(w=dw, b=db)


class BatchNorm:
    """Batch normalization. Parameters gamma (ones) and beta (zeros); state: running mean and variance, each (c,).

    In training the batch's own statistics serve, and the running ones move a little towards them:
        running ← (1 − momentum) · running + momentum · batch
    with the variance's unbiased estimate (÷ (m − 1)), as PyTorch does. In evaluation the running ones serve.
    """

    def __init__(self, c: int, momentum: float = 0.1, eps: float = 1e-5):
        self.c, self.momentum, self.eps = c, momentum, eps

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Start as the identity on normalized input."""
        params = {"gamma": np.ones(self.c, dtype), "beta": np.zeros(self.c, dtype)}
        return params, {"mean": np.zeros(self.c, dtype), "var": np.ones(self.c, dtype)}

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """See `ops.batch_norm_forward`."""
        gamma, beta = params["gamma"], params["beta"]
        if not training:
            y, cache = ops.batch_norm_forward(x, gamma, beta, state["mean"], state["var"], self.eps)
            return y, cache, state
        y, cache = ops.batch_norm_forward(x, gamma, beta, eps=self.eps)
        m = x.size // self.c
        unbiased = cache.var * (m / max(m - 1, 1))
        keep = 1 - self.momentum
        new_state = {
            "mean": keep * state["mean"] + self.momentum * cache.mean,
            "var": keep * state["var"] + self.momentum * unbiased,
        }
        return y, cache, new_state

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """See `ops.batch_norm_backward`."""
        dx, dgamma, dbeta = ops.batch_norm_backward(dy, cache)
        return dx, {"gamma": dgamma, "beta": dbeta}


class SE:
    """The Squeeze-and-Excitation block as a layer on C channels; h = max(2, C // r) hidden units.

    Parameters w1 (C, h), b1 (h,), w2 (h, C), b2 (C,). Biases start at zero and w2 with N(0, 1/h), so the gates start
    around σ(0) = 1/2 and the block learns from there what to tell apart. Its cache is a `senet_np.se.SECache`.
    `squeeze` is "avg", "max", "none" (a gate for each position) or "avg+max": see `se.py` and `variants.py`.
    """

    def __init__(self, c: int, r: int = 4, squeeze: str = "avg", gate: str = "sigmoid", bias: bool = True):
        if squeeze not in BLOCKS or gate not in GATE:
            raise ValueError(f"squeeze={squeeze!r}, gate={gate!r}: expected one of {[*BLOCKS]} and one of {[*GATE]}")
        self.fc1 = Linear(c, hidden_width(c, r), bias, std=float(np.sqrt(2 / c)))
        self.fc2 = Linear(hidden_width(c, r), c, bias)
        self.squeeze, self.gate = squeeze, gate

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Draw both matrices."""
        (fc1, _), (fc2, _) = self.fc1.init(rng, dtype), self.fc2.init(rng, dtype)
        return _without_none(w1=fc1["w"], b1=fc1.get("b"), w2=fc2["w"], b2=fc2.get("b")), {}

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """See `se.se_forward`; the layer's input is the paper's U."""
        w1, b1, w2, b2 = params["w1"], params.get("b1"), params["w2"], params.get("b2")
        x_scaled, cache = BLOCKS[self.squeeze][0](x, w1, b1, w2, b2, gate=self.gate)
        return x_scaled, cache, state

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """See `se.se_backward`."""
        du, dw1, db1, dw2, db2 = BLOCKS[self.squeeze][1](dy, cache)
        return du, _without_none(w1=dw1, b1=db1, w2=dw2, b2=db2)


class ECA:
    """Efficient channel attention as a layer on C channels: one kernel of `variants.eca_kernel(C)` weights, no FCs.

    Parameter w (k,), drawn from N(0, 1/k): the gates start around 1/2, as SE's do. Its cache is a `variants.ECACache`.
    """

    def __init__(self, c: int, gate: str = "sigmoid"):
        if gate not in GATE:
            raise ValueError(f"gate={gate!r}: expected one of {[*GATE]}")
        self.c, self.k, self.gate = c, eca_kernel(c), gate

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Draw the kernel."""
        return {"w": _normal(rng, (self.k,), float(np.sqrt(1 / self.k)), dtype)}, {}

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """See `variants.eca_forward`."""
        x_scaled, cache = eca_forward(x, params["w"], self.gate)
        return x_scaled, cache, state

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """See `variants.eca_backward`."""
        du, dw = eca_backward(dy, cache)
        return du, {"w": dw}


def _normal(rng: Rng, shape: tuple[int, ...], std: float, dtype: Any) -> Array:
    # Drawn in float64 whatever the dtype, so that a seed means the same weights in both.
    return (std * rng.standard_normal(shape)).astype(dtype)


def _without_none(**arrays: Array | None) -> Tree:
    return {name: array for name, array in arrays.items() if array is not None}
