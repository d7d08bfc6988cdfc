"""Convolution at speed: the layers call this pair, which hands each shape to the kernel that is fastest for it.

Nothing in here is needed to understand the mathematics: `ops/conv.py` is the pair to read, and every kernel
computes the same function, to rounding, under the same signature.

    winograd.py   3×3 kernels, stride 1, 32 channels and more: a quarter of the multiplications
    columns.py    other square kernels with stride 1: im2col in pieces that fit into the cache
    ../conv.py    all the rest: 1×1 kernels, strides
    products.py   matrix products in blocks that the BLAS likes
"""

from types import ModuleType
from typing import Any

import numpy as np

from ..ops import conv
from . import columns, winograd

FEWEST_CHANNELS = 32  # below, Winograd's transforms cost more than they save: 16 → 16 is slower than im2col by a tenth


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
    """`ops.conv2d_backward`, by the kernel that ran forward; dx is None where nobody wants it."""
    kernel, kernel_cache = cache
    if kernel in (winograd, columns):
        return kernel.conv2d_backward(dy, kernel_cache, needs_input_grad)
    return kernel.conv2d_backward(dy, kernel_cache)  # the readable pair always computes dx


def choose(w_shape: tuple[int, ...], stride: int, pad: int, fewest_channels: int = FEWEST_CHANNELS) -> ModuleType:
    """The kernel for a shape; Winograd's from `fewest_channels` on."""
    if len(w_shape) != 4 or stride != 1:
        return conv
    kh, kw, c_in, c_out = w_shape
    if (kh, kw, pad) == (3, 3, 1) and min(c_in, c_out) >= fewest_channels:
        return winograd
    return columns if kh == kw > 1 and 0 <= pad < kh else conv
