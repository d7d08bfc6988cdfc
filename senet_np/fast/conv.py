"""Convolution at speed: each shape goes to the kernel that is fastest for it, and all compute `ops.conv2d`.

winograd.py      3×3 kernels, stride 1, 32 channels and more: a quarter of the multiplications
columns.py       other square kernels with stride 1: im2col in pieces that fit into the cache
../ops/conv.py   all others: 1×1 kernels, strides
"""

from types import ModuleType
from typing import Any

import numpy as np

from ..ops import conv
from . import columns, winograd

MIN_WINOGRAD_CHANNELS = 32  # below, its transforms cost more than they save: 16 → 16 is slower than im2col by a tenth


def conv2d_forward(
    x: np.ndarray, w: np.ndarray, b: np.ndarray | None, stride: int = 1, pad: int = 1
) -> tuple[np.ndarray, tuple[ModuleType, Any]]:
    """`ops.conv2d_forward`, by the fastest kernel for the shape."""
    conv.check_conv2d(x, w, b, stride, pad)
    kernel = choose(w.shape, stride, pad)
    y, cache = kernel.conv2d_forward(x, w, b, stride, pad)
    return y, (kernel, cache)


def conv2d_backward(
    dy: np.ndarray, cache: tuple[ModuleType, Any], needs_input_grad: bool = True
) -> tuple[np.ndarray | None, np.ndarray, np.ndarray | None]:
    """`ops.conv2d_backward`, by the kernel that ran forward; dx is None where `needs_input_grad` is False."""
    kernel, kernel_cache = cache
    if kernel in (winograd, columns):
        return kernel.conv2d_backward(dy, kernel_cache, needs_input_grad)
    return kernel.conv2d_backward(dy, kernel_cache)  # the plain pair always computes dx


def choose(w_shape: tuple[int, ...], stride: int, pad: int, min_channels: int = MIN_WINOGRAD_CHANNELS) -> ModuleType:
    """The kernel for a shape; Winograd's from `min_channels` on."""
    if len(w_shape) != 4 or stride != 1:
        return conv
    kh, kw, c_in, c_out = w_shape
    if (kh, kw, pad) == (3, 3, 1) and min(c_in, c_out) >= min_channels:
        return winograd
    return columns if kh == kw > 1 and 0 <= pad < kh else conv
