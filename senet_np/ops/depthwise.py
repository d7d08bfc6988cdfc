"""Depthwise convolution: every channel has a kernel of its own, and no channel sees another.

An ordinary convolution does two things at once: it looks at neighboring positions, and it mixes channels. MobileNets
take them apart: a depthwise convolution looks around, a 1×1 convolution mixes. That takes k² + Cout products for each
number in place of k²·Cout.
"""

from typing import NamedTuple

import numpy as np

from .arguments import check_array, check_count, check_window


class DepthwiseConv2DCache(NamedTuple):
    """What a depthwise convolution remembers."""

    x_pad: np.ndarray  # (N, H + 2·pad, W + 2·pad, C), the padded input: for dw
    w: np.ndarray  # (kh, kw, C): for dx
    stride: int
    pad: int
    has_bias: bool


def depthwise_conv2d_forward(
    x: np.ndarray, w: np.ndarray, b: np.ndarray | None, stride: int = 1, pad: int = 1
) -> tuple[np.ndarray, DepthwiseConv2DCache]:
    """Slide over each channel of padded images a kernel of its own.

    y[n,i,j,c] = b[c] + Σ_{p,q} x_pad[n, i·stride+p, j·stride+q, c] · w[p,q,c]

    Args:
        x: images or feature maps, (N, H, W, C), float32 or float64.
        w: kernels, (kh, kw, C), dtype of x.
        b: biases, (C,), dtype of x; or None for no bias.
        stride: step of the window, pixels.
        pad: rows and columns of zeros on each side, pixels.

    Returns:
        y: (N, Ho, Wo, C) with Ho = (H + 2·pad − kh) // stride + 1 and Wo likewise, dtype of x.
        cache: for `depthwise_conv2d_backward`.

    Raises:
        ValueError: a shape, dtype, stride or pad that does not fit.

    Source: Howard et al. 2017, "MobileNets".
    """
    h_out, w_out = check_depthwise_conv2d(x, w, b, stride, pad)
    x_pad = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    y = np.zeros((len(x), h_out, w_out, x.shape[3]), x.dtype)
    for p, q in np.ndindex(w.shape[:2]):
        y += _seen(x_pad, p, q, stride, h_out, w_out) * w[p, q]
    if b is not None:
        y += b
    return y, DepthwiseConv2DCache(x_pad, w, stride, pad, b is not None)


def depthwise_conv2d_backward(
    dy: np.ndarray, cache: DepthwiseConv2DCache
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Gradients of the depthwise convolution with respect to its input, kernels and biases.

    Derivation: y is a sum of products x·w within a channel, and each sends dy·w to its x and dy·x to its w, so
        ∂L/∂w[p,q,c] = Σ_{n,i,j} x_pad[n, i·stride+p, j·stride+q, c] · dy[n,i,j,c]
        ∂L/∂x_pad[n, i·stride+p, j·stride+q, c] collects dy[n,i,j,c] · w[p,q,c] from every window that it stood in
        ∂L/∂b[c] = Σ_{n,i,j} dy[n,i,j,c]

    Args:
        dy: ∂L/∂y, (N, Ho, Wo, C), dtype of x.

    Returns:
        dx (N, H, W, C), dw (kh, kw, C), db (C,) or None where b was None; dtype of x.
    """
    x_pad, w, stride, pad, has_bias = cache
    n, height, width, c = x_pad.shape
    h_out, w_out = (height - w.shape[0]) // stride + 1, (width - w.shape[1]) // stride + 1
    check_array("dy", dy, (n, h_out, w_out, c), w.dtype)

    dx_pad, dw = np.zeros_like(x_pad), np.empty_like(w)
    for p, q in np.ndindex(w.shape[:2]):
        dw[p, q] = (_seen(x_pad, p, q, stride, h_out, w_out) * dy).sum(axis=(0, 1, 2))
        _seen(dx_pad, p, q, stride, h_out, w_out)[...] += dy * w[p, q]
    db = dy.sum(axis=(0, 1, 2)) if has_bias else None
    return np.ascontiguousarray(dx_pad[:, pad : height - pad, pad : width - pad]), dw, db


def check_depthwise_conv2d(
    x: np.ndarray, w: np.ndarray, b: np.ndarray | None, stride: int, pad: int
) -> tuple[int, int]:
    """Raise ValueError unless the arguments fit together; otherwise return (Ho, Wo)."""
    check_array("x", x, ("N", "H", "W", "C"))
    check_array("w", w, ("kh", "kw", x.shape[3]), x.dtype)
    if b is not None:
        check_array("b", b, (x.shape[3],), x.dtype)
    check_count("stride", stride, 1)
    check_count("pad", pad, 0)
    height, width = x.shape[1] + 2 * pad, x.shape[2] + 2 * pad
    check_window(height, width, *w.shape[:2])
    return (height - w.shape[0]) // stride + 1, (width - w.shape[1]) // stride + 1


def _seen(x_pad: np.ndarray, p: int, q: int, stride: int, h_out: int, w_out: int) -> np.ndarray:
    """What the weight at (p, q) of a kernel meets at each output position: a view, (N, Ho, Wo, C)."""
    return x_pad[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride]
