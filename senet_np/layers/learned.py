"""Layers that learn: linear, convolution, batch norm."""

from typing import Any

import numpy as np

from .. import fast
from ..tree import Tree
from .base import Array, Rng, normal, without_none


class Linear:
    """Fully connected layer D → M. Parameters w (D, M), drawn from N(0, std²), and b (M,), zero."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True, std: float | None = None):
        self.in_features, self.out_features, self.bias = in_features, out_features, bias
        self.std = float(np.sqrt(1 / in_features)) if std is None else std

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Draw w; b starts at zero."""
        params = {"w": normal(rng, (self.in_features, self.out_features), self.std, dtype)}
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
        return dx, without_none(w=dw, b=db)


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
        params = {"w": normal(rng, shape, float(np.sqrt(2 / (self.kernel_size**2 * self.in_channels))), dtype)}
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
        return dx, without_none(w=dw, b=db)


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


class DepthwiseConv2D:
    """Convolution in which every channel has a square kernel of its own; padding as for `Conv2D`, and no bias.

    Parameter w (size, size, C), drawn from N(0, 2/size²).
    """

    def __init__(self, channels: int, kernel_size: int = 3, stride: int = 1):
        self.channels, self.kernel_size, self.stride, self.padding = channels, kernel_size, stride, kernel_size // 2

    def init(self, rng: Rng, dtype: Any = np.float32) -> tuple[Tree, Tree]:
        """Draw w."""
        size = self.kernel_size
        return {"w": normal(rng, (size, size, self.channels), float(np.sqrt(2 / size**2)), dtype)}, {}

    def forward(self, params: Tree, state: Tree, x: Array, training: bool) -> tuple[Array, Any, Tree]:
        """See `ops.depthwise_conv2d_forward`."""
        y, cache = fast.depthwise_conv2d_forward(x, params["w"], None, self.stride, self.padding)
        return y, cache, state

    def backward(self, dy: Array, cache: Any, needs_input_grad: bool = True) -> tuple[Array | None, Tree]:
        """See `ops.depthwise_conv2d_backward`."""
        dx, dw, _ = fast.depthwise_conv2d_backward(dy, cache)
        return dx, {"w": dw}


class BatchNorm:
    """Batch normalization. Parameters gamma (ones) and beta (zeros); state: running mean and variance, each (C,).

    In training the batch's own statistics are used, and the running ones move a little towards them:
        running ← (1 − momentum) · running + momentum · batch
    with the variance's unbiased estimate (÷ (m − 1)), as PyTorch does. In evaluation the running ones are used.
    """

    def __init__(self, num_features: int, momentum: float = 0.1, eps: float = 1e-5):
        self.num_features, self.momentum, self.eps = num_features, float(momentum), float(eps)

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
