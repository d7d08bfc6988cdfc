"""Convolution as one matrix product: `im2col` lays the windows out as rows, and the kernel becomes a matrix.

Rows of the matrix are output positions, columns are the kh·kw·Cin numbers that a position sees. So the whole layer
is `cols @ W`, and its backward pass is the backward pass of a matrix product.
"""

from typing import NamedTuple

import numpy as np

from .arguments import check_array, check_count, check_window


class Conv2DCache(NamedTuple):
    """What a convolution remembers."""

    cols: np.ndarray  # (N·Ho·Wo, kh·kw·Cin), the windows: for dw
    w: np.ndarray  # (kh, kw, Cin, Cout): for dx
    x_shape: tuple[int, ...]  # where dx's columns fold back to
    stride: int
    pad: int
    has_bias: bool


def conv2d_forward(
    x: np.ndarray, w: np.ndarray, b: np.ndarray | None, stride: int = 1, pad: int = 1
) -> tuple[np.ndarray, Conv2DCache]:
    """Slide kh×kw kernels over padded images (cross-correlation, as every deep-learning library does).

    y[n,i,j,o] = b[o] + Σ_{p,q,c} x_pad[n, i·stride+p, j·stride+q, c] · w[p,q,c,o]

    Args:
        x: images or feature maps, (N, H, W, Cin), float32 or float64.
        w: kernels, (kh, kw, Cin, Cout), dtype of x.
        b: biases, (Cout,), dtype of x; or None for no bias.
        stride: step of the window, pixels.
        pad: rows and columns of zeros on each side, pixels.

    Returns:
        y: (N, Ho, Wo, Cout) with Ho = (H + 2·pad − kh) // stride + 1 and Wo likewise, dtype of x.

    Raises:
        ValueError: a shape, dtype, stride or pad that does not fit.

    Source: Chellapilla, Puri, Simard 2006 (convolution as a matrix product).
    """
    check_conv2d(x, w, b, stride, pad)
    kh, kw, _, c_out = w.shape
    cols, (h_out, w_out) = im2col(x, kh, kw, stride, pad)  # (N·Ho·Wo, kh·kw·Cin)
    y = cols @ w.reshape(-1, c_out)  # (N·Ho·Wo, Cout)
    if b is not None:
        y += b
    return y.reshape(x.shape[0], h_out, w_out, c_out), Conv2DCache(cols, w, x.shape, stride, pad, b is not None)


def conv2d_backward(dy: np.ndarray, cache: Conv2DCache) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Gradients of the convolution with respect to its input, kernels and biases.

    Derivation: with rows r = (n,i,j) and columns k = (p,q,c) the forward pass is Y = X_cols W + b, so
        ∂L/∂W = X_colsᵀ dY        (each weight meets every position: sum over r)
        ∂L/∂b = Σ_r dY[r]         (b is added to every position)
        ∂L/∂X_cols = dY Wᵀ
    and im2col copied each input number into up to kh·kw rows, so its backward pass adds those copies up again.

    Args:
        dy: ∂L/∂y, (N, Ho, Wo, Cout), dtype of x.

    Returns:
        dx (N, H, W, Cin), dw (kh, kw, Cin, Cout), db (Cout,) or None where b was None; dtype of x.
    """
    cols, w, x_shape, stride, pad, has_bias = cache
    kh, kw, _, c_out = w.shape
    h_out, w_out = _out_size(x_shape, kh, kw, stride, pad)
    check_array("dy", dy, (x_shape[0], h_out, w_out, c_out), w.dtype)

    dy_rows = dy.reshape(-1, c_out)  # (N·Ho·Wo, Cout)
    dw = (cols.T @ dy_rows).reshape(w.shape)  # (kh, kw, Cin, Cout)
    db = dy_rows.sum(axis=0) if has_bias else None  # (Cout,)
    dcols = dy_rows @ w.reshape(-1, c_out).T  # (N·Ho·Wo, kh·kw·Cin)
    dx = col2im(dcols, x_shape, kh, kw, stride, pad)  # (N, H, W, Cin)
    return dx, dw, db


def im2col(x: np.ndarray, kh: int, kw: int, stride: int, pad: int) -> tuple[np.ndarray, tuple[int, int]]:
    """Lay every kh×kw window of x out as one row.

    cols[(n,i,j), (p,q,c)] = x_pad[n, i·stride+p, j·stride+q, c]

    Args:
        x: (N, H, W, C).
        kh, kw: the window's height and width, pixels.
        stride, pad: as in `conv2d_forward`, pixels.

    Returns:
        cols: (N·Ho·Wo, kh·kw·C), dtype of x.
        (Ho, Wo): how many windows fit down and across.

    Source: Chellapilla, Puri, Simard 2006.
    """
    n, _, _, c = x.shape
    h_out, w_out = _out_size(x.shape, kh, kw, stride, pad)
    x_pad = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0))) if pad else x
    cols = np.empty((n, h_out, w_out, kh, kw, c), x.dtype)
    for p in range(kh):
        for q in range(kw):
            cols[:, :, :, p, q] = x_pad[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride]
    return cols.reshape(n * h_out * w_out, kh * kw * c), (h_out, w_out)


def col2im(cols: np.ndarray, x_shape: tuple[int, ...], kh: int, kw: int, stride: int, pad: int) -> np.ndarray:
    """Add the rows of `cols` back to where `im2col` copied them from: its transpose, and so its backward pass.

    Args:
        cols: (N·Ho·Wo, kh·kw·C).
        x_shape: (N, H, W, C) of the array that im2col read.
        kh, kw, stride, pad: as for `im2col`, pixels.

    Returns:
        dx: (N, H, W, C), dtype of cols; a pixel that stood in several windows is their sum.
    """
    n, height, width, c = x_shape
    h_out, w_out = _out_size(x_shape, kh, kw, stride, pad)
    windows = cols.reshape(n, h_out, w_out, kh, kw, c)
    dx_pad = np.zeros((n, height + 2 * pad, width + 2 * pad, c), cols.dtype)
    for p in range(kh):
        for q in range(kw):
            dx_pad[:, p : p + stride * h_out : stride, q : q + stride * w_out : stride] += windows[:, :, :, p, q]
    return np.ascontiguousarray(dx_pad[:, pad : pad + height, pad : pad + width])


def check_conv2d(x: np.ndarray, w: np.ndarray, b: np.ndarray | None, stride: int, pad: int) -> tuple[int, int]:
    """Raise ValueError unless the arguments of `conv2d_forward` fit together; otherwise return (Ho, Wo)."""
    check_array("x", x, ("N", "H", "W", "Cin"))
    check_array("w", w, ("kh", "kw", x.shape[3], "Cout"), x.dtype)
    if b is not None:
        check_array("b", b, (w.shape[3],), x.dtype)
    check_count("stride", stride, 1)
    check_count("pad", pad, 0)
    return _out_size(x.shape, w.shape[0], w.shape[1], stride, pad)


def _out_size(x_shape: tuple[int, ...], kh: int, kw: int, stride: int, pad: int) -> tuple[int, int]:
    height, width = x_shape[1] + 2 * pad, x_shape[2] + 2 * pad
    check_window(height, width, kh, kw)
    return (height - kh) // stride + 1, (width - kw) // stride + 1
