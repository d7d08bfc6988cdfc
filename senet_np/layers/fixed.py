"""Layers that have nothing to learn: non-linearities and pooling."""

from .. import fast
from .base import Stateless


class ReLU(Stateless):
    """y = max(0, x)."""

    pair = fast.relu_forward, fast.relu_backward


class HardSwish(Stateless):
    """y = x · min(1, max(0, x/6 + 1/2))."""

    pair = fast.hard_swish_forward, fast.hard_swish_backward


class MaxPool2D(Stateless):
    """The largest value of each kernel_size×kernel_size window (pixels)."""

    pair = fast.max_pool2d_forward, fast.max_pool2d_backward

    def __init__(self, kernel_size: int, stride: int, padding: int = 0, ceil_mode: bool = False):
        super().__init__(size=kernel_size, stride=stride, pad=padding, ceil=ceil_mode)
        self.kernel_size, self.stride, self.padding, self.ceil_mode = kernel_size, stride, padding, ceil_mode


class AvgPool2D(Stateless):
    """The mean of each kernel_size×kernel_size window (pixels)."""

    pair = fast.avg_pool2d_forward, fast.avg_pool2d_backward

    def __init__(self, kernel_size: int, stride: int):
        super().__init__(size=kernel_size, stride=stride)
        self.kernel_size, self.stride = kernel_size, stride


class GlobalAvgPool(Stateless):
    """The mean of each channel over all positions: (N, H, W, C) → (N, C)."""

    pair = fast.global_avg_pool_forward, fast.global_avg_pool_backward
